"""What a prevalence that has moved does to curves and to the rules that choose on them."""

import numpy as np
import pytest

from rareclass.decisions import Maximize, best_threshold, curve_at_prevalence
from rareclass.metrics.curve import ThresholdCurve


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    p = rng.beta(0.3, 2, 400)
    return rng.random(400) < p, p


def test_curve_at_another_prevalence_equals_reweighted_rows(rows):
    y, p = rows
    curve = curve_at_prevalence(ThresholdCurve.from_predictions(y, p), 0.01)
    weight = np.where(y, 0.01 / y.mean(), 0.99 / (1 - y.mean()))
    expected = ThresholdCurve.from_predictions(y, p, sample_weight=weight)
    assert np.allclose(curve.precision, expected.precision, equal_nan=True)
    assert curve.prevalence == pytest.approx(0.01)


def test_precision_at_a_lower_prevalence_is_the_closed_form():
    # TPR .8, FPR .02: .0384986 at prevalence .001, .8163265 at .1
    curve = ThresholdCurve(np.array([np.inf, 1.0, 0.0]), np.array([0, 80, 100]), np.array([0, 2, 100]), 100, 100)
    assert curve_at_prevalence(curve, 0.001).precision[1] == pytest.approx(0.0384985563041, rel=1e-10)
    assert curve_at_prevalence(curve, 0.1).precision[1] == pytest.approx(0.816326530612, rel=1e-10)


def test_maximize_chooses_again_when_the_prevalence_moves(rows):
    y, p = rows
    curve = ThresholdCurve.from_predictions(y, p)
    chosen = Maximize("f1").choose(curve)
    moved = chosen.at_prevalence(0.005, curve=curve)
    weight = np.where(y, 0.005 / y.mean(), 0.995 / (1 - y.mean()))
    assert moved.threshold == best_threshold(y, p, Maximize("f1"), sample_weight=weight).threshold
    assert moved.threshold > chosen.threshold
