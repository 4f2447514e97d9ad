"""Prometheus metrics of the service, one sum over all workers.

Nothing is written while a request is answered: counts go to plain lists, which join the files that the workers share
(prometheus-client's multiprocess mode) at most a quarter of a second later. A worker that is killed loses that quarter
second; its counters stay, and its successor of the same name counts on from them.
"""

import asyncio
import math
import os
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import prometheus_client
from prometheus_client import CollectorRegistry, values
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from rareclass.serving.answers import Answers
from rareclass.serving.models import Served
from rareclass.serving.slice_names import SliceNames, shown
from rareclass.serving.standing import Standings, remove_standing
from rareclass.serving.traffic import Counts, History, Recent

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
SECONDS = (1e-4, 2e-4, 3e-4, 5e-4, 7e-4, 0.001, 0.0015, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
LOG_ODDS = tuple(k / 2 for k in range(-24, 13))
"""Half units from -12 (six in a million) to 6, as the counts in a bundle's reference: the rare end is resolved."""
ROUTES = ("infer", "score", "grpc", "other")
EVERY = 0.25
"""Seconds until counts are in the files."""


class _Histogram(prometheus_client.Histogram):
    """A histogram that takes counts, where `observe` would take value by value."""

    def add(self, counts: Sequence[int], total: float) -> None:
        for bucket, count in zip(self._buckets, counts, strict=True):
            if count:
                bucket.inc(count)
        self._sum.inc(total)


class _Tally:
    """What one model answered since the counts last went to the files."""

    def __init__(self) -> None:
        self.seconds = {route: [0] * (len(SECONDS) + 1) for route in ROUTES}
        self.spent = dict.fromkeys(ROUTES, 0.0)
        self.log_odds = [0] * (len(LOG_ODDS) + 1)
        self.sum = 0.0
        self.rows: Counter[str] = Counter()
        self.alerts: Counter[tuple[str, str]] = Counter()
        self.unknown: Counter[str] = Counter()


class Metrics:
    """The metrics of one worker; `exposition` and `reading` are those of all.

    Parameters
    ----------
    worker : str
        Distinct among the workers that live at one time; a worker that takes the place of a dead one takes its name,
        and counts on from it. Letters, digits and hyphens.
    folder : Path, optional
        Shared by the workers, `PROMETHEUS_MULTIPROC_DIR` by default.

    """

    def __init__(self, worker: str, folder: Path | None = None) -> None:
        self.folder = Path(os.environ[FOLDER]) if folder is None else folder
        os.environ[FOLDER] = str(self.folder)  # where prometheus-client looks
        self._values = values.ValueClass = values.MultiProcessValue(lambda: worker)
        self._in_flight = 0
        self.standings = Standings(self.folder, worker)
        self._slices = SliceNames(self.folder / "slices.jsonl")
        self._tallies: dict[str, _Tally] = {}
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._reloads: Counter[tuple[str, str]] = Counter()
        self._dropped = 0
        self._lock, self._due = Lock(), False
        self._files = _Files()
        self._history = History()
        self.recent()

    def began(self) -> None:
        """Count a request as in flight until `ended`."""
        self._in_flight += 1
        if not self._due:
            self._flush_soon()

    def ended(self) -> None:
        """A request is in flight no more, however it ended."""
        self._in_flight -= 1

    def answered(self, served: Served, answers: Answers, seconds: float, *, route: str = "infer") -> None:
        """Count a request that was answered, from its first byte to its answer in `seconds`."""
        name, logit = served.name, answers.logit
        with self._lock:
            tally = self._tallies.get(name) or self._tallies.setdefault(name, _Tally())
            tally.seconds[route][bisect_left(SECONDS, seconds)] += 1
            tally.spent[route] += seconds
            self._requests[name, route, 200] += 1
            for column, n in answers.unknown.items():
                tally.unknown[column] += n
            if logit.size == 1:
                self._one(tally, served, answers, float(logit[0]))
            elif logit.size:
                self._many(tally, served, answers)
        if not self._due:
            self._flush_soon()

    def _one(self, tally: _Tally, served: Served, answers: Answers, logit: float) -> None:
        """`_many` without arrays, for one row."""
        tally.log_odds[bisect_left(LOG_ODDS, logit)] += 1
        if math.isfinite(logit):
            tally.sum += logit
        slice_name = "" if answers.slices is None else self._slices.label(served.name, answers.slices[0])
        tally.rows[slice_name] += 1
        if answers.tier is not None:
            if answers.tier[0] != served.tiers[0]:
                tally.alerts[answers.tier[0], slice_name] += 1
        elif answers.alert[0]:
            tally.alerts["alert", slice_name] += 1

    def _many(self, tally: _Tally, served: Served, answers: Answers) -> None:
        counts = np.bincount(np.searchsorted(LOG_ODDS, answers.logit), minlength=len(LOG_ODDS) + 1)
        tally.log_odds = [a + b for a, b in zip(tally.log_odds, counts.tolist(), strict=True)]
        tally.sum += float(answers.logit[np.isfinite(answers.logit)].sum())
        if answers.tier is None:
            flagged = np.flatnonzero(answers.alert)
            tiers = ["alert"] * flagged.size
        else:
            flagged = np.flatnonzero(np.asarray(answers.tier) != served.tiers[0])
            tiers = [str(answers.tier[i]) for i in flagged]
        if answers.slices is None:
            tally.rows[""] += answers.logit.size
            tally.alerts.update((tier, "") for tier in tiers)
            return
        for text, rows in Counter(answers.slices).items():
            tally.rows[self._slices.label(served.name, text)] += rows
        for (tier, text), rows in Counter(zip(tiers, (answers.slices[i] for i in flagged), strict=True)).items():
            tally.alerts[tier, self._slices.label(served.name, text)] += rows

    def refused(self, model: str | None, status: int, *, route: str = "other") -> None:
        """Count a request that was refused; `model` only where it names one that is served, else None."""
        with self._lock:
            known = model if model in self.standings.own else None
            self._requests[known or "", route, status] += 1
        if not self._due:
            self._flush_soon()

    def reloaded(self, name: str, version: str | None, problem: str | None = None) -> None:
        """Note that a model was loaded in this version, or why it could not be."""
        with self._lock:
            first = not (name in self.standings.own and self.standings.own[name].version)
            self.standings.note(name, version, problem)
            if problem or not first:
                self._reloads[name, "failed" if problem else "taken up"] += 1
        self.flush()

    def log_dropped(self, rows: int) -> None:
        """Count rows that the prediction log had no room for."""
        with self._lock:
            self._dropped += rows
        if not self._due:
            self._flush_soon()

    def _flush_soon(self) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # not in a server
            self.flush()
            return
        self._due = True
        loop.call_later(EVERY, self.flush)

    def flush(self) -> None:
        """Add what was counted to the files."""
        with self._lock:
            values.ValueClass, self._due = self._values, False  # series that are new are made of it
            tallies, self._tallies = self._tallies, {}
            requests, self._requests = self._requests, Counter()
            reloads, self._reloads = self._reloads, Counter()
            dropped, self._dropped = self._dropped, 0
            for name, tally in tallies.items():
                self._files.add(shown(name), tally)
            for (name, route, status), n in requests.items():
                self._files.requests.labels(shown(name), route, status).inc(n)
            for (name, outcome), n in reloads.items():
                self._files.reloads.labels(shown(name), outcome).inc(n)
            self._files.dropped.inc(dropped)
            self._files.in_flight.set(self._in_flight)

    def collect(self) -> Iterator[Metric]:
        """The metrics of all workers."""
        self.flush()
        yield from MultiProcessCollector(None, path=str(self.folder)).collect()
        workers = GaugeMetricFamily(
            "rareclass_model_workers", "Workers that serve this version of a model.", labels=("model", "version")
        )
        failing = GaugeMetricFamily(
            "rareclass_reload_failing", "Workers whose last reload of a model failed.", labels=("model",)
        )
        for name, standings in self.standings.of_all().items():
            for version, n in Counter(s.version for s in standings).items():
                workers.add_metric((shown(name), version), n)
            failing.add_metric((shown(name),), sum(bool(s.problem) for s in standings))
        yield from (workers, failing)

    def recent(self) -> Recent:
        """All that the workers counted, and what of it came in the last while."""
        return self._history.add(Counts.of(self.collect()))

    def exposition(self) -> tuple[bytes, str]:
        """The body of /metrics and its content type."""
        registry = CollectorRegistry()
        registry.register(self)
        return prometheus_client.generate_latest(registry), prometheus_client.CONTENT_TYPE_LATEST


class _Files:
    """The metrics as prometheus-client keeps them."""

    def __init__(self) -> None:
        def named(kind: Any, name: str, said: str, labels: Sequence[str], **more: Any) -> Any:
            return kind(f"rareclass_{name}", said, labels, registry=None, **more)

        counter = prometheus_client.Counter
        self.seconds = named(
            _Histogram,
            "request_seconds",
            "Time from a request to its answer, in the worker.",
            ("model", "route"),
            buckets=SECONDS,
        )
        self.requests = named(counter, "requests", "Requests by their HTTP status.", ("model", "route", "status"))
        self.rows = named(counter, "rows", "Rows scored.", ("model", "slice"))
        self.alerts = named(counter, "alerts", "Rows flagged, by alert tier.", ("model", "tier", "slice"))
        self.log_odds = named(
            _Histogram, "log_odds", "Calibrated log-odds of the rows scored.", ("model",), buckets=LOG_ODDS
        )
        self.unknown = named(
            counter, "unknown_values", "Values that training never saw, by column.", ("model", "column")
        )
        self.reloads = named(counter, "reloads", "Reloads of a model, by outcome.", ("model", "outcome"))
        self.dropped = named(counter, "log_dropped_rows", "Rows that the prediction log had no room for.", ())
        self.in_flight = named(
            prometheus_client.Gauge,
            "in_flight_requests",
            "Requests that are being answered.",
            (),
            multiprocess_mode="livesum",
        )

    def add(self, name: str, tally: _Tally) -> None:
        for route, counts in tally.seconds.items():
            if any(counts):
                self.seconds.labels(name, route).add(counts, tally.spent[route])
        self.log_odds.labels(name).add(tally.log_odds, tally.sum)
        for slice_name, n in tally.rows.items():
            self.rows.labels(name, slice_name).inc(n)
        for (tier, slice_name), n in tally.alerts.items():
            self.alerts.labels(name, shown(tier), slice_name).inc(n)
        for column, n in tally.unknown.items():
            self.unknown.labels(name, shown(column)).inc(n)


def forget_worker(folder: Path, worker: str) -> None:
    """After a worker died: its counters stay, what it was doing and serving goes."""
    mark_process_dead(worker, str(folder))
    remove_standing(folder, worker)
