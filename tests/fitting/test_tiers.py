"""Tiers on the road: cut on out-of-fold scores, kept by the bundle, scored alike by model, scorer and predict."""

import json

import numpy as np
import pyarrow as pa
import pytest

from rareclass import RareClassifier
from rareclass.artifact import Bundle
from rareclass.decisions import CostMatrix, RowCosts, Tier, TierPolicy, tier_table
from rareclass.errors import BundleError, InputError
from rareclass.kernels.logits import sigmoid
from rareclass.scoring import Scorer
from rareclass.scoring.export import onnx_model
from rareclass.scoring.export.checking import Answers
from rareclass.scoring.export.columns import typed
from rareclass.serving.predict import PeriodColumns, predict_table

COSTS = {"fp": 30.0, "fn": 500.0}
POLICY = TierPolicy(
    [
        Tier("allow"),
        Tier("review", cost=5, prevents=0.9, capacity=30, per="day"),
        Tier("block", cost_fp=30, prevents=1.0),
    ]
)


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2400, 2))
    return X, rng.random(2400) < sigmoid(-3.5 + 2 * X[:, 0]), np.repeat(np.arange(8), 300)


@pytest.fixture(scope="module")
def model(rows):
    X, y, day = rows
    return RareClassifier("logistic_regression", treatment="none").fit(X, y).cut_tiers(POLICY, COSTS, periods=day)


def test_thresholds_are_those_of_the_scores_out_of_fold(model, rows):
    fit = model.model_
    assert fit.tiers == POLICY.cut(sigmoid(fit.oof_logit), COSTS, periods=rows[2][fit.oof_row])
    taken = fit.tiers.tier(sigmoid(fit.oof_logit)) == "review"
    assert 30 * 8 - 1 <= taken.sum() <= 30 * 8


def test_a_policy_as_the_decision_is_the_same_and_is_what_the_model_says(model, rows):
    X, y, day = rows
    dates = np.datetime64("2026-03-01") + day
    own = RareClassifier("logistic_regression", treatment="none", decision=POLICY)
    own.fit(X, y, costs=COSTS, times=dates)
    assert own.decision_.rule.kind == "tiers"
    assert "review from a probability of" in own.decision_.why
    said = own.summary()
    assert own.decision_.why in said
    assert "block" in said.split("Tiers out of fold")[1]
    assert model.decision_.why in model.summary()
    fit = own.model_
    seen = np.isfinite(fit.oof_logit)
    again = POLICY.cut(sigmoid(fit.oof_logit[seen]), COSTS, rows_per_period=300)
    assert fit.tiers == again
    held = fit.tiers.tier(sigmoid(fit.oof_logit[seen]))
    table = tier_table(fit.oof_y[seen], held, POLICY, COSTS, rows_per_period=300)
    assert fit.evidence["tiers"] == table.to_dict()
    plain = RareClassifier("logistic_regression", treatment="none").fit(X, y, times=dates)
    assert plain.cut_tiers(POLICY, COSTS, rows_per_period=300).decision_ == own.decision_
    own.decision_ = own.decision_.at_costs({"fp": 1, "fn": 9})  # another decision is another decision
    assert own.model_.tiers is None
    with pytest.raises(InputError, match="no tiers"):
        own.tier(X)


def test_what_tiers_need_is_asked_for_before_the_fit(rows, monkeypatch):
    X, y, _ = rows
    monkeypatch.setattr("rareclass.fitting.classifier.fit_model", lambda *_: pytest.fail("fitted"))
    model = RareClassifier("logistic_regression", treatment="none", decision=POLICY)
    with pytest.raises(InputError, match="--cost-fp"):
        model.fit(X, y)
    with pytest.raises(InputError, match="how many rows share a day"):
        model.fit(X, y, costs=COSTS)


def test_slices_are_judged_by_the_tiers(rows):
    X, y, _ = rows
    policy = TierPolicy([Tier("allow"), Tier("review", cost=5, prevents=0.9), Tier("block", cost_fp=30)])
    table = {"a": X[:, 0], "b": X[:, 1], "shop": np.array(["n", "s", "w"])[np.arange(2400) % 3]}
    model = RareClassifier("logistic_regression", treatment="none", decision=policy, slices="shop", cv=3)
    model.fit(table, y, costs=COSTS)
    fit = model.model_
    tier = policy.tier(sigmoid(fit.oof_logit), COSTS)
    spent = 500 * (y & (tier == "allow")) + (tier == "review") * (5 + 50 * y) + 30 * ((tier == "block") & ~y)
    for row in fit.slices.table.slices:
        own = table["shop"] == row.name
        assert row.cost.estimate == pytest.approx(spent[own].mean())
        assert row.alerts == (tier[own] != "allow").sum()
        assert [t.rows for t in row.tiers] == [(tier[own] == name).sum() for name in policy.names]
        assert sum(t.cost.estimate for t in row.tiers) == pytest.approx(row.cost.estimate)
    later = RareClassifier("logistic_regression", treatment="none", slices="shop", cv=3).fit(table, y)
    later.cut_tiers(policy, COSTS)
    found = later.model_.slices.table.slices
    assert [r.tiers for r in found] == [r.tiers for r in fit.slices.table.slices]
    assert "events in block" in later.slices_.columns


def test_model_scorer_and_bundle_give_the_same_tiers(model, rows, tmp_path):
    X, _, day = rows
    names = model.tier(X)
    assert set(names) == {"allow", "review", "block"}
    Bundle(model, name="m", target="y").save(tmp_path / "b")
    scorer, bundle = Scorer.load(tmp_path / "b"), Bundle.load(tmp_path / "b")
    assert bundle.model.model_.tiers == model.model_.tiers
    for found in (Scorer.from_model(model).tier(X), scorer.tier(X), bundle.model.tier(X)):
        assert found.tolist() == names.tolist()
    assert scorer.tier({"x0": 9.0, "x1": 0.0}).tolist() == ["block"]
    flagged = names != "allow"
    assert np.array_equal(scorer.probability(X) >= scorer.cut.threshold, flagged)  # what exports write
    assert np.array_equal(scorer.decide(X), flagged)
    assert np.array_equal(model.predict(X) == model.classes_[1], flagged)
    exact = model.tier(X, periods=day, keys=np.arange(2400))
    assert [(exact[day == d] == "review").sum() for d in range(8)] == [30] * 8


def test_an_onnx_file_flags_what_the_tiers_flag_and_names_them(model, rows):
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    scorer, some = Scorer.from_model(model), pa.table({"x0": rows[0][:200, 0], "x1": rows[0][:200, 1]})
    content = onnx_model(scorer, {})
    found = Answers(content)(typed(some, scorer.encoder))
    tier = scorer.tier(some)
    np.testing.assert_array_equal(found["alert"], tier != "allow")
    said = {p.key: p.value for p in onnx.load_from_string(content).metadata_props}
    tiers = json.loads(said["tiers"])
    names = np.array([t["name"] for t in tiers["tiers"]])
    last = (found["probability"][:, None] >= np.array(tiers["thresholds"])) * np.arange(1, names.size)
    np.testing.assert_array_equal(names[last.max(axis=1)], tier)


def test_predict_writes_the_tier(model, rows, tmp_path):
    X, _, day = rows
    Bundle(model, name="m", target="y").save(tmp_path / "b")
    bundle = Bundle.load(tmp_path / "b")
    table = pa.table({"x0": X[:, 0], "x1": X[:, 1], "day": day})
    found = predict_table(bundle, table)
    assert found.table["tier"].to_pylist() == model.tier(X).tolist()
    assert found.table["alert"].to_pylist() == (model.tier(X) != "allow").tolist()
    assert any("on average" in note for note in found.notes)
    exact = predict_table(bundle, table, periods=PeriodColumns(period="day")).table["tier"].to_pylist()
    assert exact == model.tier(X, periods=day).tolist()
    assert predict_table(bundle, table.slice(0, 0)).table.column_names == found.table.column_names


def test_tiers_by_row_ask_for_the_costs_of_the_rows(rows):
    X, y, _ = rows
    fn = np.random.default_rng(1).lognormal(5, 1, 2400)
    policy = TierPolicy([Tier("allow"), Tier("review", cost=5, prevents=0.9)])
    own = RareClassifier("logistic_regression", treatment="none").fit(X, y).cut_tiers(policy, RowCosts(fp=30.0, fn=fn))
    p = sigmoid(own.positive_logit(X[:50]))
    names = Scorer.from_model(own).tier(X[:50], costs={"fp": 30.0, "fn": fn[:50]})
    assert ((names == "review") == (0.9 * p * fn[:50] >= 5)).all()
    with pytest.raises(InputError, match="its own costs"):
        own.tier(X[:3])


def test_bundles_and_models_without_tiers_say_so(rows, tmp_path):
    X, y, _ = rows
    plain = RareClassifier("logistic_regression", treatment="none").fit(X, y)
    with pytest.raises(InputError, match="no tiers"):
        plain.tier(X)
    with pytest.raises(InputError, match="no tiers"):
        Scorer.from_model(plain).tier(X)
    with pytest.raises(InputError, match="TierPolicy"):
        plain.cut_tiers("review", COSTS)
    Bundle(plain, name="m", target="y").save(tmp_path / "b")
    with pytest.raises(InputError, match="out-of-fold"):
        Bundle.load(tmp_path / "b").model.cut_tiers(POLICY, CostMatrix(**COSTS), rows_per_period=300)


@pytest.mark.parametrize("change", [("thresholds", [0.1]), ("more", 1), ("tiers", [{"name": "allow"}])])
def test_damaged_tiers_are_refused(model, tmp_path, change):
    from rareclass.scoring.files import MANIFEST, MODEL, digest

    Bundle(model, name="m", target="y").save(tmp_path / "b")
    state = json.loads((tmp_path / "b" / MODEL).read_text())
    state["decision"]["parameters"] |= dict([change])
    (tmp_path / "b" / MODEL).write_text(json.dumps(state))
    manifest = json.loads((tmp_path / "b" / MANIFEST).read_text())
    manifest["files"][MODEL] = digest((tmp_path / "b" / MODEL).read_bytes())
    (tmp_path / "b" / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match="damaged"):
        Scorer.load(tmp_path / "b")
