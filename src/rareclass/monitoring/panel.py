"""The detectors of a monitor side by side: their shares of the budget, their alarms, and the state."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from rareclass.errors import InputError
from rareclass.monitoring.alarms import DRIFT, NEAR, OK, RARE_CLASS, WARN, YEAR, Alarm, shares_of
from rareclass.monitoring.clock import from_days
from rareclass.monitoring.cohorts import Cohort
from rareclass.monitoring.detector import Detector
from rareclass.monitoring.ledger import Ledger

_ALARMS = 1_000
LOOK_AT_INPUTS = (
    "Ordinary rows have moved: look at the inputs and at what changed in the traffic; the events are as before."
)


class Panel:
    """Judges cohorts by every detector, and keeps the alarms.

    Parameters
    ----------
    detectors : list of Detector
    budget : float
        False alarms a year, of all together.
    shares : mapping of str to float, optional
    cool_down : float
        Days.
    """

    def __init__(
        self, detectors: list[Detector], budget: float, shares: Mapping[str, float] | None, cool_down: float
    ) -> None:
        self.detectors, self.cool_down = detectors, cool_down
        self.shares = shares_of(shares, [d.name for d in detectors])
        for detector in detectors:
            share = self.shares[detector.name] * budget
            detector.threshold = YEAR / share if share > 0 else np.inf
        self.alarms: list[Alarm] = []
        self.raised = 0
        self.open: dict[str, str] = {}  # codes of alarms that were not acknowledged, by detector

    def judge(self, stage: str, cohort: Cohort, ledger: Ledger, clock: int, kind: str) -> None:
        """Let the detectors of a stage judge a day."""
        for detector in self.detectors:
            judges = detector.stage == stage and (cohort.key.size > 0 or detector.EMPTY)
            if judges and detector.update(cohort):
                self._raise(detector, cohort.day, ledger, clock, kind)

    def _raise(self, detector: Detector, day: int, ledger: Ledger, clock: int, kind: str) -> None:
        likely = detector.likely
        new = detector.since()
        if detector.moved is not None:  # an alarm that stands is still of the same change
            detector.likely = likely
        low, high = detector.moved = detector.moved or new
        code, said, value, found = detector.finding(detector.likely, ledger)
        evidence = {
            "detector": detector.name,
            "day": from_days(day, kind),
            "raised": from_days(clock, kind),
            "statistic": detector.statistic,
            "threshold": detector.threshold,
            "again": self.open.get(detector.name) == code,
            **found,
        }
        self.alarms.append(
            Alarm(
                code=code,
                sentence=said,
                value=float(value),
                since=(from_days(low, kind), from_days(high, kind)),
                evidence=evidence,
                what_to_do=detector.what_to_do if code == detector.code else LOOK_AT_INPUTS,
            )
        )
        self.alarms, self.raised = self.alarms[-_ALARMS:], self.raised + 1
        self.open[detector.name] = code
        detector.rest(int(np.ceil(day + self.cool_down)), low)

    @property
    def state(self) -> str:
        """ "drift" with an open alarm of the rare class; "warn" with another, or near one."""
        if any(code in RARE_CLASS for code in self.open.values()):
            return DRIFT
        near = any(d.statistic >= NEAR * d.threshold for d in self.detectors if d.code in RARE_CLASS)
        return WARN if self.open or near else OK

    def acknowledge(self, name: str | None, fresh: Mapping[str, Detector] | None) -> None:
        """Close alarms, of one detector or all; those of `fresh` take the place of what was learned.

        A detector without an alarm keeps the evidence that it has.
        """
        names = [d.name for d in self.detectors]
        if name is not None and name not in names:
            raise InputError(f"There is no detector {name!r}; there are {', '.join(names)}.")
        for found in self.detectors:
            if name in (None, found.name) and found.name in self.open:
                if fresh is not None:
                    found.restore(fresh[found.name].saved())
                self.open.pop(found.name)
                found.moved = None
                found.resume()

    def described(self) -> list[dict[str, Any]]:
        """What each watches, whether it does, and its share."""
        return [d.described() | {"share": self.shares[d.name]} for d in self.detectors]

    def to_dict(self) -> dict[str, Any]:
        return {
            "alarms": [a.to_dict() for a in self.alarms],
            "raised": self.raised,
            "open": self.open,
            "detectors": {d.name: d.to_dict() for d in self.detectors},
        }

    def load(self, state: Mapping[str, Any], kind: str) -> None:
        """Go on where `to_dict` was called."""
        self.alarms = [Alarm.from_dict(a, kind) for a in state["alarms"]]
        self.raised, self.open = state["raised"], dict(state["open"])
        for detector in self.detectors:
            detector.load(state["detectors"][detector.name])
