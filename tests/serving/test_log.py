"""The prediction log of a service: what it writes, what it drops, and that it neither waits nor ends."""

import datetime
import threading
import time

import numpy as np
import pytest
from tests.serving.logged import answers, plain, rows, served

from rareclass import RareClassifier
from rareclass.monitoring import read_predictions
from rareclass.scoring import Scorer
from rareclass.serving import segments
from rareclass.serving.batch import Batch
from rareclass.serving.log import LogOptions, PredictionLog

FAST = LogOptions(every=0.01)
NAN = float("nan")


def until(true, seconds=20.0):
    """Wait until something is true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.005)


def test_every_column_is_as_it_was_answered(tmp_path):
    day = 20_000 + 1 / 3  # 2024-10-04 08:00
    matrix = [[9.5, 1.0, day, 8.0, 0.0, 1, 2, 3], [NAN, NAN, NAN, NAN, NAN, 1, 2, 3]]
    before = datetime.datetime.now(datetime.UTC)
    log = PredictionLog(tmp_path, options=FAST)
    said = answers([0.2, 0.9], tier=["allow", "block"], slices=["a", None])
    log.add(served(), ["k1", 17], said, rows(matrix, shop=["CH", 7.0]))
    log.close()
    first, second = read_predictions(tmp_path).table().to_pylist()
    assert before <= first.pop("time") <= datetime.datetime.now(datetime.UTC)
    assert first == {
        "id": "k1",
        "model": "cards",
        "version": "0a1b2c3d4e5f",
        "probability": 0.2,
        "logit": np.log(0.2 / 0.8),
        "alert": False,
        "tier": "allow",
        "slice": "a",
        "feature:amount": 9.5,
        "feature:new": True,
        "feature:when": datetime.datetime(2024, 10, 4, 8),
        "feature:shop": "CH",
    }
    assert (second["id"], second["alert"], second["tier"], second["slice"]) == ("17", True, "block", None)
    assert [second[f"feature:{name}"] for name in ("amount", "new", "when", "shop")] == [None, None, None, "7"]


def test_rows_without_ids_take_the_request_and_their_number(tmp_path):
    log = PredictionLog(tmp_path, options=FAST)
    model, said, batch = plain(3)
    log.add(model, "req-9", said, batch)
    log.add(model, [1.0, None, b"k"], said, None)
    log.close()
    table = read_predictions(tmp_path).table()
    assert table["id"].to_pylist() == ["req-9:0", "req-9:1", "req-9:2", "1", None, "k"]


@pytest.mark.parametrize(
    ("asked", "logged"),
    [("all", ["amount", "new", "when", "shop"]), ("none", []), (["words", "amount", "elsewhere"], ["amount", "words"])],
)
def test_features_are_those_asked_for(asked, logged):
    assert [name for name, _ in LogOptions(features=asked).chosen(served().scorer.encoder.columns)] == logged


def test_models_and_versions_have_segments_of_their_own_and_are_told_apart(tmp_path):
    log = PredictionLog(tmp_path, options=FAST)
    _, said, batch = plain()
    for name, version, kinds in (
        ("a", "1", {"x": "number"}),
        ("a", "2", {"x": "number", "y": "number"}),
        ("b", "1", {}),
    ):
        log.add(served(kinds, name=name, version=version), [f"{name}{version}"], said, batch)
    log.close()
    assert len(list(tmp_path.glob("*.parquet"))) == 3
    assert sorted(read_predictions(tmp_path).table()["id"].to_pylist()) == ["a1", "a2", "b1"]
    assert sorted(read_predictions(tmp_path, model="a").table()["id"].to_pylist()) == ["a1", "a2"]
    only = read_predictions(tmp_path, model="a", version="1")
    assert only.table()["id"].to_pylist() == ["a1"]
    assert "feature:y" not in only.schema.names


def test_what_waits_is_bounded_and_the_rest_counted_at_once(tmp_path):
    told = []
    weight = 4 * (64 + 2 * 48)  # of one of these requests
    log = PredictionLog(tmp_path, options=LogOptions(every=3_600.0, waiting=5 * weight // 2), on_drop=told.append)
    model, said, batch = plain(4)
    log._writer.write = lambda entries, write=log._writer.write: (time.sleep(0.2), write(entries))[1]  # a slow disk
    for _ in range(6):
        log.add(model, "r", said, batch)
    assert log.dropped == sum(told) > 0
    log.close()
    assert read_predictions(tmp_path).table().num_rows == 24 - log.dropped


def test_one_answer_larger_than_the_bound_is_taken_where_nothing_waits(tmp_path):
    log = PredictionLog(tmp_path, options=LogOptions(every=0.01, waiting=10))
    model, said, batch = plain(50)
    log.add(model, "r", said, batch)
    log.close()
    assert (log.dropped, read_predictions(tmp_path).table().num_rows) == (0, 50)


@pytest.mark.parametrize("fault", ["full", "gone"])
def test_a_disk_that_fails_for_a_while_loses_nothing_and_is_said_once(tmp_path, monkeypatch, caplog, fault):
    folder = tmp_path / "log"
    log = PredictionLog(folder, options=FAST)
    model, said, batch = plain()
    log.add(model, [0], said, batch)
    until(lambda: list(folder.glob("*.open")))

    def full(*args):
        raise OSError(28, "No space left on device")

    if fault == "full":
        with monkeypatch.context() as patch:
            patch.setattr(segments.os, "write", full)
            log.add(model, [1], said, batch)
            until(lambda: "No space left" in caplog.text)
            log.add(model, [2], said, batch)
            time.sleep(0.1)
    else:
        folder.rename(tmp_path / "moved")
        folder.write_text("a file in its place")
        log.add(model, [1], said, batch)
        until(lambda: "cannot be written" in caplog.text)
        log.add(model, [2], said, batch)
        time.sleep(0.1)
        folder.unlink()  # the log makes a new one
    log.add(model, [3], said, batch)
    until(lambda: "is written again" in caplog.text)
    assert len(caplog.records) == 2
    assert log.dropped == 0
    log.close()
    for path in (tmp_path / "moved").glob("*"):
        path.rename(folder / path.name)
    PredictionLog(folder, options=FAST).close()  # completes what was left open when it failed
    assert sorted(read_predictions(folder).table()["id"].to_pylist()) == ["0", "1", "2", "3"]
    assert {path.suffix for path in folder.iterdir()} == {".parquet"}


def test_a_folder_that_was_removed_is_made_again(tmp_path):
    folder = tmp_path / "log"
    log = PredictionLog(folder, options=FAST)
    model, said, batch = plain()
    log.add(model, [0], said, batch)
    until(lambda: list(folder.glob("*.open")))
    next(folder.glob("*.open")).unlink()
    folder.rmdir()
    log.add(model, [1], said, batch)
    log.close()
    assert (log.dropped, read_predictions(folder).table()["id"].to_pylist()) == (0, ["1"])


def test_what_cannot_be_written_by_the_end_is_counted(tmp_path, monkeypatch):
    log = PredictionLog(tmp_path / "log", options=LogOptions(every=3_600.0))
    monkeypatch.setattr(segments.Segment, "_write", lambda *args: (_ for _ in ()).throw(OSError(28, "full")))
    model, said, batch = plain(3)
    log.add(model, "r", said, batch)
    log.close()
    assert log.dropped == 3
    log.add(model, "r", said, batch)
    assert log.dropped == 6
    assert not list((tmp_path / "log").iterdir())


def test_a_request_that_cannot_be_logged_takes_no_other_with_it(tmp_path, caplog):
    log = PredictionLog(tmp_path, options=LogOptions(every=3_600.0))
    model, said, batch = plain()
    for i in range(7):
        log.add(model, [i], said, rows(np.ones((2, 2))) if i == 3 else batch)  # more rows than answers
    log.close()
    assert (log.dropped, len(caplog.records)) == (1, 1)
    assert read_predictions(tmp_path).table()["id"].to_pylist() == ["0", "1", "2", "4", "5", "6"]


def test_threads_and_servers_side_by_side_log_each_row_once_while_it_is_read(tmp_path):
    logs = [PredictionLog(tmp_path, "worker 0", LogOptions(every=0.01, rows=100)) for _ in range(2)]
    model, said, batch = plain(3)

    def work(number):
        for i in range(120):
            logs[number % 2].add(model, [f"{number}-{i}-{k}" for k in range(3)], said, batch)
            time.sleep(1e-3)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    seen = 0
    while any(thread.is_alive() for thread in threads):
        found = read_predictions(tmp_path)
        ids = found.table()["id"].to_pylist()
        assert len(ids) == len(set(ids)) >= seen
        assert not [said for said in found.problems if "make no whole batch" not in said]
        seen = len(ids)
    for log in logs:
        log.close()
    ids = read_predictions(tmp_path).table()["id"].to_pylist()
    assert sorted(ids) == sorted(f"{n}-{i}-{k}" for n in range(4) for i in range(120) for k in range(3))
    assert not list(tmp_path.glob("*.open"))


def test_old_segments_are_removed_where_asked(tmp_path):
    import os

    model, said, batch = plain()
    for number, days in enumerate((None, None, 2.0)):
        log = PredictionLog(tmp_path, options=LogOptions(keep_days=days))
        log.add(model, [number], said, batch)
        log.close()
        if number == 0:  # the next one is three days newer
            old = next(tmp_path.glob("*.parquet"))
            os.utime(old, (time.time() - 3 * 86_400,) * 2)
    assert read_predictions(tmp_path).table()["id"].to_pylist() == ["1", "2"]


def test_a_folder_that_cannot_be_made_at_the_start_is_said_once_and_tried_again(tmp_path, caplog):
    place = tmp_path / "file"
    place.write_text("")
    log = PredictionLog(place / "log", options=FAST)
    model, said, batch = plain()
    log.add(model, [0], said, batch)
    until(lambda: "cannot be written" in caplog.text)
    log.add(model, [1], said, batch)
    time.sleep(0.1)
    place.unlink()
    until(lambda: "is written again" in caplog.text)
    log.close()
    assert (log.dropped, len(caplog.records)) == (0, 2)
    assert read_predictions(place / "log").table()["id"].to_pylist() == ["0", "1"]


def test_several_of_the_largest_requests_side_by_side_are_all_logged(tmp_path):
    log = PredictionLog(tmp_path, options=LogOptions(every=3_600.0, features="none"))
    model, said, batch = served({str(i): "number" for i in range(30)}), answers(np.full(100_000, 0.25)), None
    batch = rows(np.zeros((100_000, 30)))
    for number in range(3):
        log.add(model, f"large{number}", said, batch)
        log.add(model, f"small{number}", *plain()[1:])
    until(lambda: list(tmp_path.glob("*.open")))  # large ones wait for no tick
    log.close()
    assert (log.dropped, read_predictions(tmp_path).table().num_rows) == (0, 300_003)


def test_rows_without_room_are_said_once_and_their_number_once_there_is_room(tmp_path, caplog):
    log = PredictionLog(tmp_path, options=LogOptions(every=0.05, waiting=200))
    model, said, batch = plain()
    slow = threading.Event()
    log._writer.write = lambda entries, write=log._writer.write: (slow.wait(), write(entries))[1]
    for i in range(5):
        log.add(model, [i], said, batch)
    slow.set()
    until(lambda: "takes all rows again" in caplog.text)
    log.add(model, [9], said, batch)
    log.close()
    assert [record.args[0] for record in caplog.records] == [0, log.dropped]
    assert read_predictions(tmp_path).table()["id"].to_pylist() == ["0", "9"]


def test_rows_whose_id_is_missing_take_the_request_and_their_number(tmp_path):
    log = PredictionLog(tmp_path, options=FAST)
    model, said, batch = plain(3)
    log.add(model, ["a", None, ""], said, batch, "req")
    log.close()
    assert read_predictions(tmp_path).table()["id"].to_pylist() == ["a", "req:1", "req:2"]


def test_rows_of_a_request_are_logged_as_they_came(tmp_path):
    rng = np.random.default_rng(0)
    when = [datetime.datetime(2024, 1, 1) + datetime.timedelta(hours=i) for i in range(300)]
    table = {"amount": rng.normal(size=300), "shop": ["A", "B", "7"] * 100, "new": rng.random(300) < 0.5, "when": when}
    model = RareClassifier(estimator="logistic_regression", calibration="none").fit(table, table["amount"] > 1)
    encoder = Scorer.from_model(model).encoder
    columns = [[1.5, None, float("inf")], ["B", "new here", None], [True, None, 0.0]]
    columns.append(["2024-05-01 10:30", None, "2024-05-02"])
    request = Batch.of_columns(encoder, columns, 3)
    log = PredictionLog(tmp_path, options=FAST)
    model_served = served({})
    model_served.scorer.encoder = encoder
    log.add(model_served, "r", answers([0.1, 0.2, 0.3]), request)
    log.close()
    found = read_predictions(tmp_path).table()
    assert log.dropped == 0
    assert found["feature:amount"].to_pylist() == [1.5, None, None]
    assert found["feature:shop"].to_pylist() == ["B", "new here", None]
    assert found["feature:new"].to_pylist() == [True, None, False]
    may = [datetime.datetime(2024, 5, 1, 10, 30), None, datetime.datetime(2024, 5, 2)]
    assert found["feature:when"].to_pylist() == may
