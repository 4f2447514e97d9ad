"""Cost per row against the threshold, with its band and the two trivial rules."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass._types import Costs, Flags, Floats, Label, Labels, Scores, Weights
from rareclass.metrics.costs import CostColumns
from rareclass.metrics.curve import ThresholdCurve
from rareclass.uncertainty.bands import cost_band, interpolated
from rareclass.uncertainty.estimate import Table
from rareclass.uncertainty.money import cost_limits
from rareclass.uncertainty.sample import Sample, make_sample


@dataclass(frozen=True, eq=False, kw_only=True)
class ThresholdCosts(Table):
    """Mean cost per row when rows with score >= threshold are flagged.

    Parameters
    ----------
    thresholds : float64 array (m,), ascending
    cost : float64 array (m,)
    low, high : float64 array (m,)
        Pointwise interval of the cost.
    flag_none, flag_all : float
        Cost per row of the two rules that need no scorer.
    level : float
        Nominal coverage of the interval.
    """

    thresholds: Floats
    cost: Floats
    low: Floats
    high: Floats
    flag_none: float
    flag_all: float
    level: float = 0.95


def threshold_costs(
    y_true: Labels,
    y_score: Scores,
    costs: Costs,
    *,
    points: int = 1000,
    level: float = 0.95,
    sample_weight: Weights = None,
    groups: ArrayLike | None = None,
    pos_label: Label = None,
) -> ThresholdCosts:
    """Mean cost per row at the distinct scores, with a pointwise interval.

    A flat valley means that the exact threshold hardly matters. Do not read the lowest point as the cost of the best
    threshold: it was found on these rows.

    Parameters
    ----------
    y_true : array-like (n,)
        Binary labels.
    y_score : array-like (n,)
        Finite scores; higher = more likely positive.
    costs : mapping, object, or (2, 2) array
        See `cost_columns`: class costs (numbers) or costs by row (arrays); one threshold cuts all rows.
    points : int >= 2, default 1000
        Thresholds spread evenly over the ranking; as many of its top, where the alerts are, are kept besides.
    level : float in (0, 1), default 0.95
        Coverage at each threshold on its own, taken as fixed.
    sample_weight : array-like (n,), optional
        1 / the probability with which a row was drawn.
    groups : array-like (n,), optional
        Rows of one group are dependent: the interval counts groups.
    pos_label : label, optional

    Returns
    -------
    ThresholdCosts
        Costs in [least cost of an outcome, greatest one]. Chance level: the lower of ``flag_none`` and ``flag_all``.
        Tied scores are flagged together.

    Raises
    ------
    InputError, CostError
        Bad scores, labels or weights; costs missing, not finite, or of the wrong length.

    Notes
    -----
    Elkan (2001), IJCAI, section 1. The interval is that of ``confidence_interval("expected_cost", ...)``; with costs
    by row or groups it is computed at 40 thresholds, and its distance from the curve interpolated between them.

    Examples
    --------
    >>> found = threshold_costs([0, 0, 1, 0], [0.1, 0.4, 0.35, 0.2], {"fp": 1, "fn": 4})
    >>> found.thresholds.tolist(), found.cost.tolist(), found.flag_none, found.flag_all
    ([0.1, 0.2, 0.35, 0.4], [0.75, 0.5, 0.25, 1.25], 1.0, 0.75)
    """
    most = _check.whole_number(points, "points", low=2)
    level = _check.fraction(level, "level", closed="neither")
    rows = make_sample(y_true, y_score, sample_weight=sample_weight, groups=groups, costs=costs, pos_label=pos_label)
    assert rows.costs is not None
    curve = ThresholdCurve.from_arrays(rows.y, rows.score, None if rows.equal else rows.weight)
    last = curve.thresholds.size - 1
    kept = np.unique(np.linspace(1, last, most).astype(np.int64))
    kept = np.union1d(kept, np.arange(1, min(most, last + 1)))[::-1]
    shared = _shared(rows.costs)
    if shared is None:
        cost = _summed(rows.y, rows.score, rows.costs, rows.weight)
    else:
        each = {"tp": curve.tp, "fp": curve.fp, "fn": curve.fn, "tn": curve.tn}
        cost = np.asarray(sum(shared[k] * v for k, v in each.items()), dtype=np.float64) / curve.n
    if shared is None or rows.groups is not None:
        down, up = _row_band(rows, curve.thresholds[kept], level)
    else:
        low, high = cost_band(curve.cells(kept), shared, level)
        down, up = cost[kept] - low, high - cost[kept]
    at = cost[kept]
    return ThresholdCosts(
        thresholds=curve.thresholds[kept],
        cost=at,
        low=at - down,
        high=at + up,
        flag_none=float(cost[0]),
        flag_all=float(cost[-1]),
        level=level,
    )


def _shared(columns: CostColumns) -> dict[str, float] | None:
    """The costs that all rows share, or None."""
    if any((c != c[0]).any() for c in columns):
        return None
    return {name: float(c[0]) for name, c in columns._asdict().items()}


def _summed(y: Flags, score: Floats, costs: CostColumns, w: Floats) -> Floats:
    """Mean cost per row at the points of the threshold curve, first that of flagging none."""
    none, every = costs.loss(y, np.zeros(y.size, dtype=bool)), costs.loss(y, np.ones(y.size, dtype=bool))
    order = np.argsort(-score, kind="stable")
    total = np.r_[0.0, np.cumsum((w * (every - none))[order])] + np.sum(w * none)
    last = np.r_[np.flatnonzero(np.diff(score[order])), y.size - 1]
    return np.r_[total[0], total[last + 1]] / w.sum()


def _row_band(rows: Sample, thresholds: Floats, level: float) -> tuple[Floats, Floats]:
    """Distances of the limits from the cost at each threshold, interpolated between some of them."""
    assert rows.costs is not None
    costs = rows.costs

    def reach(threshold: float) -> tuple[float, float]:
        flag = rows.score >= threshold
        low, high = cost_limits(replace(rows, flag=flag), level)
        mean = float(np.average(costs.loss(rows.y, flag), weights=rows.weight))
        return mean - low, high - mean

    return interpolated(reach, thresholds)
