"""Pictures of partial dependence: every point where it belongs, odd names as text."""

import re

import numpy as np
import pytest

from rareclass.evaluation.drivers import EffectRecord
from rareclass.report.driver_drawings import effect, effect_range, value_text

CURVE = EffectRecord(
    name="<i>", kind="number", values=[1.0, 2.0, 40.0], change=[-1.0, 0.0, 1.0], share=[0.5, 0.3, 0.2], missing=0.5
)
LEVELS = EffectRecord(name="shop", kind="category", labels=["<b>", "x" * 40], change=[0.2, -0.4], share=[0.9, 0.1])


def dots(svg):
    return [tuple(map(float, m)) for m in re.findall(r'<circle class="dot \w+" cx="([\d.]+)" cy="([\d.]+)"', svg)]


def test_the_axis_of_changes_is_the_same_for_all_and_holds_zero():
    low, high = effect_range([CURVE, LEVELS])
    assert low < -1
    assert high > 1
    only = EffectRecord(name="a", values=[1.0], change=[0.7], share=[1.0])
    assert effect_range([only])[0] < 0 < 0.7 < effect_range([only])[1]
    assert effect_range([])[0] < 0 < effect_range([])[1]


def test_numbers_stand_one_step_apart_and_higher_is_up():
    drawn = effect(CURVE, effect_range([CURVE]))
    at = dots(drawn.svg)
    assert len(at) == 4  # three values and the missing one
    assert np.diff([x for x, _ in at[:3]]) == pytest.approx([at[1][0] - at[0][0]] * 2, abs=0.2)
    assert at[0][1] > at[1][1] > at[2][1]
    assert at[3][0] > at[2][0]
    assert drawn.rows == [
        ("1", "−1.00", "50%"),
        ("2", "+0.00", "30%"),
        ("40", "+1.00", "20%"),
        ("missing", "+0.50", ""),
    ]
    assert drawn.svg.count('class="bin"') == 3
    assert ">missing</text>" in drawn.svg


def test_levels_stand_below_each_other_the_first_at_the_top():
    drawn = effect(LEVELS, effect_range([LEVELS]))
    (x0, y0), (x1, y1) = dots(drawn.svg)
    assert y0 < y1
    assert x0 > x1
    assert "<b>" not in drawn.svg
    assert "&lt;b&gt;" in drawn.svg
    assert "x" * 40 not in re.sub(r"<title>.*?</title>|data-points=\"[^\"]*\"", "", drawn.svg)


def test_what_is_unknown_is_not_drawn():
    assert effect(EffectRecord(name="a"), (-1.0, 1.0)) is None
    assert effect(EffectRecord(name="a", values=[1.0], change=[None], share=[1.0]), (-1.0, 1.0)) is None
    one = effect(EffectRecord(name="a", values=[1.0], change=[0.3], share=[1.0]), (-1.0, 1.0))
    assert len(dots(one.svg)) == 1


@pytest.mark.parametrize(
    ("value", "text"), [(2026.0, "2026"), (-3.0, "−3"), (1234567.0, "1,234,567"), (0.12345, "0.123"), (None, "–")]
)
def test_whole_numbers_may_be_years(value, text):
    assert value_text(value) == text
