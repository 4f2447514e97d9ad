"""Segments of the prediction log: killed writers, leftovers, limits of the disk."""

import os
import random
import resource
import signal
import subprocess
import sys
import time

import pyarrow as pa
import pytest

from rareclass.monitoring import read_predictions
from rareclass.monitoring.prediction_log import OpenSegment, log_schema
from rareclass.serving import segments
from rareclass.serving.log import PredictionLog
from rareclass.serving.segments import Retention

SCHEMA = log_schema("m", "1", [("x", "number")])


def batch(start, n):
    columns = {field.name: pa.nulls(n, field.type) for field in SCHEMA}
    columns["id"] = pa.array([str(i) for i in range(start, start + n)])
    return pa.RecordBatch.from_arrays(list(columns.values()), schema=SCHEMA)


def ids(folder):
    return read_predictions(folder).table()["id"].to_pylist()


@pytest.mark.parametrize("seed", range(4))
def test_a_worker_killed_at_any_moment_leaves_a_readable_beginning(tmp_path, seed):
    """Three workers at once, rotating every 50 rows, killed by -9 at random moments."""
    rng = random.Random(seed)
    folders = [tmp_path / f"{i}" for i in range(3)]
    command = [sys.executable, "-m", "tests.serving.logged"]
    workers = [subprocess.Popen([*command, str(f), "50"], stdout=subprocess.PIPE) for f in folders]
    try:
        for worker in workers:
            assert worker.stdout.readline() == b"begun\n"
        for worker in rng.sample(workers, 3):
            time.sleep(rng.uniform(0.0, 0.3))
            os.kill(worker.pid, signal.SIGKILL)
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()
    for folder in folders:
        found = ids(folder) if folder.exists() else []
        assert found == [str(i) for i in range(len(found))]
        PredictionLog(folder).close()
        assert ids(folder) == found
        assert {path.suffix for path in folder.iterdir()} <= {".parquet"}


def test_a_segment_cut_off_anywhere_gives_its_whole_batches(tmp_path):
    segment = segments.Segment(tmp_path, "w", SCHEMA)
    sizes = [os.path.getsize(segment.path)]
    for i in range(3):
        segment.append(batch(10 * i, 10))
        sizes.append(os.path.getsize(segment.path))
    whole = segment.path.read_bytes()
    cut = tmp_path / "cut"
    for length in range(sizes[0], len(whole) + 1, 7):
        cut.write_bytes(whole[:length])
        read = OpenSegment(cut)
        rows = sum(b.num_rows for b in read.batches())
        assert rows == 10 * sum(size <= length for size in sizes[1:])
        assert read.left_out == length - max(size for size in sizes if size <= length)
    segment.leave()


def test_recovery_leaves_living_writers_alone_and_completes_the_others(tmp_path):
    living, dead = (segments.Segment(tmp_path, name, SCHEMA) for name in ("living", "dead"))
    living.append(batch(0, 5))
    dead.append(batch(5, 5))
    dead.leave()
    with dead.path.open("ab") as file:
        file.write(b"half of a mess")
    assert segments.recover(tmp_path) == []
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".open", ".parquet"]
    assert sorted(ids(tmp_path)) == [str(i) for i in range(10)]
    living.complete()
    assert sorted(ids(tmp_path)) == [str(i) for i in range(10)]


def test_a_segment_that_stands_in_both_forms_is_read_once_and_tidied(tmp_path):
    segment = segments.Segment(tmp_path, "w", SCHEMA)
    segment.append(batch(0, 5))
    opened = segment.path.read_bytes()
    segment.complete()
    segment.path.write_bytes(opened)  # killed between the rename and the removal
    (tmp_path / ".some.new").write_bytes(b"")  # killed while it was begun
    assert len(ids(tmp_path)) == 5
    segments.recover(tmp_path)
    assert [path.suffix for path in tmp_path.iterdir()] == [".parquet"]
    assert len(ids(tmp_path)) == 5


def test_a_file_that_is_no_segment_is_named_and_left(tmp_path):
    (tmp_path / "odd.open").write_bytes(b"no stream of batches")
    (problem,) = segments.recover(tmp_path)
    assert "odd.open" in problem
    assert (tmp_path / "odd.open").exists()


def test_a_disk_that_is_full_in_the_middle_of_a_batch_leaves_whole_batches(tmp_path):
    segment = segments.Segment(tmp_path, "w", SCHEMA)
    segment.append(batch(0, 10))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (os.path.getsize(segment.path) + 1_000, hard))
    try:
        with pytest.raises(OSError, match="too large"):
            segment.append(batch(10, 1_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    found = read_predictions(tmp_path)
    assert (found.table().num_rows, found.problems) == (10, [])
    segment.append(batch(10, 10))
    assert ids(tmp_path) == [str(i) for i in range(20)]
    segment.leave()


def test_completing_that_fails_leaves_the_open_form(tmp_path, monkeypatch):
    segment = segments.Segment(tmp_path, "w", SCHEMA)
    segment.append(batch(0, 5))
    with monkeypatch.context() as patch:
        patch.setattr(segments.os, "fsync", lambda file: (_ for _ in ()).throw(OSError(28, "full")))
        with pytest.raises(OSError, match="full"):
            segment.complete()
    assert [path.suffix for path in tmp_path.iterdir()] == [".open"]
    assert len(ids(tmp_path)) == 5
    segments.recover(tmp_path)
    assert [path.suffix for path in tmp_path.iterdir()] == [".parquet"]


def test_a_segment_without_rows_leaves_nothing(tmp_path):
    segments.Segment(tmp_path, "a", SCHEMA).leave()
    segments.Segment(tmp_path, "b", SCHEMA).complete()
    assert not list(tmp_path.iterdir())


DAY = 86_400.0


class Clocks:
    """The clock of the machine, which jumps, and the monotonic one, which does not."""

    def __init__(self, monkeypatch):
        self.wall, self.steady = 1_800_000_000.0, 50.0
        monkeypatch.setattr(segments.time, "time", lambda: self.wall)
        monkeypatch.setattr(segments.time, "monotonic", lambda: self.steady)

    def go(self, seconds):
        self.wall, self.steady = self.wall + seconds, self.steady + seconds

    def segment(self, folder, name):
        (folder / f"{name}.parquet").write_bytes(b"")
        os.utime(folder / f"{name}.parquet", (self.wall, self.wall))


def kept(folder, retention):
    retention.remove()
    return sorted(path.stem for path in folder.glob("*.parquet"))


def test_segments_older_than_the_days_asked_for_are_removed(tmp_path, monkeypatch):
    clocks = Clocks(monkeypatch)
    for name in "abc":
        clocks.segment(tmp_path, name)
        clocks.go(1.5 * DAY)
    retention = Retention(tmp_path, 4.0)  # the newest one is c, 3 days younger than a
    assert kept(tmp_path, retention) == ["a", "b", "c"]
    clocks.segment(tmp_path, "d")
    clocks.go(1.2 * DAY)
    assert kept(tmp_path, retention) == ["b", "c", "d"]
    clocks.go(1.5 * DAY)
    assert kept(tmp_path, retention) == ["c", "d"]
    clocks.go(4.5 * DAY)
    assert kept(tmp_path, retention) == []


@pytest.mark.parametrize("jump", [-50 * 365 * DAY, -3 * DAY, 3 * DAY, 50 * 365 * DAY])
@pytest.mark.parametrize("when", ["before the start", "after the start", "after the first look"])
def test_a_jump_of_the_clock_ages_no_segment(tmp_path, monkeypatch, jump, when):
    clocks = Clocks(monkeypatch)
    for name in "ab":
        clocks.segment(tmp_path, name)
        clocks.go(60.0)
    if when == "before the start":
        clocks.wall += jump
    retention = Retention(tmp_path, 1.0)
    if when == "after the first look":
        retention.look()
        clocks.segment(tmp_path, "seen by nobody yet")
    if when != "before the start":
        clocks.wall += jump
    assert {"a", "b"} <= set(kept(tmp_path, retention))
    clocks.segment(tmp_path, "c")
    clocks.go(0.9 * DAY)
    assert {"a", "b", "c"} <= set(kept(tmp_path, retention))
    clocks.wall -= jump
    clocks.go(0.2 * DAY)
    clocks.segment(tmp_path, "d")
    assert kept(tmp_path, retention)[-1:] == ["d"]
    assert "a" not in kept(tmp_path, retention)


def test_an_empty_folder_and_segments_that_somebody_moves_are_no_trouble(tmp_path, monkeypatch):
    clocks = Clocks(monkeypatch)
    retention = Retention(tmp_path / "not there", 1.0)
    assert kept(tmp_path / "not there", retention) == []
    retention = Retention(tmp_path, 1.0)
    clocks.segment(tmp_path, "a")
    assert kept(tmp_path, retention) == ["a"]
    (tmp_path / "a.parquet").unlink()
    clocks.go(2 * DAY)
    assert kept(tmp_path, retention) == []
    clocks.segment(tmp_path, "a")
    assert kept(tmp_path, retention) == ["a"]
