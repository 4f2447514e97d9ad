"""The monitor of a bundle: what it takes from it, and what it says where the bundle keeps nothing."""

import json

import numpy as np
import pyarrow as pa
import pytest
from sklearn.naive_bayes import GaussianNB

from rareclass import RareClassifier
from rareclass.artifact import Bundle
from rareclass.artifact.bundle import reference_of
from rareclass.artifact.reference import sketched
from rareclass.errors import InputError
from rareclass.monitoring import RareClassMonitor


def rows(n, seed, shift=0.0):
    rng = np.random.default_rng(seed)
    y = rng.random(n) < 0.2
    x = rng.normal(2.0 * y + shift, 1.0)
    table = pa.table({"x": x, "kind": rng.choice(["a", "b", "c"], n)})
    return table, np.where(y, "yes", "no")


@pytest.fixture(scope="module")
def model():
    table, y = rows(1500, 0)
    return RareClassifier("logistic_regression", cv=3).fit(table, y)


def saved(model, folder, reference=True, events=True):
    table, y = rows(1500, 0)
    encoded = model.model_.encoder.transform(table)
    kept = {}
    if reference:
        sketches = sketched(encoded.matrix, y == "yes", encoded.categorical)
        kept = {"reference": reference_of(model.model_), "sketches": sketches}
    Bundle(model, rows=table, **kept).save(folder, reference_rows=events)
    return Bundle.load(folder)


def fed(monitor, bundle, days=8, n=120, **shift):
    for day in range(days):
        table, y = rows(n, day + 1, **shift)
        p, ids = bundle.model.predict_proba(table)[:, 1], np.arange(n) + 1000 * day
        times = np.full(n, day + 0.5)
        monitor.predictions(ids, times, p, features=table, versions=bundle.version).labels(ids, y, times=times + 1)
    return monitor


def test_a_bundle_says_what_is_usual(model, tmp_path):
    bundle = saved(model, tmp_path / "m")
    monitor = fed(RareClassMonitor.from_bundle(bundle, mature_after=1), bundle)
    assert monitor.check(10.0) == []
    on = {d["name"] for d in monitor.detectors() if d["on"]}
    assert on >= {"recall", "precision", "prevalence", "calibration", "new-mode", "event-features", "scores", "inputs"}
    assert {"expected-rates", "label-shift"} <= on
    assert monitor.weeks()[0]["label_shift"]["prevalence"]["low"] < 0.2
    again = RareClassMonitor.from_dict(json.loads(json.dumps(monitor.to_dict())), bundle)
    assert fed(again, bundle).history() == monitor.history()
    assert again.problems == []


def test_every_day_is_kept_apart_from_another_bundle(model, tmp_path):
    bundle = saved(model, tmp_path / "m")
    monitor = RareClassMonitor.from_bundle(bundle).predictions(["a", "b"], [0.5, 0.5], [0.1, 0.2], versions="other")
    monitor.predictions(["a"], [0.6], [0.1], versions="other").check(2.0)
    assert monitor.problems == ["2 predictions are of another version of the model; they were left out."]
    assert monitor.history() == []


@pytest.mark.parametrize(("reference", "events"), [(False, False), (True, False)])
def test_a_bundle_without_reference_says_what_is_off(model, tmp_path, reference, events):
    bundle = saved(model, tmp_path / "m", reference, events)
    monitor = RareClassMonitor.from_bundle(bundle, mature_after=1)
    fed(monitor, bundle, days=2).check(4.0)
    why = {d["name"]: d["why_off"] for d in monitor.detectors()}
    assert "the bundle keeps 0" in why["new-mode"]
    assert "--no-reference-rows" in why["new-mode"]
    if not reference:
        assert "needs 100 labelled events in reference and matured days together; there are" in why["recall"]
        assert "27 more days" in why["scores"]
        assert "no sketches" in why["inputs"]
        assert "no counts" in why["label-shift"]
    else:
        assert why["recall"] == ""
        assert why["inputs"] == why["scores"] == ""


def test_tables_need_their_bundle(model, tmp_path):
    bundle = saved(model, tmp_path / "m")
    monitor = RareClassMonitor.from_bundle(bundle)
    alone = RareClassMonitor.from_dict(monitor.to_dict())
    with pytest.raises(InputError, match="need the bundle that encodes them"):
        fed(alone, bundle, days=1)


def test_a_model_trained_in_order_of_time_does_not_seem_to_have_moved():
    """Its first tested part has no earlier scores to be calibrated by: here three times too sure of itself."""
    rng = np.random.default_rng(0)

    def drawn(n):
        y = rng.random(n) < 0.1
        x = y * 1.5 + rng.normal(size=n)
        return np.column_stack([x, x, x]), y

    X, y = drawn(3000)
    model = RareClassifier(GaussianNB(), cv=4).fit(X, y, times=np.arange(y.size))
    monitor = RareClassMonitor(reference=reference_of(model.model_), threshold=model.decision_.threshold)
    for day in range(28):
        X, y = drawn(300)
        monitor.predictions(np.arange(300) + 300 * day, np.full(300, day + 0.5), model.predict_proba(X)[:, 1])
    assert monitor.check(28.0) == []
