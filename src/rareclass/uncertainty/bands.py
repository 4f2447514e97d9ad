"""Pointwise intervals along a curve of thresholds: the single interval of each point, for many points at once."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rareclass import _check
from rareclass._types import Floats, Label, Labels, Scores, Weights
from rareclass.kernels.intervals import weighted_sum_limits, wilson
from rareclass.metrics._inputs import Rows, scored_rows
from rareclass.metrics.curve import ThresholdCurve
from rareclass.uncertainty.effective import Scales, class_scales, fixed_rows


def counted(rows: Rows) -> tuple[ThresholdCurve, Scales]:
    """The threshold curve of clean rows and the scales of its counts."""
    return ThresholdCurve.from_arrays(rows.y, rows.score, rows.weight), class_scales(rows.y, rows.weight)


def curve_of_both_classes(
    y_true: Labels, y_score: Scores, sample_weight: Weights, pos_label: Label
) -> tuple[ThresholdCurve, Scales]:
    """As `counted`, from raw columns that must hold a positive and a negative row of positive weight."""
    rows = scored_rows(y_true, y_score, sample_weight, pos_label)
    _check.both_classes(rows.y)
    return counted(rows)


def precision_band(tp: ArrayLike, fp: ArrayLike, scales: Scales, level: float) -> tuple[Floats, Floats]:
    """Wilson intervals of tp / (tp + fp) at the effective number of alerts."""
    hits, alarms = np.asarray(tp, dtype=np.float64), np.asarray(fp, dtype=np.float64)
    alerts = hits + alarms
    # alerts whose share has the variance of the weighted one; plain counts give the alerts themselves
    bottom = alarms / scales.positive + hits / scales.negative
    effective = np.where(alerts > 0, alerts**2 / np.where(alerts > 0, bottom, 1.0), 0.0)
    share = hits / np.where(alerts > 0, alerts, 1.0)
    return wilson(share * effective, effective, level)


def recall_band(tp: ArrayLike, positives: float, scales: Scales, level: float) -> tuple[Floats, Floats]:
    """Wilson intervals of tp / positives."""
    hits = np.asarray(tp, dtype=np.float64) * scales.positive
    return wilson(hits, np.full(hits.shape, positives * scales.positive), level)


def mixed_rate_band(
    missed: Floats, alarms: Floats, share: Floats, positives: float, negatives: float, level: float
) -> tuple[Floats, Floats]:
    """Limits of ``share * missed + (1 - share) * alarms``, rates of two independent samples of these sizes.

    Zou and Donner (2008), Stat. Med. 27:1693: the distances of two Wilson limits are added in squares.
    """
    miss_low, miss_high = wilson(missed * positives, np.full(missed.shape, positives), level)
    alarm_low, alarm_high = wilson(alarms * negatives, np.full(alarms.shape, negatives), level)
    centre = share * missed + (1 - share) * alarms
    down = np.hypot(share * (missed - miss_low), (1 - share) * (alarms - alarm_low))
    up = np.hypot(share * (miss_high - missed), (1 - share) * (alarm_high - alarms))
    return centre - down, centre + up


def cost_band(
    cells: Mapping[str, ArrayLike], costs: Mapping[str, ArrayLike], scales: Scales, level: float
) -> tuple[Floats, Floats]:
    """Limits of the mean cost per row at each point, from the counts and the cost of each outcome (tp, fp, fn, tn).

    The same exact Poisson limits, combined by MOVER, as ``confidence_interval("expected_cost", ...)`` takes for costs
    that all rows share; costs may differ from point to point.
    """
    rows = {k: np.asarray(v, dtype=np.float64) for k, v in cells.items()}
    cost = {k: np.broadcast_to(np.asarray(costs.get(k, 0.0), dtype=np.float64), v.shape) for k, v in rows.items()}
    size = rows["tp"] + rows["fp"] + rows["fn"] + rows["tn"]
    # most negatives share one outcome; costs are counted from it, and its rows carry no noise of their own
    mostly_flagged = rows["tn"] <= rows["fp"]
    base, rare = np.where(mostly_flagged, (cost["fp"], cost["tn"]), (cost["tn"], cost["fp"]))
    other = np.where(mostly_flagged, rows["tn"], rows["fp"])
    p, n = scales
    count = np.stack([rows["fn"] * p, rows["tp"] * p, other * n])
    value = np.stack([(cost["fn"] - base) / p, (cost["tp"] - base) / p, (rare - base) / n])
    low, high = weighted_sum_limits(count, value, level)
    mean, centre = sum(rows[k] * cost[k] for k in rows) / size, np.sum(count * value, axis=0)
    narrow = fixed_rows(centre, np.sum(count * value**2, axis=0), size) if scales.repeated else 1.0
    return mean - (centre - low) * narrow / size, mean + (high - centre) * narrow / size


def thinned(index: NDArray[Any], most: int = 1000) -> NDArray[Any]:
    """At most `most` entries, spread evenly, with both ends: more points than pixels only make files large."""
    if index.size <= most:
        return index
    return index[np.unique(np.linspace(0, index.size - 1, most).astype(np.int64))]
