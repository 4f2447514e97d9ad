"""Tiers of a cascade: cut with the fit, kept in the bundle, and what predict flags."""

import numpy as np
import pyarrow as pa
import pytest
from tests.treatments.known import line

from rareclass.artifact import Bundle
from rareclass.cascade import CascadeClassifier
from rareclass.decisions import MinimumCost, Tier, TierPolicy
from rareclass.errors import CostError, InputError, NoOpWarning
from rareclass.kernels.logits import sigmoid
from rareclass.scoring import Scorer
from rareclass.workflow import predict_table

COSTS = {"fp": 10.0, "fn": 900.0}
POLICY = TierPolicy([Tier("allow"), Tier("review", cost=8, prevents=0.8), Tier("block", cost_fp=60)])
CHEAP = {"gate": "logistic_regression", "judge": "logistic_regression", "judge_treatment": "none", "gate_recall": 0.5}


@pytest.fixture(scope="module")
def fitted():
    X, y, _ = line(8_000, seed=1)
    return CascadeClassifier(**CHEAP, tiers=POLICY, cv=2).fit(X, y, costs=COSTS), X, y


def test_rows_are_in_the_tier_that_is_expected_to_cost_least(fitted):
    model, X, _ = fitted
    p = sigmoid(model.positive_logit(X))
    cheapest = POLICY.expected_costs(p, COSTS).argmin(axis=0)
    np.testing.assert_array_equal(model.tier(X), np.array(POLICY.names)[cheapest])
    np.testing.assert_array_equal(model.predict(X), cheapest > 0)
    assert len(set(model.tier(X))) == 3


def test_the_bundle_keeps_the_tiers_and_predict_gives_them(fitted, tmp_path):
    model, X, _ = fitted
    Bundle(model, rows=X).save(tmp_path / "b")
    same, scorer = Bundle.load(tmp_path / "b"), Scorer.load(tmp_path / "b")
    assert scorer.exact
    np.testing.assert_array_equal(scorer.tier(X), model.tier(X))
    np.testing.assert_array_equal(scorer.decide(X), model.predict(X))
    np.testing.assert_array_equal(same.model.tier(X), model.tier(X))
    assert same.model.model_.tiers.policy == POLICY
    table = predict_table(same, pa.table({f"x{j}": X[:50, j] for j in range(2)})).table
    assert table["tier"].to_pylist() == model.tier(X[:50]).tolist()
    assert [t != "allow" for t in table["tier"].to_pylist()] == table["alert"].to_pylist()


def test_capacities_are_kept_exactly_in_each_period(fitted):
    _, X, y = fitted
    policy = TierPolicy([Tier("allow"), Tier("review", cost=8, prevents=0.8, capacity=5, per="day")])
    days = np.datetime64("2026-01-01") + np.arange(8_000) // 400
    model = CascadeClassifier(**CHEAP, tiers=policy, cv=2).fit(X, y, costs=COSTS, times=days)
    assert model.model_.tiers.rows_per_period == 400
    tier = model.tier(X, periods=days)
    assert max((tier[days == day] == "review").sum() for day in np.unique(days)) == 5
    held = sigmoid(model.model_.oof_logit) >= model.model_.tiers.thresholds[0]
    assert 50 < held.sum() <= 20 * 5  # on average, by stored thresholds; equal scores go together


@pytest.mark.parametrize(
    ("tiers", "costs", "kind", "said"),
    [
        ((0.05, 0.5), COSTS, InputError, "must be a TierPolicy"),
        (POLICY, None, CostError, "Give the `costs`"),
        (TierPolicy([Tier("allow"), Tier("review", cost=2_000)]), COSTS, CostError, "review"),
    ],
)
def test_tiers_that_cannot_be_cut_are_refused_before_the_fit(fitted, tiers, costs, kind, said):
    _, X, y = fitted
    with pytest.raises(kind, match=said):
        CascadeClassifier(**CHEAP, tiers=tiers).fit(X, y, costs=costs)


def test_tiers_and_a_decision_are_one_too_many(fitted):
    _, X, y = fitted
    with pytest.raises(InputError, match="Leave `decision` out"):
        CascadeClassifier(**CHEAP, tiers=POLICY, decision=MinimumCost({"fp": 1, "fn": 9})).fit(X, y, costs=COSTS)


def test_a_tier_that_no_row_reaches_is_said(fitted):
    _, X, y = fitted
    dear = TierPolicy([Tier("allow"), Tier("review", cost=8, prevents=0.8), Tier("block", cost_fp=1e6)])
    with pytest.warns(NoOpWarning, match="No row .* 'block'"):
        CascadeClassifier(**CHEAP, tiers=dear, cv=2).fit(X, y, costs=COSTS)
