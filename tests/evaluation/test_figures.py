"""Points of the pictures of a comparison, against brute force and the displays of the report."""

import matplotlib as mpl
import numpy as np
import pytest

from rareclass.decisions import MinimumCost, as_costs
from rareclass.evaluation.figures import figure_data
from rareclass.evaluation.judge import Judged, decide, judge
from rareclass.kernels.logits import sigmoid
from rareclass.metrics.curve import ThresholdCurve
from rareclass.report import ThresholdCostDisplay
from rareclass.uncertainty.interval import confidence_interval

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


# figure, its axes, and the number that its band is of
READ = ("precision_recall", "recall", "precision", "precision"), ("roc", "fpr", "tpr", "recall")


@pytest.mark.parametrize("beside", [{}, {"weight": True}, {"groups": True}, {"weight": True, "groups": True}])
def test_a_band_is_the_interval_of_the_number_at_the_same_point(beside):
    """Weights are not rows, and groups are counted: in each picture as in the numbers beside it."""
    rows, z = judged(9000)
    keep = rows.y | (np.arange(z.size) % 5 == 0) if "weight" in beside else np.ones(z.size, dtype=bool)
    z, y = z[keep], rows.y[keep]
    groups = np.random.default_rng(1).integers(0, 80, y.size) if "groups" in beside else None
    rows = Judged(y=y, weight=np.where(y, 1.0, 5.0) if "weight" in beside else None, groups=groups, costs=rows.costs)
    decision = decide(MinimumCost(rows.costs), rows, z)
    found = figure_data(rows, z, judge(rows, z, decision)).to_dict()
    p = sigmoid(z)
    how = {"sample_weight": rows.weight, "groups": groups}
    curve = ThresholdCurve.from_predictions(y, p, sample_weight=rows.weight)
    # over groups the band is read at the ends and interpolated between some points
    for figure, x, y_axis, name in READ:
        point, axes = (
            found[figure],
            (curve.recall if x == "recall" else curve.false_positive_rate, getattr(curve, name)),
        )
        for k in (-1,) if groups is not None else (-1, len(point[x]) // 2):
            away = sum(np.abs(axis - point[key][k]) for axis, key in zip(axes, (x, y_axis), strict=True))
            one = confidence_interval(name, y, p, threshold=curve.thresholds[np.nanargmin(away)], **how)
            ends = pytest.approx((one.low, one.high), abs=0.08 * one.width + 1e-5)
            assert (point["low"][k], point["high"][k]) == ends
    cost = found["cost"]
    cut = cost["threshold"][-1] * (1 - 1e-5)
    one = confidence_interval("expected_cost", y, p, threshold=cut, costs=rows.costs, **how)
    assert (cost["low"][-1], cost["high"][-1]) == pytest.approx((one.low, one.high), rel=1e-4)


def test_groups_widen_every_band_as_they_widen_the_numbers():
    """Four copies of each row, known to be copies: the bands of the rows, not of four times as many."""
    rows, z = judged(3000)
    four = np.tile(np.arange(z.size), 4)
    widths = []
    for of in (rows, Judged(y=rows.y[four], groups=four, costs=rows.costs), Judged(y=rows.y[four], costs=rows.costs)):
        score = z if of.y.size == z.size else z[four]
        decision = decide(MinimumCost(of.costs), of, score)
        found = figure_data(of, score, judge(of, score, decision)).to_dict()
        names = ("precision_recall", "roc", "reliability", "cost")
        widths.append([np.mean(np.subtract(found[n]["high"], found[n]["low"])) for n in names])
    plain, grouped, fooled = np.array(widths)
    assert (grouped > 0.85 * plain).all()
    assert (fooled < 0.65 * plain).all()


@pytest.mark.parametrize("by_row", [False, True])
def test_the_cost_of_the_decision_is_the_one_that_is_judged(by_row):
    rows, z = judged(by_row=by_row)
    judgement = judge(rows, z, decide(MinimumCost(rows.costs), rows, z))
    found = figure_data(rows, z, judgement)
    assert found.cost.decided == judgement.acted["expected_cost"]
    assert (found.cost.chosen is None) == (found.confusion.threshold is None) == by_row


def test_the_top_alerts_are_counted_with_all_that_tie_with_the_last_of_them():
    rows, z = judged()
    top = figure_data(rows, z, judge(rows, z, decide(MinimumCost(rows.costs), rows, z))).top
    for wanted, found in zip((50, 100, 500), top, strict=True):
        flagged = z >= np.sort(z)[-wanted]
        assert wanted <= found.alerts == flagged.sum()
        assert found.precision.estimate == pytest.approx(rows.y[flagged].mean())
        assert found.recall.estimate == pytest.approx(rows.y[flagged].sum() / rows.y.sum())
        assert found.precision.low < found.precision.estimate < found.precision.high


def test_of_few_rows_only_the_tops_that_leave_some_out_are_shown():
    rows, z = judged(90)
    assert len(figure_data(rows, z, judge(rows, z, decide(MinimumCost(rows.costs), rows, z))).top) == 1
