"""Replaying a recipe gives the same model on the same rows."""

import numpy as np
import pyarrow as pa
import pytest
from sklearn.linear_model import LogisticRegression
from tests.treatments.known import line

from rareclass import RareClassifier
from rareclass.artifact import Bundle
from rareclass.cascade import CascadeClassifier
from rareclass.decisions import RecallAtLeast, Tier, TierPolicy
from rareclass.errors import BundleError, InputError
from rareclass.lifecycle import replay
from rareclass.losses import FocalLoss
from rareclass.scoring.reasons import ReasonRules
from rareclass.treatments import (
    ClassWeights,
    Combined,
    CostWeights,
    LossTreatment,
    NegativeSampling,
    NoTreatment,
    RandomUnderSampling,
)


@pytest.fixture(scope="module")
def champion():
    X, y, _ = line(8000)
    model = RareClassifier("logistic_regression", treatment="class_weight", decision=RecallAtLeast(0.7), cv=3)
    model.fit({"a": X[:, 0], "b": X[:, 1]}, y)
    return Bundle(model, recipe={"arm": "logistic_regression+class_weight"})


def table(X, **more):
    return {"a": X[:, 0], "b": X[:, 1], **more}


def test_a_replay_on_the_same_rows_is_the_same_model(champion):
    X, y, _ = line(8000)
    again = replay(champion, table(X), y)
    np.testing.assert_allclose(again.model.predict_proba(table(X)), champion.model.predict_proba(table(X)))
    assert again.model.decision_.threshold == champion.model.decision_.threshold
    assert again.recipe["replayed"]
    assert again.recipe["events"] == y.sum()


def test_a_replay_ignores_columns_that_the_champion_did_not_know_and_needs_those_it_did(champion):
    X, y, _ = line(4000, seed=1)
    assert replay(champion, table(X, extra=np.zeros(len(X))), y).model.n_features_in_ == 2
    with pytest.raises(InputError, match="'b'"):
        replay(champion, {"a": X[:, 0]}, y)


def test_a_bundle_without_a_recipe_cannot_be_replayed(champion):
    X, y, _ = line(1000)
    with pytest.raises(BundleError, match="no recipe"):
        replay(Bundle(champion.model), table(X), y)


KEPT = [
    ("logistic_regression", ClassWeights("sqrt")),
    ("logistic_regression", RandomUnderSampling(5)),
    ("lightgbm", LossTreatment(FocalLoss(1.0))),
    (
        "lightgbm",
        Combined(NegativeSampling("score", negatives_per_event=5, pool_factor=float("inf")), ClassWeights(3.0)),
    ),
    ("logistic_regression", CostWeights({"fp": 1.0, "fn": 9.0})),
    (LogisticRegression(C=0.5), ClassWeights(7.0)),
    ("logistic_regression", "pca+smote(ratio=0.2)"),
    ("logistic_regression", "smote_enn(ratio=0.1)+class_weight_sqrt"),
]


@pytest.mark.parametrize(("learner", "treatment"), KEPT)
def test_a_saved_bundle_replays_the_settings_of_its_treatment_and_learner(learner, treatment, tmp_path):
    X, y, _ = line(3000)
    model = RareClassifier(learner, treatment=treatment, cv=3, calibration="sigmoid", random_state=4).fit(table(X), y)
    Bundle(model, recipe={"rows": 3000}).save(tmp_path / "m")
    again = replay(Bundle.load(tmp_path / "m"), table(X), y)
    np.testing.assert_allclose(again.model.predict_proba(table(X)), model.predict_proba(table(X)), rtol=1e-9)
    assert again.model.model_.arm.note == model.model_.arm.note
    assert again.model.model_.calibrator.to_dict() == model.model_.calibrator.to_dict()


def test_a_treatment_of_ones_own_cannot_be_replayed(tmp_path):
    class Mine(NoTreatment):
        name = "mine"

    X, y, _ = line(2000)
    Bundle(RareClassifier("logistic_regression", treatment=Mine(), cv=2).fit(table(X), y), recipe={"rows": 1}).save(
        tmp_path / "m"
    )
    with pytest.raises(BundleError, match="'mine' is none of rareclass's"):
        replay(Bundle.load(tmp_path / "m"), table(X), y)


def test_costs_by_row_are_given_anew(tmp_path):
    X, y, _ = line(2000)
    costs = {"fp": 1.0, "fn": np.linspace(5, 20, y.size)}
    model = RareClassifier("logistic_regression", treatment="cost_weights", cv=2).fit(table(X), y, costs=costs)
    Bundle(model, recipe={"rows": 2000}).save(tmp_path / "m")
    loaded = Bundle.load(tmp_path / "m")
    again = replay(loaded, table(X), y, costs=costs)
    np.testing.assert_allclose(again.model.predict_proba(table(X)), model.predict_proba(table(X)), rtol=1e-9)
    with pytest.raises(InputError, match="needs costs"):
        replay(loaded, table(X), y)


PARTS = {
    "plain": {},
    "tiers": {"decision": TierPolicy([Tier("allow"), Tier("review", cost=2, prevents=0.9, capacity=40)])},
    "slices": {"slices": "shop"},
}


@pytest.mark.parametrize("kind", ["single", "cascade"])
@pytest.mark.parametrize("part", PARTS)
def test_every_part_of_a_bundle_survives_a_replay(kind, part, tmp_path):
    """On the same rows a replay is the same bundle: tiers, slices, stages, and reasons grouped and worded."""
    X, y, _ = line(4000, seed=2)
    y = y | (X[:, 0] > 2)
    rows = pa.table(table(X, c=X[:, 0] + 1e-3 * X[:, 1], shop=np.array(["n", "s"])[np.arange(4000) % 2]))
    if kind == "single":
        model = RareClassifier("logistic_regression", treatment="none", cv=2, calibration="sigmoid", **PARTS[part])
    else:
        stages = {"gate": "logistic_regression", "judge": "logistic_regression", "judge_treatment": "none"}
        model = CascadeClassifier(**stages, cv=2, gate_recall=0.7, gate_negatives=30, **PARTS[part])
    model.fit(rows, y, costs={"fp": 3.0, "fn": 90.0})
    rules = ReasonRules(groups={"amount": ["a", "c"]}, texts={"amount": "How much", "b": {"raises": "Late"}})
    Bundle(model, recipe={"rows": 4000}, rows=rows, reasons=rules).save(tmp_path / "m")
    old = Bundle.load(tmp_path / "m")
    new = replay(old, rows, y)
    new.save(tmp_path / "n")
    new = Bundle.load(tmp_path / "n")
    assert type(new.model) is type(model)
    assert new.model.decision_.to_dict() == old.model.decision_.to_dict() == model.decision_.to_dict()
    assert new.model.model_.evidence == old.model.model_.evidence
    assert new.scorer.rules == old.scorer.rules
    assert [r.text for r in new.scorer.explain(rows)[0]] == [r.text for r in old.scorer.explain(rows)[0]]
    assert any("How much" in r.text for r in new.scorer.explain(rows)[0])
    fresh, kept = new.model.get_params(), old.model.get_params()
    assert {k: v for k, v in fresh.items() if k != "decision"} == {k: v for k, v in kept.items() if k != "decision"}
    if part == "slices":
        assert new.model.model_.slices.to_dict() == old.model.model_.slices.to_dict()
    if part == "tiers":
        assert new.scorer.tier(rows).tolist() == model.tier(rows).tolist()
        dear = replay(old, rows, y, costs={"fp": 3.0, "fn": 9.0})  # costs given anew count
        assert dear.model.model_.tiers.costs.fn == 9


def test_a_model_of_weighted_rows_is_fitted_anew_with_weights():
    X, y, _ = line(2000)
    weight = np.where(X[:, 0] > 0, 3.0, 1.0)
    model = RareClassifier("logistic_regression", cv=2).fit(table(X), y, weight)
    again = replay(Bundle(model, recipe={"rows": 2000}), table(X), y, sample_weight=weight)
    np.testing.assert_array_equal(again.model.predict_proba(table(X)), model.predict_proba(table(X)))
