import numpy as np
import pytest

import rareclass.metrics as m
from rareclass.kernels.effective import Cells, Counted, share_limits
from rareclass.kernels.intervals import wilson
from rareclass.metrics.curve import ThresholdCurve
from rareclass.uncertainty.bands import cost_band, grouped_rate_band, precision_band, recall_band
from rareclass.uncertainty.sample import make_sample


def data(n=1500, seed=0):
    rng = np.random.default_rng(seed)
    p = np.round(rng.beta(0.2, 6, n), 3)
    return rng.random(n) < p, p


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
        cells = Cells(**{k: Counted(np.array([v]), np.array([v])) for k, v in c._asdict().items()})
        for k, costs in enumerate(({"tp": -1.0, "fp": odds}, {"fp": 0.4, "fn": 1.6}, {"fp": 1.0, "fn": 50.0})):
            low, high = cost_band(cells, costs, 0.95)
            true = costs.get("tp", 0) * truth[0] + costs["fp"] * truth[1] + costs.get("fn", 0) * truth[2]
            inside[k] += low[0] <= true <= high[0]
    # nominal 0.95 and two Monte Carlo standard errors
    assert (inside / runs >= 0.95 - 2 * np.sqrt(0.95 * 0.05 / runs)).all()


SAMPLED = pytest.mark.parametrize("kind", ["none", "class", "row"])


def weights_of(kind, y, seed=3):
    """No weights, one for each class, or one for each row."""
    if kind == "none":
        return None
    spread = np.random.default_rng(seed).uniform(0.5, 2, y.size) if kind == "row" else 1.0
    return np.where(y, 1.0, 10.0) * spread


@SAMPLED
def test_the_band_of_a_cost_is_the_interval_at_each_threshold_with_weights_too(kind):
    y, p = data()
    costs, weight = {"fp": 2.0, "fn": 30.0, "tp": -5.0, "tn": 0.5}, weights_of(kind, y)
    found = m.threshold_costs(y, p, costs, sample_weight=weight)
    for k in range(0, found.cost.size, 29):
        how = {"threshold": found.thresholds[k], "costs": costs, "sample_weight": weight}
        one = m.confidence_interval("expected_cost", y, p, **how)
        assert (found.cost[k], found.low[k], found.high[k]) == pytest.approx((one.estimate, one.low, one.high))


@SAMPLED
def test_the_bands_of_rates_are_wilsons_of_the_rows_that_were_drawn(kind):
    y, p = data()
    weight = weights_of(kind, y)
    curve = ThresholdCurve.from_predictions(y, p, sample_weight=weight)
    w = np.ones(y.size) if weight is None else weight
    for k in (3, 20, 60):
        flag = p >= curve.thresholds[k]
        for band, hit, among in ((precision_band, y, flag), (recall_band, flag, y)):
            hits, misses = (Counted.of(w[mask]) for mask in (hit & among, among & ~hit))
            low, high = band(curve.cells([k]), 0.95)
            assert (low[0], high[0]) == pytest.approx(share_limits(hits, misses, wilson))


def test_the_bands_of_rates_are_nearly_the_intervals_of_the_same_numbers():
    y, p = data(6000)
    weight = weights_of("class", y)
    curve = ThresholdCurve.from_predictions(y, p, sample_weight=weight)
    for cut in (0.02, 0.05, 0.1):
        cells = curve.cells([curve.at(cut)])
        for band, name in ((precision_band, "precision"), (recall_band, "recall")):
            one = m.confidence_interval(name, y, p, threshold=cut, sample_weight=weight)
            low, high = band(cells, 0.95)
            assert (low[0], high[0]) == pytest.approx((one.low, one.high), abs=0.05 * one.width)


def test_the_band_over_groups_is_the_interval_of_the_number():
    y, p = data()
    groups = np.random.default_rng(5).integers(0, 60, y.size)
    rows = make_sample(y, p, groups=groups)
    cuts = np.quantile(p, [0.99, 0.9, 0.6])
    for name in ("precision", "recall"):
        down, up = grouped_rate_band(rows, name, cuts, 0.95)
        for k, cut in enumerate(cuts):
            one = m.confidence_interval(name, y, p, threshold=cut, groups=groups)
            assert (down[k], up[k]) == pytest.approx((one.estimate - one.low, one.high - one.estimate))


@pytest.mark.parametrize("costs", [{"fp": 2.0, "fn": 30.0}, {"fp": 1.0, "fn": np.arange(1500) % 7 + 1.0}])
def test_the_band_of_a_cost_over_groups_is_the_interval_at_its_ends(costs):
    y, p = data()
    groups = np.random.default_rng(5).integers(0, 60, y.size)
    found = m.threshold_costs(y, p, costs, groups=groups)
    for k in (0, -1):
        how = {"threshold": found.thresholds[k], "costs": costs, "groups": groups}
        one = m.confidence_interval("expected_cost", y, p, **how)
        assert (found.low[k], found.high[k]) == pytest.approx((one.low, one.high))


@SAMPLED
def test_bins_have_the_limits_of_the_rows_that_were_drawn_and_groups_widen_them(kind):
    y, p = data()
    weight = weights_of(kind, y)
    w = np.ones(y.size) if weight is None else weight
    table = m.reliability_table(y, p, n_bins=5, sample_weight=weight)
    for k in range(len(table)):
        inside = (p >= table.low[k]) & (p <= table.high[k])
        hits, misses = (Counted.of(w[mask], w[kind]) for mask, kind in ((inside & y, y), (inside & ~y, ~y)))
        expected = share_limits(hits, misses, wilson)
        assert (table.observed_low[k], table.observed_high[k]) == pytest.approx(expected)
    # four copies of every row, known to be the same ones
    four = np.tile(np.arange(y.size), 4)
    again = None if weight is None else weight[four]
    grouped = m.reliability_table(y[four], p[four], n_bins=5, sample_weight=again, groups=four)
    wide, plain = grouped.observed_high - grouped.observed_low, table.observed_high - table.observed_low
    assert (wide > 0.85 * plain).all()


def test_curves_of_parts_merge_into_the_curve_of_all_weighted_rows():
    y, p = data()
    weight, half = weights_of("row", y), np.arange(y.size) % 2 == 0
    parts = [ThresholdCurve.from_predictions(y[h], p[h], sample_weight=weight[h]) for h in (half, ~half)]
    both, whole = parts[0].merge(parts[1]), ThresholdCurve.from_predictions(y, p, sample_weight=weight)
    for mine, all_rows in zip(both.cells(), whole.cells(), strict=True):
        np.testing.assert_allclose(mine.total, all_rows.total, atol=1e-9)
        np.testing.assert_allclose(mine.squares, all_rows.squares, atol=1e-9)
    assert [float(v[0]) for v in precision_band(whole.cells([0]), 0.95)] == [0.0, 1.0]
