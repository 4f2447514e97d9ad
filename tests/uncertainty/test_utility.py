import numpy as np
import pytest

import rareclass.metrics as m
from rareclass.errors import InputError


def data(n=400, seed=0):
    rng = np.random.default_rng(seed)
    p = rng.beta(1, 9, n)
    return rng.random(n) < p, np.round(p, 2)


def test_area_under_the_brier_curve_is_the_brier_score():
    y, p = data()
    curve = m.brier_curve(y, p, points=20_001)
    assert np.trapezoid(curve.loss, curve.cost_proportion) == pytest.approx(m.brier_score(y, p), abs=1e-4)
    assert (curve.best <= curve.loss + 1e-12).all()
    assert (curve.best <= curve.trivial + 1e-12).all()


def test_brier_curve_is_the_cost_of_elkans_rule():
    y, p = data()
    for c in (0.02, 0.1, 0.4):
        costs = {"fp": 2 * c, "fn": 2 * (1 - c)}
        assert m.brier_curve(y, p, points=[c]).loss[0] == pytest.approx(m.expected_cost(y, p >= c, costs))


def test_cost_curve_is_the_best_threshold_at_every_cost_ratio():
    y, p = data()
    curve = m.cost_curve(y, p, points=41)
    cuts = np.concatenate([[np.inf], np.unique(p)])
    miss = np.array([np.mean(p[y] < c) for c in cuts])
    alarm = np.array([np.mean(p[~y] >= c) for c in cuts])
    for x, cost, cut in zip(curve.probability_cost, curve.normalized_cost, curve.thresholds):
        every = x * miss + (1 - x) * alarm
        assert cost == pytest.approx(every.min())
        assert every[cuts == cut][0] == pytest.approx(cost)
    assert (curve.normalized_cost <= curve.trivial + 1e-12).all()


def test_net_benefit_is_expected_cost_in_other_units():
    y, p = data()
    for t in (0.05, 0.2, 0.5):
        cost = m.expected_cost(y, p >= t, {"fp": t, "fn": 1 - t})
        assert m.net_benefit(y, p, t) == pytest.approx(y.mean() - cost / (1 - t))
    curve = m.decision_curve(y, p, thresholds=[0.5, 0.05, 0.2])
    assert curve.thresholds.tolist() == [0.05, 0.2, 0.5]
    assert curve.net_benefit.tolist() == pytest.approx([m.net_benefit(y, p, t) for t in curve.thresholds])
    assert curve.flag_all[1] == pytest.approx(m.net_benefit(y, np.ones(400), 0.2))


def test_default_thresholds_reach_below_the_prevalence():
    y, p = data()
    curve = m.decision_curve(y, p)
    assert curve.thresholds[0] < y.mean() < curve.thresholds[-1]
    assert isinstance(curve.to_dict()["net_benefit"], list)


def test_thresholds_out_of_range_and_single_classes_are_refused():
    y, p = data()
    with pytest.raises(InputError, match="thresholds"):
        m.decision_curve(y, p, thresholds=[0.0, 0.5])
    with pytest.raises(InputError, match="threshold"):
        m.net_benefit(y, p, 1.0)
    with pytest.raises(InputError, match="both classes"):
        m.cost_curve([1, 1], [0.1, 0.2])
