"""What each day held: counts before and after its labels came, for reports and for telling causes apart."""

from collections.abc import Container
from typing import Any

import numpy as np

from rareclass.kernels.intervals import poisson_limits, wilson
from rareclass.kernels.logits import logit
from rareclass.monitoring.cohorts import Cohort

_DAYS = 1_100
_ENDS = (1e-6, 1 - 1e-6)
_SUMS = (
    "labelled", "events", "missed", "labelled_alerts", "alert_events", "expected", "expected_common",
    "event_logits", "event_squares",
)  # fmt: skip


class Ledger:
    """Plain numbers by day, of at most the last three years."""

    def __init__(self, days: dict[int, dict[str, float]] | None = None) -> None:
        self.days = {} if days is None else days

    def scored(self, cohort: Cohort) -> None:
        """Note a day that is over."""
        self.days[cohort.day] = {
            "rows": cohort.key.size,
            "alerts": int(cohort.alert.sum()),
            "expected_events": float(cohort.probability.sum()),
        }
        while len(self.days) > _DAYS:
            del self.days[min(self.days)]

    def matured(self, cohort: Cohort) -> None:
        """Note a day whose labels have come."""
        known, event, alert = cohort.labelled, cohort.event, cohort.alert
        p = cohort.probability
        z = logit(np.clip(p[event], *_ENDS))
        self.days.setdefault(cohort.day, {"rows": cohort.key.size, "alerts": int(alert.sum())}).update(
            labelled=int(known.sum()),
            events=int(event.sum()),
            missed=int((event & ~alert).sum()),
            labelled_alerts=int((known & alert).sum()),
            alert_events=int((event & alert).sum()),
            expected=float(p[known].sum()),
            expected_common=float(p[known & ~event].sum()),
            event_logits=float(z.sum()),
            event_squares=float(z @ z),
        )

    def sums(
        self, first: float = -np.inf, last: float = np.inf, among: Container[int] | None = None
    ) -> dict[str, float]:
        """Sums over matured days from `first` to before `last`, and of these days only."""
        days = ((d, v) for d, v in self.days.items() if first <= d < last and (among is None or d in among))
        chosen = [v for _, v in days if "labelled" in v]
        return {name: float(sum(v[name] for v in chosen)) for name in _SUMS}

    def rows(self) -> list[dict[str, Any]]:
        """Days in order, with recall, precision and observed over expected events, each with its 95 % interval."""
        return [_with_rates(day, dict(v)) for day, v in sorted(self.days.items())]


def _with_rates(day: int, v: dict[str, Any]) -> dict[str, Any]:
    v = {"day": day, **v}
    if v.get("events"):
        hits = v["events"] - v["missed"]
        v["recall"], v["recall_interval"] = hits / v["events"], list(wilson(hits, v["events"]))
    if v.get("labelled_alerts"):
        right, trials = v["alert_events"], v["labelled_alerts"]
        v["precision"], v["precision_interval"] = right / trials, list(wilson(right, trials))
    if v.get("expected"):
        low, high = poisson_limits(v["events"])
        v["ratio"], v["ratio_interval"] = v["events"] / v["expected"], [low / v["expected"], high / v["expected"]]
    return v
