"""Pointwise intervals along a curve of thresholds: the single interval of each point, for many points at once."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rareclass import _check
from rareclass._types import Floats, Label, Labels, Scores, Weights
from rareclass.kernels.effective import Cells, Counted, share_limits
from rareclass.kernels.intervals import weighted_sum_limits, wilson
from rareclass.metrics._inputs import scored_rows
from rareclass.metrics.curve import ThresholdCurve
from rareclass.uncertainty.money import fixed_rows, pooled_value
from rareclass.uncertainty.named import NAMED
from rareclass.uncertainty.rates import grouped_limits
from rareclass.uncertainty.sample import Sample

# thresholds at which a band is computed where each of them reads all rows
_READ = 40


def curve_of_both_classes(y_true: Labels, y_score: Scores, sample_weight: Weights, pos_label: Label) -> ThresholdCurve:
    """The threshold curve of raw columns that must hold a positive and a negative row of positive weight."""
    rows = scored_rows(y_true, y_score, sample_weight, pos_label)
    _check.both_classes(rows.y)
    return ThresholdCurve.from_arrays(rows.y, rows.score, rows.weight)


def rate_band(hits: Counted, misses: Counted, level: float) -> tuple[Floats, Floats]:
    """Wilson intervals of hits / (hits + misses) at the effective numbers of both."""
    return share_limits(hits, misses, lambda k, n: wilson(k, n, level))


def precision_band(cells: Cells, level: float) -> tuple[Floats, Floats]:
    """Intervals of the share of positives among the alerts."""
    return rate_band(cells.tp, cells.fp, level)


def recall_band(cells: Cells, level: float) -> tuple[Floats, Floats]:
    """Intervals of the share of flagged rows among the positives."""
    return rate_band(cells.tp, cells.fn, level)


def mixed_rate_band(cells: Cells, share: Floats, level: float) -> tuple[Floats, Floats]:
    """Limits of ``share * missed + (1 - share) * alarms``: rates of two independent samples, positives and negatives.

    Zou and Donner (2008), Stat. Med. 27:1693: the distances of two Wilson limits are added in squares.
    """
    miss_low, miss_high = rate_band(cells.fn, cells.tp, level)
    alarm_low, alarm_high = rate_band(cells.fp, cells.tn, level)
    missed = cells.fn.total / (cells.fn.total + cells.tp.total)
    alarms = cells.fp.total / (cells.fp.total + cells.tn.total)
    centre = share * missed + (1 - share) * alarms
    down = np.hypot(share * (missed - miss_low), (1 - share) * (alarms - alarm_low))
    up = np.hypot(share * (miss_high - missed), (1 - share) * (alarm_high - alarms))
    return centre - down, centre + up


def cost_band(cells: Cells, costs: Mapping[str, ArrayLike], level: float) -> tuple[Floats, Floats]:
    """Limits of the mean cost per row at each point, from the cells and the cost of each outcome (tp, fp, fn, tn).

    The same exact Poisson limits, combined by MOVER, as ``confidence_interval("expected_cost", ...)`` takes for costs
    that all rows share; costs may differ from point to point.
    """
    rows = cells._asdict()
    cost = {k: np.broadcast_to(np.asarray(costs.get(k, 0.0), np.float64), np.shape(c.total)) for k, c in rows.items()}
    size = sum(c.total for c in cells)
    mean = sum(c.total * cost[k] for k, c in rows.items()) / size
    # most negatives share one outcome; costs are counted from it, and its rows carry no noise of their own
    mostly_flagged = cells.tn.total <= cells.fp.total
    base = np.where(mostly_flagged, cost["fp"], cost["tn"])
    each = {k: pooled_value(c.unit, c.unseen, c.rows) for k, c in rows.items()}
    count = np.stack([c.total / each[k] for k, c in rows.items()])
    value = np.stack([(cost[k] - base) * each[k] for k in rows])
    low, high = weighted_sum_limits(count, value, level)
    centre = np.sum(count * value, axis=0)
    spread, total = (sum(c.squares * (cost[k] - at) ** 2 for k, c in rows.items()) for at in (base, mean))
    scale = fixed_rows(total, spread) / size
    return mean - (centre - low) * scale, mean + (high - centre) * scale


def interpolated(reach: Callable[[float], tuple[float, float]], thresholds: Floats) -> tuple[Floats, Floats]:
    """What `reach` says at some of the thresholds (distances of two limits, say), interpolated for all in their order.

    For intervals that read all rows at each threshold.
    """
    some = np.unique(np.linspace(0, thresholds.size - 1, _READ).astype(np.int64))
    ends = np.array([reach(float(thresholds[k])) for k in some])
    place = np.arange(thresholds.size)
    return np.interp(place, some, ends[:, 0]), np.interp(place, some, ends[:, 1])


def grouped_rate_band(rows: Sample, metric: str, thresholds: Floats, level: float) -> tuple[Floats, Floats]:
    """Distances of the limits of a rate at thresholds, over groups: those of `confidence_interval` at some of them."""

    def reach(threshold: float) -> tuple[float, float]:
        estimate = NAMED[metric].estimate(replace(rows, flag=rows.score >= threshold))
        low, high = grouped_limits(rows, estimate, level)
        return estimate.value - low, high - estimate.value

    return interpolated(reach, thresholds)


def thinned(index: NDArray[Any], most: int = 1000) -> NDArray[Any]:
    """At most `most` entries, spread evenly, with both ends: more points than pixels only make files large."""
    if index.size <= most:
        return index
    return index[np.unique(np.linspace(0, index.size - 1, most).astype(np.int64))]
