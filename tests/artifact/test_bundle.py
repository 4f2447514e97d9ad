"""Every learner survives the disk, and nothing that is not on the list is loaded."""

import datetime
import hashlib
import json

import numpy as np
import pyarrow as pa
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from rareclass import RareClassifier
from rareclass.artifact import Bundle
from rareclass.artifact.reference import sketched
from rareclass.decisions import CostMatrix, Maximize
from rareclass.ensemble import BalancedRandomForestClassifier
from rareclass.errors import BundleError, InputError
from rareclass.lifecycle import replay
from rareclass.scoring import Scorer

LEARNERS = ["lightgbm", "hist_gradient_boosting", "logistic_regression", "kernel_logistic", "random_forest", "blend",
            "xgboost", "catboost"]  # fmt: skip


def rows(n=600, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    shop = np.array(["a", "b", "c", "d"])[rng.integers(0, 4, n)]
    y = np.where(x + (shop == "a") + rng.normal(size=n) > 2.2, "yes", "no")
    table = pa.table(
        {"x": x, "z": np.where(rng.random(n) < 0.1, np.nan, x**2), "shop": shop, "ok": rng.random(n) < 0.5}
    )
    return table, y


# The data are linear and have 25 events: the boosters say that they rank below a linear model, rightly.
@pytest.mark.filterwarnings("ignore::rareclass.errors.CollapseWarning")
@pytest.mark.parametrize("learner", LEARNERS)
def test_a_saved_model_gives_the_same_probabilities_and_decisions(learner, tmp_path):
    for needed in {"net": ("torch", "skorch"), "xgboost": ("xgboost",)}.get(learner, ()):
        pytest.importorskip(needed, reason="an optional extra", exc_type=ImportError)
    table, y = rows()
    model = RareClassifier(learner, cv=2).fit(table, y, costs=CostMatrix(fp=1, fn=9))
    Bundle(model, target="y").save(tmp_path / "m")
    loaded = Bundle.load(tmp_path / "m")
    np.testing.assert_array_equal(loaded.model.predict_proba(table), model.predict_proba(table))
    np.testing.assert_array_equal(loaded.model.predict(table), model.predict(table))
    assert loaded.target == "y"
    assert loaded.model.summary() == model.summary()
    assert loaded.model.model_.calibration_uncertainty == model.model_.calibration_uncertainty is not None


@pytest.mark.parametrize("calibration", ["none", "intercept", "sigmoid", "beta", "isotonic", "venn_abers", "histogram"])
def test_every_calibration_and_rule_is_kept(calibration, tmp_path):
    table, y = rows()
    model = RareClassifier("logistic_regression", calibration=calibration, decision=Maximize("f1"), cv=3).fit(table, y)
    Bundle(model).save(tmp_path / "m")
    loaded = Bundle.load(tmp_path / "m").model
    np.testing.assert_allclose(loaded.predict_proba(table), model.predict_proba(table), rtol=0, atol=1e-12)
    assert loaded.decision_.threshold == model.decision_.threshold


def test_a_bundle_holds_plain_files_only(tmp_path):
    table, y = rows()
    Bundle(RareClassifier("logistic_regression", cv=2).fit(table, y)).save(tmp_path / "m")
    assert {p.name for p in (tmp_path / "m").iterdir()} == {"manifest.json", "model.json", "scorer.npz", "card.md"}
    manifest = json.loads((tmp_path / "m" / "manifest.json").read_text())
    assert set(manifest["files"]) == {"model.json", "scorer.npz", "card.md"}
    assert manifest["scorer"] == {"exact": True, "why_not": ""}
    assert b"pickle" not in (tmp_path / "m" / "model.json").read_bytes()


def test_evidence_that_is_undefined_is_saved_as_null_but_a_model_is_never_saved_with_holes(tmp_path):
    table, y = rows()
    model = RareClassifier("logistic_regression", cv=2).fit(table, y)
    Bundle(model, evidence={"precision": float("nan")}).save(tmp_path / "m")
    assert Bundle.load(tmp_path / "m").evidence == {"precision": None}
    model.model_.evidence["rows"] = float("inf")
    with pytest.raises(InputError, match="only finite numbers"):
        Bundle(model).save(tmp_path / "n")
    assert not (tmp_path / "n").exists()


def test_a_foreign_type_is_neither_saved_nor_loaded(tmp_path):
    import skops.io
    from sklearn.svm import SVC

    from rareclass.artifact.learner import dump_learner, load_learner

    class Foreign:
        pass

    Foreign.__module__ = "somewhere.else"
    with pytest.raises((BundleError, Exception)):
        dump_learner(Foreign(), tmp_path / "x.skops")
    skops.io.dump({"model": SVC(), "call": print}, tmp_path / "y.skops")
    with pytest.raises(BundleError, match="not loaded from a bundle"):
        load_learner(tmp_path / "y.skops")
    assert hashlib.sha256((tmp_path / "y.skops").read_bytes()).hexdigest()


@pytest.mark.parametrize("name", ["model.json", "learner.skops", "scorer.npz"])
def test_one_changed_byte_is_noticed(tmp_path, name):
    table, y = rows()
    Bundle(RareClassifier("logistic_regression", cv=2).fit(table, y)).save(tmp_path / "m", keep_learner=True)
    raw = bytearray((tmp_path / "m" / name).read_bytes())
    raw[len(raw) // 2] ^= 1
    (tmp_path / "m" / name).write_bytes(bytes(raw))
    with pytest.raises(BundleError, match="altered"):
        Bundle.load(tmp_path / "m")


def test_a_newer_format_and_an_empty_folder_are_refused(tmp_path):
    with pytest.raises(BundleError, match="no bundle"):
        Bundle.load(tmp_path)
    (tmp_path / "manifest.json").write_text('{"format": 99}')
    with pytest.raises(BundleError, match="format 99"):
        Bundle.load(tmp_path)


@pytest.mark.parametrize("lost", ["recipe", "files", "given.skops"])
def test_a_manifest_with_a_hole_is_said_to_be_incomplete(tmp_path, lost):
    table, y = rows()
    Bundle(RareClassifier(HistGradientBoostingClassifier(max_iter=5), cv=2).fit(table, y)).save(tmp_path / "m")
    path = tmp_path / "m" / "manifest.json"
    manifest = json.loads(path.read_text())
    del (manifest["files"] if lost == "given.skops" else manifest)[lost]
    path.write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match=rf"incomplete: .*{lost}"):
        Bundle.load(tmp_path / "m")


def test_an_existing_bundle_is_not_overwritten_unless_asked(tmp_path):
    table, y = rows()
    bundle = Bundle(RareClassifier("logistic_regression", cv=2).fit(table, y))
    bundle.save(tmp_path / "m")
    with pytest.raises(InputError, match="not empty"):
        bundle.save(tmp_path / "m")
    bundle.save(tmp_path / "m", overwrite=True)


def test_several_classes_are_not_saved_as_one_rare_class(tmp_path):
    table, _ = rows()
    model = RareClassifier("logistic_regression", cv=2).fit(table, np.digitize(table["x"].to_numpy(), [-0.5, 0.5]))
    with pytest.raises(BundleError, match="one rare class"):
        Bundle(model).save(tmp_path / "m")


def test_a_model_of_an_array_takes_arrays_after_loading_too(tmp_path):
    rng = np.random.default_rng(0)
    X = np.column_stack(
        [rng.normal(size=800), np.full(800, 3.0), rng.normal(size=800)]
    )  # a constant column is left out
    model = RareClassifier("logistic_regression", cv=2).fit(X, X[:, 0] + rng.normal(size=800) > 2)
    Bundle(model).save(tmp_path / "m")
    loaded = Bundle.load(tmp_path / "m").model  # a warning about missing names would be an error here
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    assert loaded.n_features_in_ == 3
    with pytest.raises(ValueError, match="X has 2 features"):
        loaded.predict_proba(X[:, :2])


@pytest.mark.parametrize(
    "labels",
    [
        [datetime.date(2024, 1, 1), datetime.date(2025, 1, 1)],
        [datetime.datetime(2024, 1, 1, 5), datetime.datetime(2025, 1, 1)],
        [np.datetime64("2024-01-01T05", "s"), np.datetime64("2025-01-01", "s")],
        [b"yes", b"no"],
    ],
)
def test_labels_that_are_dates_or_bytes_keep_their_type(tmp_path, labels):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 2))
    y = np.array(labels)[(X[:, 0] > 1).astype(int)]
    model = RareClassifier("logistic_regression", cv=2).fit(X, y)
    Bundle(model).save(tmp_path / "b")
    loaded = Bundle.load(tmp_path / "b").model
    assert list(map(type, loaded.classes_)) == list(map(type, model.classes_))
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    assert loaded.score(X, y) == model.score(X, y)


def as_before(folder, number):
    """What was written before models were compiled: the learner alone, and a manifest that knows of no scorer."""
    (folder / "scorer.npz").unlink()
    (folder / "reference.npz").unlink(missing_ok=True)
    state = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(
        json.dumps({k: v for k, v in state.items() if k not in ("scorer", "tiers", "slices", "stages")})
    )
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["scorer"]
    manifest["format"] = number
    manifest["files"] = {
        name: {
            "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest(),
            "bytes": (folder / name).stat().st_size,
        }
        for name in ("model.json", "learner.skops")
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize("number", [1, 2])
def test_a_bundle_from_before_models_were_compiled_is_read(tmp_path, number):
    table, y = rows()
    model = RareClassifier("random_forest", treatment="none", cv=2).fit(table, y)
    Bundle(model, recipe={"rows": 600}).save(tmp_path / "m", keep_learner=True)
    as_before(tmp_path / "m", number)
    loaded = Bundle.load(tmp_path / "m")
    np.testing.assert_array_equal(loaded.model.predict_proba(table), model.predict_proba(table))
    for scorer in (loaded.scorer, Scorer.load(tmp_path / "m")):
        assert not scorer.exact
        assert "before models were compiled" in scorer.why_not
        np.testing.assert_allclose(scorer.logit(table), model.positive_logit(table), rtol=0, atol=1e-12)
    loaded.save(tmp_path / "again")  # which compiles it
    assert Scorer.load(tmp_path / "again").exact
    assert not (tmp_path / "again" / "learner.skops").exists()


def test_the_learner_is_kept_on_request_only(tmp_path):
    table, y = rows()
    bundle = Bundle(RareClassifier("random_forest", treatment="none", cv=2).fit(table, y))
    bundle.save(tmp_path / "m")
    bundle.save(tmp_path / "kept", keep_learner=True)
    assert not (tmp_path / "m" / "learner.skops").exists()
    kept = Bundle.load(tmp_path / "kept")
    assert kept.model.model_.arm.learner.estimators_
    assert kept.scorer.exact
    compiled = Bundle.load(tmp_path / "m")
    np.testing.assert_array_equal(compiled.model.predict_proba(table), kept.model.predict_proba(table))
    with pytest.raises(BundleError, match="no learner to keep"):
        compiled.save(tmp_path / "n", keep_learner=True)
    assert not (tmp_path / "n").exists()
    compiled.save(tmp_path / "n")
    np.testing.assert_array_equal(Scorer.load(tmp_path / "n").logit(table), compiled.scorer.logit(table))


def test_a_loaded_model_answers_all_that_a_fitted_one_does(tmp_path):
    table, y = rows()
    model = RareClassifier("lightgbm", treatment="none", cv=2).fit(table, y, costs=CostMatrix(fp=1, fn=9))
    Bundle(model, recipe={"rows": 600}).save(tmp_path / "m")
    loaded = Bundle.load(tmp_path / "m").model
    np.testing.assert_allclose(loaded.positive_logit(table), model.positive_logit(table), rtol=0, atol=1e-12)
    np.testing.assert_array_equal(loaded.predict(table), model.predict(table))
    np.testing.assert_array_equal(loaded.classes_, model.classes_)
    assert loaded.decision_ == model.decision_
    assert loaded.summary() == model.summary()
    encoded = loaded.model_.encoder.transform(table).matrix
    np.testing.assert_allclose(loaded.model_.arm.logit(encoded), model.model_.arm.logit(encoded), rtol=0, atol=1e-12)
    again = replay(Bundle.load(tmp_path / "m"), table, y, costs=CostMatrix(fp=1, fn=9))
    np.testing.assert_array_equal(again.model.predict_proba(table), model.predict_proba(table))


@pytest.mark.parametrize("events_kept", [True, False])
def test_sketches_for_monitoring_are_kept_with_or_without_events(tmp_path, events_kept):
    table, y = rows()
    model = RareClassifier("logistic_regression", cv=2).fit(table, y)
    event = np.asarray(y == "yes")
    whole = model.model_.encoder.transform(table)
    bundle = Bundle(model, sketches=sketched(whole.matrix, event, whole.categorical), rows=table)
    bundle.save(tmp_path / "m", reference_rows=events_kept)
    found = Bundle.load(tmp_path / "m").sketches
    encoded = model.model_.encoder.transform(table).matrix
    assert ("events" in found) == events_kept
    if events_kept:
        np.testing.assert_array_equal(found["events"], encoded[event])
    assert found["rows"].tolist() == [600, event.sum()]
    np.testing.assert_allclose(found["missing"], np.isnan(encoded).mean(axis=0))
    np.testing.assert_allclose(found["quantiles"][0, [0, 27, -1]], np.quantile(encoded[:, 0], [0, 0.5, 1]))
    assert found["code_counts"].sum() == 600
    assert found["event_code_counts"].sum() == event.sum()


def test_at_most_600_events_are_kept_spread_over_the_rows():
    found = sketched(np.arange(5000.0)[:, None], np.arange(5000) % 4 == 0)
    assert found["events"].shape == (600, 1)
    assert found["events"][[0, -1], 0].tolist() == [0.0, 4996.0]


def test_a_balanced_ensemble_of_the_users_choice_is_compiled_saved_and_replayed(tmp_path):
    table, y = rows()
    given = BalancedRandomForestClassifier(n_estimators=10, random_state=0)
    model = RareClassifier(given, treatment="none", cv=2).fit(table.select(["x", "ok"]), y)
    Bundle(model, recipe={"rows": 600}, rows=table).save(tmp_path / "m")
    assert {p.name for p in (tmp_path / "m").iterdir()} == {
        "manifest.json",
        "model.json",
        "scorer.npz",
        "given.skops",
        "card.md",
    }
    loaded = Bundle.load(tmp_path / "m")
    np.testing.assert_allclose(loaded.model.positive_logit(table), model.positive_logit(table), rtol=0, atol=1e-9)
    again = replay(loaded, table, y).model
    np.testing.assert_array_equal(again.predict_proba(table), model.predict_proba(table))
