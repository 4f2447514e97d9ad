"""What every detector is: daily evidence, a Shiryaev-Roberts statistic over it, and when the change came."""

from collections.abc import Mapping
from math import exp, isfinite
from typing import Any, ClassVar

import numpy as np

from rareclass.monitoring.chance import added
from rareclass.monitoring.cohorts import Cohort, packed, unpacked
from rareclass.monitoring.ledger import Ledger
from rareclass.monitoring.pools import Pool
from rareclass.monitoring.spread import VARIANCES, DaySpread

SCORED, MATURED = "scored", "matured"
"""When a day is judged: once it is over, without labels; once its labels have come."""
_LEVEL = 0.96


class Detector:
    """Base of the detectors.

    Each day gives log e-values, one for each bet on how far something has moved; under no change each has mean at most
    1 given the past. The mean over bets of S <- (1 + S) e exceeds `threshold` within n days with probability at most
    n / threshold (Doob), so that a threshold of days a year / alarms a year keeps the budget.

    A subclass sets `name`, `code` and `stage`, and has `evidence`, `learn`, `unlearn` and `finding`; what it keeps
    beside `state` goes through `saved` and `restore`.

    Attributes
    ----------
    threshold : float
        Infinite for a detector without a share of the budget.
    why_off : str
        Why it does not watch (yet), and what it needs; empty where it does.
    """

    name: ClassVar[str] = ""
    code: ClassVar[str] = ""
    stage: ClassVar[str] = MATURED
    what_to_do: ClassVar[str] = ""
    TRAIL: ClassVar[int] = 400
    EMPTY: ClassVar[bool] = False  # whether days without rows are judged, too

    def __init__(self) -> None:
        self.threshold = np.inf
        self.why_off = ""
        self.state = np.empty(0)
        self.trail: list[tuple[int, np.ndarray]] = []
        self.silent_until: int | None = None
        self.moved: tuple[int, int] | None = None  # since when, of an alarm that stands
        self.likely = 0  # likeliest day of the change, of an alarm that stands

    # what a subclass says
    def evidence(self, cohort: Cohort) -> np.ndarray | None:
        """Log e-values of the day, always of the same shape; None where it tells nothing. Sets `why_off`."""
        raise NotImplementedError

    def weights(self) -> np.ndarray | float:
        """Logs of the weights of the bets, on which they broadcast; their mean is 1."""
        return 0.0

    def learn(self, cohort: Cohort) -> None:
        """Take the day, which was judged, into what is usual."""

    def unlearn(self, day: int) -> None:
        """Forget the days from this one on, as far as they are kept."""

    def finding(self, since: int, ledger: Ledger) -> tuple[str, str, float, dict[str, Any]]:
        """Code, sentence, value and further evidence of a change since that day."""
        raise NotImplementedError

    def saved(self) -> dict[str, Any]:
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """What `saved` gave."""

    # what all do
    @property
    def statistic(self) -> float:
        """In units of days; an alarm at `threshold`."""
        if self.state.size == 0:
            return 0.0
        state = self.state + self.weights()
        top = float(state.max())
        return float(exp(min(top, 600.0)) * np.exp(state - top).sum() / state.size) if isfinite(top) else 0.0

    def update(self, cohort: Cohort) -> bool:
        """Judge a day and learn it; whether the statistic has reached the threshold."""
        if self.silent_until is not None:
            if cohort.day < self.silent_until:
                return False
            self.silent_until = None
        log_e = self.evidence(cohort)
        if log_e is not None and not self.why_off:
            if self.state.shape != log_e.shape:
                self.state = np.full(log_e.shape, -np.inf)
            self.state = added(self.state, log_e)
            self.trail = [*self.trail[-self.TRAIL + 1 :], (cohort.day, log_e)]
        self.learn(cohort)
        return self.statistic >= self.threshold

    def since(self) -> tuple[int, int]:
        """First and last day on which the change may have come.

        The weight of a day is the product of the e-values from then on, averaged over bets; Bayes' rule for a change
        point that is as likely on each day.
        """
        days = np.array([d for d, _ in self.trail])
        log = np.array([e for _, e in self.trail])
        total = np.cumsum(log[::-1], axis=0)[::-1] + self.weights()
        weight = np.exp(total - total.max()).reshape(days.size, -1).mean(axis=1)
        self.likely = int(days[weight.argmax()])
        share = np.cumsum(weight) / weight.sum()
        low, high = np.searchsorted(share, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
        return int(days[low]), int(days[min(high, days.size - 1)])

    def rest(self, until: int, since: int) -> None:
        """Watch anew from a day on, against what was usual before `since`."""
        self.unlearn(since)
        self.resume()
        self.silent_until = until

    def resume(self) -> None:
        """Watch anew."""
        self.state, self.trail, self.silent_until = np.full(self.state.shape, -np.inf), [], None

    def described(self) -> dict[str, Any]:
        """What it is, whether it watches, and how far it is."""
        said = {"name": self.name, "code": self.code, "stage": self.stage, "on": not self.why_off}
        threshold = self.threshold if np.isfinite(self.threshold) else None
        return said | {"why_off": self.why_off, "statistic": self.statistic, "threshold": threshold}

    def to_dict(self) -> dict[str, Any]:
        trail = np.array([e for _, e in self.trail])
        return {
            "state": packed(self.state),
            "days": [d for d, _ in self.trail],
            "trail": packed(trail),
            "silent_until": self.silent_until,
            "moved": self.moved,
            "likely": self.likely,
            "why_off": self.why_off,
            **self.saved(),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on where `to_dict` was called."""
        self.state, self.silent_until, self.why_off = unpacked(state["state"]), state["silent_until"], state["why_off"]
        self.moved = None if state["moved"] is None else tuple(state["moved"])
        self.likely = state["likely"]
        self.trail = list(zip(state["days"], unpacked(state["trail"]), strict=True))
        self.restore(state)


class SpreadDetector(Detector):
    """Base of the detectors whose days may differ by more than chance: bets (k, variances, bets) are weighed."""

    def __init__(self) -> None:
        super().__init__()
        self.spread = DaySpread()

    def weights(self) -> np.ndarray:
        return self.spread.weights[:, :, None] + np.log(VARIANCES.size)

    def unlearn(self, day: int) -> None:
        self.spread.without(day)

    def saved(self) -> dict[str, Any]:
        return {"spread": self.spread.to_dict()}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.spread.load(state["spread"])


class PooledDetector(SpreadDetector):
    """Base of the detectors that compare sums of a day with those of reference and earlier days together."""

    FEWEST: ClassVar[int] = 100
    """Trials that must be known before anything is compared."""
    trials_word: ClassVar[str] = "events"

    def __init__(self, base: np.ndarray) -> None:
        super().__init__()
        self.pool = Pool(base)

    def too_few(self, known: float) -> str:
        """Why so many trials are not enough; empty where they are."""
        if known >= self.FEWEST:
            return ""
        return (
            f"It needs {self.FEWEST} labelled {self.trials_word} in reference and matured days together; there are "
            f"{int(known)}."
        )

    def usual(self, ledger: Ledger, since: int) -> dict[str, float]:
        """Sums over the days before a change that count as usual: none that an earlier alarm was about."""
        return ledger.sums(-np.inf, since, {day for day, _ in self.pool.days})

    def unlearn(self, day: int) -> None:
        super().unlearn(day)
        self.pool.without(day)

    def saved(self) -> dict[str, Any]:
        return super().saved() | {"pool": self.pool.to_dict()}

    def restore(self, state: Mapping[str, Any]) -> None:
        super().restore(state)
        self.pool = Pool.from_dict(state["pool"])
