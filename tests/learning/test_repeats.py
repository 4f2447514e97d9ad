"""Means over repeats: intervals of the textbook, wider where repeats share rows or many are claimed at once."""

import numpy as np
import pytest
from scipy import stats

from rareclass.errors import InputError
from rareclass.learning import crossed_interval, mean_interval, text_table, word
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


def test_seeds_and_rows_together_cover_what_either_alone_misses():
    """Five seeds and 60 rows, each with luck of its own, and a joint one: 95 % of 400 intervals, 4 standard errors."""
    rng = np.random.default_rng(0)
    repeats, seeds, rows, both = 400, 5, 60, []
    draw = rng.multinomial(rows, np.full(rows, 1 / rows), size=200) / rows
    for _ in range(repeats):
        cell = rng.normal(size=(seeds, 1)) + rng.normal(size=rows) * 8 + rng.normal(size=(seeds, rows)) * 2
        found = crossed_interval(cell.mean(axis=1), cell @ draw.T)
        seeds_alone = mean_interval(cell.mean(axis=1))
        both.append([found.low <= 0 <= found.high, seeds_alone.low <= 0 <= seeds_alone.high])
    covered = np.mean(both, axis=0)
    assert covered[0] >= 0.95 - 4 * np.sqrt(0.95 * 0.05 / repeats)
    assert covered[1] < 0.85


def test_without_luck_of_rows_it_is_students_and_without_that_of_seeds_the_bootstraps():
    draws = np.repeat(VALUES[:, None], 50, axis=1)
    assert crossed_interval(VALUES, draws).width == pytest.approx(mean_interval(VALUES).width)
    luck = np.random.default_rng(1).normal(size=200)
    alone = crossed_interval([0.5, 0.5], np.array([luck, luck]))
    assert alone.width == pytest.approx(2 * stats.norm.ppf(0.975) * luck.std(ddof=1), rel=1e-4)
    with pytest.raises(InputError, match="two seeds or more"):
        crossed_interval([0.5], [[0.5, 0.6]])
    with pytest.raises(InputError, match="finite"):
        crossed_interval([0.5, np.nan], np.zeros((2, 3)))


def test_words_and_tables_are_plain():
    assert [word(Interval(0, *ends)) for ends in ((0.1, 0.2), (-0.2, -0.1), (-0.1, 0.1))] == [
        "better",
        "worse",
        "cannot tell",
    ]
    assert text_table(["a", "bb"], [["long", "1"]]) == "a     bb\nlong   1"
