"""Means over repeats: intervals of the textbook, wider where repeats share rows or many are claimed at once."""

import numpy as np
import pytest
from scipy import stats

from rareclass.errors import InputError
from rareclass.learning import mean_interval, text_table, word
from rareclass.uncertainty.estimate import Interval

VALUES = np.array([0.1, 0.4, 0.2, 0.35, 0.3])


def test_the_interval_is_students():
    found = mean_interval(VALUES)
    assert (found.low, found.high) == pytest.approx(
        stats.t.interval(0.95, 4, VALUES.mean(), VALUES.std(ddof=1) / np.sqrt(5))
    )


def test_shared_rows_and_many_claims_make_it_wider():
    alone = mean_interval(VALUES)
    assert mean_interval(VALUES, test_share=0.25).width == pytest.approx(alone.width * np.sqrt((1 / 5 + 1 / 3) * 5))
    assert mean_interval(VALUES, comparisons=7).width > alone.width
    assert mean_interval([0.3]).width == np.inf
    assert mean_interval([0.3], between=(0, 1)).high == 1
    for share in (0.0, 0.25):  # a share lies between 0 and 1, and so does its interval
        cut = mean_interval([0.0, 0.0, 0.1], test_share=share, between=(0, 1))
        free = mean_interval([0.0, 0.0, 0.1], test_share=share)
        assert free.low < 0 == cut.low
        assert cut.high == free.high


@pytest.mark.parametrize("values", [[], [np.nan, 1], [[1, 2]]])
def test_what_is_no_list_of_numbers_is_refused(values):
    with pytest.raises(InputError, match="one finite number a repeat"):
        mean_interval(values)


def test_words_and_tables_are_plain():
    assert [word(Interval(0, *ends)) for ends in ((0.1, 0.2), (-0.2, -0.1), (-0.1, 0.1))] == [
        "better",
        "worse",
        "cannot tell",
    ]
    assert text_table(["a", "bb"], [["long", "1"]]) == "a     bb\nlong   1"
