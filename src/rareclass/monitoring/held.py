"""The rows of one day while labels may still come: columns in the order of their keys."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from rareclass.monitoring.cohorts import NO_LABEL, packed, unpacked

TOLD_OTHER, TOLD_EVENT, TWICE, LATE_ROW, REFUSED, LATE_LABEL = (np.uint8(1 << k) for k in range(6))
"""Flags of rows: which labels were told; whether the id came with another time; the row, or its label, came late."""
_TOLD = np.array([TOLD_OTHER, TOLD_EVENT])
_CHUNKS = 16
_FRESH = {"y": (np.int8, NO_LABEL), "label_time": (np.float64, np.inf), "weight": (np.float64, 1.0)}
_KEPT = ("key", "time", "flags")

Columns = dict[str, np.ndarray]


class HeldDay:
    """Rows of a day.

    Before it is `closed`, rows come in any order, and twice; afterwards each id is there once, the earliest row of it,
    in the order of keys. Once `judged` only keys, times and flags are kept, and how long its labels took.
    """

    def __init__(self, day: int) -> None:
        self.day = day
        self.chunks: list[Columns] = []
        self.closed, self.judged = False, False
        self.again: dict[int, list[tuple[float, int]]] = {}  # all that was told of rows with several labels
        self.seen: list[np.ndarray] = []  # (event, row's time, label's time) of a judged day, (3, k) each
        self.judged_at, self.listens = -np.inf, np.inf  # from, until: late labels tell how long labels take
        self.refed = False  # its rows and labels were left out of a saved state, and are given again

    @classmethod
    def over(cls, day: int, columns: Columns) -> Self:
        """A day whose rows, such as these, are not wanted: later days were judged before any came."""
        made = cls(day)
        made.chunks = [{name: columns[name][:0] for name in _KEPT}]
        made.closed, made.judged, made.listens = True, True, -np.inf
        return made

    def add(self, columns: Columns) -> None:
        """Rows (n,) of a day that is not closed."""
        self.chunks.append(columns)
        if len(self.chunks) > _CHUNKS:
            self.chunks = [_each_once(_joined(self.chunks))]

    def close(self) -> Columns:
        """From now on each id is there once."""
        rows = _each_once(_joined(self.chunks))
        n = rows["key"].size
        self.chunks = [rows | {name: np.full(n, v, dtype) for name, (dtype, v) in _FRESH.items()}]
        self.closed = True
        return self.chunks[0]

    @property
    def rows(self) -> Columns:
        """The columns of a closed day."""
        return self.chunks[0]

    def keep(self, mask: np.ndarray) -> None:
        """Leave only these rows (n,) of a closed day."""
        self.chunks = [{name: v[mask] for name, v in self.rows.items()}]

    def find(self, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Which keys (m,) are here, and in which rows the found ones are."""
        own = self.rows["key"]
        if own.size == 0:
            return np.zeros(keys.size, dtype=bool), np.empty(0, dtype=np.int64)
        at = np.minimum(own.searchsorted(keys), own.size - 1)
        found = own[at] == keys
        return found, at[found]

    def insert(self, columns: Columns) -> None:
        """Late rows (n,), none of which is here."""
        n = columns["key"].size
        full = columns | {name: np.full(n, v, dtype) for name, (dtype, v) in _FRESH.items()}
        both = {name: np.concatenate([v, full[name]]) for name, v in self.rows.items()}
        order = np.argsort(both["key"])
        self.chunks = [{name: v[order] for name, v in both.items()}]

    def label(self, at: np.ndarray, time: np.ndarray, y: np.ndarray, weight: np.ndarray) -> None:
        """Labels (m,) of rows `at` of a closed day, in the order of rows and times."""
        rows = self.rows
        if self.judged:
            self._label_late(at, time, y)
            return
        said, first = _TOLD[y], rows["y"][at] == NO_LABEL
        first[1:] &= at[1:] != at[:-1]
        if first.all():  # as nearly always
            rows["flags"][at] |= said
            rows["y"][at], rows["label_time"][at], rows["weight"][at] = y, time, weight
            return
        np.bitwise_or.at(rows["flags"], at, said)
        rows["y"][at[first]], rows["label_time"][at[first]] = y[first], time[first]
        rows["weight"][at[first]] = weight[first]
        more = ~first & ((time != rows["label_time"][at]) | (y != rows["y"][at]))
        for row, when, told in zip(at[more].tolist(), time[more].tolist(), y[more].tolist(), strict=True):
            before = self.again.setdefault(
                int(rows["key"][row]), [(float(rows["label_time"][row]), int(rows["y"][row]))]
            )
            if (when, told) not in before:
                before.append((when, told))
                before.sort()
            rows["label_time"][row], rows["y"][row] = before[0]
        np.maximum.at(rows["weight"], at, weight)

    def _label_late(self, at: np.ndarray, time: np.ndarray, y: np.ndarray) -> None:
        flags = self.rows["flags"]
        first = flags[at] & (TOLD_EVENT | TOLD_OTHER | REFUSED) == 0
        first[1:] &= at[1:] != at[:-1]
        late, when, told = at[first], time[first], y[first]
        flags[late[when > self.judged_at] if self.refed else late] |= LATE_LABEL
        known = np.isfinite(when) & (when <= self.listens)
        if known.any():
            self.seen.append(np.array([told, self.rows["time"][late], when])[:, known])
        np.bitwise_or.at(flags, at, _TOLD[y])

    def told(self, until: float) -> np.ndarray:
        """Labels (n,) as known by then, -1 for none."""
        rows = self.rows
        y = np.where(rows["label_time"] <= until, rows["y"], NO_LABEL)
        for key, told in self.again.items():
            _, at = self.find(np.array([key], dtype=np.uint64))
            known = [v for t, v in told if t <= until]
            if known:
                y[at] = known[-1]
        return y

    def delays(self, until: float) -> np.ndarray:
        """Event or not, row's time and label's time (3, k) of the labels known by then."""
        if self.judged:
            found = np.concatenate(self.seen, axis=1) if self.seen else np.empty((3, 0))
            return found[:, found[2] <= until]
        rows = self.rows
        known = np.isfinite(rows["label_time"]) & (rows["label_time"] <= until)
        return np.stack([rows["y"][known] == 1, rows["time"][known], rows["label_time"][known]]).astype(float)

    def judge(self, clock: float, listens: float) -> None:
        """Keep only what tells repeated rows and late labels from unknown ones."""
        self.seen, self.judged_at, self.listens = [self.delays(clock)], clock, listens
        # labels that were given, but for later than this day's judgement, come late
        unheard = (self.rows["label_time"] > clock) & (self.rows["y"] != NO_LABEL)
        at = np.flatnonzero(unheard)
        later = self.rows["label_time"][at], self.rows["y"][at], self.rows["weight"][at]
        self.rows["flags"][at] &= ~(TOLD_EVENT | TOLD_OTHER)
        self.chunks = [{name: self.rows[name] for name in _KEPT}]
        self.judged, self.again = True, {}
        self.label(at, *later)

    def to_dict(self) -> dict[str, Any]:
        return {
            "day": self.day,
            "closed": self.closed,
            "judged": self.judged,
            "refed": self.refed,
            "judged_at": _time(self.judged_at),
            "listens": _time(self.listens),
            "again": [[k, [[_time(t), y] for t, y in v]] for k, v in self.again.items()],
            "seen": [packed(v) for v in self.seen],
            "rows": {name: packed(v) for name, v in _joined(self.chunks).items()},
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Self:
        made = cls(state["day"])
        made.closed, made.judged, made.refed = state["closed"], state["judged"], state["refed"]
        if made.judged:
            made.judged_at, made.listens = (-np.inf if v is None else v for v in (state["judged_at"], state["listens"]))
        made.again = {k: [(-np.inf if t is None else t, y) for t, y in v] for k, v in state["again"]}
        made.seen = [unpacked(v) for v in state["seen"]]
        made.chunks = [{name: unpacked(v) for name, v in state["rows"].items()}]
        return made


def _time(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _joined(chunks: list[Columns]) -> Columns:
    return chunks[0] if len(chunks) == 1 else {n: np.concatenate([c[n] for c in chunks]) for n in chunks[0]}


def _each_once(rows: Columns) -> Columns:
    """The earliest row of each key, in the order of keys; flagged where there were others of another time."""
    order = np.argsort(rows["key"])
    key = rows["key"][order]
    if (key[1:] != key[:-1]).all():  # as nearly always
        return {name: v[order] for name, v in rows.items()}
    order = np.lexsort((rows["probability"], rows["time"], rows["key"]))
    time, flags = rows["time"][order], rows["flags"][order]
    first = np.append(True, key[1:] != key[:-1])
    group = np.cumsum(first) - 1
    begin = np.flatnonzero(first)
    summed = np.bitwise_or.reduceat(flags, begin)
    other = time != time[begin][group]
    summed[group[other]] |= TWICE
    return {name: v[order[begin]] for name, v in rows.items()} | {"flags": summed}
