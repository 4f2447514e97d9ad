"""Cost per row against the threshold, with its band and the two trivial rules."""

from dataclasses import dataclass, replace

import numpy as np

from rareclass import _check
from rareclass._types import Costs, Flags, Floats, Label, Labels, Scores, Weights
from rareclass.metrics._inputs import scored_rows
from rareclass.metrics.costs import CostColumns, cost_columns
from rareclass.metrics.curve import ThresholdCurve
from rareclass.uncertainty.bands import cost_band
from rareclass.uncertainty.effective import are_repetitions, class_scales
from rareclass.uncertainty.estimate import Table
from rareclass.uncertainty.money import cost_limits
from rareclass.uncertainty.sample import Sample

# thresholds at which the band is computed when each row has its own costs: each of them reads all rows
_BAND_POINTS = 40


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
        Integer weights equal repeated rows.
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
    by row it is computed at 40 thresholds, and its distance from the curve interpolated between them.

    Examples
    --------
    >>> found = threshold_costs([0, 0, 1, 0], [0.1, 0.4, 0.35, 0.2], {"fp": 1, "fn": 4})
    >>> found.thresholds.tolist(), found.cost.tolist(), found.flag_none, found.flag_all
    ([0.1, 0.2, 0.35, 0.4], [0.75, 0.5, 0.25, 1.25], 1.0, 0.75)
    """
    most = _check.whole_number(points, "points", low=2)
    level = _check.fraction(level, "level", closed="neither")
    whole = scored_rows(y_true, y_score, None, pos_label)
    n = whole.y.shape[0]
    columns, weight = cost_columns(costs, n), _check.weights(sample_weight, n)
    y, score = whole.y, whole.score
    if weight is not None and not weight.all():
        keep = weight > 0
        y, score, weight = y[keep], score[keep], weight[keep]
        columns = CostColumns(*(c[keep] for c in columns))
    curve = ThresholdCurve.from_arrays(y, score, weight)
    last = curve.thresholds.size - 1
    kept = np.unique(np.linspace(1, last, most).astype(np.int64))
    kept = np.union1d(kept, np.arange(1, min(most, last + 1)))[::-1]
    shared = _shared(columns)
    if shared is None:
        cost = _summed(y, score, columns, weight)
        each_row = np.ones(y.size) if weight is None else weight
        rows = Sample(y=y, score=score, weight=each_row, repeated=are_repetitions(weight), costs=columns)
        down, up = _row_band(rows, curve.thresholds[kept], level)
    else:
        each = {"tp": curve.tp, "fp": curve.fp, "fn": curve.fn, "tn": curve.tn}
        cost = np.asarray(sum(shared[k] * v for k, v in each.items()), dtype=np.float64) / curve.n
        scales = class_scales(y, weight)
        low, high = cost_band({k: v[kept] for k, v in each.items()}, shared, scales, level)
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


def _summed(y: Flags, score: Floats, costs: CostColumns, weight: Floats | None) -> Floats:
    """Mean cost per row at the points of the threshold curve, first that of flagging none."""
    w = np.ones(y.size) if weight is None else weight
    none, every = costs.loss(y, np.zeros(y.size, dtype=bool)), costs.loss(y, np.ones(y.size, dtype=bool))
    order = np.argsort(-score, kind="stable")
    total = np.r_[0.0, np.cumsum((w * (every - none))[order])] + np.sum(w * none)
    last = np.r_[np.flatnonzero(np.diff(score[order])), y.size - 1]
    return np.r_[total[0], total[last + 1]] / w.sum()


def _row_band(rows: Sample, thresholds: Floats, level: float) -> tuple[Floats, Floats]:
    """Distances of the limits from the cost at each threshold, interpolated between some of them."""
    assert rows.costs is not None
    some = np.unique(np.linspace(0, thresholds.size - 1, _BAND_POINTS).astype(np.int64))
    down, up = np.empty(some.size), np.empty(some.size)
    for i, k in enumerate(some):
        flag = rows.score >= thresholds[k]
        low, high = cost_limits(replace(rows, flag=flag), level)
        mean = float(np.average(rows.costs.loss(rows.y, flag), weights=rows.weight))
        down[i], up[i] = mean - low, high - mean
    place = np.arange(thresholds.size)
    return np.interp(place, some, down), np.interp(place, some, up)
