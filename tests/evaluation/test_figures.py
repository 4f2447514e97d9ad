"""Points of the pictures of a comparison, against brute force and the displays of the report."""

import matplotlib as mpl
import numpy as np
import pytest

from rareclass.decisions import MinimumCost, as_costs
from rareclass.evaluation.figures import figure_data
from rareclass.evaluation.judge import Judged, decide, judge
from rareclass.kernels.logits import sigmoid
from rareclass.report import ThresholdCostDisplay

mpl.use("Agg")


def judged(n=4000, *, by_row=False, seed=0):
    rng = np.random.default_rng(seed)
    z = np.round(rng.normal(-4, 1.5, n), 2)
    y = rng.random(n) < sigmoid(z)
    costs = as_costs({"fp": 1.0, "fn": np.exp(rng.normal(3, 1, n)) if by_row else 20.0}, n=n)
    return Judged(y=y, costs=costs), z


def cost_figure(rows, z):
    decision = decide(MinimumCost(rows.costs), rows, z)
    return figure_data(rows, z, judge(rows, z, decision)).cost.to_dict(), decision


@pytest.mark.parametrize("by_row", [False, True])
def test_the_cost_curve_is_the_mean_cost_of_flagging_from_each_threshold(by_row):
    rows, z = judged(by_row=by_row)
    found, _ = cost_figure(rows, z)
    fn, p = np.broadcast_to(rows.costs.fn, z.shape), sigmoid(z)
    # numbers are written with six digits: a threshold may be cut just above its own rows
    of = [np.where(p >= t * (1 - 1e-5), ~rows.y * 1.0, rows.y * fn).mean() for t in found["threshold"]]
    np.testing.assert_allclose(found["cost"], of, rtol=1e-5)
    assert found["flag_none"] == pytest.approx((rows.y * fn).mean())
    assert found["flag_all"] == pytest.approx((~rows.y).mean())
    assert found["threshold"] == sorted(found["threshold"])


@pytest.mark.parametrize("by_row", [False, True])
def test_the_band_of_the_cost_curve_is_that_of_the_display(by_row):
    rows, z = judged(by_row=by_row)
    found, decision = cost_figure(rows, z)
    display = ThresholdCostDisplay.from_predictions(rows.y, sigmoid(z), rows.costs, chosen=decision.threshold)
    at = np.abs(display.threshold[:, None] - np.asarray(found["threshold"])).argmin(axis=0)
    np.testing.assert_allclose(found["low"], display.low[at], rtol=1e-5)
    np.testing.assert_allclose(found["high"], display.high[at], rtol=1e-5)
    assert all(low < cost < high for low, cost, high in zip(found["low"], found["cost"], found["high"], strict=True))
    assert 50 < len(found["cost"]) <= 200


def test_without_costs_there_is_no_cost_figure():
    rows, z = judged()
    decision = decide(MinimumCost(rows.costs), rows, z)
    plain = Judged(y=rows.y)
    assert figure_data(plain, z, judge(plain, z, decision)).cost is None
