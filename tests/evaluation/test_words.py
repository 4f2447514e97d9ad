"""How numbers are written."""

import math

import pytest

from rareclass.evaluation import words


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0196078, "0.0196"), (1240.4, "1,240"), (0.000021, "0.0000210"), (2.1e-6, "2.1e-06"), (0, "0"),
        (-0.5, "−0.500"), (9.999, "10.0"), (12.34, "12.3"), (None, "–"), (math.nan, "–"), (math.inf, "–"),
        ("x", "–"), (True, "–"),
    ],
)  # fmt: skip
def test_numbers_keep_three_significant_digits(value, said):
    assert words.number(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.00157, "0.16%"), (0.5, "50%"), (1.0, "100%"), (0.0, "0%"), (0.9961, "99.6%"), (0.99999, "99.9%"),
     (0.045, "4.5%"), (0.0996, "10%"), (None, "–")],
)  # fmt: skip
def test_shares_are_written_as_percent(value, said):
    assert words.percent(value) == said


def test_a_share_short_of_everything_is_never_written_as_everything():
    assert words.percent(1 - 1e-9) != "100%"


@pytest.mark.parametrize(
    ("value", "said"), [(0.7831, "0.783"), (0.0089, "0.0089"), (0.00031, "0.00031"), (-0.043, "−0.043")]
)
def test_scores_have_three_decimals_and_small_ones_two_digits(value, said):
    assert words.score(value) == said


def test_plurals_and_minus_signs_are_right():
    assert words.counted(1, "event") == "1 event"
    assert words.counted(0, "event") == "0 events"
    assert words.prose("by -0.5 [-0.6, -0.4], out-of-fold 2020-01-02") == "by −0.5 [−0.6, −0.4], out-of-fold 2020-01-02"


@pytest.mark.parametrize(("value", "said"), [(0.44, "0.4 s"), (12.3, "12 s"), (185, "3 min 5 s"), (None, "–")])
def test_times_are_written_in_seconds_and_minutes(value, said):
    assert words.seconds(value) == said


@pytest.mark.parametrize(("value", "said"), [(0.0123, "+0.012"), (-0.0003, "−0.0003"), (0.0, "+0.000"), (None, "–")])
def test_a_small_difference_keeps_its_sign_and_size(value, said):
    assert words.signed(value) == said
