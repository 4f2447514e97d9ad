"""Decisions and rules are plain values: saved, loaded, moved."""

import json
import math

import numpy as np
import pytest

from rareclass.decisions import (
    AlertBudget,
    Constrained,
    CostMatrix,
    Decision,
    FalsePositiveRateAtMost,
    Maximize,
    MinimumCost,
    PrecisionAtLeast,
    RecallAtLeast,
    best_threshold,
    curve_at_prevalence,
    rule_from_dict,
)
from rareclass.errors import InputError, NoOpWarning
from rareclass.metrics.curve import ThresholdCurve

RULES = [
    MinimumCost(CostMatrix(fp=1, fn=30, tp=0.5)),
    MinimumCost(CostMatrix(fp=1, fn=30), search="empirical"),
    Maximize("f_beta", beta=2.0),
    Maximize("mcc"),
    RecallAtLeast(0.8),
    RecallAtLeast(0.3, confidence=0.9),
    PrecisionAtLeast(0.3),
    FalsePositiveRateAtMost(0.2, confidence=0.9),
    AlertBudget(20),
    AlertBudget(rate=0.1, per="day"),
    Maximize("f1").subject_to(RecallAtLeast(0.5), AlertBudget(60)),
]


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    p = rng.beta(0.3, 2, 400)
    return rng.random(400) < p, p


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.kind)
def test_decision_survives_json(rule, rows):
    y, p = rows
    chosen = best_threshold(y, p, rule)
    plain = json.loads(json.dumps(chosen.to_dict(), allow_nan=False))
    again = Decision.from_dict(plain)
    assert again.to_dict() == chosen.to_dict()
    assert again.rule == rule
    assert np.array_equal(again.apply(p), chosen.apply(p))
    assert plain["rule"] == rule.kind


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.kind)
def test_rule_survives_json(rule):
    state = json.loads(json.dumps(rule.to_dict(), allow_nan=False))
    assert rule_from_dict(state) == rule


def test_infinite_threshold_survives_json():
    with pytest.warns(NoOpWarning):
        chosen = best_threshold([0, 1], [0.5, 0.5], FalsePositiveRateAtMost(0.1))
    again = Decision.from_dict(json.loads(json.dumps(chosen.to_dict(), allow_nan=False)))
    assert math.isinf(again.threshold)
    assert not again.apply([0.9]).any()
    assert math.isnan(again.precision)


def test_function_is_saved_by_name_and_cannot_choose_again(rows):
    def gain(tp, fp, fn, tn):
        return tp - fp

    y, p = rows
    again = Decision.from_dict(best_threshold(y, p, Maximize(gain)).to_dict())
    assert "gain" in again.to_dict()["parameters"]["metric"]
    with pytest.raises(InputError, match="was not saved"):
        best_threshold(y, p, again.rule)


def test_function_of_single_counts_is_called_point_by_point(rows):
    y, p = rows

    def gain(tp, fp, fn, tn):
        return tp - fp if tp > 3 else 0.0

    def gain_of_arrays(tp, fp, fn, tn):
        return np.where(tp > 3, tp - fp, 0.0)

    assert best_threshold(y, p, Maximize(gain)).threshold == best_threshold(y, p, Maximize(gain_of_arrays)).threshold


@pytest.mark.parametrize(
    "state", [{}, {"rule": "minimum_cost"}, {"threshold": 1.0}, {"rule": "magic", "threshold": 0.1}]
)
def test_incomplete_saved_decisions_raise(state):
    with pytest.raises(InputError):
        Decision.from_dict(state)


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


def test_threshold_that_maximises_balanced_accuracy_is_the_prevalence():
    rng = np.random.default_rng(0)
    p = rng.beta(0.1, 8, 200_000)
    chosen = best_threshold(rng.random(p.size) < p, p, Maximize("balanced_accuracy"))
    assert chosen.interval[0] <= p.mean() <= chosen.interval[1]
    assert chosen.threshold == pytest.approx(p.mean(), rel=0.3)


def test_why_names_the_hidden_cost_ratio(rows):
    y, p = rows
    chosen = best_threshold(y, p, Maximize("f1"))
    assert f"{(1 - chosen.threshold) / chosen.threshold:.3g} times" in chosen.why


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: Maximize("auc"), "metric"),
        (lambda: Maximize("f_beta"), "needs `beta`"),
        (lambda: Maximize("f_beta", beta=0.0), "beta"),
        (lambda: Maximize("mcc", beta=2.0), "belongs to"),
        (lambda: Maximize(3), "name or a function"),
        (lambda: MinimumCost(CostMatrix(1, 2), search="grid"), "search"),
        (lambda: Constrained(Maximize("f1"), ()), "at least one constraint"),
        (lambda: Constrained(Maximize("f1"), Maximize("mcc")), "no bound"),
        (lambda: Constrained("f1", RecallAtLeast(0.5)), "decision rules"),
        (lambda: MinimumCost({"fp": [1.0], "fn": [2.0]}).subject_to(RecallAtLeast(0.5)), "Costs by row"),
    ],
)
def test_rules_that_make_no_sense_raise(make, match):
    with pytest.raises(InputError, match=match):
        make()


def test_nan_scores_are_not_decided(rows):
    y, p = rows
    with pytest.raises(InputError, match="missing"):
        best_threshold(y, p, Maximize("f1")).apply([0.1, np.nan])


def test_float32_scores_are_compared_as_they_are():
    s = np.array([0.1, 0.2, 0.3], dtype=np.float32)
    chosen = best_threshold([0, 0, 1], s, RecallAtLeast(1.0))
    assert chosen.apply(s).tolist() == [False, False, True]
