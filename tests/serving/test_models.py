"""Models are read from their folders, and replaced as a whole when a folder holds another version."""

import json
import shutil
import threading
import time

import numpy as np
import pyarrow as pa
import pytest
from tests.serving.bundles import fitted, write

from rareclass.errors import BundleError
from rareclass.lifecycle import Registry
from rareclass.serving import models as module
from rareclass.serving.errors import Refused
from rareclass.serving.models import Models, read_served

ROW = {"x": 1.0, "shop": "a", "z": None}


@pytest.fixture
def folder(tmp_path):
    write("plain", tmp_path / "m")
    return tmp_path / "m"


def until(true, seconds=10.0):
    """Wait until something is true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


def status(call, *args):
    with pytest.raises(Refused) as refused:
        call(*args)
    return refused.value.status


def test_what_is_served_is_what_the_bundle_says(folder):
    served = read_served("fraud", folder)
    bundle = fitted("plain")
    assert (served.name, served.version, served.target) == ("fraud", bundle.version, "fraud")
    assert (served.labels, served.slice_column, served.tiers) == (("false", "true"), None, ())
    np.testing.assert_allclose(
        served.scorer.probability(ROW),
        bundle.model.predict_proba(pa.Table.from_pylist([ROW]))[:, 1],
        rtol=0,
        atol=1e-12,
    )
    assert {"created", "evidence", "decision", "fit"} <= served.card.keys()


def test_the_slice_column_is_that_of_the_model(tmp_path):
    write("sliced", tmp_path / "m")
    assert read_served("m", tmp_path / "m").slice_column == "shop"


def test_models_and_versions_that_are_not_there_are_refused(folder):
    models = Models({"a": folder, "b": folder})
    models.read()
    version = models.get("a").version
    assert models.get("b", version).name == "b"
    assert status(models.get, "c") == 404
    assert status(models.get, "a", "000000000000") == 404
    assert status(models.get, None) == 400
    assert models.versions == {"a": version, "b": version}


def test_clients_are_told_no_path(folder):
    models = Models({"a": folder})
    (folder / "scorer.npz").write_bytes(b"")
    models.read()
    assert str(folder) in models.problems["a"]
    assert str(folder.parent) not in models.told["a"]
    assert "bundle a was altered: scorer.npz does not match" in models.told["a"]
    with pytest.raises(Refused, match="'a' is not ready: The bundle a was altered") as refused:
        models.get("a")
    assert str(folder.parent) not in refused.value.sentence


def test_one_model_needs_no_name(folder):
    models = Models({"a": folder})
    assert not models.ready
    assert status(models.get, None) == 503
    models.read()
    assert models.ready
    assert models.get(None).name == "a"


@pytest.mark.parametrize("how", ["rename", "manifest last", "manifest first"])
def test_a_replaced_folder_is_noticed_within_two_seconds(folder, how):
    heard = []
    models = Models({"m": folder}, lambda *said: heard.append(said))
    models.read()
    before = models.get("m")
    models.watch()
    try:
        version = write("other", folder, how)
        began = time.monotonic()
        until(lambda: models.get("m").version == version)
        assert time.monotonic() - began < 2.0
    finally:
        models.close()
    assert before.version != version
    assert before.scorer.probability(ROW) != models.get("m").scorer.probability(ROW)  # the old one answers on
    assert heard == [("m", before.version, None), ("m", version, None)]


@pytest.mark.parametrize("damage", ["altered", "no manifest", "gone", "half written", "manifest of another"])
def test_a_damaged_folder_leaves_the_model_and_is_told_until_it_is_mended(folder, damage, monkeypatch):
    monkeypatch.setattr(module, "POLL", 0.02)
    heard = []
    models = Models({"m": folder}, lambda *said: heard.append(said))
    models.read()
    version = models.get("m").version
    kept = shutil.copytree(folder, folder.parent / "kept")
    models.watch()
    try:
        if damage == "altered":
            (folder / "model.json").write_text((folder / "model.json").read_text() + " ")
        elif damage == "no manifest":
            (folder / "manifest.json").unlink()
        elif damage == "gone":
            shutil.rmtree(folder)
        elif damage == "half written":
            (folder / "scorer.npz").write_bytes((folder / "scorer.npz").read_bytes()[:100])
        else:
            manifest = json.loads((folder / "manifest.json").read_text())
            (folder / "manifest.json").write_text(json.dumps(manifest | {"name": "x", "files": {}}))
        until(lambda: "m" in models.problems)
        assert models.get("m").version == version
        assert models.ready
        assert str(folder) in models.problems["m"]
        shutil.rmtree(folder, ignore_errors=True)
        kept.rename(folder)
        until(lambda: not models.problems)
    finally:
        models.close()
    assert [(said[1], said[2] is None) for said in heard] == [(version, True), (None, False), (version, True)]


def test_a_folder_that_is_damaged_from_the_start_is_served_when_it_is_mended(folder):
    (folder / "scorer.npz").unlink()
    models = Models({"m": folder})
    models.read()
    assert not models.ready
    with pytest.raises(Refused, match=r"not ready: .*scorer\.npz is missing") as refused:
        models.get("m")
    assert refused.value.status == 503
    shutil.rmtree(folder)
    write("plain", folder)
    assert models.reload("m").version == models.get("m").version


def test_a_reload_that_is_asked_for_says_at_once_what_is_wrong(folder):
    models = Models({"m": folder})
    models.read()
    assert status(models.reload, "other") == 404
    version = write("other", folder)
    assert models.reload("m").version == version
    (folder / "model.json").unlink()
    with pytest.raises(Refused, match=r"model\.json is missing") as refused:
        models.reload("m")
    assert refused.value.status == 400
    assert models.get("m").version == version


def test_whatever_goes_wrong_while_reading_leaves_the_model(folder, monkeypatch):
    models = Models({"m": folder})
    models.read()
    monkeypatch.setattr(module, "read_served", lambda *_: 1 / 0)
    assert status(models.reload, "m") == 400
    assert models.get("m")


def test_only_one_thread_reads_at_a_time_and_all_see_one_version(folder):
    models = Models({"m": folder})
    models.read()
    version = write("other", folder)
    threads = [threading.Thread(target=models.reload, args=("m",)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert models.get("m").version == version


def test_a_folder_without_a_bundle_is_none(tmp_path):
    with pytest.raises(BundleError, match="no bundle"):
        read_served("m", tmp_path)


def test_the_champion_of_a_registry_is_served_and_followed(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "POLL", 0.02)
    registry = Registry(tmp_path / "r")
    plain, other = registry.add(fitted("plain")), registry.add(fitted("other"))
    models = Models({"m": registry.folder})
    models.read()
    assert "no champion yet" in models.problems["m"]
    models.watch()
    try:
        for version in (plain, other):
            registry.promote(version)
            until(lambda: models.versions == {"m": registry.champion_version})
        assert not models.problems
        registry.rollback()
        until(lambda: models.versions == {"m": plain})
        assert models.get("m").folder == registry.folder / "bundles" / plain
    finally:
        models.close()
