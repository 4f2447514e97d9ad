"""One run over a prediction log and a table of labels: what is new goes to the monitor, which is kept in a file."""

import contextlib
import datetime
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rareclass._json import to_plain
from rareclass._types import Rows
from rareclass.artifact.bundle import Bundle
from rareclass.artifact.incoming import written_before
from rareclass.data.layout import TextFormat
from rareclass.errors import InputError
from rareclass.kernels.random import splitmix64
from rareclass.monitoring.alarms import Alarm
from rareclass.monitoring.chance import row_keys
from rareclass.monitoring.cohorts import packed, unpacked
from rareclass.monitoring.first_weeks import off_from_start
from rareclass.monitoring.hooks import Webhook, append_events, cloud_event
from rareclass.monitoring.label_table import KnownLabels, LabelColumns, read_labels
from rareclass.monitoring.log_days import DayRows, LogDays, encoding
from rareclass.monitoring.log_span import LogSpan
from rareclass.monitoring.monitor import RareClassMonitor
from rareclass.monitoring.outlook import outlook
from rareclass.monitoring.prediction_log import COMPLETE, OPEN, read_predictions
from rareclass.monitoring.state_file import StateFile
from rareclass.monitoring.timeline import timeline
from rareclass.monitoring.told import Watched, alarm_told, day_told, moment_told

ALL = "all"
_NO_COLUMNS, _NO_FORMAT = LabelColumns(), TextFormat()
_PENDING = 1_000


@dataclass(frozen=True, kw_only=True)
class Sources:
    """What a run reads.

    Attributes
    ----------
    log : path or sequence of paths, optional
        As in `read_predictions`; None reads nothing.
    labels : path, frame or table, optional
    columns : LabelColumns
        Of the labels.
    how : TextFormat
        How a text file of labels is written.
    now : datetime, optional
        Until when is judged; by default the newest prediction, so that a run depends on the data only.
    """

    log: str | os.PathLike | Sequence[str | os.PathLike] | None = None
    labels: Rows | None = None
    columns: LabelColumns = _NO_COLUMNS
    how: TextFormat = _NO_FORMAT
    now: datetime.datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Keeping:
    """Where a run keeps the monitor and whom it tells of alarms.

    Attributes
    ----------
    state : path, optional
        State file; without one a run begins anew and leaves nothing.
    webhook : str, optional
        Address to which new alarms are posted as CloudEvents.
    events : path, optional
        File to which they are appended, one a line.
    acknowledge : str, optional
        Detector whose alarm is closed first, or "all".
    accept : bool, default=False
        What came after the acknowledged change is the new measure.
    """

    state: str | os.PathLike | None = None
    webhook: str | None = None
    events: str | os.PathLike | None = None
    acknowledge: str | None = None
    accept: bool = False


def watch(
    bundle: Bundle, sources: Sources, keeping: Keeping = Keeping(), options: Mapping[str, Any] | None = None
) -> Watched:
    """Give the monitor what is new in a log and a labels table, and judge the days that are over.

    When to use: once a day, by cron; what an earlier run saw is not counted again. `options` are those of
    `RareClassMonitor.from_bundle`; a state file keeps those that it was begun with.

    Raises
    ------
    InputError
        The log holds predictions of other bundles only, the state is that of another bundle or of other options, or
        what is to be acknowledged is not watched.
    ReadError
        There is no such log or table.
    """
    given = {name: value for name, value in (options or {}).items() if value is not None}
    hook = None if keeping.webhook is None else Webhook(keeping.webhook)
    file = None if keeping.state is None else StateFile(keeping.state)
    with contextlib.ExitStack() as held:
        kept = None
        if file is not None:
            held.enter_context(file.held())
            kept = file.read(model=bundle.name, version=bundle.version, needed=keeping.acknowledge is not None)
        run = _Run(bundle, _resumed(bundle, kept, given), kept or {})
        if keeping.acknowledge is not None:
            run.acknowledge(keeping.acknowledge, accept=keeping.accept)
        if sources.log is not None:
            run.read(sources)
        for name in (n for n, v in (("webhook", hook), ("events", keeping.events)) if v is not None):
            run.pending[name] = [*run.pending.get(name, []), *run.events()][-_PENDING:]
        if file is not None:
            file.write(run.content())
        if run.deliver(hook, keeping.events) and file is not None:
            file.write(run.content())
    return run.told()


def _resumed(bundle: Bundle, kept: Mapping[str, Any] | None, given: Mapping[str, Any]) -> RareClassMonitor:
    if kept is None:
        return RareClassMonitor.from_bundle(bundle, **given)
    stored = kept["monitor"]["options"]
    for name, value in given.items():
        if to_plain(stored[name]) != to_plain(value):
            raise InputError(
                f"The state file was begun with `{name}={stored[name]}`, and {value} is asked for now. Leave the "
                "option out to go on, or begin anew with another --state."
            )
    return RareClassMonitor.from_dict(kept["monitor"], bundle)


class _Run:
    """What one run takes up, gives to the monitor, and leaves."""

    def __init__(self, bundle: Bundle, monitor: RareClassMonitor, kept: Mapping[str, Any]) -> None:
        self.bundle, self.monitor, self.kept = bundle, monitor, kept
        self.now: np.datetime64 | None = None
        self.new: list[Alarm] = []
        self.notes, self.problems = list[str](), list[str]()
        self.segments: dict[str, int] = dict(kept.get("segments", {}))
        self.seen = unpacked(kept["labels"]) if "labels" in kept else np.empty(0, dtype=np.uint64)
        self.pending: dict[str, list[Any]] = {k: list(v) for k, v in kept.get("pending", {}).items()}
        self.span: list[str] = list(kept.get("span", []))
        self.counts = {"predictions": 0, "labels": 0}
        self.early = 0  # labels known before their prediction
        self.before = self.monitor.problems
        if kept.get("now"):
            self.now = np.datetime64(kept["now"].rstrip("Z"), "us")

    def acknowledge(self, detector: str, *, accept: bool) -> None:
        names = [d["name"] for d in self.monitor.detectors() if d["code"]]  # estimates raise no alarm
        if detector not in (ALL, *names):
            raise InputError(
                f"--acknowledge takes {ALL}, or one of the detectors {', '.join(names)}; got {detector!r}."
            )
        standing = {a.evidence["detector"] for a in self.monitor.standing}
        if detector not in standing and (detector != ALL or not standing):
            self.notes.append(
                f"No alarm{'' if detector == ALL else f' of {detector}'} stands; nothing was acknowledged."
            )
        self.monitor.acknowledge(None if detector == ALL else detector, accept=accept)

    def read(self, sources: Sources) -> None:
        """Predictions day by day, each with the labels of its rows, and what became of the days before."""
        assert sources.log is not None
        log = sources.log
        labels = None if sources.labels is None else self._labels(sources)
        span = self._span(log, labels)
        rows = read_predictions(
            log, version=self.bundle.version, after=self.segments, since=span.since, until=span.until
        )
        encode, why = encoding(self.bundle, rows.schema)
        days = LogDays(log=rows, encode=encode, late=span.late)
        left = np.zeros(0, dtype=bool) if labels is None else self._new(labels)
        if labels is not None:
            earlier = np.flatnonzero(left & ~span.labelled)
            self._label(labels, earlier)
            left[earlier] = False
        limit = None if sources.now is None else _moment(sources.now)
        for part in days:
            self._day(part, labels, left)
            day = part.day.astype("datetime64[us]")
            self.new += self.monitor.check(day if limit is None else min(day, limit))
        newest = [v for v in (self.now, days.last) if v is not None]
        self.now = limit if limit is not None else max(newest, default=None)
        if self.now is not None:
            self.new += self.monitor.check(self.now)
        self._told_of(days, why if self.span or days.rows else None, labels, bool(span.labelled.any()))
        self.segments = {k: v for k, v in (self.segments | rows.read).items() if _there(log, k)}

    def _span(self, log: Any, labels: KnownLabels | None) -> LogSpan:
        """What is new in the log, as a first pass says."""
        rows = read_predictions(log, version=self.bundle.version, after=self.segments, columns=["id", "time"])
        span = LogSpan.of(rows, {} if labels is None else labels.place, self.monitor.max_delay)
        if rows.others and not span.rows and not self.span:
            raise InputError(
                f"The log holds no predictions of this bundle (version {self.bundle.version}), but of version "
                f"{_named(rows.others)}. Name the bundle that answered, or its log."
            )
        if span.outside:
            self.problems.append(
                f"{span.outside:,} predictions are dated more than {self.monitor.max_delay:g} days away from all "
                "others; they were left out. Look at the clocks of the servers."
            )
        return span

    def _labels(self, sources: Sources) -> KnownLabels:
        assert sources.labels is not None
        model = self.bundle.model
        return read_labels(
            sources.labels,
            sources.columns,
            sources.how,
            event=model.model_.pos_label,
            classes=model.classes_.tolist(),
            target=self.bundle.target,
            before=written_before(self.bundle),
        )

    def _new(self, labels: KnownLabels) -> np.ndarray:
        """Which labels (n,) no earlier run gave to the monitor."""
        moments = np.zeros(labels.event.size, dtype=np.int64) if labels.times is None else labels.times.astype(np.int64)
        keys = splitmix64(row_keys(labels.place) ^ splitmix64(moments.view(np.uint64) * np.uint64(2) + labels.event))
        new = ~np.isin(keys, self.seen)
        self.seen = np.sort(keys)
        return new

    def _label(self, labels: KnownLabels, rows: np.ndarray, ids: Sequence[str] | None = None) -> None:
        if rows.size == 0:
            return
        if ids is None:
            names = list(labels.place)
            ids = [names[i] for i in rows]
        times = None if labels.times is None else labels.times[rows]
        weights = None if labels.weights is None else labels.weights[rows]
        self.monitor.labels(ids, labels.event[rows], times=times, weights=weights)
        self.counts["labels"] += rows.size

    def _day(self, part: DayRows, labels: KnownLabels | None, left: np.ndarray) -> None:
        self.monitor.predictions(
            part.ids, part.times, part.probability, features=part.features, slices=part.slices, alerts=part.alerts
        )
        self.counts["predictions"] += len(part.ids)
        if labels is not None:
            known = [
                (i, at) for i, key in enumerate(part.ids) if (at := labels.place.get(key)) is not None and left[at]
            ]
            rows = np.array([at for _, at in known], dtype=np.int64)
            left[rows] = False
            self.early += labels.before(part.times[[i for i, _ in known]], rows)
            self._label(labels, rows, [part.ids[i] for i, _ in known])

    def _told_of(self, days: LogDays, why: str | None, labels: KnownLabels | None, joined: bool) -> None:
        self.problems += days.log.problems + ([] if labels is None else labels.problems)
        if days.log.others:
            said = _named(days.log.others)
            self.notes.append(f"The log also holds predictions of version {said}; they were left out.")
        if days.nameless:
            self.problems.append(
                f"{days.nameless:,} predictions have no id, so that no label finds them; they were left out. Name the "
                "column of ids when serving (--id)."
            )
        ends = [moment_told(v) for v in (days.first, days.last) if v is not None]
        self.span = [min(self.span[:1] + ends[:1]), max(self.span[1:] + ends[1:])] if ends or self.span else []
        if not self.span:
            self.notes.append("The log holds no predictions yet; there is nothing to judge.")
        if why is not None:
            self.notes.append(why)
        if labels is None:
            self.notes.append("Without labels (--labels) nothing is said of recall, precision and calibration.")
            return
        self.notes += labels.notes
        if labels.times is None and self.monitor.options["mature_after"] is None:
            self.notes.append(
                f"Labels have no times, so that a day is judged {self.monitor.max_delay:g} days later. Name their "
                "column (--label-time), or say after how many days labels have come (--mature-after)."
            )
        self.problems += labels.odd_times(self.early, self.now, self.monitor.max_delay)
        if labels.event.size and self.counts["predictions"] and not joined and not self.kept:
            self.problems.append(
                f"None of the {labels.event.size:,} labels belongs to a prediction of the log. Is the right column "
                "of ids read? Name it with --id."
            )

    def events(self) -> list[dict[str, Any]]:
        """The new alarms for other programs."""
        model, version = self.bundle.name, self.bundle.version
        return [
            cloud_event(
                alarm_told(a),
                model=model,
                version=version,
                state=self.monitor.state,
                time=moment_told(a.evidence["raised"]),
            )
            for a in self.new
        ]

    def deliver(self, hook: Webhook | None, events: str | os.PathLike | None) -> bool:
        """Whether anything of what waits was taken."""
        before = sum(map(len, self.pending.values()))
        if hook is not None and self.pending["webhook"]:
            self.pending["webhook"], why = hook.post(self.pending["webhook"])
            self.problems += [] if why is None else [f"{why} The next run tries again."]
        if events is not None and self.pending["events"]:
            why = append_events(events, self.pending["events"])
            self.problems += [] if why is None else [f"{why} The next run tries again."]
            self.pending["events"] = [] if why is None else self.pending["events"]
        return sum(map(len, self.pending.values())) < before

    def content(self) -> dict[str, Any]:
        """What the state file holds."""
        return {
            "model": self.bundle.name,
            "version": self.bundle.version,
            "state": self.monitor.state,
            "now": "" if self.now is None else moment_told(self.now),
            "span": self.span,
            "segments": self.segments,
            "labels": packed(self.seen),
            "pending": self.pending,
            "monitor": self.monitor.to_dict(),
        }

    def told(self) -> Watched:
        monitor = self.monitor
        history = [day_told(row) for row in monitor.history()]
        return Watched(
            model=self.bundle.name,
            version=self.bundle.version,
            state=monitor.state,
            now="" if self.now is None else moment_told(self.now),
            read=self.counts
            | {"first": self.span[0] if self.span else None, "last": self.span[1] if self.span else None},
            new=[alarm_told(a) for a in self.new if not a.evidence["again"]],
            standing=[alarm_told(a) for a in monitor.standing],
            alarms=[alarm_told(a) for a in monitor.alarms],
            outlook=outlook(monitor),
            problems=self.problems + [p for p in monitor.problems if p not in self.before] + off_from_start(monitor),
            notes=self.notes,
            detectors=to_plain(monitor.detectors()),
            history=history,
            timeline=timeline(history),
            weeks=[day_told(week) for week in monitor.weeks()],
            options=to_plain(monitor.options),
            undelivered=sum(map(len, self.pending.values())),
        )


def _named(others: Iterable[tuple[str, str]]) -> str:
    """The first three of other bundles (model, version)."""
    return ", ".join(f"{version} of {model!r}" for model, version in sorted(others)[:3])


def _there(log: Any, stem: str) -> bool:
    """Whether a segment is still there; asked of a folder only."""
    if not isinstance(log, str | os.PathLike) or not Path(log).is_dir():
        return True
    return any((Path(log) / (stem + ending)).exists() for ending in (OPEN, COMPLETE))


def _moment(now: datetime.datetime) -> np.datetime64:
    zoned = now if now.tzinfo is not None else now.replace(tzinfo=datetime.UTC)
    return np.datetime64(zoned.astimezone(datetime.UTC).replace(tzinfo=None), "us")
