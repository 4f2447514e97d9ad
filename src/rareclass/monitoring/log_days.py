"""The prediction log of one bundle day by day, in the order of time, whichever worker wrote it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from rareclass.artifact.bundle import Bundle
from rareclass.errors import RareclassError
from rareclass.monitoring.prediction_log import BASE, FEATURE, Predictions

DAY = np.timedelta64(1, "D")
LATE = 2
"""Days by which rows of one worker may stand behind later ones of another, at least."""


@dataclass(frozen=True, kw_only=True)
class DayRows:
    """The predictions of one day, or of what came late of it; arrays (n,)."""

    day: np.datetime64
    ids: list[str]
    times: np.ndarray
    probability: np.ndarray
    alerts: np.ndarray
    tiers: np.ndarray | None
    slices: np.ndarray | None
    features: np.ndarray | None  # (n, d), as the bundle's encoder makes them


@dataclass(kw_only=True)
class LogDays:
    """Iterates over a log, and counts what it saw.

    Attributes
    ----------
    rows, nameless : int
        Rows that were given, and rows without an id, which no label can find and which are left out.
    late : int
        Days for which rows are kept until they are given; `behind` tells how many a log needs.
    first, last : datetime64[us] or None
        Moments of the earliest and the latest row.
    """

    log: Predictions
    encode: Callable[[pa.RecordBatch], np.ndarray | None] = lambda batch: None
    late: int = LATE
    rows: int = 0
    nameless: int = 0
    first: np.datetime64 | None = None
    last: np.datetime64 | None = None
    _held: dict[int, list[DayRows]] = field(default_factory=dict, repr=False)

    def __iter__(self) -> Iterator[DayRows]:
        """Days in order; in memory are at most those of the last `late` days."""
        newest = None
        for batch in self.log.batches():
            for part in self._parts(batch):
                number = int(part.day.astype(np.int64))
                self._held.setdefault(number, []).append(part)
                newest = number if newest is None else max(newest, number)
            if newest is not None:
                yield from self._given(newest - self.late)
        if newest is not None:
            yield from self._given(newest + 1)

    def _given(self, before: int) -> Iterator[DayRows]:
        for number in sorted(k for k in self._held if k < before):
            yield _joined(self._held.pop(number))

    def _parts(self, batch: pa.RecordBatch) -> Iterator[DayRows]:
        """The rows of a batch, cut by day."""
        if batch["id"].null_count:
            self.nameless += batch["id"].null_count
            batch = batch.filter(batch["id"].is_valid())
        if batch.num_rows == 0:
            return
        times = batch["time"].to_numpy(zero_copy_only=False).astype("datetime64[us]")
        low, high = times.min(), times.max()
        self.first = low if self.first is None else min(self.first, low)
        self.last = high if self.last is None else max(self.last, high)
        self.rows += batch.num_rows
        days = times.astype("datetime64[D]")
        for day in np.unique(days):
            rows = np.flatnonzero(days == day)
            yield self._part(batch if rows.size == days.size else batch.take(pa.array(rows)), day)

    def _part(self, batch: pa.RecordBatch, day: np.datetime64) -> DayRows:
        return DayRows(
            day=day,
            ids=batch["id"].to_pylist(),
            times=batch["time"].to_numpy(zero_copy_only=False).astype("datetime64[us]"),
            probability=batch["probability"].to_numpy(zero_copy_only=False),
            alerts=batch["alert"].to_numpy(zero_copy_only=False).astype(bool),
            tiers=_texts(batch["tier"]),
            slices=_texts(batch["slice"]),
            features=self.encode(batch),
        )


def known_days(times: pa.Array) -> np.ndarray:
    """Whole days (k,), int64, of the times that are known."""
    days = times.to_numpy(zero_copy_only=False).astype("datetime64[D]").astype(np.int64)
    return np.asarray(days[times.is_valid().to_numpy(zero_copy_only=False)])


def behind(batches: Iterable[np.ndarray], first: int, last: int) -> int:
    """By how many days, at least `LATE`, rows stand behind later ones: of whole days (k,) within first and last.

    Examples
    --------
    >>> behind([np.array([3, 9]), np.array([2]), np.array([99])], 0, 10)
    7
    """
    newest, most = first, LATE
    for days in batches:
        known = days[(first <= days) & (days <= last)]
        if known.size:
            newest = max(newest, int(known.max()))
            most = max(most, newest - int(known.min()))
    return most


def _texts(column: pa.Array) -> np.ndarray | None:
    """Texts (n,), "" for none; None where all are none."""
    if column.null_count == len(column):
        return None
    return column.fill_null("").to_numpy(zero_copy_only=False).astype(object)


def _joined(parts: list[DayRows]) -> DayRows:
    if len(parts) == 1:
        return parts[0]
    sizes = [len(part.ids) for part in parts]

    def whole(name: str) -> np.ndarray | None:
        found = [getattr(part, name) for part in parts]
        if all(v is None for v in found):
            return None
        if name == "features":
            width = next(v.shape[1] for v in found if v is not None)
            filled = [np.full((n, width), np.nan) if v is None else v for v, n in zip(found, sizes)]
        else:
            filled = [np.full(n, "", dtype=object) if v is None else v for v, n in zip(found, sizes)]
        return np.concatenate(filled)

    arrays = {name: np.concatenate([getattr(p, name) for p in parts]) for name in ("times", "probability", "alerts")}
    return DayRows(
        day=parts[0].day,
        ids=[key for part in parts for key in part.ids],
        tiers=whole("tiers"),
        slices=whole("slices"),
        features=whole("features"),
        **arrays,
    )


def encoding(bundle: Bundle, schema: pa.Schema) -> tuple[Callable[[pa.RecordBatch], np.ndarray | None], str | None]:
    """What encodes the features of a log of this schema as training rows were, or says why that cannot be."""
    encoder = bundle.model.model_.encoder
    logged = {field.name for field in schema}
    missing = [c.name for c in encoder.columns if FEATURE + c.name not in logged]
    if not logged - {name for name, _ in BASE}:
        return (lambda batch: None), "The log holds no features (--log-column), so that inputs are not watched."
    known = [c for c in encoder.columns if c.kind != "text"]
    if any(c.name in missing for c in known):
        named = ", ".join(repr(name) for name in missing[:5])
        return (lambda batch: None), f"The log lacks the features {named}, so that inputs are not watched."

    def encode(batch: pa.RecordBatch) -> np.ndarray | None:
        columns = {
            c.name: batch[FEATURE + c.name] if FEATURE + c.name in logged else pa.nulls(batch.num_rows, pa.string())
            for c in encoder.columns
        }
        try:
            return np.asarray(encoder.transform(pa.table(columns)).matrix, dtype=np.float64)
        except RareclassError:  # values of another kind than the model reads, which the service would have refused
            return None

    return encode, None
