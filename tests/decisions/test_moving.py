"""What a prevalence that has moved does to curves and to the rules that choose on them."""

from dataclasses import dataclass

import numpy as np
import pytest

from rareclass.calibration import CalibrationUncertainty, estimate_prevalence, make_calibrator
from rareclass.decisions import CostMatrix, Maximize, MinimumCost, best_threshold, curve_at_prevalence
from rareclass.errors import CalibrationWarning
from rareclass.kernels.logits import logit, sigmoid
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


@dataclass
class Found:
    """An estimate with limits."""

    estimate: float
    low: float
    high: float


def test_a_decision_stays_while_the_limits_hold_its_prevalence_and_moves_beyond():
    decision = MinimumCost(CostMatrix(fp=1, fn=20)).decide_at(None, prevalence=0.01, shift=0.0)
    stayed = decision.at_prevalence(Found(0.02, 0.0099, 0.05))
    assert stayed.threshold == decision.threshold
    assert "The estimated prevalence, 0.02 [0.0099, 0.05], holds that of the decision, 0.01: it stays." in stayed.why
    exact = decision.at_prevalence(Found(0.04, 0.04, 0.04))
    assert exact.threshold == pytest.approx(decision.at_prevalence(0.04).threshold)
    shifts = [decision.at_prevalence(Found(0.04, low, 0.05)).shift for low in (0.0101, 0.02, 0.03, 0.04)]
    assert np.all(np.diff([0.0, *shifts]) > 0)
    gone = decision.at_prevalence(Found(0.0, 0.0, 0.002))
    assert gone.shift == pytest.approx(logit(0.002) - logit(0.01))


def test_limits_without_the_error_of_the_calibration_are_said_to_be_too_narrow():
    z = 3 * np.random.default_rng(0).normal(size=500) - 4
    decision = MinimumCost(CostMatrix(fp=1, fn=20)).decide_at(None, prevalence=0.05, shift=0.0)
    with pytest.warns(CalibrationWarning, match="too narrow to decide by"):
        decision.at_prevalence(estimate_prevalence(z, train_prevalence=0.05))


@pytest.mark.parametrize(("moved", "gains"), [(1.0, False), (4.0, True)])
def test_moving_costs_nothing_where_nothing_moved_and_saves_where_it_did(moved, gains):
    # 40 events to calibrate on; following the estimate itself costs 2 % where nothing moved
    costs, spent = CostMatrix(fp=1, fn=20), []
    for seed in range(60):
        rng = np.random.default_rng([seed, 11])
        y = [rng.random(n) < p for n, p in ((800, 0.05), (8000, 0.05 * moved))]
        known, new = (2.0 * (rng.normal(size=v.size) + 2.0 * v) - 2.0 for v in y)
        calibrator = make_calibrator("intercept").fit(known, y[0])
        how = CalibrationUncertainty.of(calibrator.predict_logit(known), y[0])
        found = estimate_prevalence(calibrator.predict_logit(new), calibration=how)
        stays = MinimumCost(costs).decide_at(None, prevalence=how.prevalence, shift=0.0)
        truth = sigmoid(new + logit(0.05 * moved))
        flags = [calibrator.predict(new) >= d.threshold for d in (stays, stays.at_prevalence(found))]
        spent.append([np.where(f, 1 - truth, 20 * truth).mean() for f in flags])
    before, after = np.mean(spent, axis=0)
    if gains:
        assert after < 0.75 * before
    else:
        assert after < 1.003 * before
