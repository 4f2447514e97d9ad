"""How many rows weighted rows are worth: one rule for intervals, bands and bins."""

import numpy as np
import pytest

import rareclass.metrics
import rareclass.uncertainty
from rareclass.uncertainty.effective import are_repetitions, class_scales, effective_number, kish


def test_repetitions_count_as_rows_and_other_weights_as_kish_has_it():
    weight = np.array([1.0, 2.0, 4.0])
    assert effective_number(weight, True) == 7.0
    assert effective_number(weight, False) == pytest.approx(49 / 21)
    assert effective_number(np.full(9, 0.3), False) == pytest.approx(9)
    assert effective_number(np.array([]), False) == 0.0
    np.testing.assert_allclose(kish(np.array([7.0, 3.0]), np.array([21.0, 3.0])), [49 / 21, 3.0])


def test_whole_weights_are_repetitions():
    assert are_repetitions(None)
    assert are_repetitions(np.array([0.0, 3.0]))
    assert not are_repetitions(np.array([1.0, 1.5]))


def test_scales_times_weight_are_the_effective_number():
    rng = np.random.default_rng(0)
    y, weight = rng.random(50) < 0.3, rng.uniform(0.5, 3, 50)
    for scale, side in zip(class_scales(y, weight), (y, ~y), strict=True):
        assert scale * weight[side].sum() == pytest.approx(effective_number(weight[side], False))


def test_metrics_answers_to_the_names_of_this_room():
    for name in rareclass.uncertainty.__all__:
        assert getattr(rareclass.metrics, name) is getattr(rareclass.uncertainty, name)
