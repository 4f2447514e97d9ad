"""Predictions that wait for their labels, by day, and the cohorts that detectors judge."""

import base64
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

NO_LABEL = -1
MATURE = 0.95
"""Share of the labels that ever come, from which on a cohort is judged."""
_ENOUGH = 50
_COLUMNS = {
    "key": np.uint64,
    "probability": np.float64,
    "alert": np.bool_,
    "distance": np.float32,
    "y": np.int8,
    "label_time": np.float64,
    "weight": np.float64,
}


def packed(array: np.ndarray) -> dict[str, Any]:
    """An array as JSON, exactly: its bytes, compressed, as text."""
    data = base64.b64encode(zlib.compress(np.ascontiguousarray(array).tobytes(), 6)).decode()
    return {"dtype": array.dtype.str, "shape": list(array.shape), "data": data}


def unpacked(saved: Mapping[str, Any]) -> np.ndarray:
    """What `packed` wrote."""
    raw = zlib.decompress(base64.b64decode(saved["data"]))
    return np.frombuffer(raw, dtype=saved["dtype"]).reshape(saved["shape"]).copy()


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """The rows of one day, in the order of their keys.

    Attributes
    ----------
    day : int
        Days since the beginning of the caller's count (1970 for moments).
    key : ndarray of shape (n,), uint64
    probability : ndarray of shape (n,)
    alert : ndarray of shape (n,), bool
    y : ndarray of shape (n,), int8
        1 event, 0 other, -1 not labelled (all of them in the stage "scored").
    weight : ndarray of shape (n,)
        1 / the probability with which the row was drawn to be labelled.
    slices : ndarray of shape (n,), str
        Empty where rows have none.
    distance : ndarray of shape (n,)
        Mean distance to the nearest reference events; NaN where features were not given.
    places : ndarray of shape (n, d), uint8
        Bin of each feature (`places.Places`); d is 0 where features were not given.
    """

    day: int
    key: np.ndarray
    probability: np.ndarray
    alert: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    slices: np.ndarray
    distance: np.ndarray
    places: np.ndarray

    @property
    def labelled(self) -> np.ndarray:
        return self.y != NO_LABEL

    @property
    def event(self) -> np.ndarray:
        return self.y == 1


class _Day:
    """Rows of a day in the order in which they came."""

    def __init__(self) -> None:
        self.chunks: list[dict[str, np.ndarray]] = []
        self.size, self.judged = 0, False

    def whole(self) -> dict[str, np.ndarray]:
        if len(self.chunks) > 1:
            self.chunks = [{name: np.concatenate([c[name] for c in self.chunks]) for name in self.chunks[0]}]
        return self.chunks[0]


class Waiting:
    """Predictions by day, and labels that wait for their prediction."""

    def __init__(self, max_delay: float) -> None:
        self.max_delay = max_delay
        self.days: dict[int, _Day] = {}
        self.where: dict[int, tuple[int, int]] = {}
        self.again: dict[int, list[tuple[float, int]]] = {}
        self.orphans: dict[int, list[tuple[float, int, float]]] = {}
        self.since: dict[int, float] = {}
        self.counts: Counter[str] = Counter()

    def add(self, days: np.ndarray, columns: dict[str, np.ndarray], clock: float) -> None:
        """Rows (n,) of these whole days; `clock` is the last day that was closed."""
        keys = columns["key"].tolist()
        keep = np.ones(len(keys), dtype=bool)
        for i, (key, day) in enumerate(zip(keys, days.tolist(), strict=True)):
            held = self.days.get(day)
            if key in self.where:
                self.counts["duplicate predictions"] += 1
                keep[i] = False
            elif day <= clock - self.max_delay - 1 or (held is not None and held.judged):
                self.counts["predictions after their day was judged"] += 1
                keep[i] = False
            else:
                self.counts["predictions after their day was over"] += day <= clock
                self.where[key] = (day, -1)
        for day in np.unique(days[keep]).tolist():
            at = np.flatnonzero(keep & (days == day))
            held = self.days.setdefault(day, _Day())
            for place, i in enumerate(at.tolist(), held.size):
                self.where[keys[i]] = (day, place)
            fresh = {"y": NO_LABEL, "label_time": np.inf, "weight": 1.0}
            part = {name: v[at] for name, v in columns.items()}
            part |= {name: np.full(at.size, v, dtype=_COLUMNS[name]) for name, v in fresh.items()}
            held.chunks.append(part)
            held.size += at.size
        if self.orphans:
            for key in keys:
                self.since.pop(key, None)
                for found in sorted(self.orphans.pop(key, []), key=lambda v: v[0]):
                    self.label(key, *found, clock)

    def label(self, key: int, time: float, y: int, weight: float, clock: float) -> None:
        """The label of one row, known from `time` on."""
        if key not in self.where:
            self.orphans.setdefault(key, []).append((time, y, weight))
            self.since.setdefault(key, max(time, clock))
            return
        day, place = self.where[key]
        if self.days[day].judged:
            self.counts["labels after their day was judged"] += 1
            return
        rows = self.days[day].whole()
        before, when = int(rows["y"][place]), float(rows["label_time"][place])
        if before == NO_LABEL:
            rows["y"][place], rows["label_time"][place], rows["weight"][place] = y, time, weight
            return
        told = self.again.get(key, [(when, before)])
        if any(v != y for _, v in told):
            self.counts["contradicting labels"] += 1
        else:
            self.counts["duplicate labels"] += 1
        self.again[key] = sorted([*told, (time, y)], key=lambda v: v[0])
        rows["label_time"][place] = min(when, time)

    def cohort(self, day: int, *, until: float | None) -> Cohort:
        """The rows of a day with the labels known by `until`; None leaves labels out."""
        rows = dict(self.days[day].whole())
        y, limit = rows["y"].copy(), -np.inf if until is None else until
        y[rows["label_time"] > limit] = NO_LABEL
        if self.again and until is not None:
            for i in np.flatnonzero(y != NO_LABEL):
                told = [v for t, v in self.again.get(int(rows["key"][i]), []) if t <= limit]
                y[i] = told[-1] if told else y[i]
        order = np.argsort(rows["key"])
        del rows["label_time"]
        return Cohort(day=day, **{name: v[order] for name, v in (rows | {"y": y}).items()})

    def waiting(self) -> list[int]:
        """Days that were not judged yet, in order."""
        return sorted(d for d, held in self.days.items() if not held.judged)

    def judged(self, day: int) -> None:
        """Keep of a day only what tells late labels and doubled rows from unknown ones."""
        held = self.days[day]
        for key in held.whole()["key"].tolist():
            self.again.pop(key, None)
        kept = ("key", "y", "label_time")
        held.chunks, held.judged = [{name: held.whole()[name] for name in kept}], True

    def forget(self, clock: float) -> None:
        """Drop days older than `max_delay`, and labels that waited as long for a prediction."""
        for day in [d for d, held in self.days.items() if held.judged and d + 1 + self.max_delay < clock]:
            for key in self.days.pop(day).whole()["key"].tolist():
                self.where.pop(key, None)
        for key, since in list(self.since.items()):
            if since == -np.inf:  # came without a time, before there was a clock
                self.since[key] = clock
            elif since + self.max_delay < clock:
                del self.since[key]
                self.counts["labels without prediction"] += len(self.orphans.pop(key))

    def delays(self, clock: float) -> tuple[np.ndarray, np.ndarray]:
        """Days of the rows that were labelled by `clock`, and how long their labels took; of events, where enough."""
        found = [(d, held.whole()) for d, held in sorted(self.days.items()) if held.size]
        if not found:
            return np.empty(0), np.empty(0)
        day = np.concatenate([np.full(r["key"].size, d, dtype=float) for d, r in found])
        y, when = (np.concatenate([r[name] for _, r in found]) for name in ("y", "label_time"))
        known = np.isfinite(when) & (when <= clock)
        events = known & (y == 1)
        seen = events if events.sum() >= _ENOUGH else known
        return day[seen], np.maximum(when[seen] - day[seen] - 1, 0.0)

    def sentences(self) -> list[str]:
        """What was odd about the input, with counts."""
        said = [f"{n:,} {_ODD[what]}" for what, n in self.counts.items() if n]
        waiting = sum(map(len, self.orphans.values()))
        return said + ([f"{waiting:,} labels wait for their prediction."] if waiting else [])

    def to_dict(self) -> dict[str, Any]:
        return {
            "days": [[d, h.judged, {n: _saved(v) for n, v in h.whole().items()}] for d, h in sorted(self.days.items())],
            "again": [[k, [[_time(t), y] for t, y in v]] for k, v in self.again.items()],
            "orphans": [[k, [[_time(t), y, w] for t, y, w in v]] for k, v in self.orphans.items()],
            "since": [[k, _time(t)] for k, t in self.since.items()],
            "counts": dict(self.counts),
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any], max_delay: float) -> Self:
        made = cls(max_delay)
        for day, judged, columns in state["days"]:
            held = _Day()
            held.chunks, held.judged = [{n: _read(v) for n, v in columns.items()}], judged
            keys = held.chunks[0]["key"].tolist()
            held.size, made.days[day] = len(keys), held
            made.where |= {key: (day, place) for place, key in enumerate(keys)}
        made.again = {k: [(-np.inf if t is None else t, y) for t, y in v] for k, v in state["again"]}
        made.orphans = {k: [(-np.inf if t is None else t, y, w) for t, y, w in v] for k, v in state["orphans"]}
        made.since = {k: -np.inf if t is None else t for k, t in state["since"]}
        made.counts = Counter(state["counts"])
        return made


_ODD = {
    "duplicate predictions": "predictions have an id that was given before; the first counts.",
    "predictions after their day was judged": "predictions came after their day was judged; they were left out.",
    "predictions after their day was over": (
        "predictions came after `check` had passed their day; they count with labels, not among scores and volume."
    ),
    "labels after their day was judged": "labels came after their day was judged; they were left out.",
    "contradicting labels": "labels contradict an earlier one of their row; the last before its day is judged counts.",
    "duplicate labels": "labels repeat an earlier one of their row.",
    "labels without prediction": "labels had no prediction within `max_delay`; they were left out.",
    "no probability": "predictions have no probability in [0, 1]; they were left out.",
    "no time": "predictions have no time; they were left out.",
    "other version": "predictions are of another version of the model; they were left out.",
    "no label": "labels are missing values; they were left out.",
}


def _time(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _saved(array: np.ndarray) -> Any:
    return {"texts": array.tolist()} if array.dtype == object else packed(array)


def _read(saved: Any) -> np.ndarray:
    return np.array(saved["texts"], dtype=object) if "texts" in saved else unpacked(saved)


def mature_age(days: np.ndarray, delays: np.ndarray, clock: float, max_delay: float) -> float:
    """Days after which `MATURE` of the labels have come, of those that ever do.

    The delays (m,) seen so far are those that fit between a row's day and `clock`: their law is estimated as by
    Lynden-Bell (1971) under truncation from the right. It is not trusted beyond half of the time watched; `max_delay`
    then.
    """
    if delays.size < _ENOUGH:
        return max_delay
    whole = np.minimum(np.ceil(delays), np.ceil(max_delay)).astype(int)
    room = np.floor(clock - days - 1).astype(int)
    steps = np.arange(whole.max() + 1)
    came = np.bincount(whole, minlength=steps.size)
    risk = np.array([np.count_nonzero((whole <= j) & (room >= j)) for j in steps])
    kept = 1 - came / np.maximum(risk, came).clip(1)
    share = np.append(np.cumprod(kept[:0:-1])[::-1], 1.0)  # of delays <= j among all
    age = int(np.argmax(share >= MATURE))
    watched = clock - days.min() - 1
    return float(min(max(age, 1), max_delay)) if 2 * age <= watched else max_delay
