"""The threshold curve: counts at every distinct score, from one sort; everything about decisions reads it."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rareclass._types import Flags, Floats, Label, Labels, Scores, Weights
from rareclass.errors import InputError
from rareclass.kernels import counts
from rareclass.kernels.effective import Cells, Counted
from rareclass.kernels.thresholds import threshold_counts
from rareclass.metrics._inputs import scored_rows


@dataclass(frozen=True, eq=False)
class ThresholdCurve:
    """True and false positives at every distinct score; a row is flagged iff its score >= threshold.

    Build it with `from_predictions`. Curves of disjoint rows merge exactly, so the same code serves one array, the
    blocks of a large table and the windows of a monitor.

    Parameters
    ----------
    thresholds : float64 array (m,)
        Strictly descending; the first is +inf ("flag none").
    tp, fp : arrays (m,)
        Positives and negatives at or above each threshold: int64 counts, or float64 sums of weights.
    positives, negatives : int or float
        Totals.
    squares : pair of float64 arrays (m,) or None
        The same as `tp` and `fp` of squared weights; None where rows have none.

    Examples
    --------
    >>> curve = ThresholdCurve.from_predictions([0, 1, 1, 0], [0.1, 0.9, 0.4, 0.4])
    >>> curve.thresholds.tolist()
    [inf, 0.9, 0.4, 0.1]
    >>> curve.recall.tolist(), curve.fp.tolist()
    ([0.0, 0.5, 1.0, 1.0], [0, 0, 1, 2])
    >>> curve.at(0.5)
    1
    """

    thresholds: Floats
    tp: NDArray[Any]
    fp: NDArray[Any]
    positives: float
    negatives: float
    _: KW_ONLY
    squares: tuple[Floats, Floats] | None = None

    @classmethod
    def from_predictions(
        cls, y_true: Labels, y_score: Scores, *, sample_weight: Weights = None, pos_label: Label = None
    ) -> "ThresholdCurve":
        """Count once over rows.

        Parameters
        ----------
        y_true : array-like (n,)
            Binary labels; `pos_label` names the positive one.
        y_score : array-like (n,)
            Finite scores, higher = more likely positive.
        sample_weight : array-like (n,), optional
            Non-negative. Integer weights equal repeated rows; rows of weight zero are left out. For negatives that
            were sampled with probability q, the weight 1/q makes every count refer to the whole population.
        pos_label : label, optional

        Raises
        ------
        InputError
            Empty, NaN or infinite scores, wrong lengths, negative weights.
        """
        rows = scored_rows(y_true, y_score, sample_weight, pos_label)
        return cls.from_arrays(rows.y, rows.score, rows.weight)

    @classmethod
    def from_arrays(cls, y: Flags, score: Floats, weight: Floats | None = None) -> "ThresholdCurve":
        """The same from arrays that were checked before."""
        order = None if weight is None else np.argsort(score)
        thresholds, tp, fp = threshold_counts(y, score, weight, order)
        squares = None if weight is None else threshold_counts(y, score, np.square(weight), order)[1:]
        return cls(thresholds, tp, fp, tp[-1].item(), fp[-1].item(), squares=squares)

    @property
    def fn(self) -> NDArray[Any]:
        """Positives below each threshold."""
        return np.asarray(self.positives - self.tp)

    @property
    def tn(self) -> NDArray[Any]:
        """Negatives below each threshold."""
        return np.asarray(self.negatives - self.fp)

    @property
    def n(self) -> float:
        """Rows, or their weight."""
        return self.positives + self.negatives

    @property
    def prevalence(self) -> float:
        """Share of positives."""
        return self.positives / self.n if self.n else float("nan")

    @property
    def recall(self) -> Floats:
        """Share of positives flagged; NaN without positives."""
        return counts.ratio(self.tp, self.positives)

    @property
    def precision(self) -> Floats:
        """Share of alerts that are positive; NaN where nothing is flagged."""
        return counts.precision(self.tp, self.fp)

    @property
    def false_positive_rate(self) -> Floats:
        """Share of negatives flagged; NaN without negatives."""
        return counts.ratio(self.fp, self.negatives)

    @property
    def alert_rate(self) -> Floats:
        """Share of rows flagged."""
        return counts.ratio(self.tp + self.fp, self.n)

    def cells(self, index: Any = slice(None)) -> Cells:
        """The four outcomes at the points of an index, each with the rows that it is worth."""
        squares = (self.tp, self.fp) if self.squares is None else self.squares
        flagged, passed = [], []
        for total, square in zip((self.tp, self.fp), squares, strict=True):
            unseen = float(square[-1] / total[-1]) if total[-1] > 0 else self._unit(squares)
            flagged.append(Counted(total[index], square[index], unseen))
            # differences of sums: what is left of none is none, not the last bits
            some = (last := total[-1] - total[index]) > 1e-12 * total[-1]
            passed.append(Counted(np.where(some, last, 0.0), np.where(some, square[-1] - square[index], 0.0), unseen))
        return Cells(*flagged, *passed)

    def _unit(self, squares: Sequence[NDArray[Any]]) -> float:
        return float(sum(s[-1] for s in squares) / self.n) if self.n else 1.0

    def at(self, threshold: float) -> int:
        """Index of the operating point that the rule score >= threshold reaches.

        Raises
        ------
        InputError
            The threshold is NaN.
        """
        if np.isnan(threshold):
            raise InputError("`threshold` is NaN; give a number, or infinity to flag none.")
        # thresholds descend: the last of them that is >= threshold flags the same rows
        return int(np.searchsorted(-self.thresholds, -threshold, side="right")) - 1

    def merge(self, other: "ThresholdCurve") -> "ThresholdCurve":
        """Curve of the rows of both; they must not share rows."""
        thresholds = np.union1d(self.thresholds, other.thresholds)[::-1]
        here = np.searchsorted(-self.thresholds, -thresholds, side="right") - 1
        there = np.searchsorted(-other.thresholds, -thresholds, side="right") - 1
        squares = None
        if self.squares is not None or other.squares is not None:
            mine, theirs = ((c.tp, c.fp) if c.squares is None else c.squares for c in (self, other))
            squares = mine[0][here] + theirs[0][there], mine[1][here] + theirs[1][there]
        return ThresholdCurve(
            np.ascontiguousarray(thresholds),
            self.tp[here] + other.tp[there],
            self.fp[here] + other.fp[there],
            self.positives + other.positives,
            self.negatives + other.negatives,
            squares=squares,
        )
