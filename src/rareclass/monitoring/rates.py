"""Detectors of rates on matured labels: misses among events, false alarms among alerts, events among rows."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from rareclass.kernels.intervals import clopper_pearson
from rareclass.monitoring.chance import count_z, normal_bets, uniform
from rareclass.monitoring.cohorts import Cohort
from rareclass.monitoring.detector import Detector, PooledDetector
from rareclass.monitoring.ledger import Ledger
from rareclass.monitoring.spread import FARTHEST

MOST = 600
"""Trials that the reference counts for at most: its scores are out of fold, production tells better what is usual."""
EFFECTS = np.array([0.12, 0.25, 0.4, 0.6])
"""Bets: by how many standard deviations of one trial the rate has moved."""
_STEEPEST = 4.0


def capped(hits: float, trials: float, most: float = MOST) -> np.ndarray:
    """Hits and trials (2,), as of at most so many trials."""
    scale = min(1.0, most / trials) if trials > 0 else 0.0
    return np.array([hits * scale, trials * scale])


def day_seed(cohort: Cohort, stream: int) -> float:
    """A number in (0, 1) that hangs on the day and its rows."""
    key = np.bitwise_xor.reduce(cohort.key) if cohort.key.size else np.uint64(0)
    return float(uniform(np.array([key], dtype=np.uint64), stream)[0])


def bets(z: float, trials: float) -> np.ndarray:
    """Log e-values (g,) of the score of a day with so many trials."""
    return normal_bets(z, np.minimum(EFFECTS * np.sqrt(trials), _STEEPEST))


class RateDetector(PooledDetector):
    """A rising share of hits among trials; subclasses say what these are."""

    stream: ClassVar[int] = 0

    def __init__(self, hits: float = 0, trials: float = 0) -> None:
        super().__init__(capped(hits, trials))

    def counts(self, cohort: Cohort) -> np.ndarray:
        """Hits and trials (2,) of a day, unweighted."""
        raise NotImplementedError

    def evidence(self, cohort: Cohort) -> np.ndarray | None:
        known = self.pool.total[1]
        self.why_off = self.too_few(known)
        hits, trials = map(int, self.counts(cohort))
        if trials == 0 or self.why_off:
            return None
        z = count_z(hits, trials, float(self.pool.total[0]), float(known), day_seed(cohort, self.stream))
        return self.spread.tempered(cohort.day, [z], bets(np.clip(z, -FARTHEST, FARTHEST), trials)[None])

    def learn(self, cohort: Cohort) -> None:
        counts = self.counts(cohort)
        if counts[1]:
            self.pool.add(cohort.day, counts)

    def before(self, since: int) -> float:
        """The rate before a change, of reference and days."""
        hits, trials = self.pool.before(since)
        return float(hits / max(trials, 1.0))


class Recall(RateDetector):
    """Misses among events; with the weights of an audit, a bet on their weighted sum."""

    name, code, stream = "recall", "recall-fell", 1
    what_to_do = "Look at the missed events; retrain on recent labels, or lower the threshold until then."

    def counts(self, cohort: Cohort) -> np.ndarray:
        event = cohort.event
        return np.array([int((event & ~cohort.alert).sum()), int(event.sum())])

    def evidence(self, cohort: Cohort) -> np.ndarray | None:
        weight = cohort.weight[cohort.labelled]
        if weight.size == 0 or np.ptp(weight) == 0:
            return super().evidence(cohort)
        # E[1 + c w (miss - rate)] <= 1 over the draw of the audit; c is bounded by the largest weight
        event = cohort.event
        if not event.any():
            return None
        hits, trials = self.pool.total
        self.why_off = self.too_few(trials)
        if self.why_off:
            return None
        rate = float(np.clip(clopper_pearson(hits, max(trials, 1), 0.9)[1], 1e-6, 0.9))
        pull = EFFECTS / np.sqrt(rate * (1 - rate))
        w, missed = cohort.weight[event], ~cohort.alert[event]
        pull = np.minimum(pull, 0.5 / rate)[:, None] * (w / weight.max())
        z = w @ (missed - rate) / np.sqrt(w @ w * rate * (1 - rate))
        return self.spread.tempered(cohort.day, [z], np.log1p(pull * (missed - rate)).sum(axis=1)[None])

    def learn(self, cohort: Cohort) -> None:
        weight = cohort.weight[cohort.event]
        if weight.size and np.ptp(cohort.weight[cohort.labelled]) > 0:
            missed = float(weight[~cohort.alert[cohort.event]].sum() / weight.sum())
            kish = float(weight.sum() ** 2 / (weight**2).sum())
            self.pool.add(cohort.day, np.array([missed * kish, kish]))
        else:
            super().learn(cohort)

    def finding(self, since: int, ledger: Ledger) -> tuple[str, str, float, dict[str, Any]]:
        now, before = ledger.sums(since), 1 - self.before(since)
        recall = 1 - now["missed"] / max(now["events"], 1)
        said = (
            f"Recall has fallen from {before:.0%} to {recall:.0%}: {now['missed']:.0f} of {now['events']:.0f} events "
            "were missed since."
        )
        return self.code, said, recall, {"before": before, "events": now["events"], "missed": now["missed"]}


class Precision(RateDetector):
    """False alarms among alerts; told apart from ordinary rows that score higher."""

    name, code, stream = "precision", "precision-fell", 2
    trials_word = "alerts"
    what_to_do = "Look at the false alarms; if the events have become fewer, move the threshold, else retrain."

    def counts(self, cohort: Cohort) -> np.ndarray:
        alert = cohort.alert & cohort.labelled
        return np.array([int((alert & ~cohort.event).sum()), int(alert.sum())])

    def finding(self, since: int, ledger: Ledger) -> tuple[str, str, float, dict[str, Any]]:
        now, old = ledger.sums(since), self.usual(ledger, since)
        before = 1 - self.before(since)
        precision = now["alert_events"] / max(now["labelled_alerts"], 1)
        found = {"before": before, "alerts": now["labelled_alerts"], "alert_events": now["alert_events"]}
        said = f"Precision has fallen from {before:.0%} to {precision:.0%} of the alerts"
        if old["labelled"]:
            right, of_right = _moved("alert_events", "labelled", now, old)
            false, of_false = _moved("common_alerts", "common", _with_common(now), _with_common(old))
            if false / of_false > -right / of_right:  # what moved more surely is the cause
                said += f": ordinary rows raise {np.exp(false):.2f} times as many alerts; events are found as before."
                return "scores-moved", said, precision, found
        return self.code, said + ": events among them have become fewer.", precision, found


def _with_common(sums: Mapping[str, float]) -> dict[str, float]:
    alerts, rows = sums["labelled_alerts"] - sums["alert_events"], sums["labelled"] - sums["events"]
    return {"common_alerts": alerts, "common": rows}


def _moved(count: str, among: str, now: Mapping[str, float], old: Mapping[str, float]) -> tuple[float, float]:
    """Log of how many times as frequent, and its standard error."""
    times = np.log((now[count] + 0.5) / (old[count] + 0.5)) - np.log(max(now[among], 1) / max(old[among], 1))
    return float(times), float((1 / (now[count] + 0.5) + 1 / (old[count] + 0.5)) ** 0.5)


class SliceRecall(Detector):
    """Misses among the events of each slice; slices are called by the e-Benjamini-Hochberg rule.

    The alarm of a slice needs K threshold / k, k being the slices that reach it, of K: then the mean over slices has
    reached the threshold, so that the budget holds however slices hang together (Wang & Ramdas 2022).
    """

    name, code = "slices", "recall-fell"
    MOST_SLICES = 50
    what_to_do = "Look at the missed events of these slices; a model trained with --slices, or one retrained, may help."

    def __init__(self, most: int = MOST_SLICES) -> None:
        super().__init__()
        self.most = most
        self.parts: dict[str, Recall] = {}
        self.called: list[str] = []

    @property
    def statistic(self) -> float:
        found = sorted((p.statistic for p in self.parts.values()), reverse=True)
        # in units of the threshold of the mean: K / k times the k-th largest statistic that is called
        return max((s * k / len(found) for k, s in enumerate(found, 1)), default=0.0)

    def update(self, cohort: Cohort) -> bool:
        if self.silent_until is not None and cohort.day < self.silent_until:
            return False
        self.silent_until = None
        for name in sorted(set(cohort.slices[cohort.event].tolist()) - {""}):
            if name not in self.parts and len(self.parts) < self.most:
                self.parts[name] = Recall()
        for name, part in self.parts.items():
            part.update(cohort.only(cohort.slices == name))
        on = [p for p in self.parts.values() if not p.why_off]
        self.why_off = (
            "" if on else f"No slice has {Recall.FEWEST} labelled events yet; {len(self.parts)} slices are known."
        )
        return self.statistic >= self.threshold

    def since(self) -> tuple[int, int]:
        found = {n: p.statistic for n, p in self.parts.items()}
        order = sorted(found, key=lambda n: -found[n])
        count = max((k for k, n in enumerate(order, 1) if found[n] * k >= len(order) * self.threshold), default=1)
        self.called = order[:count]
        ends = [self.parts[n].since() for n in self.called if self.parts[n].trail]
        self.likely = min(self.parts[n].likely for n in self.called if self.parts[n].trail)
        return min(low for low, _ in ends), max(high for _, high in ends)

    def unlearn(self, day: int) -> None:
        for name in self.called:
            self.parts[name].unlearn(day)

    def resume(self) -> None:
        self.silent_until = None
        for part in self.parts.values():
            part.resume()

    def finding(self, since: int, ledger: Ledger) -> tuple[str, str, float, dict[str, Any]]:
        found = {}
        for name in self.called:
            part = self.parts[name]
            now = part.pool.since(since)
            found[name] = {"before": 1 - part.before(since), "recall": 1 - float(now[0] / max(now[1], 1))}
        said = ", ".join(f"{n} from {v['before']:.0%} to {v['recall']:.0%}" for n, v in found.items())
        return (
            self.code,
            f"Recall has fallen in slices: {said}.",
            min(v["recall"] for v in found.values()),
            {"slices": found},
        )

    def described(self) -> dict[str, Any]:
        """With the events and misses of each slice, all days together, and how far its evidence is."""
        slices = {}
        for name, part in self.parts.items():
            missed, events = part.pool.total
            slices[name] = {"events": float(events), "missed": float(missed), "statistic": part.statistic}
        return super().described() | {"slices": slices}

    def saved(self) -> dict[str, Any]:
        return {"parts": {n: p.to_dict() for n, p in self.parts.items()}, "called": self.called}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.called = list(state["called"])
        for name, saved in state["parts"].items():
            self.parts[name] = Recall()
            self.parts[name].load(saved)
