"""Metrics of more rows than memory holds: counts in bins of the log-odds, mergeable, with bounds that are certain."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import psi

from rareclass import _check
from rareclass._types import Floats, Label, Labels, Scores, Weights
from rareclass.errors import InputError
from rareclass.kernels.logits import logit
from rareclass.metrics._inputs import scored_rows, undefined
from rareclass.metrics.curve import ThresholdCurve


class Bounded(NamedTuple):
    """A value between two bounds that hold whatever the order within the bins."""

    value: float
    low: float
    high: float


class StreamingCurve:
    """Positives and negatives in fine bins of the log-odds; constant memory, exact merging.

    Rows within a bin cannot be told apart, so ranking metrics come with certain bounds: the best and the worst order
    within every bin. Bins of 1/64 in log-odds bound average precision to about 1e-3 at a million rows.

    Parameters
    ----------
    bins_per_unit : int >= 1, default 64
        Bins for one unit of log-odds.
    limit : float > 0, default 40
        Log-odds beyond +-limit share the outermost bins.

    Raises
    ------
    InputError
        Bad parameters, or merging of curves with different bins.

    Notes
    -----
    Counts are int64 until fractional weights arrive, then float64. Average precision is highest when the positives of a
    bin are tied above its negatives and lowest when they follow them one by one; that sum of (a + j) / (a + j + f) is
    a difference of digamma functions.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = rng.random(10_000) < 0.01
    >>> z = rng.normal(size=10_000) + 3 * y - 6
    >>> curve = StreamingCurve()
    >>> for rows in np.array_split(np.arange(10_000), 7):
    ...     curve.update(y[rows], logit=z[rows])
    >>> bounded = curve.average_precision()
    >>> bounded.high - bounded.low < 0.01
    True
    """

    def __init__(self, *, bins_per_unit: int = 64, limit: float = 40.0) -> None:
        self.bins_per_unit = _check.whole_number(bins_per_unit, "bins_per_unit", low=1)
        self.limit = _check.fraction(limit, "limit", high=700.0, closed="right")
        self._half = int(np.ceil(self.limit * self.bins_per_unit))
        self._positive: NDArray[Any] = np.zeros(2 * self._half, dtype=np.int64)
        self._negative: NDArray[Any] = np.zeros(2 * self._half, dtype=np.int64)

    def update(
        self,
        y_true: Labels,
        y_proba: ArrayLike | None = None,
        *,
        logit: ArrayLike | None = None,
        sample_weight: Weights = None,
        pos_label: Label = None,
    ) -> None:
        """Count a block of rows.

        Parameters
        ----------
        y_true : array-like (n,)
        y_proba : array-like (n,), optional
            Probabilities; give these or `logit`.
        logit : array-like (n,), optional
            Log-odds, or any score on a scale where the bins make sense.
        sample_weight : array-like (n,), optional
        pos_label : label, optional
            Needed when a block may hold one class only and the labels are not 0/1.
        """
        if (y_proba is None) == (logit is None):
            raise InputError("Give either `y_proba` or `logit`.")
        score = logit if y_proba is None else self._log_odds(y_proba)
        assert score is not None
        rows = scored_rows(y_true, score, sample_weight, pos_label)
        bins = np.clip(np.floor(rows.score * self.bins_per_unit), -self._half, self._half - 1).astype(np.intp)
        bins += self._half
        size = 2 * self._half
        w = rows.weight
        if w is not None and (w == np.round(w)).all():
            w = w.astype(np.int64)
        for mask, name in ((rows.y, "_positive"), (~rows.y, "_negative")):
            if w is None:
                new = np.bincount(bins[mask], minlength=size)
            elif w.dtype == np.int64:
                new = np.zeros(size, dtype=np.int64)
                np.add.at(new, bins[mask], w[mask])
            else:
                new = np.bincount(bins[mask], weights=w[mask], minlength=size)
            setattr(self, name, getattr(self, name) + new)

    def _log_odds(self, y_proba: Scores) -> Floats:
        proba = _check.scores(y_proba, "y_proba")
        if proba.min() < 0 or proba.max() > 1:
            raise InputError("`y_proba` holds values outside [0, 1]; pass log-odds as `logit`.")
        return np.clip(logit(proba), -self.limit, self.limit)

    def merge(self, other: "StreamingCurve") -> "StreamingCurve":
        """Curve of the rows of both, which must not share rows."""
        if (self.bins_per_unit, self.limit) != (other.bins_per_unit, other.limit):
            raise InputError(
                f"Curves with different bins cannot be merged: {self.bins_per_unit} a unit up to {self.limit:g}, "
                f"{other.bins_per_unit} up to {other.limit:g}."
            )
        merged = StreamingCurve(bins_per_unit=self.bins_per_unit, limit=self.limit)
        merged._positive = self._positive + other._positive
        merged._negative = self._negative + other._negative
        return merged

    @property
    def positives(self) -> float:
        """Number (weight) of positives so far."""
        return self._positive.sum().item()

    @property
    def negatives(self) -> float:
        """Number (weight) of negatives so far."""
        return self._negative.sum().item()

    def curve(self) -> ThresholdCurve:
        """Exact counts at the lower edges of the bins that hold rows; thresholds are log-odds."""
        used = np.flatnonzero(self._positive + self._negative)[::-1]
        edge = (used - self._half) / self.bins_per_unit
        tp = np.concatenate([[0], np.cumsum(self._positive[used])])
        fp = np.concatenate([[0], np.cumsum(self._negative[used])])
        return ThresholdCurve(np.concatenate([[np.inf], edge]), tp, fp, self.positives, self.negatives)

    def average_precision(self) -> Bounded:
        """Average precision with certain bounds; the value takes each bin as tied."""
        if self.positives == 0:
            nan = undefined("Average precision", "there is no positive row")
            return Bounded(nan, nan, nan)
        gained, lost = (c[::-1].astype(np.float64) for c in (self._positive, self._negative))
        keep = gained > 0
        tp, fp = np.cumsum(gained), np.cumsum(lost)
        above_tp, above_fp = (tp - gained)[keep], (fp - lost)[keep]
        m, tp, fp = gained[keep], tp[keep], fp[keep]
        total = float(m.sum())
        whole = self._positive.dtype == np.int64 and self._negative.dtype == np.int64
        low = _worst_order(above_tp, m, fp, whole)
        # highest where the m positives of a bin are tied and lie above its negatives
        high = float(np.sum(m * (above_tp + m) / (above_tp + m + above_fp)))
        return Bounded(float(np.sum(m * tp / (tp + fp))) / total, low / total, high / total)

    def roc_auc(self) -> Bounded:
        """Area under the ROC curve with certain bounds; the value counts ties within bins half."""
        p, n = self._positive.astype(np.float64), self._negative.astype(np.float64)
        pairs = p.sum() * n.sum()
        if pairs == 0:
            nan = undefined("The area under the ROC curve", "a class is absent")
            return Bounded(nan, nan, nan)
        won = float(np.sum(p * (np.cumsum(n) - n))) / pairs
        tied = float(np.sum(p * n)) / pairs
        return Bounded(won + tied / 2, won, won + tied)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers; only bins that hold rows."""
        used = np.flatnonzero(self._positive + self._negative)
        return {
            "bins_per_unit": self.bins_per_unit,
            "limit": self.limit,
            "bin": (used - self._half).tolist(),
            "positive": self._positive[used].tolist(),
            "negative": self._negative[used].tolist(),
        }

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> "StreamingCurve":
        """Inverse of `to_dict`."""
        out = cls(bins_per_unit=state["bins_per_unit"], limit=state["limit"])
        place = np.asarray(state["bin"], dtype=np.intp) + out._half
        if place.size and (place.min() < 0 or place.max() >= 2 * out._half):
            raise InputError("The stored bins lie outside the limits of the curve.")
        for name in ("positive", "negative"):
            values = np.asarray(state[name])
            counts = np.zeros(2 * out._half, dtype=np.int64 if values.dtype.kind in "iu" else np.float64)
            counts[place] = values
            setattr(out, f"_{name}", counts)
        return out


def _worst_order(above: Floats, m: Floats, fp: Floats, whole: bool) -> float:
    """Sum of precisions of positives one by one below the negatives of their bin: the lowest there can be."""
    if whole:
        # sum over j of (a + j) / (a + j + f) = m - f * (psi(a + m + f + 1) - psi(a + f + 1))
        return float(np.sum(m - fp * (psi(above + m + fp + 1) - psi(above + fp + 1))))
    # fractional weights: the integral lies below any split of the weight into rows
    bottom = np.where(above + fp > 0, above + fp, 1.0)
    return float(np.sum(m - np.where(fp > 0, fp * np.log((above + m + fp) / bottom), 0.0)))
