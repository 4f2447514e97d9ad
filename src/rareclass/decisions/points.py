"""Operating points of a scorer: counts at thresholds, in a form that rules can evaluate many at a time."""

from dataclasses import KW_ONLY, dataclass, replace

import numpy as np

from rareclass.errors import TooFewEventsError
from rareclass.metrics.curve import ThresholdCurve


@dataclass(frozen=True)
class OperatingPoints:
    """Counts of flagged positives and negatives at descending thresholds."""

    thresholds: np.ndarray  # (m,) the first is +inf: flag none
    # tp, fp: (..., m) leading axes hold bootstrap resamples
    tp: np.ndarray
    fp: np.ndarray
    # positives, negatives: totals, the same in every resample
    positives: float
    negatives: float
    _: KW_ONLY
    rows: tuple[float, float] = (1.0, 1.0)  # effective rows for one unit of weight, of positives and of negatives

    @classmethod
    def from_curve(cls, curve: ThresholdCurve) -> "OperatingPoints":
        """Points of a curve that holds both classes."""
        if not (curve.positives > 0 and curve.negatives > 0):
            only = "positive" if curve.positives > 0 else "negative"
            raise TooFewEventsError(f"The curve holds only {only} rows; a threshold needs both classes.")
        cells = curve.cells()
        rows = 1 / float(cells.tp.unseen), 1 / float(cells.fp.unseen)
        return cls(curve.thresholds, curve.tp, curve.fp, float(curve.positives), float(curve.negatives), rows=rows)

    @property
    def fn(self) -> np.ndarray:
        return self.positives - self.tp

    @property
    def tn(self) -> np.ndarray:
        return self.negatives - self.fp

    @property
    def alerts(self) -> np.ndarray:
        return self.tp + self.fp

    @property
    def n(self) -> float:
        return self.positives + self.negatives

    @property
    def recall(self) -> np.ndarray:
        return self.tp / self.positives

    @property
    def false_positive_rate(self) -> np.ndarray:
        return self.fp / self.negatives

    @property
    def precision(self) -> np.ndarray:
        """NaN where nothing is flagged."""
        alerts = self.alerts
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(alerts > 0, self.tp / np.where(alerts > 0, alerts, 1), np.nan)

    def take(self, index: np.ndarray) -> "OperatingPoints":
        """The points at `index`."""
        return replace(self, thresholds=self.thresholds[index], tp=self.tp[..., index], fp=self.fp[..., index])

    def at_events(self) -> "OperatingPoints":
        """Flag none, and the points at which a positive row is gained.

        A point that gains only negatives flags the same positives as the one before it at the price of more false
        alarms: no rule that falls with false alarms prefers it. With rare events this leaves a handful of points.
        """
        return self.take(np.concatenate([[0], np.flatnonzero(np.diff(self.tp) > 0) + 1]))

    def thin(self, size: int) -> "OperatingPoints":
        """At most about `size` points: those at events, and a share of the rest that is denser near the top."""
        m = self.thresholds.size
        if m <= size:
            return self
        gained = np.flatnonzero(np.diff(self.tp) > 0) + 1
        if gained.size > size // 2:
            gained = gained[np.linspace(0, gained.size - 1, size // 2).astype(np.int64)]
        even = np.linspace(0, m - 1, size // 4).astype(np.int64)
        top = np.geomspace(1, m - 1, size // 4).astype(np.int64)  # small budgets and rates live there
        return self.take(np.union1d(gained, np.union1d(even, top)))

    def resample(self, times: int, rng: np.random.Generator) -> "OperatingPoints":
        """Counts of `times` bootstrap resamples of the rows within each class, totals kept.

        As many as the weighted rows of a class are worth.
        """
        return replace(
            self,
            tp=_redraw(self.tp, self.positives, self.rows[0], times, rng),
            fp=_redraw(self.fp, self.negatives, self.rows[1], times, rng),
        )


def _redraw(cumulated: np.ndarray, total: float, scale: float, times: int, rng: np.random.Generator) -> np.ndarray:
    """Cumulated counts (times, m) of multinomial resamples of the rows behind cumulated counts (m,)."""
    share = np.diff(cumulated, append=total) / total
    rows = max(round(total * scale), 1)
    share = np.clip(share, 0.0, None)
    drawn = rng.multinomial(rows, share / share.sum(), size=times)
    # the increment that leads to point i stands at i - 1: nothing lies before the first point
    gained = np.cumsum(drawn[:, :-1], axis=1) * (total / rows)
    return np.concatenate([np.full((times, 1), float(cumulated[0])), gained], axis=1)
