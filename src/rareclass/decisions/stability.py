"""How much a threshold depends on the events at hand: bootstrap within each class, without sorting again."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass._types import Seed
from rareclass.decisions.points import OperatingPoints
from rareclass.decisions.rule import DecisionRule
from rareclass.errors import InfeasibleError, InputError
from rareclass.metrics.curve import ThresholdCurve

_POINTS = 2000
"""Operating points kept for resampling; those at events come first."""


@dataclass(frozen=True, kw_only=True)
class ThresholdStability:
    """What `threshold_stability` found.

    Attributes
    ----------
    thresholds : ndarray of shape (n_bootstrap,)
        Threshold chosen on each resample.
    low, high : float
        Their quantiles at `level`.
    level : float
    default : float
        The threshold it is compared with.
    probability_not_worse : float
        Share of resamples in which the chosen threshold is at least as good as the default one, judged on a second
        resample.
    difference, difference_low, difference_high : float
        Chosen minus default in terms of the rule's value (a cost for `MinimumCost`: negative = cheaper), and its
        interval.
    infeasible : int
        Resamples on which no threshold met the rule; they are left out.
    """

    thresholds: np.ndarray
    low: float
    high: float
    level: float
    default: float
    probability_not_worse: float
    difference: float
    difference_low: float
    difference_high: float
    infeasible: int


def threshold_interval(
    curve: ThresholdCurve, rule: DecisionRule, *, level: float = 0.95, n_bootstrap: int = 200, random_state: Seed = 0
) -> tuple[float, float]:
    """Quantiles of the thresholds that a rule chooses when positives and negatives are each drawn again.

    Parameters
    ----------
    curve : ThresholdCurve
    rule : DecisionRule
    level : float in (0, 1), default=0.95
    n_bootstrap : int >= 1, default=200
    random_state : int, Generator or None, default=0

    Examples
    --------
    >>> from rareclass.decisions import Maximize
    >>> curve = ThresholdCurve.from_predictions([0, 0, 1, 0, 1], [0.1, 0.2, 0.3, 0.35, 0.8])
    >>> threshold_interval(curve, Maximize("f1"))
    (0.3, 0.8)
    """
    level = _check.fraction(level, "level", closed="neither")
    times = _check.whole_number(n_bootstrap, "n_bootstrap", low=1)
    points = OperatingPoints.from_curve(curve).thin(_POINTS)
    drawn = points.resample(times, _check.random_generator(random_state))
    chosen, _ = _choose_each(rule, drawn)
    return _quantiles(points.thresholds[chosen[chosen >= 0]], level)


def threshold_stability(
    y_true: ArrayLike,
    y_score: ArrayLike,
    rule: DecisionRule,
    *,
    default: float = 0.5,
    sample_weight: ArrayLike | None = None,
    level: float = 0.95,
    n_bootstrap: int = 1000,
    random_state: Seed = 0,
) -> ThresholdStability:
    """How far the chosen threshold moves when the events are drawn again, and whether it beats a default one.

    In each round the rule chooses on one bootstrap resample (within each class) and both thresholds are judged on
    another, so that a threshold fitted to chance events is found out.

    Parameters
    ----------
    y_true, y_score : array-like of shape (n,)
    rule : DecisionRule
        With a value to compare by: `Maximize` or `MinimumCost` (class costs), or a rule constrained from one.
    default : float, default=0.5
        The threshold to compare with.
    sample_weight : array-like of shape (n,), optional
    level : float in (0, 1), default=0.95
    n_bootstrap : int >= 1, default=1000
    random_state : int, Generator or None, default=0

    Examples
    --------
    >>> import numpy as np
    >>> from rareclass.decisions import CostMatrix, MinimumCost
    >>> rng = np.random.default_rng(0)
    >>> p = rng.beta(0.1, 5, 20_000)
    >>> found = threshold_stability(rng.random(p.size) < p, p, MinimumCost(CostMatrix(1, 50), search="empirical"))
    >>> bool(found.low < 1 / 51 < found.high), found.probability_not_worse
    (True, 1.0)
    """
    level = _check.fraction(level, "level", closed="neither")
    times = _check.whole_number(n_bootstrap, "n_bootstrap", low=1)
    curve = ThresholdCurve.from_predictions(y_true, y_score, sample_weight=sample_weight)
    rng = _check.random_generator(random_state)
    whole = OperatingPoints.from_curve(curve)
    keep = np.union1d(np.searchsorted(-whole.thresholds, -whole.thin(_POINTS).thresholds), [curve.at(default)])
    points = whole.take(keep)
    standing = int(np.searchsorted(keep, curve.at(default)))
    chosen, failed = _choose_each(rule, points.resample(times, rng))
    value = rule.objective(points.resample(times, rng))[chosen >= 0]
    chosen = chosen[chosen >= 0]
    mine, other = value[np.arange(chosen.size), chosen], value[:, standing]
    gain = mine - other
    if np.isnan(gain).all():
        raise InputError(f"{type(rule).__name__} has no value to compare thresholds by.")
    sign = 1.0 if np.allclose(rule.objective(points), rule.value(points), equal_nan=True) else -1.0
    worst, best = np.nanquantile(sign * gain, [(1 - level) / 2, (1 + level) / 2])
    thresholds = points.thresholds[chosen]
    low, high = _quantiles(thresholds, level)
    return ThresholdStability(
        thresholds=thresholds,
        low=low,
        high=high,
        level=level,
        default=default,
        probability_not_worse=float(np.nanmean(gain >= 0)),
        difference=float(np.nanmedian(sign * gain)),
        difference_low=float(worst),
        difference_high=float(best),
        infeasible=failed,
    )


def _choose_each(rule: DecisionRule, drawn: OperatingPoints) -> tuple[np.ndarray, int]:
    """Index (times,) of the best point of each resample, -1 where none is allowed, and the number of those."""
    try:
        return np.asarray(rule.best(drawn)), 0
    except InfeasibleError:
        pass
    chosen = np.full(drawn.tp.shape[0], -1)
    for k in range(chosen.size):
        one = replace(drawn, tp=drawn.tp[k], fp=drawn.fp[k])
        try:
            chosen[k] = int(rule.best(one))
        except InfeasibleError:
            continue
    failed = int((chosen < 0).sum())
    if failed == chosen.size:
        raise InfeasibleError(f"No resample of the rows meets {rule.phrase()}; its threshold has no interval.")
    return chosen, failed


def _quantiles(thresholds: np.ndarray, level: float) -> tuple[float, float]:
    """Order statistics, so that +inf (flag none) needs no interpolation."""
    ranked = np.sort(thresholds)
    at = [(1 - level) / 2 * (ranked.size - 1), (1 + level) / 2 * (ranked.size - 1)]
    return float(ranked[int(np.floor(at[0]))]), float(ranked[int(np.ceil(at[1]))])
