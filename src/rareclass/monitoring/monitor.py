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
from rareclass.monitoring.alarms import Alarm
from rareclass.monitoring.chance import row_keys
from rareclass.monitoring.clock import NUMBERS, from_days, in_days
from rareclass.monitoring.cohorts import SILENT, packed, unpacked
from rareclass.monitoring.detector import MATURED, SCORED
from rareclass.monitoring.intake import Intake, missing_labels, sentences, texts
from rareclass.monitoring.ledger import Ledger
from rareclass.monitoring.panel import Panel
from rareclass.monitoring.places import Places
from rareclass.monitoring.waiting import Waiting
from rareclass.monitoring.weeks import Weeks

FORMAT = "rareclass monitor 5"


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
        detectors = watched.detectors(self.reference, self._places, self._options)
        self._panel = Panel(detectors, self.budget, shares, self._options["cool_down"])
        self._waiting, self._ledger, self._weeks = Waiting(self.max_delay), Ledger(), Weeks(self.reference)
        self._clock: int | None = None  # midnight up to which all was judged
        self._fed: int | None = None  # the last day that had predictions
        self._time_kind: str | None = None
        self._age = self.max_delay if mature_after is None else self._options["mature_after"]
        self._aged: int | None = None  # when the age was estimated last

    @classmethod
    def from_bundle(cls, bundle: Bundle, **options: Any) -> Self:
        """The monitor of a bundle: its reference, sketches, decision, columns and version; `options` as above."""
        cut = bundle.scorer.cut
        single = not cut.per_row and not cut.by_entity
        known = {
            "reference": bundle.reference,
            "sketches": bundle.sketches,
            "threshold": float(np.clip(cut.threshold, 0.0, 1.0)) if single else None,
            "columns": bundle.scorer.encoder.encoded_names(),
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
            Unique; the earliest prediction of an id counts. Rows that were given before are nothing new.
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
        columns = {"key": keys, "time": days, "probability": p}
        columns["slices"] = self._waiting.codes(texts(slices, n))
        columns["alert"] = self._intake.alerts(p, alerts, tiers)
        columns["distance"], columns["places"] = self._intake.placed(features, n)
        _check.same_length(ids=keys, **columns)
        odd = self._intake.unusable(p, days, versions)
        self._waiting.leave_out(odd, keys, days)
        usable = ~np.any(list(odd.values()), axis=0)
        good = {name: v[usable] for name, v in columns.items()}
        self._waiting.add(np.floor(days[usable]).astype(np.int64), good, self._midnight)
        return self

    def labels(
        self, ids: Rows, labels: ArrayLike, *, times: ArrayLike | None = None, weights: ArrayLike | None = None
    ) -> Self:
        """Give labels (n,) in any batches, before or after their predictions.

        Parameters
        ----------
        ids, labels : (n,)
            Labels are Booleans, 0 and 1, or those of the model; missing values are not known yet. Where a row gets
            several, the last before its day is judged counts.
        times : (n,), optional
            When each became known; without times a label counts as known from the beginning.
        weights : (n,), optional
            1 / the probability with which the row was drawn to be labelled.
        """
        missing = missing_labels(column := _check.column(labels, "labels"))
        y = self._intake.truth(column[~missing])
        keys = row_keys(_check.column(ids, "ids"))
        days = np.full(keys.size, -np.inf) if times is None else self._in_days(times)
        weight = np.ones(keys.size) if weights is None else _check.number_array(weights, "weights")
        _check.same_length(ids=keys, labels=column, times=days, weights=weight)
        days = np.where(np.isnan(days), -np.inf, days)
        self._waiting.label([keys[~missing], days[~missing], y.astype(np.int8), weight[~missing]], self._midnight)
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
        end = int(np.floor(moment))
        if self._clock is None:
            first = self._waiting.idle_until(-(2**62))
            if not np.isfinite(first):
                return []
            self._clock = int(first)
        before = self._panel.raised
        self._waiting.close(self._clock)
        while self._clock < end:
            if self._fed is None or self._clock - self._fed > SILENT:
                self._clock = int(min(end, self._waiting.idle_until(self._clock)))
            if self._clock < end:
                self._clock += 1
                self._pass_midnight(self._clock)
        self._waiting.forget(self._clock)
        return self._panel.alarms[len(self._panel.alarms) - (self._panel.raised - before) :]

    def _pass_midnight(self, clock: int) -> None:
        """Judge the day that is over, and the days whose labels have come by now."""
        self._waiting.close(clock)
        over = clock - 1
        self._fed = over if over in self._waiting.days else self._fed
        if self._fed is not None and over - self._fed <= SILENT:
            cohort = self._waiting.cohort(over, until=None)
            self._ledger.scored(cohort)
            self._weeks.add(cohort)
            self._panel.judge(SCORED, cohort, self._ledger, clock, self._kind)
        estimated = self._options["mature_after"] is None
        if estimated and self._aged != clock - clock % 7:
            self._aged = clock - clock % 7
            self._age = self._waiting.mature_age(self._aged)
        for day in self._waiting.waiting():
            if day + 1 + min(self._age, self.max_delay) > clock:
                break
            cohort = self._waiting.cohort(day, until=clock)
            self._waiting.judge(day, clock, self._age if estimated else None)
            self._ledger.matured(cohort)
            if self._options["labels_from"] != watched.ALERTS:
                self._weeks.learn(cohort)
            self._panel.judge(MATURED, cohort, self._ledger, clock, self._kind)
        if clock % 7 == 0:
            self._waiting.forget(clock)

    @property
    def state(self) -> str:
        """ "drift" with an alarm of the rare class that was not acknowledged; "warn" with another, or near one."""
        return self._panel.state

    @property
    def alarms(self) -> list[Alarm]:
        """All alarms, at most the last thousand."""
        return list(self._panel.alarms)

    @property
    def standing(self) -> list[Alarm]:
        """Alarms that were not acknowledged, the last of each detector."""
        last = {a.evidence["detector"]: a for a in self._panel.alarms}
        return [last[name] for name in self._panel.open if name in last]

    @property
    def options(self) -> dict[str, Any]:
        """What it was begun with."""
        return dict(self._options)

    @property
    def problems(self) -> list[str]:
        """What was odd about predictions and labels, one sentence each, with counts."""
        return sentences(self._waiting.problems())

    @property
    def open_since(self) -> Any:
        """Start of the oldest day whose rows and labels still count; None before the first `check` of any.

        From then on rows and labels are given again after ``to_dict(waiting=False)``.
        """
        return None if self._clock is None else from_days(self._waiting.open_since(self._clock), self._kind)

    def acknowledge(self, detector: str | None = None, *, accept: bool = False) -> Self:
        """Close alarms, of one detector or all, and watch anew at once.

        What was usual before the change stays the measure. With `accept` what came after it is the new measure: what is
        usual is learned anew from then on.
        """
        fresh = {d.name: d for d in watched.detectors({}, self._places, self._options)} if accept else None
        self._panel.acknowledge(detector, fresh)
        return self

    def detectors(self) -> list[dict[str, Any]]:
        """What is watched: name, code, share of the budget, whether it is on, why not, statistic and threshold."""
        said = {"stage": SCORED, "share": 0.0, "statistic": 0.0, "threshold": None, "code": ""}
        why = self._weeks.why_off
        return [
            *self._panel.described(),
            {"name": "expected-rates", "on": True, "why_off": "", **said},
            {"name": "label-shift", "on": not why, "why_off": why, **said},
        ]

    def history(self) -> list[dict[str, Any]]:
        """What each of the last 1,100 days held, with intervals; ``day`` is in the caller's type of time."""
        kind = self._kind
        return [v | {"day": from_days(v["day"], kind)} for v in self._ledger.rows()]

    def weeks(self) -> list[dict[str, Any]]:
        """What scores say of each of the last 160 weeks, before labels come: estimates that raise no alarm.

        ``day``, its first; ``expected``, precision and recall as calibrated probabilities expect them, with bands;
        ``label_shift``, the prevalence if nothing else moved (None where the reference does not tell).
        """
        return [v | {"day": from_days(v["day"], self._kind)} for v in self._weeks.estimates()]

    def to_dict(self, *, waiting: bool = True) -> dict[str, Any]:
        """The monitor as JSON values; `from_dict` goes on exactly where it was.

        Without `waiting` rows and labels that still wait for each other are left out, which is small however many they
        are: give those of `open_since` and later again.
        """
        return {
            "format": FORMAT,
            "options": self._options,
            "reference": self.reference,
            "sketches": {name: packed(np.asarray(v)) for name, v in self._sketches.items()},
            "waiting": self._waiting.to_dict(self._midnight, waiting),
            "ledger": [[d, v] for d, v in self._ledger.days.items()],
            "weeks": self._weeks.to_dict(),
            "clock": self._clock,
            "fed": self._fed,
            "time_kind": self._time_kind,
            "age": [self._age, self._aged],
            "panel": self._panel.to_dict(),
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
        made._weeks = Weeks.from_dict(state["weeks"], made.reference)
        made._clock, made._fed, made._time_kind = state["clock"], state["fed"], state["time_kind"]
        made._age, made._aged = state["age"]
        made._panel.load(state["panel"], made._kind)
        return made

    @property
    def _midnight(self) -> float:
        return -np.inf if self._clock is None else self._clock

    def _in_days(self, times: Any) -> np.ndarray:
        days, kind = in_days(times)
        if days.size and self._time_kind not in (None, kind):
            raise InputError(f"Times are {kind}, and were {self._time_kind} before; give all in one type.")
        self._time_kind = kind if days.size else self._time_kind
        return days

    @property
    def _kind(self) -> str:
        return self._time_kind or NUMBERS
