"""Rules and decisions survive being written as plain values."""

import json
import math

import numpy as np
import pytest

from rareclass.decisions import (
    AlertBudget,
    CostMatrix,
    Decision,
    FalsePositiveRateAtMost,
    Maximize,
    MinimumCost,
    PrecisionAtLeast,
    RecallAtLeast,
    best_threshold,
    rule_from_dict,
)
from rareclass.decisions.saved import RULES as TABLE
from rareclass.errors import InputError, NoOpWarning


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    p = rng.beta(0.3, 2, 400)
    return rng.random(400) < p, p


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


@pytest.mark.parametrize(
    "state", [{}, {"rule": "minimum_cost"}, {"threshold": 1.0}, {"rule": "magic", "threshold": 0.1}]
)
def test_incomplete_saved_decisions_raise(state):
    with pytest.raises(InputError):
        Decision.from_dict(state)


def test_every_rule_of_the_table_knows_its_name_and_title():
    for kind in TABLE:
        assert TABLE[kind].kind == kind
        assert TABLE[kind].title
        assert TABLE.name_of(TABLE[kind]) == kind
