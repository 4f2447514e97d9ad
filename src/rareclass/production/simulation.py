"""Months in production: train, serve over HTTP, log, watch, retrain, judge, promote; beside a model left alone."""

import os
import tempfile
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from rareclass import _check
from rareclass._json import to_json
from rareclass._lazy import need
from rareclass.artifact.atomic import atomic_directory
from rareclass.artifact.bundle import Bundle
from rareclass.data.drifting import DriftingPayments
from rareclass.data.problem import Roles, read_problem
from rareclass.decisions.costs import CostMatrix
from rareclass.errors import InputError
from rareclass.kernels.threads import thread_count
from rareclass.lifecycle.registry import Registry
from rareclass.lifecycle.retraining import PROMOTED, retrain
from rareclass.production.feedback import SLICE, TARGET, TIME, WEIGHT, Decided, came
from rareclass.production.figure import figure_svg
from rareclass.production.page import render_page
from rareclass.production.service import Service, sigterm_unwinds
from rareclass.production.watch import Watch
from rareclass.serving.settings import PACKAGES
from rareclass.workflow import train_table

Progress = Callable[[str, int, int], None]
COSTS = CostMatrix(fp=10.0, fn=200.0)
AUDIT = 2.0
"""What it costs to look into a stopped payment."""
CAPACITY = 0.14
"""Share of the payments of a day that can be stopped at most; of more alerts those of the highest probability are."""
WEEK, WINDOW, AGAIN, MONTH = 7, 49, 14, 28
"""Days between two looks of the monitor; of the labelled rows that retraining gets; until it is tried again after an
alarm, unless it asked for labels that have not come and no alarm is new; between retrainings otherwise."""
RESULTS, REPORT, FIGURE, REGISTRY = OURS = ("results.json", "report.html", "figure.svg", "registry")


@dataclass(kw_only=True)
class _Year:
    """What happened so far, as `results.json` will say."""

    days: list[dict[str, Any]] = field(default_factory=list)
    alarms: list[dict[str, Any]] = field(default_factory=list)
    retrainings: list[dict[str, Any]] = field(default_factory=list)


def simulate_production(
    out: str | os.PathLike,
    *,
    months: int = 12,
    seed: int = 0,
    rows: int = 1_000,
    overwrite: bool = False,
    n_jobs: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Simulate months of card payments around a model that is served, watched and retrained.

    A model is trained on twelve weeks of payments and promoted into a registry; `rareclass serve` serves its champion.
    Each day's payments are posted to it over HTTP; alerts, as many as can be, are stopped. A fraud that got through is
    reported days later; one that was stopped is never reported, so a random share of what is stopped is looked into.
    Once a week the monitor reads the log and the labels that came; each month, and when the monitor speaks of drift, a
    challenger is made and judged, and served where it is promoted. The first model, frozen, decides on the same rows.

    Parameters
    ----------
    out : path
        Folder for ``results.json``, ``report.html``, ``figure.svg`` and the registry.
    months : int, default=12
        Of 30 days, 1 to 120.
    seed : int, default=0
        The same seed gives the same results, whatever the clock, the load and the threads.
    rows : int, default=1,000
        Payments a day.
    n_jobs : int, optional
        Threads of training; by default all cores.
    progress : callable, optional
        Called with what is done, the day, and the days.

    Returns
    -------
    dict
        What `results.json` holds: ``cost`` (of all days, retrained and frozen), ``changes``, ``alarms``,
        ``alerts_per_day``, ``capacity``, ``promotions``, ``retrainings`` and ``days``.

    Raises
    ------
    DependencyError
        The extra ``serving`` lacks.
    InputError
        An argument is out of range, or the folder holds something else.
    """
    _check.whole_number(months, "months", low=1, high=120)
    for module in PACKAGES:
        need(module, extra="serving")
    _refuse_other(Path(out))
    payments = DriftingPayments(months=months, seed=seed, rows=rows)
    with (
        sigterm_unwinds(),
        atomic_directory(out, overwrite=overwrite) as folder,
        tempfile.TemporaryDirectory() as scratch,
    ):
        production = _Production(payments, folder / REGISTRY, n_jobs=n_jobs or thread_count(), tick=progress or _quiet)
        with Service(folder / REGISTRY, Path(scratch) / "log") as service:
            results = production.run(service)
        (folder / RESULTS).write_text(to_json(results) + "\n", encoding="utf-8")
        (folder / REPORT).write_text(render_page(results), encoding="utf-8")
        (folder / FIGURE).write_text(figure_svg(results), encoding="utf-8")
    return results


def _refuse_other(folder: Path) -> None:
    """Raise where a folder that is to be replaced holds more than such months."""
    other = (
        next((path.name for path in sorted(folder.iterdir()) if path.name not in OURS), None)
        if folder.is_dir()
        else None
    )
    if other is not None:
        raise InputError(
            f"The folder {folder} holds {other!r}, which belongs to no simulation, so it is not replaced. Name another "
            "folder, or move that out first."
        )


class _Production:
    """The bank: a registry, a service, a monitor and a history of what was decided."""

    def __init__(self, payments: DriftingPayments, registry: Path, *, n_jobs: int, tick: Progress) -> None:
        self.payments, self.n_jobs, self.tick = payments, n_jobs, tick
        self.capacity = round(CAPACITY * payments.rows)
        self.registry, self.year = Registry(registry), _Year()
        self.past: deque[Decided] = deque(maxlen=WINDOW + int(payments.period) + 2 * WEEK)
        tick("training", 0, payments.days)
        self.past += [Decided.of(payments, day) for day in payments.history()]
        self.champion = self.frozen = self._first()
        self.watch = self._watched()
        self.tried = self.heard = self.wanted = 0
        self.models = 1

    def run(self, service: Service) -> dict[str, Any]:
        """All days; what `results.json` holds."""
        week: list[Decided] = []
        for number in range(self.payments.days):
            self.tick("serving", number, self.payments.days)
            week.append(self._day(number, service))
            if len(week) == WEEK:
                self._look(number + 1, service, week)
                self._perhaps_retrain(number + 1, service)
                week = []
        return self._results()

    def _first(self) -> Bundle:
        """The first model, trained on all but the newest rows of history, and promoted."""
        table = pa.concat_tables([day.labelled() for day in self.past])
        problem = read_problem(table.drop_columns([WEIGHT]), TARGET, Roles(time=TIME))
        with tempfile.TemporaryDirectory() as scratch:
            train_table(
                problem,
                out=Path(scratch) / "bundle",
                costs=COSTS,
                estimator="lightgbm",
                treatment="none",
                slices=SLICE,
                cv=3,
                random_state=self.payments.seed,
                n_jobs=self.n_jobs,
            )
            version = self.registry.add(Path(scratch) / "bundle")
        self.registry.promote(version, "The first model.")
        return self.registry.load(version)

    def _watched(self) -> Watch:
        return Watch(self.champion, mature_after=self.payments.period)

    def _day(self, number: int, service: Service) -> Decided:
        """Post a day's payments, stop what can be stopped, and note what both models cost."""
        payments = self.payments.day(number)
        asked = payments.table.select(list(self.champion.scorer.columns))
        ids = payments.table["id"].to_pylist()
        answered = service.score(asked, ids, self.champion.version)
        stopped = _most(answered.alert, answered.probability, self.capacity)
        frozen = self.frozen.scorer.probability(asked)
        left = _most(self.frozen.scorer.flag(frozen), frozen, self.capacity)
        day = Decided.of(self.payments, payments, stopped)
        self.past.append(day)
        self.year.days.append(
            {
                "date": self._date(number),
                "payments": len(day.ids),
                "frauds": int(day.fraud.sum()),
                "alerts": int(answered.alert.sum()),
                "stopped_frauds": int((stopped & day.fraud).sum()),
                "audited": day.audited,
                "model": self.models,
                "retrained": _cost(stopped, day.fraud) + AUDIT * day.audited,
                "frozen": _cost(left, day.fraud),
            }
        )
        return day

    def _look(self, now: int, service: Service, week: list[Decided]) -> None:
        """The weekly run of the monitor."""
        logged = service.logged([key for day in week for key in day.ids])
        for alarm in self.watch.look(logged, week, float(now), self.payments.date(now).astype("datetime64[s]")):
            self.year.alarms.append(
                {
                    "date": self._date(now),
                    "model": self.models,
                    "code": alarm.code,
                    "sentence": alarm.sentence,
                    "since": [str(np.datetime64(moment, "D")) for moment in alarm.since],
                }
            )

    def _perhaps_retrain(self, now: int, service: Service) -> None:
        """Retrain each month, and sooner where the monitor speaks of drift and something is new since the last try."""
        drift = self.watch.monitor.state == "drift"
        heard = len(self.year.alarms)
        news = heard > self.heard or came(self.past, self.tried, now) >= self.wanted
        if now - self.tried < (AGAIN if drift and news else MONTH):
            return
        self.tick("retraining", now, self.payments.days)
        self.tried, self.heard = now, heard
        settled = [day for day in self.past if day.number + 1 + self.payments.period <= now][-WINDOW:]
        table = pa.concat_tables([day.labelled() for day in settled])
        found = retrain(self.registry, table, target=TARGET, roles=Roles(time=TIME, weights=WEIGHT), n_jobs=self.n_jobs)
        promoted = found.outcome == PROMOTED
        self.wanted = found.labels_needed
        self.year.retrainings.append(
            {
                "date": self._date(now),
                "cause": "drift" if drift else "month",
                "outcome": found.outcome,
                "sentence": found.sentence,
            }
        )
        if promoted:
            self.models += 1
            self.champion = self.registry.load(found.version)
            self.watch = self._watched()
            service.serves(found.version)

    def _results(self) -> dict[str, Any]:
        year, days = self.year, self.payments.days
        promotions = [
            {"date": r["date"], "cause": r["cause"], "why": r["sentence"]}
            for r in year.retrainings
            if r["outcome"] == PROMOTED
        ]
        return {
            "schema_version": 1,
            "months": self.payments.months,
            "seed": self.payments.seed,
            "payments": sum(day["payments"] for day in year.days),
            "frauds": sum(day["frauds"] for day in year.days),
            "costs": {"fp": COSTS.fp, "fn": COSTS.fn, "audit": AUDIT},
            "cost": {name: sum(day[name] for day in year.days) for name in ("retrained", "frozen")},
            "changes": [
                {"kind": c.kind, "what": c.what, "from": self._date(c.first), "to": self._date(min(c.last, days - 1))}
                for c in self.payments.changes
            ],
            "alarms": year.alarms,
            "alerts_per_day": [day["alerts"] for day in year.days],
            "capacity": self.capacity,
            "promotions": promotions,
            "retrainings": year.retrainings,
            "days": year.days,
        }

    def _date(self, day: int) -> str:
        return str(self.payments.date(day))


def _most(alert: np.ndarray, probability: np.ndarray, capacity: int) -> np.ndarray:
    """The alerts (n,) that are stopped: those of the highest probability, as many as can be; ties by order."""
    order = np.argsort(np.where(alert, -probability, np.inf), kind="stable")[:capacity]
    stopped = np.zeros(alert.size, dtype=bool)
    stopped[order] = True
    return stopped & alert


def _cost(stopped: np.ndarray, fraud: np.ndarray) -> float:
    return float(COSTS.fp * (stopped & ~fraud).sum() + COSTS.fn * (fraud & ~stopped).sum())


def _quiet(what: str, done: int, total: int) -> None:
    """Progress that nobody sees."""
