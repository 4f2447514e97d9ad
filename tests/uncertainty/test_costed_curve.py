import numpy as np
import pytest

import rareclass.metrics as m
from rareclass.errors import CostError, InputError


def data(n=800, seed=0):
    rng = np.random.default_rng(seed)
    p = np.round(rng.beta(0.3, 6, n), 3)
    return rng.random(n) < p, p, rng.lognormal(3, 1, n)


def test_class_and_row_costs_equal_brute_force():
    y, p, amount = data()
    for costs in ({"fp": 1.0, "fn": 20.0, "tp": 2.0}, {"fp": 1.0, "fn": amount, "tn": 0.1}):
        found = m.threshold_costs(y, p, costs)
        for k in range(0, found.cost.size, 17):
            assert found.cost[k] == pytest.approx(m.expected_cost(y, p >= found.thresholds[k], costs))
        assert found.flag_none == pytest.approx(m.expected_cost(y, np.zeros(y.size, dtype=bool), costs))
        assert found.flag_all == pytest.approx(m.expected_cost(y, np.ones(y.size, dtype=bool), costs))
        assert (found.low <= found.cost).all()
        assert (found.cost <= found.high).all()


def test_equal_costs_by_row_are_class_costs():
    y, p, _ = data()
    by_row = m.threshold_costs(y, p, {"fp": np.ones(y.size), "fn": np.full(y.size, 20.0)})
    by_class = m.threshold_costs(y, p, {"fp": 1.0, "fn": 20.0})
    np.testing.assert_allclose(by_row.high, by_class.high)


def test_the_band_with_costs_by_row_is_the_interval_where_it_was_computed():
    y, p, amount = data()
    costs = {"fp": 1.0, "fn": amount}
    found = m.threshold_costs(y, p, costs)
    for k in (0, found.cost.size - 1):
        one = m.confidence_interval("expected_cost", y, p, threshold=found.thresholds[k], costs=costs)
        assert (found.low[k], found.high[k]) == pytest.approx((one.low, one.high))


def test_the_top_of_the_ranking_is_kept_in_full():
    rng = np.random.default_rng(1)
    y, s = rng.random(20_000) < 0.01, rng.normal(size=20_000)
    found = m.threshold_costs(y, s, {"fp": 1, "fn": 10}, points=200)
    assert found.thresholds.size <= 400
    assert found.thresholds[-199:].tolist() == np.sort(s)[-199:].tolist()
    assert found.thresholds[0] == s.min()


def test_bad_input_is_refused():
    y, p, amount = data()
    with pytest.raises(CostError, match="rows"):
        m.threshold_costs(y, p, {"fp": 1.0, "fn": amount[:-1]})
    with pytest.raises(CostError, match="NaN"):
        m.threshold_costs(y, p, {"fp": np.nan, "fn": 1.0})
    with pytest.raises(InputError, match="points"):
        m.threshold_costs(y, p, {"fp": 1, "fn": 2}, points=1)
