"""Detectors of how many events there are: a labelled row, and against what calibrated probabilities expect."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from rareclass.kernels.residuals import EVENTS, LEAN, LEVEL, ROWS, mean_z
from rareclass.monitoring.chance import count_z, normal_bets
from rareclass.monitoring.cohorts import Cohort
from rareclass.monitoring.detector import PooledDetector
from rareclass.monitoring.ledger import Ledger
from rareclass.monitoring.rates import day_seed
from rareclass.monitoring.spread import FARTHEST

MOST_EVENTS = 600
EFFECTS = np.array([0.15, 0.3, 0.6, 1.0])
"""Bets: by which share events have become more, or fewer, than expected."""
_SURE = 3.0
"""Standard errors from which on events have surely moved."""


class _Residuals(PooledDetector):
    """Keeps the sums of matured days; those of the reference count for at most 600 events."""

    STEEPEST: ClassVar[float] = 3.0

    def __init__(self, sums: np.ndarray | None = None) -> None:
        base = np.zeros(8) if sums is None else np.asarray(sums, dtype=float)
        super().__init__(base * min(1.0, MOST_EVENTS / base[EVENTS]) if base[EVENTS] > 0 else base)

    def evidence(self, cohort: Cohort) -> np.ndarray | None:
        events = self.pool.total[EVENTS]
        self.why_off = self.too_few(events)
        day = cohort.residuals
        if self.why_off or day[0] == 0:
            return None
        z = np.clip(self.scores(cohort, day), -FARTHEST, FARTHEST)
        sizes = np.minimum(EFFECTS * np.sqrt(day[0] * events / self.pool.total[ROWS]), self.STEEPEST)
        won = [np.concatenate([normal_bets(side * one, sizes) for side in (1, -1)]) for one in z]
        return self.spread.tempered(cohort.day, z, np.array(won))

    def scores(self, cohort: Cohort, day: np.ndarray) -> list[float]:
        """Standard normal scores of the sums of a day, where its rows are as those of the pool."""
        raise NotImplementedError

    def learn(self, cohort: Cohort) -> None:
        if cohort.labelled.any():
            self.pool.add(cohort.day, cohort.residuals)


class Prevalence(_Residuals):
    """Events a labelled row, more or fewer than before; ordinary rows that move do not touch it."""

    name, code = "prevalence", "prevalence"
    what_to_do = "Set the new prevalence, then look at the threshold; the model may still rank well."

    def scores(self, cohort: Cohort, day: np.ndarray) -> list[float]:
        pool = self.pool.total
        return [count_z(int(day[EVENTS]), int(day[ROWS]), pool[EVENTS], pool[ROWS], day_seed(cohort, 3))]

    def finding(self, since: int, ledger: Ledger) -> tuple[str, str, float, dict[str, Any]]:
        now, before = ledger.sums(since), self.pool.before(since)
        old = float(before[EVENTS] / before[ROWS])
        times = now["events"] / now["labelled"] / old
        said = (
            f"Events are {times:.2f} times as frequent as before: {now['events']:.0f} among {now['labelled']:,.0f} "
            f"labelled rows, where the probabilities expect {now['expected']:.1f}."
        )
        return self.code, said, times, {"before": old, "expected": now["expected"], "events": now["events"]}


class Calibration(_Residuals):
    """Events against the sum of the probabilities, and their slope over the log-odds, in either direction."""

    name, code = "calibration", "calibration"
    STEEPEST = 2.0
    what_to_do = "Calibrate anew on matured labels; if ranking has suffered too, retrain."

    def scores(self, cohort: Cohort, day: np.ndarray) -> list[float]:
        return [mean_z(day[at], self.pool.total[at]) for at in (LEVEL, LEAN)]

    def finding(self, since: int, ledger: Ledger) -> tuple[str, str, float, dict[str, Any]]:
        now, old = ledger.sums(since), self.usual(ledger, since)
        ratio = now["events"] / max(now["expected"], 1e-12)
        earlier = self.pool.before(since)
        expected = float(earlier[EVENTS] - earlier[LEVEL[1]])
        before = float(earlier[EVENTS]) / expected if expected > 0 else float("nan")
        found = {"before": before, "expected": now["expected"], "events": now["events"]}
        said = f"{now['events']:.0f} events where {now['expected']:.1f} were expected ({ratio:.2f} times)"
        common = _common_moved(now, old)
        if common is not None:
            said += f": ordinary rows score {common:.2f} times as high as before, events do not explain it."
            return "scores-moved", said, ratio, found
        usual = "" if np.isnan(before) else f", {before:.2f} times before"
        return self.code, f"{said}{usual}: the calibration has moved.", ratio, found


def _common_moved(now: Mapping[str, float], old: Mapping[str, float]) -> float | None:
    """How many times as high ordinary rows score, where that explains more than the rest; else None."""
    rows = [v["labelled"] - v["events"] for v in (now, old)]
    if min(rows) <= 0 or min(now["expected"], old["expected"]) <= 0 or _events_moved(now, old):
        return None
    mean_now, mean_old = now["expected_common"] / rows[0], old["expected_common"] / rows[1]
    change = np.log((now["events"] + 0.5) / now["expected"]) - np.log((old["events"] + 0.5) / old["expected"])
    as_before = now["expected"] - now["expected_common"] + rows[0] * mean_old
    by_common = -np.log(now["expected"] / as_before)
    return float(mean_now / mean_old) if by_common * change > 0 and abs(by_common) > abs(change) / 2 else None


def _events_moved(now: Mapping[str, float], old: Mapping[str, float]) -> bool:
    """Whether the log-odds of the events surely have another mean, or another spread, than before."""
    n, k = now["events"], old["events"]
    if min(n, k) < 2:
        return False
    means = [v["event_logits"] / v["events"] for v in (now, old)]
    spreads = [max(v["event_squares"] / v["events"] - m**2, 1e-6) for v, m in zip((now, old), means, strict=True)]
    apart = (means[0] - means[1]) / (spreads[0] / n + spreads[1] / k) ** 0.5
    wider = np.log(spreads[0] / spreads[1]) / (2 / n + 2 / k) ** 0.5
    return bool(max(abs(apart), abs(wider)) > _SURE)
