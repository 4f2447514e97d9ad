"""The monitor of a deployed model: predictions, late labels and what is judged of them day by day."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass._types import Rows
from rareclass.artifact.bundle import Bundle
from rareclass.errors import InputError
from rareclass.monitoring import watched
from rareclass.monitoring.alarms import DRIFT, NEAR, OK, RARE_CLASS, WARN, YEAR, Alarm, shares_of
from rareclass.monitoring.chance import row_keys
from rareclass.monitoring.clock import NUMBERS, from_days, in_days
from rareclass.monitoring.cohorts import Waiting, mature_age, packed, unpacked
from rareclass.monitoring.detector import MATURED, SCORED, Detector
from rareclass.monitoring.intake import Intake, texts
from rareclass.monitoring.ledger import Ledger
from rareclass.monitoring.places import Places

FORMAT = "rareclass monitor 1"
_ALARMS = 1_000


class RareClassMonitor:
    """Watch a deployed model for drift of the rare class, for years, with few and late labels.

    Rows are judged by whole days: once a day is over (scores, volume, inputs) and once its labels have come (recall,
    precision, prevalence, calibration, kinds of events). What comes out depends on the rows and their times only, never
    on how they were cut into batches or on when `check` was called in between.

    Parameters
    ----------
    reference : mapping, optional
        ``Bundle.reference``. Without it what is usual is learned from the first matured days.
    sketches : mapping of arrays, optional
        ``Bundle.sketches``; without them events are not compared with those of training.
    threshold : float in [0, 1], optional
        Probability from which on a row is an alert, where `predictions` is not given `alerts`.
    columns : sequence of str, optional
        Names of the encoded features.
    pos_label : label, optional
        Which label is the event, where labels are not 0 and 1.
    false_alarms_per_year : float, default=0.05
        Of the whole monitor; all detectors share it.
    shares : mapping of str to float, optional
        Share of this budget by detector (`detectors` names them); what is not named keeps its relation to the others.
        At least half goes to recall.
    max_delay : float, default=60
        Days for which predictions wait for their labels at most.
    mature_after : float, optional
        Days after which the labels of a day are taken to have come; estimated from the delays seen by default.
    labels_from : "rows", "alerts" or "audit", default="rows"
        Which rows get labels: a sample that does not hang on the alert; alerts only, so that nothing but precision is
        judged by labels; or an audit whose `weights` are given to `labels`.
    slices : int, default=50
        Slices that are watched at most; the others are not.
    cool_down : float, default=30
        Days after an alarm until its detector speaks again, unless `acknowledge` is called.
    version : str, optional
        Version of the bundle; predictions of another are left out and counted.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> monitor = RareClassMonitor(reference={"decided": {"events": 600, "missed": 120}}, threshold=0.5, mature_after=1)
    >>> for day in range(60):
    ...     y = np.arange(100) < 20
    ...     p = np.where(y, rng.random(100) < (0.8 if day < 40 else 0.4), 0.1)
    ...     ids = np.arange(100) + 100 * day
    ...     _ = monitor.predictions(ids, np.full(100, day + 0.5), p).labels(ids, y, times=np.full(100, day + 1.0))
    >>> alarm = monitor.check(60.0)[0]
    >>> alarm.code, monitor.state, 38 <= alarm.since[0] <= 40 <= alarm.since[1]
    ('recall-fell', 'drift', True)
    """

    def __init__(
        self,
        *,
        reference: Mapping[str, Any] | None = None,
        sketches: Mapping[str, Any] | None = None,
        threshold: float | None = None,
        columns: Sequence[str] = (),
        pos_label: Any = None,
        false_alarms_per_year: float = 0.05,
        shares: Mapping[str, float] | None = None,
        max_delay: float = 60.0,
        mature_after: float | None = None,
        labels_from: str = watched.ROWS,
        slices: int = 50,
        cool_down: float = 30.0,
        version: str | None = None,
    ) -> None:
        if threshold is not None:
            threshold = _check.fraction(threshold, "threshold")
        self.max_delay = _check.fraction(max_delay, "max_delay", low=1.0, high=3_650.0)
        if mature_after is not None:
            mature_after = _check.fraction(mature_after, "mature_after", high=self.max_delay)
        self.budget = _check.fraction(false_alarms_per_year, "false_alarms_per_year", high=12.0, closed="right")
        self._options = {
            "threshold": threshold,
            "columns": list(columns),
            "pos_label": pos_label,
            "false_alarms_per_year": self.budget,
            "shares": None if shares is None else dict(shares),
            "max_delay": self.max_delay,
            "mature_after": mature_after,
            "labels_from": _check.one_of(labels_from, "labels_from", watched.LABELS_FROM),
            "slices": _check.whole_number(slices, "slices", low=0),
            "cool_down": _check.fraction(cool_down, "cool_down", high=3_650.0),
            "version": version,
        }
        self.reference = dict(reference or {})
        self._sketches = dict(sketches or {})
        self._places = Places(self._sketches) if "quantiles" in self._sketches else None
        self._intake = Intake(threshold, pos_label, version, self._places)
        self._detectors = watched.detectors(self.reference, self._places, self._options)
        self._shares = shares_of(shares, [d.name for d in self._detectors])
        for detector in self._detectors:
            share = self._shares[detector.name] * self.budget
            detector.threshold = YEAR / share if share > 0 else np.inf
        self._waiting, self._ledger = Waiting(self.max_delay), Ledger()
        self._clock: int | None = None  # midnight up to which all was judged
        self._time_kind: str | None = None
        self._age = self.max_delay if mature_after is None else mature_after
        self._alarms: list[Alarm] = []
        self._open: dict[str, str] = {}  # codes of alarms that were not acknowledged, by detector

    @classmethod
    def from_bundle(cls, bundle: Bundle, **options: Any) -> Self:
        """The monitor of a bundle: its reference, sketches, decision, columns and version; `options` as above."""
        cut = bundle.scorer.cut
        single = not cut.per_row and not cut.by_entity
        known = {
            "reference": bundle.reference,
            "sketches": bundle.sketches,
            "threshold": float(np.clip(cut.threshold, 0.0, 1.0)) if single else None,
            "columns": watched.encoded_names(bundle.scorer.encoder),
            "pos_label": bundle.model.model_.pos_label,
            "version": bundle.version or None,
        }
        made = cls(**(known | options))
        made._intake.bundle = bundle
        return made

    def predictions(
        self,
        ids: Rows,
        times: ArrayLike,
        probability: ArrayLike,
        *,
        features: Rows | None = None,
        slices: Rows | None = None,
        alerts: ArrayLike | None = None,
        tiers: Rows | None = None,
        versions: Rows | str | None = None,
    ) -> Self:
        """Give predictions (n,) of any days, in any batches.

        Parameters
        ----------
        ids : (n,)
            Unique; the first prediction of an id counts.
        times : (n,)
            When they were made: numbers (days), datetime64 or datetime.
        probability : (n,)
        features : table, or array (n, d) of encoded features, optional
        slices : (n,), optional
            Text of the slice of each row; missing values stand for none.
        alerts : (n,), bool, optional
            Which rows were alerts, as the log says; by the threshold of the bundle where they are not given.
        tiers : (n,), optional
            Names of alert tiers; a row with any but the bundle's lowest is an alert where `alerts` is not given.
        versions : (n,) or str, optional
            Version of the bundle that made each prediction.

        Raises
        ------
        InputError
            Lengths differ, times are of another kind than before, or neither alerts nor a threshold are known.
        """
        keys, days = row_keys(_check.column(ids, "ids")), self._in_days(times)
        p = np.asarray(_check.column(probability, "probability"), dtype=np.float64)
        _check.same_length(ids=keys, times=days, probability=p)
        n = keys.size
        columns = {"key": keys, "probability": p, "slices": texts(slices, n)}
        columns["alert"] = self._intake.alerts(p, alerts, tiers)
        columns["distance"], columns["places"] = self._intake.placed(features, n)
        _check.same_length(ids=keys, **columns)
        usable, counts = self._intake.usable(p, days, versions)
        self._waiting.counts.update(counts)
        clock = -np.inf if self._clock is None else self._clock - 1
        good = {name: v[usable] for name, v in columns.items()}
        self._waiting.add(np.floor(days[usable]).astype(np.int64), good, clock)
        return self

    def labels(
        self, ids: Rows, labels: ArrayLike, *, times: ArrayLike | None = None, weights: ArrayLike | None = None
    ) -> Self:
        """Give labels (n,) in any batches, before or after their predictions.

        Parameters
        ----------
        ids, labels : (n,)
            Labels are Booleans, 0 and 1, or those of the model; missing values are left out. Where a row gets several,
            the last before its day is judged counts.
        times : (n,), optional
            When each became known; without times a label counts as known from the beginning.
        weights : (n,), optional
            1 / the probability with which the row was drawn to be labelled.
        """
        column = _check.column(labels, "labels")
        missing = np.array([_check.is_missing(v) for v in column.tolist()], dtype=bool)
        y = self._intake.truth(column[~missing])
        keys = row_keys(_check.column(ids, "ids"))
        days = np.full(keys.size, -np.inf) if times is None else self._in_days(times)
        weight = np.ones(keys.size) if weights is None else _check.number_array(weights, "weights")
        _check.same_length(ids=keys, labels=column, times=days, weights=weight)
        self._waiting.counts["no label"] += int(missing.sum())
        days = np.where(np.isnan(days), -np.inf, days)
        clock = -np.inf if self._clock is None else self._clock - 1
        chosen = (v[~missing].tolist() for v in (keys, days, weight))
        for (key, time, w), truth in zip(zip(*chosen, strict=True), y.tolist(), strict=True):
            self._waiting.label(key, time, int(truth), w, clock)
        return self

    def check(self, now: Any) -> list[Alarm]:
        """Judge every day that is over, or mature, by `now`; the alarms that are new, in the order of their days.

        Parameters
        ----------
        now : float, datetime64 or datetime
            In the type of the other times. A day is judged when it has wholly passed.

        Raises
        ------
        InputError
            `now` is no time, or of another type.
        """
        moment = self._in_days(np.array([now]))[0]
        if not np.isfinite(moment):
            raise InputError("`now` must be a time; got a missing value.")
        days = sorted(self._waiting.days)
        if self._clock is None:
            if not days:
                return []
            self._clock = days[0]
        before = len(self._alarms)
        while self._clock < int(np.floor(moment)):
            waits = self._waiting.waiting()
            ahead = [d for d in waits if d >= self._clock]
            if not waits or (ahead == waits and ahead[0] > self._clock + self.max_delay):
                self._clock = min([int(np.floor(moment)), *ahead])  # nothing happens until then
                if self._clock == int(np.floor(moment)):
                    break
            self._clock += 1
            self._pass_midnight(self._clock)
        self._waiting.forget(self._clock)
        found, self._alarms = self._alarms[before:], self._alarms[-_ALARMS:]
        return found

    def _pass_midnight(self, clock: int) -> None:
        """Judge the day that is over, and the days whose labels have come by now."""
        if clock - 1 in self._waiting.days:
            cohort = self._waiting.cohort(clock - 1, until=None)
            self._ledger.scored(cohort)
            self._judge(SCORED, cohort, clock)
        if self._options["mature_after"] is None and clock % 7 == 0:
            self._age = mature_age(*self._waiting.delays(clock), clock, self.max_delay)
        for day in self._waiting.waiting():
            if day + 1 + min(self._age, self.max_delay) > clock:
                break
            cohort = self._waiting.cohort(day, until=clock)
            self._waiting.judged(day)
            self._ledger.matured(cohort)
            self._judge(MATURED, cohort, clock)
        if clock % 7 == 0:
            self._waiting.forget(clock)

    def _judge(self, stage: str, cohort: Any, clock: int) -> None:
        for detector in self._detectors:
            if detector.stage == stage and detector.update(cohort):
                self._raise(detector, cohort.day, clock)

    def _raise(self, detector: Detector, day: int, clock: int) -> None:
        low, high = detector.since()
        code, said, value, found = detector.finding(low, self._ledger)
        kind = self._kind
        evidence = {
            "detector": detector.name,
            "day": from_days(day, kind),
            "raised": from_days(clock, kind),
            "statistic": detector.statistic,
            "threshold": detector.threshold,
            **found,
        }
        since = (from_days(low, kind), from_days(high, kind))
        self._alarms.append(
            Alarm(
                code=code,
                sentence=said,
                value=float(value),
                since=since,
                evidence=evidence,
                what_to_do=detector.what_to_do if code == detector.code else watched.LOOK_AT_INPUTS,
            )
        )
        self._open[detector.name] = code
        detector.rest(int(np.ceil(day + self._options["cool_down"])), low)

    @property
    def state(self) -> str:
        """ "drift" with an alarm of the rare class that was not acknowledged; "warn" with another, or near one."""
        if any(code in RARE_CLASS for code in self._open.values()):
            return DRIFT
        near = any(d.statistic >= NEAR * d.threshold for d in self._detectors if d.code in RARE_CLASS)
        return WARN if self._open or near else OK

    @property
    def alarms(self) -> list[Alarm]:
        """All alarms, at most the last thousand."""
        return list(self._alarms)

    @property
    def problems(self) -> list[str]:
        """What was odd about predictions and labels, one sentence each, with counts."""
        return self._waiting.sentences()

    def acknowledge(self, detector: str | None = None, *, accept: bool = False) -> Self:
        """Close alarms, of one detector or all, and watch anew at once.

        What was usual before the change stays the measure. With `accept` what came after it is the new measure: what is
        usual is learned anew from then on.
        """
        for found in self._detectors:
            if detector in (None, found.name) and (found.name in self._open or detector is None):
                if accept and found.name in self._open:
                    fresh = watched.detectors({}, self._places, self._options)
                    found.restore(next(d for d in fresh if d.name == found.name).saved())
                self._open.pop(found.name, None)
                found.resume()
        return self

    def detectors(self) -> list[dict[str, Any]]:
        """What is watched: name, code, share of the budget, whether it is on, why not, statistic and threshold."""
        return [d.described() | {"share": self._shares[d.name]} for d in self._detectors]

    def history(self) -> list[dict[str, Any]]:
        """What each of the last 1,100 days held, with intervals; ``day`` is in the caller's type of time."""
        kind = self._kind
        return [v | {"day": from_days(v["day"], kind)} for v in self._ledger.rows()]

    def to_dict(self) -> dict[str, Any]:
        """The monitor as JSON values; `from_dict` goes on exactly where it was."""
        return {
            "format": FORMAT,
            "options": self._options,
            "reference": self.reference,
            "sketches": {name: packed(np.asarray(v)) for name, v in self._sketches.items()},
            "waiting": self._waiting.to_dict(),
            "ledger": [[d, v] for d, v in self._ledger.days.items()],
            "clock": self._clock,
            "time_kind": self._time_kind,
            "age": self._age,
            "alarms": [a.to_dict() for a in self._alarms],
            "open": self._open,
            "detectors": {d.name: d.to_dict() for d in self._detectors},
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any], bundle: Bundle | None = None) -> Self:
        """Go on with a saved monitor; `bundle` encodes tables of features, encoded ones need none."""
        if state.get("format") != FORMAT:
            raise InputError(f"This is no state of a monitor ({FORMAT!r}); start a new one with `from_bundle`.")
        sketches = {name: unpacked(v) for name, v in state["sketches"].items()}
        made = cls(reference=state["reference"], sketches=sketches, **state["options"])
        made._intake.bundle = bundle
        made._waiting = Waiting.from_dict(state["waiting"], made.max_delay)
        made._ledger = Ledger({d: dict(v) for d, v in state["ledger"]})
        made._clock, made._time_kind, made._age = state["clock"], state["time_kind"], state["age"]
        made._open = dict(state["open"])
        made._alarms = [Alarm.from_dict(a, made._kind) for a in state["alarms"]]
        for detector in made._detectors:
            detector.load(state["detectors"][detector.name])
        return made

    def _in_days(self, times: Any) -> np.ndarray:
        days, kind = in_days(times)
        if days.size and self._time_kind not in (None, kind):
            raise InputError(f"Times are {kind}, and were {self._time_kind} before; give all in one type.")
        self._time_kind = kind if days.size else self._time_kind
        return days

    @property
    def _kind(self) -> str:
        return self._time_kind or NUMBERS
