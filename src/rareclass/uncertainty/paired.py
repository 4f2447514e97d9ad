"""Is scorer A better than scorer B? The difference of a metric on the same rows, with its interval."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri, stdtr

from rareclass import _check
from rareclass._types import Costs, Label, Labels, Scores, Seed, Weights
from rareclass.errors import InputError, TooFewEventsError
from rareclass.kernels.effective import worth
from rareclass.kernels.intervals import paired_rate_limits
from rareclass.uncertainty.estimate import Interval
from rareclass.uncertainty.money import cost_difference_limits, loss_difference_limits
from rareclass.uncertainty.named import NAMED, Estimate, Metric, Trials, metric_name
from rareclass.uncertainty.resample import Resampling, percentile, replicate, statistic_of
from rareclass.uncertainty.sample import Sample, make_sample
from rareclass.uncertainty.spread import drawn_variance, metric_spread

# pseudo-events: with few events two scorers may differ in ways that none of them happened to show
_SHRINK = 2.0
IDENTICAL = "identical"
"""The method of a difference of scorers that decide alike on every row."""


@dataclass(frozen=True)
class PairedInterval(Interval):
    """Difference A - B of a metric, with its interval.

    Parameters
    ----------
    probability_better : float in [0, 1]
        Confidence that A is better than B (0.5 = no evidence either way); below 0.025 or above 0.975 exactly when the
        95 % interval excludes zero, up to the skewness of costs. Not a p-value of a test of equality.
    estimate_a, estimate_b : float
        The metric of each.
    """

    probability_better: float = float("nan")
    estimate_a: float = float("nan")
    estimate_b: float = float("nan")


def paired_difference(
    metric: Metric,
    y_true: Labels,
    y_score_a: Scores,
    y_score_b: Scores,
    *,
    level: float = 0.95,
    method: str = "auto",
    groups: ArrayLike | None = None,
    sample_weight: Weights = None,
    threshold: ArrayLike | None = None,
    costs: Costs | None = None,
    lower_is_better: bool | None = None,
    n_bootstrap: int = 2000,
    stratified: bool = False,
    random_state: Seed = 0,
    pos_label: Label = None,
) -> PairedInterval:
    """Metric of A minus metric of B on the same rows, with an interval that uses the pairing.

    Estimand: the difference of two fixed scorers on infinitely many rows of the same source. Rows on which both err
    alike cancel, so this is much sharper than comparing two intervals. It does not say which training procedure is
    better; folds do (`rareclass.uncertainty.folds`).

    Parameters
    ----------
    metric, y_true, level, groups, sample_weight, costs, n_bootstrap, stratified, random_state, pos_label
        As in `confidence_interval`.
    y_score_a, y_score_b : array-like (n,)
        Scores, probabilities, or decisions of the two.
    method : {"auto", "influence", "percentile"}, default "auto"
        "auto": influence functions with Satterthwaite's degrees of freedom (shrunk at few events); for rates among
        the same rows (recall, specificity, accuracy) Newcombe's score limits; for the expected cost exact Poisson
        limits of the discordant decisions; for functions the percentile bootstrap.
    threshold : float, or pair of floats (A, B), optional
        For metrics of decisions.
    lower_is_better : bool, optional
        Direction of `probability_better`; known for metrics by name, default False for functions.

    Returns
    -------
    PairedInterval
        ``estimate`` = A - B. Chance level 0.

    Raises
    ------
    InputError, TooFewEventsError
        As in `confidence_interval`.

    Notes
    -----
    DeLong et al. (1988) for the area under the ROC curve, and the same construction for every other metric; Agresti
    and Min (2005), Stat. Med. 24:729, for the pseudo-events; Newcombe (1998), Stat. Med. 17:2635, method 10, for rates.
    Error rates: ``benchmarks/intervals.py``.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(4000) < 80
    >>> good, poor = rng.normal(size=4000) + 3 * y, rng.normal(size=4000) + y
    >>> result = paired_difference("average_precision", y, good, poor)
    >>> result.low > 0, result.probability_better > 0.999
    (True, True)
    """
    level = _check.fraction(level, "level", closed="neither")
    _check.one_of(method, "method", ("auto", "influence", "percentile"))
    name = metric_name(metric)
    cuts = threshold if isinstance(threshold, tuple | list) and len(threshold) == 2 else (threshold, threshold)
    rows = partial(make_sample, y_true, sample_weight=sample_weight, groups=groups, costs=costs, pos_label=pos_label)
    a, b = rows(y_score_a, threshold=cuts[0]), rows(y_score_b, threshold=cuts[1])
    known = None if name is None else NAMED[name]
    if known is not None and known.decides and (a.flag is None or b.flag is None):
        raise InputError("This metric judges decisions: give `threshold`, or Boolean decisions as scores.")
    lower = known is not None and known.lower_is_better if lower_is_better is None else bool(lower_is_better)
    if name is None or method == "percentile":
        if method == "influence":
            raise InputError("method='influence' needs a metric by name; a function takes 'percentile'.")
        how = Resampling.checked(n_bootstrap, stratified, random_state)
        return _bootstrapped(metric, name, (a, b), level, how, lower)
    return _by_influence(name, a, b, level, method, lower)


def paired_loss_difference(
    y_true: Labels,
    loss_a: ArrayLike,
    loss_b: ArrayLike,
    *,
    stake: ArrayLike | None = None,
    level: float = 0.95,
    groups: ArrayLike | None = None,
    sample_weight: Weights = None,
    pos_label: Label = None,
) -> PairedInterval:
    """Mean loss of A minus that of B on the same rows, whatever the losses: costs in alert tiers, for instance.

    Parameters
    ----------
    y_true, level, groups, sample_weight, pos_label
        As in `confidence_interval`.
    loss_a, loss_b : array-like (n,)
        What each row cost under each of the two; lower is better.
    stake : array-like (n,), optional
        By how much the two could differ on a row, for differences too rare to have been seen. Default: the largest
        difference within the row's class.

    Returns
    -------
    PairedInterval
        ``estimate`` = A - B per row, with Poisson limits of the rows on which the two differ.

    Examples
    --------
    >>> y = np.arange(4000) < 80
    >>> caught, missed = np.where(y, 5.0, 0.0), np.where(y, 100.0, 0.0)
    >>> paired_loss_difference(y, caught, missed).estimate
    -1.9
    """
    level = _check.fraction(level, "level", closed="neither")
    given = (_check.number_array(loss_a, "loss_a"), _check.number_array(loss_b, "loss_b"))
    y = _check.binary_target(y_true, pos_label)
    _check.same_length(y_true=y, loss_a=given[0], loss_b=given[1])
    sample = make_sample(y, given[0], sample_weight=sample_weight, groups=groups)
    weight = _check.weights(sample_weight, y.size)
    keep = slice(None) if weight is None else weight > 0
    a, b = (loss[keep] for loss in given)
    difference = a - b
    values = float(np.average(a, weights=sample.weight)), float(np.average(b, weights=sample.weight))
    if not difference.any():
        return _told(values, (0.0, 0.0), level, IDENTICAL, 0.5)
    if stake is None:
        largest = [np.abs(difference[of]).max(initial=0.0) for of in (~sample.y, sample.y)]
        might = np.where(sample.y, largest[1], largest[0])
    else:
        might = _check.number_array(stake, "stake")[keep]
    low, high = loss_difference_limits(sample, difference, might, level)
    centre = values[0] - values[1]
    spread = metric_spread(sample, difference - centre)
    above = _above(centre, _reach(centre, low, high) / spread.quantile(level), spread.freedom)
    return _told(values, (low, high), level, "poisson_sum", 1 - above)


def _by_influence(name: str, a: Sample, b: Sample, level: float, method: str, lower: bool) -> PairedInterval:
    known = NAMED[name]
    first, second = known.estimate(a), known.estimate(b)
    values = (first.value, second.value)
    difference = first.value - second.value
    if np.isnan(difference):
        return _told(values, (np.nan, np.nan), level, "undefined", np.nan)
    if np.array_equal(a.decided, b.decided) if known.decides else np.array_equal(a.score, b.score):
        return _told(values, (0.0, 0.0), level, IDENTICAL, 0.5)
    shrink, ceiling = 0.0, 0.0
    influence = first.influence - second.influence
    if first.scale == "unit":
        shrink = _SHRINK
        ceiling = sum(_binomial_variance(s, e) for s, e in ((a, first), (b, second))) + drawn_variance(a, influence)
    spread = metric_spread(a, influence, shrink, ceiling)
    error = float(np.sqrt(spread.variance + first.unseen + second.unseen))
    half = spread.quantile(level) * error
    low, high, said = difference - half, difference + half, "influence"
    if name == "expected_cost" and method == "auto":
        low, high = cost_difference_limits(a, b.decided, level)
        said = "poisson_sum"
    elif method == "auto" and (cells := _agreement(a, first.trials, second.trials)) is not None:
        low, high = paired_rate_limits(*cells, level)
        said = "newcombe"
    elif first.scale == "unit":
        low, high = max(low, -1.0), min(high, 1.0)
    reach = _reach(difference, low, high)
    if said == "newcombe":
        above = float(ndtr(difference / reach * ndtri(0.5 + level / 2)))
    else:
        error = reach / spread.quantile(level) if said == "poisson_sum" else error
        above = _above(difference, error, spread.freedom)
    return _told(values, (low, high), level, said, 1 - above if lower else above)


def _reach(difference: float, low: float, high: float) -> float:
    """Width of the side towards zero, which decides: its own sets the evidence (costs are skewed)."""
    return (difference - low) if difference > 0 else (high - difference)


def _above(difference: float, error: float, freedom: float) -> float:
    """Probability that a difference with this standard error is above zero."""
    return float(stdtr(freedom, difference / error)) if error > 0 else float(np.sign(difference) + 1) / 2


def _told(
    values: tuple[float, float], limits: tuple[float, float], level: float, method: str, better: float
) -> PairedInterval:
    a, b = values
    return PairedInterval(a - b, *limits, level, method, better, estimate_a=a, estimate_b=b)


def _agreement(sample: Sample, first: Trials | None, second: Trials | None) -> tuple[float, float, float, float] | None:
    """Trials that both hit, only the first, only the second, and none, where both are rates among the same rows.

    None where they are not, or where rows depend or the trials differ in weight.
    """
    if sample.groups is not None or first is None or second is None:
        return None
    if not np.array_equal(first.among, second.among) or np.unique(sample.weight[first.among]).shape[0] > 1:
        return None
    a, b = first.hit, second.hit
    masks = (a & b, a & ~b, b & ~a, first.among & ~(a | b))
    both, only_a, only_b, none = (float(np.count_nonzero(m)) for m in masks)
    return both, only_a, only_b, none


def _binomial_variance(sample: Sample, estimate: Estimate) -> float:
    """Variance as a proportion among the trials of a rate, or among the events of any other metric."""
    value, rate = estimate.value, estimate.trials is not None
    trials = sample.events if estimate.trials is None else worth(*estimate.trials.counted(sample))
    if trials == 0:
        return 0.0
    least = 0.5 / trials
    # a rate of exactly 0 may still be more; an average precision of exactly 0 cannot be observed
    low = max(value, least) if rate else value
    return low * max(1 - value, least) / trials


def _bootstrapped(
    metric: Metric, name: str | None, pair: tuple[Sample, Sample], level: float, how: Resampling, lower: bool
) -> PairedInterval:
    rows = pair[0]
    if not rows.y.any():
        raise TooFewEventsError("A bootstrap needs positive rows; there is none.")
    statistics = [statistic_of(metric, name, sample) for sample in pair]
    first, second = (statistic(rows.weight) for statistic in statistics)
    if np.isnan(first - second):
        return _told((first, second), (np.nan, np.nan), level, "undefined", np.nan)
    values = replicate(statistics, rows, how)
    gap = values[:, 0] - values[:, 1]
    above = float((np.count_nonzero(gap > 0) + np.count_nonzero(gap == 0) / 2 + 0.5) / (gap.shape[0] + 1))
    return _told((first, second), percentile(gap, level), level, "percentile", 1 - above if lower else above)
