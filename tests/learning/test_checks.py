"""A check passes within its tolerance, and fails outside it."""

import pytest

from rareclass.errors import LessonError
from rareclass.learning import agree


def test_a_check_says_the_largest_difference(capsys):
    assert agree("recall", [0.5, float("nan")], [0.75, float("nan")], within=0.25) == 0.25
    assert capsys.readouterr().out == (
        "check: recall, by hand and in rareclass: largest difference 0.25, allowed 0.25\n"
    )


@pytest.mark.parametrize("other", [[0.5, 0.76], [0.5, float("nan")], [0.5, float("inf")], [0.5]])
def test_a_check_can_fail(other):
    with pytest.raises(LessonError, match="scikit-learn"):
        agree("recall", [0.5, 0.5], other, within=0.25, of="scikit-learn")
