"""A detector of a rising miss rate, fed with one labelled event at a time."""

from typing import Self

import numpy as np

from rareclass import _check
from rareclass.kernels.intervals import clopper_pearson

FACTORS = (1.25, 1.5, 2.0, 2.5, 3.0)


class MissRateDetector:
    """Shiryaev-Roberts e-detector of a rise in the share of missed events.

    When to use: labelled events arrive one by one (tens a day, late); an alarm is wanted as soon as recall falls,
    with a known rate of false alarms, without a fixed sample size. Falls of the miss rate are not looked for.

    Parameters
    ----------
    missed, events : int
        Misses among the events of a reference period. Its 90 % Clopper-Pearson upper bound is the rate under no
        change, so that a short reference does not raise false alarms.
    events_between_alarms : float, default=10_000
        Lower bound of the mean number of events until a false alarm.

    Attributes
    ----------
    statistic : float
        Alarm when it reaches `events_between_alarms`.
    alarm : bool

    Notes
    -----
    For each alternative p the statistic follows S <- (1 + S) L with the likelihood ratio L of the event; the mean over
    the alternatives is an e-detector (Shin, Ramdas & Rinaldo 2023), whose average run length is at least the threshold.

    Examples
    --------
    >>> d = MissRateDetector(missed=20, events=100)
    >>> d.update([True] * 40).alarm
    True
    """

    def __init__(self, *, missed: int, events: int, events_between_alarms: float = 10_000.0):
        events = _check.whole_number(events, "events", low=1)
        missed = _check.whole_number(missed, "missed", low=0, high=events)
        bound = clopper_pearson(np.array([missed]), np.array([events]), 0.9, side="upper")
        self.rate = float(np.clip(np.ravel(bound[1])[0], 1e-6, 0.9))
        self.events_between_alarms = float(events_between_alarms)
        self.alternatives = np.unique(np.minimum(self.rate * np.array(FACTORS), max(0.95, (1 + self.rate) / 2)))
        self._state = np.zeros(self.alternatives.size)
        self.seen = 0

    @property
    def statistic(self) -> float:
        return float(self._state.mean())

    @property
    def alarm(self) -> bool:
        return self.statistic >= self.events_between_alarms

    def update(self, missed: object) -> Self:
        """Feed events in the order in which their labels came: True for a miss, False for a hit.

        After an alarm the statistic stays; call `reset` once the cause is dealt with.
        """
        for miss in np.atleast_1d(np.asarray(missed, dtype=bool)):
            if self.alarm:
                break
            ratio = self.alternatives / self.rate if miss else (1 - self.alternatives) / (1 - self.rate)
            self._state = (1 + self._state) * ratio
            self.seen += 1
        return self

    def reset(self) -> Self:
        """Forget what was seen; the reference stays."""
        self._state[:] = 0.0
        self.seen = 0
        return self
