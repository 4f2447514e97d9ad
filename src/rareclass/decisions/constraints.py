"""Floors and caps: recall at least, precision at least, false-positive rate at most."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from scipy.special import betainc

from rareclass import _check
from rareclass.decisions.decision import Decision
from rareclass.decisions.points import OperatingPoints
from rareclass.decisions.rule import TOLERANCE, DecisionRule
from rareclass.kernels.intervals import clopper_pearson
from rareclass.metrics.curve import ThresholdCurve


def _confidence(value: float | None) -> float | None:
    return None if value is None else _check.fraction(value, "confidence", closed="neither")


def _sure(confidence: float | None) -> str:
    return "" if confidence is None else f" with {confidence:.0%} confidence"


@dataclass(frozen=True)
class _ClassRate(DecisionRule):
    """A rule about one class only: a prevalence that moves does not concern its threshold."""

    def move_prevalence(self, decision: Decision, prevalence: float, curve: ThresholdCurve | None) -> Decision:
        recall, rate = decision.recall, decision.false_positive_rate
        alerts = prevalence * recall + (1 - prevalence) * rate
        return replace(
            decision,
            alert_rate=alerts,
            precision=prevalence * recall / alerts if alerts > 0 else float("nan"),
            prevalence=prevalence,
            expected_cost=None,
            why=f"{decision.why} The threshold does not depend on the prevalence, now {prevalence:.4g}.",
        )


@dataclass(frozen=True)
class RecallAtLeast(_ClassRate):
    """The fewest alerts that still catch a share of the events.

    Parameters
    ----------
    recall : float in (0, 1]
    confidence : float in (0, 1), optional
        Choose so that the recall on new rows is at least `recall` with this probability over the draw of the events
        (one-sided Clopper-Pearson; the same as the order-statistic bound on the events' scores, which holds although
        the threshold is chosen on them). None: the recall on the rows at hand.

    Raises
    ------
    InfeasibleError
        At `choose`, with a confidence: even flagging every event at hand is no proof; the message says what can be
        had.

    Examples
    --------
    >>> from rareclass.decisions import best_threshold
    >>> y, s = [0, 1, 0, 1, 1, 1, 1], [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]
    >>> best_threshold(y, s, RecallAtLeast(0.8)).threshold
    0.4
    """

    kind: ClassVar[str] = "recall_at_least"
    title: ClassVar[str] = "recall at least as asked"
    event_points_suffice: ClassVar[bool] = True
    recall: float = 0.9
    confidence: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "recall", _check.fraction(self.recall, "recall", closed="right"))
        object.__setattr__(self, "confidence", _confidence(self.confidence))

    def feasible(self, points: OperatingPoints) -> np.ndarray:
        if self.confidence is None:
            return points.recall >= self.recall - TOLERANCE
        # lower Clopper-Pearson bound >= recall  <=>  P(Bin(positives, recall) >= tp) <= 1 - confidence
        worth = points.rows[0]
        tail = betainc(np.maximum(points.tp * worth, TOLERANCE), points.fn * worth + 1, self.recall)
        return np.where(points.tp > 0, tail, 1.0) <= 1 - self.confidence + TOLERANCE

    def objective(self, points: OperatingPoints) -> np.ndarray:
        return -points.alerts

    def value(self, points: OperatingPoints) -> np.ndarray:
        return points.recall

    def complain(self, points: OperatingPoints) -> str:
        assert self.confidence is not None
        events = points.positives * points.rows[0]
        best = clopper_pearson(events, events, self.confidence, side="lower")[0]
        need = "no number of events suffices"
        if self.recall < 1:
            need = f"{int(np.ceil(np.log(1 - self.confidence) / np.log(self.recall)))} events are the least"
        return (
            f"No threshold shows a recall of {self.recall:g}{_sure(self.confidence)}: catching all "
            f"{events:g} events proves {best:.4g}; {need}."
        )

    def phrase(self) -> str:
        return f"the fewest alerts at {self.bound()}"

    def bound(self) -> str:
        return f"a recall of at least {self.recall:g}{_sure(self.confidence)}"


@dataclass(frozen=True)
class PrecisionAtLeast(DecisionRule):
    """The most events that can be caught while a share of the alerts stays true.

    Parameters
    ----------
    precision : float in (0, 1]
    confidence : float in (0, 1), optional
        Require the lower Clopper-Pearson bound of the precision. It holds for each threshold by itself; since the
        best of many is taken, the chosen one exceeds its nominal error somewhat. None: the precision on the rows at
        hand.

    Notes
    -----
    Precision does not fall steadily with the threshold, so all points are searched, not only the top. Flagging none
    has no precision and does not meet the floor.

    Examples
    --------
    >>> from rareclass.decisions import best_threshold
    >>> best_threshold([0, 1, 0, 1, 1], [0.1, 0.2, 0.3, 0.4, 0.5], PrecisionAtLeast(0.75)).threshold
    0.2
    """

    kind: ClassVar[str] = "precision_at_least"
    title: ClassVar[str] = "precision at least as asked"
    event_points_suffice: ClassVar[bool] = True
    precision: float = 0.5
    confidence: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "precision", _check.fraction(self.precision, "precision", closed="right"))
        object.__setattr__(self, "confidence", _confidence(self.confidence))

    def feasible(self, points: OperatingPoints) -> np.ndarray:
        if self.confidence is None:
            return np.nan_to_num(points.precision, nan=-1.0) >= self.precision - TOLERANCE
        # the share of effective hits among effective alerts at which the weighted one is as asked
        hit, alarm = points.rows
        share = self.precision * hit / (self.precision * hit + (1 - self.precision) * alarm)
        tail = betainc(np.maximum(points.tp * hit, TOLERANCE), points.fp * alarm + 1, share)
        return np.where(points.tp > 0, tail, 1.0) <= 1 - self.confidence + TOLERANCE

    def objective(self, points: OperatingPoints) -> np.ndarray:
        return np.asarray(points.tp, dtype=np.float64)

    def value(self, points: OperatingPoints) -> np.ndarray:
        return points.precision

    def complain(self, points: OperatingPoints) -> str:
        if self.confidence is None:
            best, what = points.precision, "the highest precision"
        else:
            hits, alarms = points.tp * points.rows[0], points.fp * points.rows[1]
            best = clopper_pearson(hits, hits + alarms, self.confidence, side="lower")[0]
            best = best * points.rows[1] / (best * points.rows[1] + (1 - best) * points.rows[0])
            what = "the highest proven precision"
        best = np.nan_to_num(np.asarray(best).reshape(-1, points.thresholds.size)[0], nan=-1.0)
        k = int(np.argmax(best))
        caught = float(np.asarray(points.recall).reshape(-1, points.thresholds.size)[0][k])
        return (
            f"No threshold reaches a precision of {self.precision:g}{_sure(self.confidence)}; {what} that can be had "
            f"is {best[k]:.4g}, at threshold {points.thresholds[k]:.6g} with a recall of {caught:.4g}."
        )

    def phrase(self) -> str:
        return f"the greatest recall at {self.bound()}"

    def bound(self) -> str:
        return f"a precision of at least {self.precision:g}{_sure(self.confidence)}"


@dataclass(frozen=True)
class FalsePositiveRateAtMost(_ClassRate):
    """The lowest threshold whose false-positive rate stays within a cap.

    Parameters
    ----------
    rate : float in (0, 1)
        Share of the negatives that may be flagged.
    confidence : float in (0, 1), optional
        Neyman-Pearson: the rate on new rows exceeds the cap with probability at most ``1 - confidence`` over the draw
        of the negatives, whatever the scores. None: the rate on the rows at hand, which exceeds the cap on new rows
        about half the time.

    Raises
    ------
    InfeasibleError
        At `choose`, with a confidence: too few negatives to prove such a rate. ``log(1 - confidence) / log(1 -
        rate)`` negatives are the least.

    Notes
    -----
    The umbrella algorithm of Tong, Feng, Li (2018), Science Advances 4:eaao1659: the threshold lies above the k-th
    smallest negative score, k the smallest with ``P(Bin(n, 1 - rate) >= k) <= 1 - confidence``. In counts: an upper
    one-sided Clopper-Pearson bound of the rate within the cap, which is how it is computed.

    Examples
    --------
    >>> import numpy as np
    >>> from rareclass.decisions import best_threshold
    >>> y, s = np.r_[np.zeros(100), np.ones(5)], np.r_[np.arange(100), np.full(5, 200.0)]
    >>> best_threshold(y, s, FalsePositiveRateAtMost(0.05)).threshold
    95.0
    >>> best_threshold(y, s, FalsePositiveRateAtMost(0.05, confidence=0.95)).threshold
    99.0
    """

    kind: ClassVar[str] = "false_positive_rate_at_most"
    title: ClassVar[str] = "false-positive rate at most as asked"
    rate: float = 0.01
    confidence: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "rate", _check.fraction(self.rate, "rate", closed="neither"))
        object.__setattr__(self, "confidence", _confidence(self.confidence))

    def allowed(self, negatives: float) -> float:
        """Largest number (or weight) of false alarms among `negatives`; -1 where none can be proved."""
        if self.confidence is None:
            return negatives * (self.rate + TOLERANCE)

        def proved(false_alarms: float) -> bool:
            # P(Bin(negatives, rate) <= false_alarms) <= 1 - confidence
            below = (
                1.0 if false_alarms >= negatives else betainc(negatives - false_alarms, false_alarms + 1, 1 - self.rate)
            )
            return below <= 1 - self.confidence + TOLERANCE  # type: ignore[operator]

        if not proved(0.0):
            return -1.0
        low, high = 0, int(np.ceil(negatives))
        while high - low > 1:  # whole false alarms: the bound is about counts
            middle = (low + high) // 2
            low, high = (middle, high) if proved(float(middle)) else (low, middle)
        return float(low)

    def feasible(self, points: OperatingPoints) -> np.ndarray:
        worth = 1.0 if self.confidence is None else points.rows[1]
        most = self.allowed(points.negatives * worth)
        if most < 0:
            return np.zeros(np.shape(points.fp), dtype=bool)
        return points.fp * worth <= most + 1e-9

    def objective(self, points: OperatingPoints) -> np.ndarray:
        return np.asarray(points.alerts, dtype=np.float64)

    def value(self, points: OperatingPoints) -> np.ndarray:
        return points.false_positive_rate

    def complain(self, points: OperatingPoints) -> str:
        assert self.confidence is not None
        need = int(np.ceil(np.log(1 - self.confidence) / np.log1p(-self.rate)))
        negatives = points.negatives * points.rows[1]
        best = clopper_pearson(0.0, negatives, self.confidence, side="upper")[1]
        return (
            f"A false-positive rate of at most {self.rate:g}{_sure(self.confidence)} needs at least {need} negatives; "
            f"got {negatives:g}, with which at best {best:.4g} can be shown."
        )

    def phrase(self) -> str:
        return f"a false-positive rate of at most {self.rate:g}{_sure(self.confidence)}"
