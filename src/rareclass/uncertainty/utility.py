"""Curves over all cost ratios: net benefit (decision curve), cost curve, Brier curve."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rareclass import _check
from rareclass._types import Floats, Label, Labels, Scores, Weights
from rareclass.errors import InputError
from rareclass.kernels.effective import Cells
from rareclass.kernels.hull import upper_hull
from rareclass.metrics._inputs import probability_rows, scored_rows
from rareclass.metrics.curve import ThresholdCurve
from rareclass.uncertainty.bands import cost_band, mixed_rate_band
from rareclass.uncertainty.estimate import Table


@dataclass(frozen=True, eq=False, kw_only=True)
class DecisionCurve(Table):
    """Net benefit per row at each threshold probability.

    Parameters
    ----------
    thresholds : float64 array (m,), ascending, in (0, 1)
    net_benefit : float64 array (m,)
        Of flagging rows with probability >= threshold.
    flag_all : float64 array (m,)
        Of flagging every row; flagging none has 0 everywhere.
    prevalence : float
        The largest net benefit there can be.
    low, high : float64 array (m,) or None
        Pointwise interval of the net benefit.
    level : float
        Its nominal coverage.
    """

    thresholds: Floats
    net_benefit: Floats
    flag_all: Floats
    prevalence: float
    low: Floats | None = None
    high: Floats | None = None
    level: float = 0.95


@dataclass(frozen=True, eq=False, kw_only=True)
class CostCurve(Table):
    """Normalised expected cost against the share of misclassification cost that positives carry.

    Parameters
    ----------
    probability_cost : float64 array (m,), ascending, in [0, 1]
        PC(+) = pi * c_fn / (pi * c_fn + (1 - pi) * c_fp).
    normalized_cost : float64 array (m,), in [0, 0.5]
        Cost of the best threshold for that point over the cost of getting every row wrong.
    trivial : float64 array (m,)
        min(PC(+), 1 - PC(+)): flagging none or all.
    thresholds : float64 array (m,)
        The threshold that attains it; +inf flags none.
    low, high : float64 array (m,) or None
        Pointwise interval of the cost of that threshold, taken as fixed.
    level : float
        Its nominal coverage.
    """

    probability_cost: Floats
    normalized_cost: Floats
    trivial: Floats
    thresholds: Floats
    low: Floats | None = None
    high: Floats | None = None
    level: float = 0.95


@dataclass(frozen=True, eq=False, kw_only=True)
class BrierCurve(Table):
    """Loss of deciding by probability >= cost proportion, against the cost proportion.

    Parameters
    ----------
    cost_proportion : float64 array (m,), ascending, in [0, 1]
        c = c_fp / (c_fp + c_fn).
    loss : float64 array (m,)
        2 (c P(false positive) + (1 - c) P(false negative)); its area is the Brier score.
    best : float64 array (m,)
        The same with the best threshold for each c: the gap is what calibration costs.
    trivial : float64 array (m,)
        2 min(c (1 - pi), (1 - c) pi): flagging all or none.
    low, high : float64 array (m,) or None
        Pointwise interval of the loss.
    level : float
        Its nominal coverage.
    """

    cost_proportion: Floats
    loss: Floats
    best: Floats
    trivial: Floats
    low: Floats | None = None
    high: Floats | None = None
    level: float = 0.95


def _grid(values: ArrayLike, name: str, *, open_ends: bool) -> Floats:
    grid = np.sort(np.atleast_1d(_check.number_array(values, name)))
    outside = (grid <= 0) | (grid >= 1) if open_ends else (grid < 0) | (grid > 1)
    if grid.size == 0 or outside.any():
        raise InputError(f"`{name}` must lie in {'(0, 1)' if open_ends else '[0, 1]'} and not be empty.")
    return grid


def _cells(curve: ThresholdCurve, thresholds: Floats) -> Cells:
    """The four outcomes when rows at or above each threshold are flagged."""
    return curve.cells(np.searchsorted(-curve.thresholds, -thresholds, side="right") - 1)


def decision_curve(
    y_true: Labels,
    y_proba: Scores,
    *,
    thresholds: ArrayLike | None = None,
    level: float = 0.95,
    sample_weight: Weights = None,
    pos_label: Label = None,
) -> DecisionCurve:
    """Net benefit over a range of thresholds, beside flagging all and none.

    Parameters
    ----------
    y_true, y_proba, sample_weight, pos_label
        As in `rareclass.metrics.net_benefit`.
    thresholds : array-like, optional
        In (0, 1). Default: 101 points, evenly spaced on the log scale from prevalence/20 to 0.5, because rare events
        are acted on at small probabilities.
    level : float in (0, 1), default 0.95
        Coverage of the interval at each threshold on its own; fixed probabilities, independent rows.

    Returns
    -------
    DecisionCurve
        Net benefits in (-inf, prevalence]. Chance level: the greater of 0 and ``flag_all``. Tied probabilities are
        flagged together.

    Notes
    -----
    Vickers and Elkin (2006), Med. Decis. Making 26:565.

    Examples
    --------
    >>> curve = decision_curve([0, 1, 1, 0], [0.4, 0.9, 0.2, 0.1], thresholds=[0.25, 0.5])
    >>> curve.net_benefit.round(4).tolist(), curve.flag_all.round(4).tolist()
    ([0.1667, 0.25], [0.3333, 0.0])
    """
    level = _check.fraction(level, "level", closed="neither")
    curve = ThresholdCurve.from_arrays(*probability_rows(y_true, y_proba, sample_weight, pos_label))
    prevalence = curve.prevalence
    if thresholds is None:
        grid = np.geomspace(max(prevalence / 20, 1e-9), 0.5, 101)
    else:
        grid = _grid(thresholds, "thresholds", open_ends=True)
    cells, odds = _cells(curve, grid), grid / (1 - grid)
    # net benefit is a cost with its sign turned: -1 for a hit, the odds for a false alarm
    low, high = cost_band(cells, {"tp": -1.0, "fp": odds}, level)
    return DecisionCurve(
        thresholds=grid,
        net_benefit=(cells.tp.total - cells.fp.total * odds) / curve.n,
        flag_all=prevalence - (1 - prevalence) * odds,
        prevalence=prevalence,
        low=-high,
        high=-low,
        level=level,
    )


def _hull(curve: ThresholdCurve) -> NDArray[np.intp]:
    """Thresholds that some cost ratio prefers: the upper hull of the ROC curve."""
    if curve.positives == 0 or curve.negatives == 0:
        raise InputError("Curves over cost ratios need both classes; one is absent.")
    return upper_hull(curve.false_positive_rate, curve.recall)


def cost_curve(
    y_true: Labels,
    y_score: Scores,
    *,
    points: int = 101,
    level: float = 0.95,
    sample_weight: Weights = None,
    pos_label: Label = None,
) -> CostCurve:
    """Normalised expected cost of the best threshold over all cost ratios and prevalences at once.

    Unlike a ROC curve it can be read: at each point of the x axis the height is the cost, and where it meets the
    trivial triangle the scorer is of no use.

    Parameters
    ----------
    y_true : array-like (n,)
        Binary labels, both classes.
    y_score : array-like (n,)
        Finite scores; higher = more likely positive.
    points : int >= 2, default 101
        Points on [0, 1].
    level : float in (0, 1), default 0.95
        Coverage of the interval at each point, for its threshold taken as fixed.
    sample_weight, pos_label
        As in `rareclass.metrics.net_benefit`.

    Returns
    -------
    CostCurve
        Costs in [0, 0.5]. Chance level: ``trivial``. Tied scores are flagged together. The best threshold is chosen
        on these rows, so the curve is optimistic with few events.

    Raises
    ------
    InputError
        Bad scores, or one class only.

    Notes
    -----
    Drummond and Holte (2006), Machine Learning 65:95. The lower envelope is evaluated on the hull of the ROC curve.

    Examples
    --------
    >>> cost_curve([0, 1, 1, 0], [0.4, 0.9, 0.2, 0.1], points=3).normalized_cost.tolist()
    [0.0, 0.25, 0.0]
    """
    points = _check.whole_number(points, "points", low=2)
    level = _check.fraction(level, "level", closed="neither")
    curve = ThresholdCurve.from_arrays(*scored_rows(y_true, y_score, sample_weight, pos_label))
    kept = _hull(curve)
    x = np.linspace(0.0, 1.0, points)
    missed, alarms = 1 - curve.recall[kept], curve.false_positive_rate[kept]
    cost = np.outer(x, missed) + np.outer(1 - x, alarms)
    best = cost.argmin(axis=1)
    low, high = mixed_rate_band(curve.cells(kept[best]), x, level)
    return CostCurve(
        probability_cost=x,
        normalized_cost=cost[np.arange(points), best],
        trivial=np.minimum(x, 1 - x),
        thresholds=curve.thresholds[kept][best],
        low=low,
        high=high,
        level=level,
    )


def brier_curve(
    y_true: Labels,
    y_proba: Scores,
    *,
    points: int | ArrayLike = 101,
    level: float = 0.95,
    sample_weight: Weights = None,
    pos_label: Label = None,
) -> BrierCurve:
    """Loss of deciding by the probabilities as they are, over all cost proportions.

    Parameters
    ----------
    y_true, y_proba, sample_weight, pos_label
        As in `rareclass.metrics.net_benefit`; both classes.
    points : int >= 2 or array-like, default 101
        Number of equal steps on [0, 1], or the cost proportions themselves.
    level : float in (0, 1), default 0.95
        Coverage of the interval at each cost proportion.

    Returns
    -------
    BrierCurve
        Losses in [0, 2]. Chance level: ``trivial``. Tied probabilities are flagged together. The area under ``loss``
        is the Brier score; the gap to ``best`` is what recalibration could gain.

    Notes
    -----
    Hernandez-Orallo, Flach, Ferri (2011), ICML, "Brier curves", eq. 6.

    Examples
    --------
    >>> brier_curve([0, 1, 1, 0], [0.4, 0.9, 0.2, 0.1], points=[0.3]).loss.round(3).tolist()
    [0.5]
    """
    level = _check.fraction(level, "level", closed="neither")
    curve = ThresholdCurve.from_arrays(*probability_rows(y_true, y_proba, sample_weight, pos_label))
    kept = _hull(curve)
    if np.ndim(points) == 0:
        c = np.linspace(0.0, 1.0, _check.whole_number(points, "points", low=2))
    else:
        c = _grid(points, "points", open_ends=False)
    alarms, missed = curve.fp / curve.n, curve.fn / curve.n
    cells = _cells(curve, c)
    best = 2 * (np.outer(c, alarms[kept]) + np.outer(1 - c, missed[kept])).min(axis=1)
    trivial = 2 * np.minimum(c * (1 - curve.prevalence), (1 - c) * curve.prevalence)
    low, high = cost_band(cells, {"fp": 2 * c, "fn": 2 * (1 - c)}, level)
    return BrierCurve(
        cost_proportion=c,
        loss=2 * (c * (cells.fp.total / curve.n) + (1 - c) * (cells.fn.total / curve.n)),
        best=best,
        trivial=trivial,
        low=np.maximum(low, 0.0),
        high=high,
        level=level,
    )
