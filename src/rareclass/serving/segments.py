"""Segments of the prediction log as they are written: appended to, completed, recovered after a crash."""

import contextlib
import datetime
import fcntl
import os
import re
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet

from rareclass.monitoring.prediction_log import COMPLETE, OPEN, OpenSegment

_GROUP = 65_536
"""Rows of a row group, as many as are in memory while a segment is completed."""
_PARTIAL = ".partial"


class Segment:
    """An open segment; the lock on it says to others that its writer lives.

    Parameters
    ----------
    folder : Path
        Made where it is missing.
    worker : str
        Goes into the name.
    schema : pyarrow.Schema

    Raises
    ------
    OSError
        It cannot be written; then nothing is left of it.
    """

    def __init__(self, folder: Path, worker: str, schema: pa.Schema) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        begun = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%S%fZ")
        name = f"{begun}-{re.sub(r'[^A-Za-z0-9_]+', '_', worker)}-{secrets.token_hex(4)}"
        self.path, self.rows, self.began = folder / f"{name}{OPEN}", 0, time.monotonic()
        self._size = 0
        hidden = folder / f".{name}.new"
        self._file = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
        with contextlib.ExitStack() as undo:
            undo.callback(os.close, self._file)
            undo.callback(hidden.unlink, missing_ok=True)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # before others can see it
            self._write(schema.serialize())
            hidden.rename(self.path)
            undo.pop_all()

    @property
    def lost(self) -> bool:
        """Whether its file was removed or moved by somebody."""
        try:
            return not os.path.samestat(os.stat(self.path), os.fstat(self._file))
        except FileNotFoundError:
            return True

    def append(self, batch: pa.RecordBatch) -> None:
        """Write a batch, wholly or not at all; raises `OSError` where it cannot be."""
        self._write(batch.serialize())
        self.rows += batch.num_rows

    def complete(self) -> None:
        """Replace the open file by one of parquet; raises `OSError` where that cannot be, and leaves the open one."""
        try:
            complete(self.path)
        finally:
            os.close(self._file)

    def leave(self) -> None:
        """Let go of the file; whoever recovers the folder next completes it."""
        if self.rows == 0:
            self.path.unlink(missing_ok=True)
        os.close(self._file)

    def _write(self, message: pa.Buffer) -> None:
        view, done = memoryview(message), 0
        try:
            while done < len(view):
                done += os.write(self._file, view[done:])
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._size)
            raise
        self._size += done


def recover(folder: Path) -> list[str]:
    """Complete the segments of writers that live no more; returns a sentence for each that cannot be."""
    problems = []
    for path in folder.glob(".*.new"):
        with _locked(path) as ours:
            if ours:
                path.unlink(missing_ok=True)
    for path in sorted(folder.glob(f"*{OPEN}")):
        with _locked(path) as ours:
            try:
                if ours:
                    complete(path)
            except (pa.ArrowException, ValueError, OSError) as error:
                problems.append(f"The segment {path.name} was left open and cannot be completed: {error}.")
    return problems


def complete(path: Path) -> None:
    """Write the whole batches of an open segment, which nobody else writes, as parquet; then remove it."""
    target, work = path.with_suffix(COMPLETE), path.with_suffix(_PARTIAL)
    if not target.exists():
        try:
            if _write_parquet(OpenSegment(path), work):
                os.rename(work, target)
                _flush(path.parent)
        finally:
            work.unlink(missing_ok=True)
    path.unlink(missing_ok=True)


class Retention:
    """Removes complete segments older than so many days, whatever jumps the clock of the machine makes.

    How much older than the newest one a segment was is read once, when the folder is first looked at; from then on ages
    grow by the monotonic clock, and segments that come are new. The time between two services does not count.

    Parameters
    ----------
    folder : Path
    days : float > 0
    """

    def __init__(self, folder: Path, days: float) -> None:
        self._folder, self._seconds = folder, days * 86_400
        self._written: dict[str, float] | None = None  # by the monotonic clock

    def look(self) -> None:
        """Note which segments there are; raises `OSError` where the folder cannot be read."""
        times: dict[str, float] = {}
        for path in self._folder.glob(f"*{COMPLETE}"):
            with contextlib.suppress(FileNotFoundError):
                times[path.name] = path.stat().st_mtime
        now, written = time.monotonic(), self._written
        if written is None:
            newest = min(max(times.values(), default=0.0), time.time())
            written = {name: now - max(newest - at, 0.0) for name, at in times.items()}
        self._written = {name: written.get(name, now) for name in times}

    def remove(self) -> None:
        """Remove what is too old; raises as `look`."""
        self.look()
        for name, at in (self._written or {}).items():
            if time.monotonic() - at > self._seconds:
                (self._folder / name).unlink(missing_ok=True)


def _write_parquet(segment: OpenSegment, work: Path) -> bool:
    """Whether there were rows to write."""
    numbers = [f.name for f in segment.schema if pa.types.is_float64(f.type)]
    with contextlib.closing(segment), contextlib.ExitStack() as stack:
        writer = None
        for table in _groups(segment):
            if writer is None:
                file = stack.enter_context(work.open("wb"))
                writer = parquet.ParquetWriter(
                    file,
                    segment.schema,
                    compression="zstd",
                    use_dictionary=[f.name for f in segment.schema if pa.types.is_string(f.type)],
                    column_encoding=dict.fromkeys(numbers, "BYTE_STREAM_SPLIT"),
                    write_page_checksum=True,
                )
            writer.write_table(table)
        if writer is None:
            return False
        writer.close()
        file.flush()
        os.fsync(file.fileno())
    return True


def _groups(segment: OpenSegment) -> Iterator[pa.Table]:
    """The rows of a segment in tables of `_GROUP` rows or more."""
    waiting: list[pa.RecordBatch] = []
    for batch in segment.batches():
        waiting.append(batch)
        if sum(b.num_rows for b in waiting) >= _GROUP:
            yield pa.Table.from_batches(waiting)
            waiting = []
    if waiting:
        yield pa.Table.from_batches(waiting)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[bool]:
    """Whether nobody writes this file, and nobody can begin to recover it until the block ends."""
    try:
        file = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        yield False
        return
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield os.fstat(file).st_nlink > 0  # another may have recovered it before it was locked
    finally:
        os.close(file)


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
