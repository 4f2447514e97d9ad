"""Detectors of events that look otherwise: far from those of the reference, or moved in single features."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.special import ndtri

from rareclass.monitoring.chance import uniform
from rareclass.monitoring.cohorts import Cohort, packed, unpacked
from rareclass.monitoring.detector import SpreadDetector
from rareclass.monitoring.ledger import Ledger
from rareclass.monitoring.places import BINS, FEWEST, NOT_GIVEN

_POWERS = np.array([0.2, 0.35, 0.5, 0.65, 0.8])
_MOST = 20_000
_EFFECTS = np.array([0.2, 0.4, 0.8])
_FEWEST_EVENTS = 60


class NewMode(SpreadDetector):
    """Events far from those of the reference: conformal p-values of their distances, and bets on small ones.

    Each event is ranked among reference and earlier events, ties and order by the keys of the rows; under no change the
    p-values are independent and uniform (Vovk, Gammerman & Shafer 2022), and e p^(e - 1) has mean 1.
    """

    name, code = "new-mode", "new-mode"
    what_to_do = "Look at the newest events that are farthest from known ones; label more like them, and retrain."

    def __init__(self, distances: np.ndarray | None = None) -> None:
        super().__init__()
        self.base = np.sort(np.asarray(distances if distances is not None else [], dtype=np.float64))
        self.days: list[tuple[int, np.ndarray]] = []
        self._pool: np.ndarray | None = None  # base and days, in order
        self.far: list[tuple[int, int, int]] = []
        self.why_off = "" if self.base.size else _no_events(self.base.size)
        self.without = self.why_off

    def _of(self, cohort: Cohort) -> np.ndarray:
        return cohort.event & ~np.isnan(cohort.distance)

    def evidence(self, cohort: Cohort) -> np.ndarray | None:
        if self.without or not self._of(cohort).any():
            return None
        p = self.p_values(cohort)
        self.far = [*self.far[-399:], (cohort.day, int((p < 0.05).sum()), int(p.size))]
        won = (np.log(_POWERS) + (_POWERS - 1) * np.log(p)[:, None]).sum(axis=0)
        return self.spread.tempered(cohort.day, [-ndtri(p).sum() / p.size**0.5], won[None])

    def p_values(self, cohort: Cohort) -> np.ndarray:
        """Shares (k,) of reference and earlier events that lie as far out as each event of the day."""
        chosen = self._of(cohort)
        pool = self._ordered()
        scores, u = cohort.distance[chosen].astype(float), uniform(cohort.key[chosen], 4)
        below, upto = pool.searchsorted(scores, "left"), pool.searchsorted(scores, "right")
        earlier = np.tri(scores.size, k=-1, dtype=bool)
        more = pool.size - upto + (earlier & (scores > scores[:, None])).sum(1)
        same = upto - below + (earlier & (scores == scores[:, None])).sum(1) + 1
        return np.asarray((more + u * same) / (pool.size + np.arange(scores.size) + 1))

    def _ordered(self) -> np.ndarray:
        """Distances of reference and earlier events, in order."""
        if self._pool is None:
            self._pool = np.sort(np.concatenate([self.base, *(v for _, v in self.days)]))
        return self._pool

    def learn(self, cohort: Cohort) -> None:
        chosen = self._of(cohort)
        if chosen.any():
            pool, far = self._ordered(), np.sort(cohort.distance[chosen].astype(float))
            self._pool = np.insert(pool, pool.searchsorted(far), far)
            self.days.append((cohort.day, cohort.distance[chosen].astype(float)))
        while self._ordered().size > _MOST and len(self.days) > 1:
            self.days.pop(0)
            self._pool = None

    def unlearn(self, day: int) -> None:
        super().unlearn(day)
        self.days, self._pool = [(d, v) for d, v in self.days if d < day], None

    def finding(self, since: int, ledger: Ledger) -> tuple[str, str, float, dict[str, Any]]:
        far, events = (sum(v[k] for v in self.far if v[0] >= since) for k in (1, 2))
        share = far / max(events, 1)
        said = (
            f"{far} of {events} events lie farther from the reference events than 95 % of those before; 5 % are usual: "
            "there is a new kind of event."
        )
        return self.code, said, share, {"before": 0.05, "events": events, "far": far}

    def saved(self) -> dict[str, Any]:
        days = [[d, packed(v)] for d, v in self.days]
        return super().saved() | {"base": packed(self.base), "recent": days, "far": self.far}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.base, self.far = unpacked(state["base"]), [tuple(v) for v in state["far"]]
        super().restore(state)
        self.days, self._pool = [(d, unpacked(v)) for d, v in state["recent"]], None


def _no_events(found: int) -> str:
    return (
        f"It needs at least {FEWEST} reference events with features, in numbers; the bundle keeps {found}. Train "
        "without --no-reference-rows, and log the features (serve with --log-column)."
    )


class EventFeatures(SpreadDetector):
    """Ranks of the events in each feature, in either direction; the statistic is the mean over features."""

    name, code, TRAIL = "event-features", "new-mode", 120
    what_to_do = "Look at these features among recent events: a new kind of event, or an input that has changed."

    def __init__(self, event_places: np.ndarray | None = None, names: Sequence[str] = ()) -> None:
        super().__init__()
        places = np.empty((0, 0), dtype=np.uint8) if event_places is None else event_places
        self.base = counted(places)
        self.days: list[tuple[int, np.ndarray]] = []
        self.names = list(names) or [f"column {j}" for j in range(places.shape[1])]
        self.without = "" if places.shape[1] else _no_events(0)
        self.why_off = self.without
        self.total = self.base.astype(float)

    def _of(self, cohort: Cohort) -> np.ndarray:
        found = cohort.places[cohort.event]
        return found[(found != NOT_GIVEN).all(axis=1)] if found.size else found

    def evidence(self, cohort: Cohort) -> np.ndarray | None:
        events = self._of(cohort)
        known = int(self.total[0].sum()) if self.total.size else 0
        few = f"It needs {_FEWEST_EVENTS} events with features; there are {known}."
        self.why_off = self.without or (few if known < _FEWEST_EVENTS else "")
        if self.why_off or events.size == 0:
            return None
        return self.spread.tempered(cohort.day, *rank_bets(events, self.total))

    def learn(self, cohort: Cohort) -> None:
        events = self._of(cohort)
        if events.size and not self.without:
            self.days.append((cohort.day, events))
            self.total = self.total + counted(events)
            while sum(v.shape[0] for _, v in self.days) > _MOST:
                self.total = self.total - counted(self.days.pop(0)[1])

    def unlearn(self, day: int) -> None:
        super().unlearn(day)
        for d, v in self.days:
            if d >= day:
                self.total = self.total - counted(v)
        self.days = [(d, v) for d, v in self.days if d < day]

    def finding(self, since: int, ledger: Ledger) -> tuple[str, str, float, dict[str, Any]]:
        state = (self.state + self.weights()).max(axis=(1, 2))
        worst = np.argsort(-state)[:3]
        now = counted(np.concatenate([v for d, v in self.days if d >= since])).astype(float)
        old = self.total - now
        found = {self.names[j]: _superiority(now[j], old[j]) for j in worst}
        (name, share), *_ = found.items()
        said = (
            f"Events have moved in {name}: a recent event lies higher than an earlier one in {share:.0%} of pairs "
            f"(50 % are usual). Next: {', '.join(list(found)[1:]) or 'none'}."
        )
        return self.code, said, share, {"before": 0.5, "features": found}

    def saved(self) -> dict[str, Any]:
        days = [[d, packed(v)] for d, v in self.days]
        return super().saved() | {"base": packed(self.base), "recent": days, "names": self.names}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.base, self.names = unpacked(state["base"]), state["names"]
        super().restore(state)
        self.days = [(d, unpacked(v)) for d, v in state["recent"]]
        self.total = self.base + sum((counted(v) for _, v in self.days), np.zeros(self.base.shape))


def counted(places: np.ndarray) -> np.ndarray:
    """How many rows (n, d) of uint8 lie in each bin: (d, 256)."""
    d = places.shape[1]
    flat = places.astype(np.int64) + BINS * np.arange(d)
    return np.bincount(flat.ravel(), minlength=BINS * d).reshape(d, BINS)


def rank_bets(events: np.ndarray, pool: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scores (d,) and log e-values (d, 2 g) of the ranks of events (n, d) among themselves and the pool (d, 256).

    The moment function of one drawn row bounds that of a sample without replacement (Hoeffding 1963, theorem 4), so
    that each has mean at most 1 given the counts of both together.
    """
    n, total = events.shape[0], pool + counted(events)
    rank, rows = np.cumsum(total, axis=1) - total / 2, total.sum(axis=1)
    share = total / rows[:, None]
    rank = rank - (share * rank).sum(axis=1, keepdims=True)
    spread = np.sqrt((share * rank**2).sum(axis=1, keepdims=True))
    score = np.divide(rank, spread, out=np.zeros_like(rank), where=spread > 0)
    summed = np.take_along_axis(score, events.T.astype(np.int64), axis=1).sum(axis=1)
    theta = np.concatenate([_EFFECTS, -_EFFECTS])
    powers = [np.exp(_EFFECTS[0] * score)]
    for _ in _EFFECTS[1:]:  # each effect is twice the one before
        powers.append(powers[-1] ** 2)
    powers += [1 / power for power in powers]
    moment = np.log([np.einsum("ij,ij->i", share, power) for power in powers]).T
    left = np.maximum(1 - n / rows, 1e-9)
    return summed / np.sqrt(n * left), np.asarray(summed[:, None] * theta - n * moment)


def _superiority(now: np.ndarray, old: np.ndarray) -> float:
    """Share of pairs in which the first lies higher, ties half."""
    below = np.cumsum(old) - old / 2
    return float(now @ below / max(now.sum() * old.sum(), 1.0))
