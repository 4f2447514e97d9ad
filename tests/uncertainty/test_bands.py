import numpy as np
import pytest

import rareclass.metrics as m
from rareclass.kernels.intervals import wilson
from rareclass.uncertainty.bands import cost_band, precision_band
from rareclass.uncertainty.effective import Scales, class_scales


def data(n=1500, seed=0):
    rng = np.random.default_rng(seed)
    p = np.round(rng.beta(0.2, 6, n), 3)
    return rng.random(n) < p, p


def test_the_band_of_a_cost_is_the_interval_at_each_threshold():
    y, p = data()
    costs = {"fp": 2.0, "fn": 30.0, "tp": -5.0, "tn": 0.5}
    found = m.threshold_costs(y, p, costs)
    for k in range(0, found.cost.size, 29):
        one = m.confidence_interval("expected_cost", y, p, threshold=found.thresholds[k], costs=costs)
        assert (found.cost[k], found.low[k], found.high[k]) == pytest.approx((one.estimate, one.low, one.high))


def test_the_band_of_a_net_benefit_is_the_interval_of_a_cost_with_its_sign_turned():
    y, p = data()
    found = m.decision_curve(y, p, thresholds=[0.005, 0.05, 0.3, 0.9])
    for t, low, high in zip(found.thresholds, found.low, found.high):
        costs = {"fp": t / (1 - t), "fn": 0.0, "tp": -1.0}
        one = m.confidence_interval("expected_cost", y, p, threshold=t, costs=costs)
        assert (low, high) == pytest.approx((-one.high, -one.low))


def test_the_band_of_a_brier_curve_is_the_interval_of_its_cost():
    y, p = data()
    found = m.brier_curve(y, p, points=[0.01, 0.1, 0.5])
    for c, low, high in zip(found.cost_proportion, found.low, found.high):
        one = m.confidence_interval("expected_cost", y, p, threshold=c, costs={"fp": 2 * c, "fn": 2 * (1 - c)})
        assert (low, high) == pytest.approx((max(one.low, 0.0), one.high))


def test_the_band_of_a_cost_curve_is_wilsons_where_one_class_carries_all_cost():
    y, p = data()
    found = m.cost_curve(y, p, points=5)
    for k, (side, error) in ((0, (~y, lambda cut: p[~y] >= cut)), (-1, (y, lambda cut: p[y] < cut))):
        wrong = error(found.thresholds[k]).sum()
        assert (found.low[k], found.high[k]) == pytest.approx(wilson(wrong, side.sum()), abs=1e-12)


def test_bands_cover_at_thirty_events():
    rng = np.random.default_rng(0)
    from scipy.special import ndtr

    inside, runs, cut, prevalence = np.zeros(3), 300, 1.5, 0.03
    truth = prevalence * ndtr(2 - cut), (1 - prevalence) * ndtr(-cut), prevalence * ndtr(cut - 2)
    odds = 0.2 / 0.8
    for _ in range(runs):
        y = rng.random(1000) < prevalence
        flag = rng.normal(size=1000) + 2 * y >= cut
        c = m.confusion_counts(y, flag)
        cells = {cell: np.array([v], dtype=float) for cell, v in c._asdict().items()}
        for k, costs in enumerate(({"tp": -1.0, "fp": odds}, {"fp": 0.4, "fn": 1.6}, {"fp": 1.0, "fn": 50.0})):
            low, high = cost_band(cells, costs, Scales(), 0.95)
            true = costs.get("tp", 0) * truth[0] + costs["fp"] * truth[1] + costs.get("fn", 0) * truth[2]
            inside[k] += low[0] <= true <= high[0]
    # nominal 0.95 and two Monte Carlo standard errors
    assert (inside / runs >= 0.95 - 2 * np.sqrt(0.95 * 0.05 / runs)).all()


def test_whole_weights_repeat_rows_and_others_cost_effective_rows():
    y = np.array([True, True, False, False])
    assert class_scales(y, None) == class_scales(y, np.array([2.0, 1.0, 3.0, 1.0])) == (1.0, 1.0)
    scales = class_scales(y, np.array([1.0, 1.0, 0.5, 2.5]))
    assert scales.positive == 1.0
    assert scales.negative == pytest.approx(3.0 / 6.5)
    assert not scales.repeated
    # delta method for 8 hits of weight 1 and 2 alarms of weight 10: variance ((20/28)^2 * 8 + (8/28)^2 * 200) / 28^2
    variance = ((20 / 28) ** 2 * 8 + (8 / 28) ** 2 * 200) / 28**2
    alerts = 8 / 28 * 20 / 28 / variance
    wide, expected = precision_band([8.0], [20.0], Scales(1.0, 0.1), 0.95), wilson([8 / 28 * alerts], [alerts])
    np.testing.assert_allclose(wide, expected)
    np.testing.assert_allclose(precision_band([8.0], [20.0], Scales(), 0.95), wilson([8.0], [28.0]))
    assert [float(v[0]) for v in precision_band([0.0], [0.0], Scales(), 0.95)] == [0.0, 1.0]
