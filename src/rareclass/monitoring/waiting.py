"""Predictions that wait for their labels, by day; repeated rows and labels count once."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

import numpy as np

from rareclass.kernels.evenly import evenly
from rareclass.monitoring.cohorts import NO_LABEL, Cohort, nobody, packed, unpacked
from rareclass.monitoring.held import LATE_LABEL, LATE_ROW, REFUSED, TOLD_EVENT, TOLD_OTHER, TWICE, Columns, HeldDay
from rareclass.monitoring.key_index import KeyIndex
from rareclass.monitoring.maturity import MaturityCurve
from rareclass.monitoring.unmatched import Unmatched

_ENOUGH, _OTHERS = 50, 200
"""Events from which on their delays alone tell the maturity; others kept of a day for where there are fewer."""


class Waiting:
    """Rows of the days whose labels may still come, and labels whose rows may.

    Days are kept for twice `max_delay`, so that a label, which comes within `max_delay`, finds its row or is too old.
    """

    def __init__(self, max_delay: float) -> None:
        self.max_delay = max_delay
        self.days: dict[int, HeldDay] = {}
        self.index = KeyIndex()  # of closed days
        self.orphans = Unmatched()
        self.slices: dict[str, int] = {"": 0}
        self.delays_of: dict[int, np.ndarray] = {}  # of days that no longer listen
        self.judged: dict[int, tuple[float, float]] = {}  # from, until when they listen to late labels, by day
        self.kept_from = -np.inf  # days before are forgotten
        self.refed_until = -np.inf  # days before come again after a state was saved without rows
        self.left_out: dict[str, np.ndarray] = {}  # keys of rows that could not be used, by reason
        self.passed: list[np.ndarray] = []  # keys of rows given again of forgotten days
        self.counts: Counter[str] = Counter()

    def codes(self, texts: np.ndarray) -> np.ndarray:
        """Numbers (n,) of slices."""
        known = self.slices
        if (texts == "").all():
            return np.zeros(texts.size, dtype=np.int32)
        return np.array([known.setdefault(t, len(known)) for t in texts.tolist()], dtype=np.int32)

    def leave_out(self, odd: Mapping[str, np.ndarray], keys: np.ndarray, days: np.ndarray) -> None:
        """Note rows (n,) that cannot be used, each once."""
        for reason, mask in odd.items():
            new = keys[mask & ~(days < self.refed_until)]
            if new.size:
                known = self.left_out.get(reason, np.empty(0, dtype=np.uint64))
                self.left_out[reason] = np.union1d(known, new)

    def add(self, days: np.ndarray, columns: Columns, clock: float) -> None:
        """Rows (n,) of these whole days; days before `clock` are over."""
        front = max(self.judged, default=-np.inf)
        for day in np.unique(days).tolist():
            at = np.flatnonzero(days == day)
            rows = {name: v[at] for name, v in columns.items()}
            late = day < clock and day >= self.refed_until
            rows["flags"] = np.full(at.size, LATE_ROW if late else 0, dtype=np.uint8)
            held = self.days.get(day)
            if held is None and self.kept_from <= day < front and day not in self.judged:
                held = self.days[day] = HeldDay.over(day, rows)
            if held is None and day < self.kept_from:
                self.passed.append(rows["key"])
            elif held is None or not held.closed:
                self.days.setdefault(day, HeldDay(day)).add(rows)
            else:
                self._add_late(held, rows)

    def _add_late(self, held: HeldDay, rows: Columns) -> None:
        """Rows of a day that is closed: what was given before is nothing new."""
        order = np.lexsort((rows["time"], rows["key"]))
        rows = {name: v[order] for name, v in rows.items()}
        new = np.append(True, rows["key"][1:] != rows["key"][:-1]) & ~self._known(rows)
        rows = {name: v[new] for name, v in rows.items()}
        if not rows["key"].size:
            return
        if held.judged:
            rows["flags"] |= np.uint8(0) if held.refed else REFUSED
            rows = {name: rows[name] for name in held.rows}
        held.insert(rows)
        self.index.add(rows["key"], held.day)
        self._match(held, rows["key"])

    def _known(self, rows: Columns) -> np.ndarray:
        """Which rows (n,), in the order of keys, have an id that a closed day holds; other times are noted there."""
        known, days = self.index.find(rows["key"])
        for day in np.unique(days).tolist():
            part = np.flatnonzero(known)[days == day]
            _, at = self.days[day].find(rows["key"][part])
            own = self.days[day].rows
            own["flags"][at[own["time"][at] != rows["time"][part]]] |= TWICE
        return known

    def _closed(self) -> Iterator[HeldDay]:
        return (held for held in self.days.values() if held.closed)

    def _match(self, held: HeldDay, keys: np.ndarray) -> None:
        """Give labels that waited to the rows of these keys, in order."""
        key, *rest = self.orphans.take(keys)
        if key.size:
            _, at = held.find(key)
            held.label(at, *rest)

    def close(self, before: int) -> None:
        """No more rows of the days before are expected."""
        for day in sorted(d for d, held in self.days.items() if d < before and not held.closed):
            held = self.days[day]
            known = self._known(held.close())
            if known.any():
                held.keep(~known)
            self.index.add(held.rows["key"], day)
            if day in self.judged:
                held.judge(*self.judged[day])
                held.seen, held.refed = [], True
            self._match(held, held.rows["key"])

    def label(self, labels: Sequence[np.ndarray], clock: float) -> None:
        """Labels (m,): key, time from which on they are known, whether an event, weight of the row."""
        order = np.lexsort((labels[2], labels[1], labels[0]))
        parts = [v[order] for v in labels]
        found, days = self.index.find(parts[0])
        order = np.flatnonzero(found)[np.argsort(days, kind="stable")]
        own, (held, begin) = [v[order] for v in parts], np.unique(np.sort(days), return_index=True)
        for day, i, j in zip(held.tolist(), begin.tolist(), [*begin[1:].tolist(), order.size]):
            key, *rest = (v[i:j] for v in own)
            self.days[day].label(self.days[day].find(key)[1], *rest)
        parts = [v[~found] for v in parts]
        # what became known so long ago belongs to a row that is kept no more
        if np.isfinite(self.kept_from):
            old = np.isfinite(parts[1]) & (parts[1] < max(self.kept_from, clock - self.max_delay))
            parts = [v[~old] for v in parts]
        self.orphans.add(parts, clock)

    def cohort(self, day: int, *, until: float | None) -> Cohort:
        """The rows of a closed day, if any, with the labels known by `until`; None leaves labels out."""
        held = self.days.get(day)
        if held is None:
            return nobody(day)
        rows = held.rows
        y = np.full(rows["key"].size, NO_LABEL, dtype=np.int8) if until is None else held.told(until)
        texts = np.array(list(self.slices), dtype=object)
        names = ("key", "probability", "alert", "weight", "distance", "places")
        return Cohort(day=day, y=y, slices=texts[rows["slices"]], **{n: rows[n] for n in names})

    def waiting(self) -> list[int]:
        """Closed days that were not judged yet, in order."""
        return sorted(held.day for held in self._closed() if not held.judged)

    def judge(self, day: int, clock: float, age: float | None) -> None:
        """The day was judged at `clock`; with `age`, late labels tell for as long again how long labels take."""
        if age is None:
            self.judged[day], self.delays_of[day] = (clock, -np.inf), np.empty((3, 0))
        else:
            self.judged[day] = clock, day + 1 + min(2 * age, self.max_delay)
        self.days[day].judge(*self.judged[day])

    def mature_age(self, clock: int) -> float:
        """Days after which the labels of a row have come, as known at `clock`; by events alone where these are enough.

        It rests on days that are kept until a week later: what it gives does not depend on when it is asked.
        """
        recent = clock + 6 - 2 * self.max_delay
        found = [v for d, v in self.delays_of.items() if d >= recent]
        still = [h for h in self._closed() if recent <= h.day < clock and h.day not in self.delays_of]
        found += [h.delays(clock) for h in still]
        for day, (_, listens) in self.judged.items():
            if listens < clock and day in self.days and day not in self.delays_of:
                self.delays_of[day], self.days[day].seen = _thinned(self.days[day].delays(clock)), []
        events = [v[:, v[0] == 1] for v in found]
        if sum(v.shape[1] for v in events) < _ENOUGH:
            events = [_thinned(v) for v in found]
        _, time, known = np.concatenate([np.empty((3, 0)), *events], axis=1)
        curve = MaturityCurve.of(time, known, now=clock, max_delay=self.max_delay)
        return max(curve.matured_age(), 1.0)

    def forget(self, clock: float) -> None:
        """Drop days that are too old, and labels that waited too long for a prediction."""
        for keys in self.passed:
            self.orphans.drop(keys)
        self.passed = []
        for day in [d for d, held in self.days.items() if held.judged and d + 1 + 2 * self.max_delay < clock]:
            self.counts.update(_problems(self.days.pop(day)))
            self.kept_from = max(self.kept_from, day + 1)
        if np.isfinite(self.kept_from):
            self.index.forget(int(self.kept_from))
        for day in [d for d in self.judged if d + 1 + 2 * self.max_delay < clock]:
            self.judged.pop(day)
            self.delays_of.pop(day, None)
        self.orphans.give_up(clock, self.max_delay, self._open_keys())

    def idle_until(self, clock: int) -> float:
        """Before which midnight nothing can be judged: `clock` where days wait, infinity where nothing is held."""
        if any(h.day < clock if not h.closed else not h.judged for h in self.days.values()):
            return clock
        return min((h.day for h in self.days.values() if not h.closed), default=np.inf)

    def open_since(self, clock: float) -> float:
        """The first of the days whose rows or labels still count, or may come."""
        listening = [d for d in self.judged if d not in self.delays_of]
        if clock == self.refed_until:  # what was left out has not come again yet
            clock = self.kept_from
        return min([clock, *listening, *(h.day for h in self.days.values() if not h.judged)])

    def problems(self) -> Counter[str]:
        """How often what was odd, each row once."""
        found = Counter(self.counts)
        found.update({reason: keys.size for reason, keys in self.left_out.items()})
        for held in self._closed():
            found.update(_problems(held))
        found["labels without prediction"] += self.orphans.given_up
        found["labels that wait"] = self.orphans.apart_from(self._open_keys())
        return found

    def _open_keys(self) -> np.ndarray:
        """Keys of the rows of days that are not over."""
        open_rows = [c["key"] for held in self.days.values() if not held.closed for c in held.chunks]
        return np.concatenate([np.empty(0, np.uint64), *open_rows])

    def to_dict(self, clock: float, rows: bool = True) -> dict[str, Any]:
        """Without `rows`: those of `open_since` and later days are to be given again."""
        left_out = {reason: keys.size for reason, keys in self.left_out.items()}
        first = self.kept_from if rows else self.open_since(clock)
        return {
            "days": [held.to_dict() for held in self.days.values()] if rows else [],
            "orphans": (self.orphans if rows else Unmatched()).to_dict(),
            "slices": list(self.slices),
            "delays_of": [[d, packed(v)] for d, v in self.delays_of.items()],
            "judged": [[d, at, until if np.isfinite(until) else None] for d, (at, until) in self.judged.items()],
            "kept_from": float(first) if np.isfinite(first) else None,
            "refed_until": float(clock) if not rows and np.isfinite(clock) else None,
            "left_out": {reason: packed(v) for reason, v in self.left_out.items()} if rows else {},
            "counts": dict(self.counts if rows else self.counts + Counter(left_out)),
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any], max_delay: float) -> Self:
        made = cls(max_delay)
        made.days = {d["day"]: HeldDay.from_dict(d) for d in state["days"]}
        for held in made._closed():
            made.index.add(held.rows["key"], held.day)
        made.orphans = Unmatched.from_dict(state["orphans"])
        made.slices = {text: k for k, text in enumerate(state["slices"])}
        made.delays_of = {d: unpacked(v) for d, v in state["delays_of"]}
        made.judged = {d: (at, -np.inf if until is None else until) for d, at, until in state["judged"]}
        made.kept_from = -np.inf if state["kept_from"] is None else state["kept_from"]
        made.refed_until = -np.inf if state["refed_until"] is None else state["refed_until"]
        made.left_out = {reason: unpacked(v) for reason, v in state["left_out"].items()}
        made.counts = Counter(state["counts"])
        return made


def _problems(held: HeldDay) -> dict[str, int]:
    flags = held.rows["flags"]
    both = TOLD_EVENT | TOLD_OTHER
    return {
        "duplicate predictions": int(np.count_nonzero(flags & TWICE)),
        "predictions after their day was over": int(np.count_nonzero((flags & (LATE_ROW | REFUSED)) == LATE_ROW)),
        "predictions after their day was judged": int(np.count_nonzero(flags & REFUSED)),
        "labels after their day was judged": int(np.count_nonzero(flags & LATE_LABEL)),
        "contradicting labels": int(np.count_nonzero((flags & both) == both)),
    }


def _thinned(delays: np.ndarray) -> np.ndarray:
    """The delays (3, k) of all events, and of a few others, spread over the day."""
    delays = delays[:, np.lexsort((delays[2], delays[1]))]
    events = delays[0] == 1
    others = delays[:, ~events]
    return np.concatenate([delays[:, events], others[:, evenly(others.shape[1], _OTHERS)]], axis=1)
