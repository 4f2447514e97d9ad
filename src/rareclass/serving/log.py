"""The prediction log: answers go into a queue, a thread writes them; the service never waits for it."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from rareclass.errors import RareclassError
from rareclass.serving.answers import Answers
from rareclass.serving.batch import Batch
from rareclass.serving.logged import Entry, alike, as_batch
from rareclass.serving.models import Served
from rareclass.serving.segments import Retention, Segment, recover
from rareclass.serving.shadow import Shadows

_LOGGER = logging.getLogger("rareclass.serving")
_ODD = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, pa.ArrowException, RareclassError)
_RETRY = 60.0  # seconds between tries to complete what could not be
_ROW, _VALUE = 64, 48  # bytes that a row weighs besides its values, and a value: in the matrix and as an object
_LARGE = 2**20
"""Bytes of a request that is written at once, without waiting for others."""


@dataclass(frozen=True, kw_only=True)
class LogOptions:
    """How a prediction log is kept.

    Parameters
    ----------
    features : "all", "none" or sequence of str, default="all"
        Columns of the model whose values are logged: all but free text, none, or these (a model without one leaves it
        out).
    rows, seconds : default=250_000, 3_600
        A segment is completed when it has so many rows, or is so old.
    every : float, default=1.0
        Seconds between writes: what a worker that is killed loses at most.
    waiting : int, default=512 MiB
        Bytes, estimated, of rows that wait for the thread or for the disk at most; more are dropped and counted. A
        request of 100,000 rows of 30 numbers weighs 150 MB while it waits for the thread, 35 MB for the disk.
    keep_days : float, optional
        Complete segments older than this are removed; by default none. Ages are told by `Retention`.
    """

    features: str | Sequence[str] = "all"
    rows: int = 250_000
    seconds: float = 3_600.0
    every: float = 1.0
    waiting: int = 512 * 2**20
    keep_days: float | None = None

    def chosen(self, columns: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """The features (name, kind) to log of a model with these columns."""
        if isinstance(self.features, str):
            return [] if self.features == "none" else [(name, kind) for name, kind in columns if kind != "text"]
        return [(name, kind) for name, kind in columns if name in self.features]


class PredictionLog:
    """The log of one worker in a folder that others may share.

    Parameters
    ----------
    folder : path
        Made where it is missing.
    worker : str
        Name of the worker, for the names of segments; they are unique without it.
    options : LogOptions
    on_drop : callable, optional
        Told of rows that are dropped; from any thread.
    shadows : Shadows, optional
        Challengers whose scores stand beside the answers.

    Attributes
    ----------
    dropped : int
        Rows that were not logged: the queue was full because the disk was slow, full or gone.

    Notes
    -----
    A folder that cannot be made or written raises nothing, be it at the start: it is said once, and tried again. It has
    a thread: make it in the process that answers, not before a fork.
    """

    def __init__(
        self,
        folder: str | Path,
        worker: str = "",
        options: LogOptions = LogOptions(),
        on_drop: Callable[[int], None] | None = None,
        shadows: Shadows | None = None,
    ) -> None:
        self.folder, self.worker, self.options = Path(folder).absolute(), worker, options
        self.dropped = 0
        with contextlib.suppress(OSError):  # what is wrong with it is said when rows are written
            self.folder.mkdir(parents=True, exist_ok=True)
        pa.array(np.zeros(1))  # Arrow looks for pandas at its first array, for half a second where it is installed
        self._on_drop = on_drop
        self._lock = threading.Lock()
        self._waiting: list[Entry] = []
        self._queued = self._held = 0  # bytes that wait: as entries, as batches
        self._refused = self._told = 0  # rows that found no room since that was said; as of the last turn
        self._ended = False
        self._wake = threading.Event()
        self._writer = _Writer(self.folder, worker, options, shadows)
        self._thread = threading.Thread(target=self._run, name="prediction log", daemon=True)
        self._thread.start()

    def add(
        self,
        served: Served,
        ids: str | Sequence[Any],
        answers: Answers,
        rows: Batch | None = None,
        request: str | None = None,
    ) -> None:
        """Log the answers to a request; returns at once.

        Parameters
        ----------
        served : Served
        ids : str or sequence
            One id a row (None or an empty text for none), or that of the request, to which the number of each row is
            added.
        answers : Answers
        rows : Batch, optional
            Where features come from. Neither it nor `answers` may be changed afterwards.
        request : str, optional
            The id of the request, for rows that have none.
        """
        size = len(answers.probability)
        weight = _weight(size, rows)
        with self._lock:
            waiting = self._queued + self._held
            taken = not self._ended and (waiting == 0 or waiting + weight <= self.options.waiting)
            if taken:
                self._queued += weight
                now = time.time_ns() // 1_000
                self._waiting.append(Entry(now, size, served, ids, answers, rows, request=request, weight=weight))
        if not taken:
            self._drop(size)
        elif weight > _LARGE or 2 * self._queued > self.options.waiting:
            self._wake.set()

    def close(self, timeout: float = 10.0) -> None:
        """Write what waits and complete the segments; what is not done after `timeout` seconds the next start does."""
        with self._lock:
            self._ended = True
        self._wake.set()
        self._thread.join(timeout)

    def _run(self) -> None:
        self._writer.recover()
        while not self._ended:
            self._wake.wait(self.options.every)
            self._wake.clear()
            self._turn()
        self._turn()
        left = self._writer.finish()
        if left:
            self._drop(left)

    def _turn(self) -> None:
        with self._lock:
            entries, self._waiting = self._waiting, []
        lost = self._writer.write(entries)
        with self._lock:
            self._queued -= sum(entry.weight for entry in entries)
            self._held = self._writer.held
        if lost:
            self._count(lost)
        self._say_room()

    def _say_room(self) -> None:
        """Say that there is room again, after a turn in which nothing was refused."""
        with self._lock:
            over = 0 < self._refused == self._told and not self._held
            refused, self._told = self._refused, self._refused
            if over:
                self._refused = self._told = 0
        if over:
            _LOGGER.warning("The prediction log takes all rows again; it dropped %d.", refused)

    def _drop(self, rows: int) -> None:
        """Count rows that there is no room for."""
        with self._lock:
            first = self._refused == 0
            self._refused += rows
        if first:
            _LOGGER.warning(
                "The prediction log drops rows, as more than %d MiB would wait to be written, or as the service ends. "
                "They are counted, and how many they were is said once all are taken again.",
                self.options.waiting // 2**20,
            )
        self._count(rows)

    def _count(self, rows: int) -> None:
        with self._lock:
            self.dropped += rows
        if self._on_drop is not None:
            self._on_drop(rows)


def _weight(size: int, rows: Batch | None) -> int:
    """Bytes, estimated, that a request of `size` rows holds until it is written."""
    return _ROW * size + (0 if rows is None else _VALUE * rows.matrix.size)


class _Writer:
    """What the thread does: entries to batches, batches to segments."""

    def __init__(self, folder: Path, worker: str, options: LogOptions, shadows: Shadows | None) -> None:
        self.folder, self.worker, self.options, self.shadows = folder, worker, options, shadows
        self._retention = None if options.keep_days is None else Retention(folder, options.keep_days)
        self._segments: dict[tuple[str, str], Segment] = {}
        self._kept: list[tuple[tuple[str, str], pa.RecordBatch]] = []  # could not be written yet
        self._failing = False
        self._left_open = False
        self._tried = time.monotonic()

    @property
    def held(self) -> int:
        """Bytes of batches that could not be written yet."""
        return sum(batch.nbytes for _, batch in self._kept)

    def write(self, entries: Sequence[Entry]) -> int:
        """Write what is there; returns the rows that never can be."""
        lost = sum(self._keep(group) for group in alike(entries))
        self._write_kept()
        self._complete_full()
        return lost

    def _keep(self, group: Sequence[Entry]) -> int:
        """Make batches of requests to one version of a model; returns the rows that can be no part of one."""
        try:
            served = group[0].served
            shadow = None if self.shadows is None else self.shadows.beside(served, group)
            self._kept.append(as_batch(group, self.options.chosen(served.scorer.encoder.columns), shadow))
        except _ODD as error:  # whatever one request held must neither end the log nor take others with it
            if len(group) > 1:
                half = len(group) // 2
                return self._keep(group[:half]) + self._keep(group[half:])
            _LOGGER.warning("A request cannot be logged (%s: %s).", type(error).__name__, error)
            return group[0].size
        return 0

    def _write_kept(self) -> None:
        written = 0
        while self._kept:
            key, batch = self._kept[0]
            try:
                segment = self._segment(key, batch.schema)
                segment.append(batch)
            except (OSError, pa.ArrowException, MemoryError) as error:
                self._leave(key)
                self._failed(str(error))
                return
            written += batch.num_rows
            del self._kept[0]
        if written and self._failing:
            self._failing = False
            _LOGGER.warning("The prediction log is written again.")

    def _segment(self, key: tuple[str, str], schema: pa.Schema) -> Segment:
        segment = self._segments.get(key)
        if segment is not None and segment.lost:
            self._leave(key)
            segment = None
        if segment is None:
            segment = self._segments[key] = Segment(self.folder, self.worker, schema)
        return segment

    def _leave(self, key: tuple[str, str]) -> None:
        segment = self._segments.pop(key, None)
        if segment is not None:
            self._left_open = True
            with contextlib.suppress(OSError):
                segment.leave()

    def _complete_full(self) -> None:
        now = time.monotonic()
        for key, segment in list(self._segments.items()):
            if segment.rows >= self.options.rows or now - segment.began >= self.options.seconds:
                self._complete(key)
        if self._left_open and now - self._tried >= _RETRY:
            self.recover()

    def _complete(self, key: tuple[str, str]) -> None:
        segment = self._segments.pop(key)
        try:
            segment.complete()
        except (OSError, pa.ArrowException) as error:
            self._left_open = True
            self._failed(str(error))
        if self._retention is not None:
            with contextlib.suppress(OSError):
                self._retention.remove()

    def recover(self) -> None:
        """Complete what killed workers, or failures of this one, left open."""
        self._tried, self._left_open = time.monotonic(), False
        try:
            problems = recover(self.folder)
            if self._retention is not None:
                self._retention.look()
        except OSError as error:  # the folder cannot be read
            self._left_open = True
            self._failed(str(error))
            return
        for problem in problems:
            _LOGGER.warning(problem)

    def finish(self) -> int:
        """Complete all segments; returns the rows that could not be written."""
        for key in list(self._segments):
            self._complete(key)
        return sum(batch.num_rows for _, batch in self._kept)

    def _failed(self, why: str) -> None:
        if not self._failing:
            _LOGGER.warning(
                "The prediction log in %s cannot be written: %s. It is tried again every %g s; the service goes on, "
                "and counts what it drops.",
                self.folder,
                why,
                self.options.every,
            )
        self._failing = True
