"""A challenger in the shadow scores what was answered, in the log alone; answers neither change nor wait."""

import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
from tests.serving.bundles import fitted, write
from tests.serving.logged import answers, plain
from tests.serving.test_log import FAST, until

from rareclass.errors import InputError, RegistryError
from rareclass.lifecycle import Registry
from rareclass.monitoring import read_predictions
from rareclass.scoring.champion import challenger_place
from rareclass.serving.answers import answer
from rareclass.serving.batch import Batch
from rareclass.serving.log import PredictionLog
from rareclass.serving.logged import Entry
from rareclass.serving.models import read_served
from rareclass.serving.requests import Request
from rareclass.serving.settings import Settings, named_shadows
from rareclass.serving.shadow import Shadows, _matrix

ROWS = [{"x": 2.5, "shop": "a", "z": 0.1}, {"x": -1.0, "shop": "b", "z": None}, {"x": 0.3, "shop": "new", "z": 1.0}]


@pytest.fixture
def served(tmp_path):
    write("plain", tmp_path / "plain")
    return read_served("m", tmp_path / "plain")


def batch_of(served):
    encoder = served.scorer.encoder
    return Batch.of_columns(encoder, [[row[name] for row in ROWS] for name in encoder.names], len(ROWS))


@pytest.fixture
def logged(tmp_path, served):
    """What the log holds after one request, with a challenger's folder behind the model."""

    def log_with(folder, said=None, rows="all"):
        shadows = Shadows({"m": folder})
        shadows.open()
        log = PredictionLog(tmp_path / "log", options=FAST, shadows=shadows)
        batch = batch_of(served) if rows == "all" else None
        request = Request(id=None, rows=batch_of(served), outputs=(), explain="none", ids=None, costs=None, slice=None)
        log.add(served, "r", answer(served, request), batch, "r")
        log.close()
        shadows.close()
        return read_predictions(tmp_path / "log").table()

    return log_with


def test_the_log_holds_what_the_challenger_says_beside_what_was_answered(tmp_path, served, logged):
    write("other", tmp_path / "other")
    table = logged(tmp_path / "other")
    assert table["version"].to_pylist() == [served.version] * 3
    assert table["shadow_version"].to_pylist() == [fitted("other").version] * 3
    for name, column in (("plain", "probability"), ("other", "shadow_probability")):
        wanted = fitted(name).scorer.probability(ROWS)
        np.testing.assert_allclose(table[column].to_numpy(), wanted, rtol=1e-12)
    assert table["shadow_alert"].to_pylist() == fitted("other").scorer.decide(ROWS).tolist()


def test_a_registry_gives_its_newest_version_that_was_never_champion(tmp_path, served, logged):
    registry = Registry(tmp_path / "registry")
    registry.promote(registry.add(fitted("plain")))
    with pytest.raises(RegistryError, match="each of its versions was its champion already"):
        challenger_place(registry.folder)
    assert logged(registry.folder)["shadow_version"].null_count == 3
    for name in ("sliced", "other"):
        registry.add(fitted(name))
    assert challenger_place(registry.folder).name == fitted("other").version
    assert logged(registry.folder)["shadow_version"].to_pylist()[3:] == [fitted("other").version] * 3
    registry.promote(fitted("other").version)
    assert challenger_place(registry.folder).name == fitted("sliced").version
    assert challenger_place(tmp_path / "plain") == tmp_path / "plain"


def test_what_cannot_be_scored_stays_empty_and_the_answers_are_logged(tmp_path, served, logged, caplog):
    write("plain", tmp_path / "same")
    assert logged(tmp_path / "same")["shadow_probability"].null_count == 3  # it is the same version
    assert logged(tmp_path / "nowhere")["shadow_probability"].null_count == 6
    write("other", tmp_path / "other")
    table = logged(tmp_path / "other", rows="none")  # a request whose rows are not kept
    assert table["shadow_probability"].null_count == 9
    assert table["probability"].null_count == 0


def test_a_challenger_that_needs_another_column_is_said_once(tmp_path, caplog):
    write("other", tmp_path / "other")
    shadows = Shadows({"cards": tmp_path / "other"})
    shadows.open()
    log = PredictionLog(tmp_path / "log", options=FAST, shadows=shadows)
    model, said, rows = plain(2)
    for _ in range(3):
        log.add(model, "r", said, rows)
    log.close()
    shadows.close()
    table = read_predictions(tmp_path / "log").table()
    assert (table.num_rows, table["shadow_alert"].null_count) == (6, 6)
    assert [r.getMessage() for r in caplog.records].count(caplog.records[0].getMessage()) == 1
    assert "cannot score what is answered: the requests hold no column 'x'" in caplog.text


@pytest.mark.parametrize(
    "odd",
    [None, SimpleNamespace(column=lambda name: None, encoder=SimpleNamespace(saved=None))],
    ids=["not kept", "no column"],
)
def test_of_many_requests_each_is_scored_as_alone_and_one_that_cannot_be_takes_none_with_it(tmp_path, served, odd):
    write("other", tmp_path / "other")
    shadows = Shadows({"m": tmp_path / "other"})
    shadows.open()
    encoder = served.scorer.encoder
    given = [ROWS[i % 3 : 1 + i % 3] for i in range(40)] + [ROWS]
    batches = [Batch.of_columns(encoder, [[r[k] for r in rows] for k in encoder.names], len(rows)) for rows in given]
    entries = [Entry(0, len(rows), served, "r", None, rows, None, 0) for rows in batches]
    wanted = np.concatenate([fitted("other").scorer.probability(rows) for rows in given])
    found = shadows.beside(served, entries)
    np.testing.assert_array_equal(found.probability.to_numpy(), wanted)
    assert found.version.to_pylist() == [fitted("other").version] * 43
    found = shadows.beside(served, [*entries[:7], Entry(0, 2, served, "r", None, odd, None, 0), *entries[7:]])
    assert [i for i, p in enumerate(found.probability.to_pylist()) if p is None] == [7, 8]
    np.testing.assert_array_equal(np.delete(found.probability.to_numpy(zero_copy_only=False), [7, 8]), wanted)
    assert len(found.alert) == len(found.version) == 45
    shadows.close()


@pytest.mark.parametrize("name", ["plain", "other", "sliced"])
def test_rows_that_both_read_alike_are_not_read_again(tmp_path, served, name):
    """The matrix of the model that answered is that of a challenger whose columns have the same kinds and levels."""
    write(name, tmp_path / name)
    encoder = read_served("m", tmp_path / name).scorer.encoder
    same = encoder.saved == served.scorer.encoder.saved
    given = [batch_of(served) for _ in range(3)]
    found = _matrix(encoder, given, 9)
    np.testing.assert_array_equal(found, np.concatenate([encoder.matrix(ROWS)] * 3))
    for batch in given:
        batch.column = None  # what reads them again
    if same:
        np.testing.assert_array_equal(_matrix(encoder, given, 9), found)
    assert same or name != "plain"


def test_nobody_waits_for_a_slow_challenger(tmp_path, served, monkeypatch):
    write("other", tmp_path / "other")
    shadows = Shadows({"m": tmp_path / "other"})
    shadows.open()
    reached, go_on = threading.Event(), threading.Event()
    real = shadows.beside

    def slow(*given):
        reached.set()
        go_on.wait(20)
        return real(*given)

    monkeypatch.setattr(shadows, "beside", slow)
    log = PredictionLog(tmp_path / "log", options=FAST, shadows=shadows)
    said, rows = answers([0.2, 0.4, 0.6]), batch_of(served)
    log.add(served, "r", said, rows)
    reached.wait(20)
    began = time.perf_counter()
    log.add(served, "s", said, rows)
    assert time.perf_counter() - began < 1.0
    go_on.set()
    until(lambda: read_predictions(tmp_path / "log").table().num_rows == 6)
    log.close()
    shadows.close()


def test_a_shadow_needs_a_log_a_model_and_a_folder(tmp_path):
    assert named_shadows([str(tmp_path)], {"m": tmp_path}) == {"m": tmp_path}
    assert named_shadows([f"m={tmp_path}"], {"m": tmp_path, "k": tmp_path}) == {"m": tmp_path}
    for given, models, said in (
        ([str(tmp_path)], ("m", "k"), "names no model that is served. Write NAME=FOLDER"),
        ([f"z={tmp_path}"], ("m",), "names no model"),
        ([f"m={tmp_path}", str(tmp_path)], ("m",), "has two shadows"),
        (["m=nowhere"], ("m",), "There is no folder"),
    ):
        with pytest.raises(InputError, match=said):
            named_shadows(given, dict.fromkeys(models, tmp_path))
    with pytest.raises(InputError, match="scores for the prediction log alone; add --log DIR"):
        Settings(folders={"m": tmp_path}, shadows={"m": tmp_path})


@pytest.mark.serving
def test_a_service_answers_the_same_with_a_challenger_in_its_shadow(tmp_path):
    pytest.importorskip("uvicorn")
    from tests.serving.server import Server

    registry = Registry(tmp_path / "registry")
    registry.promote(registry.add(fitted("plain")))
    registry.add(fitted("other"))
    with Server(f"m={registry.folder}", "--log", tmp_path / "log", "--shadow", registry.folder) as server:
        for _ in range(3):
            status, said = server.post("/v1/score", {"rows": ROWS})
        assert server.wait_for("shadow loaded")["version"] == fitted("other").version
        assert server.stop() == 0
    assert status == 200
    assert said["version"] == fitted("plain").version
    given = [row["probability"] for row in said["rows"]]
    np.testing.assert_allclose(given, fitted("plain").scorer.probability(ROWS), rtol=1e-12)
    table = read_predictions(tmp_path / "log").table()
    wanted = np.tile(fitted("other").scorer.probability(ROWS), 3)
    np.testing.assert_allclose(table["shadow_probability"].to_numpy(), wanted, rtol=1e-12)
