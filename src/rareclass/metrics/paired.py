"""Is scorer A better than scorer B? The difference of a metric on the same rows, with its interval."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri, stdtr

from rareclass import _check
from rareclass.errors import InputError, TooFewEventsError
from rareclass.kernels.intervals import paired_rate_limits
from rareclass.metrics._influence import NAMED, NEEDS_DECISIONS, Estimate, Sample, make_sample, metric_name
from rareclass.metrics._money import cost_difference_limits
from rareclass.metrics._resample import percentile, replicate, statistic_of
from rareclass.metrics._spread import metric_spread
from rareclass.metrics.estimate import Interval

LOWER_IS_BETTER = frozenset("brier log_loss expected_cost false_positive_rate".split())
# pseudo-events: with few events two scorers may differ in ways that none of them happened to show
_SHRINK = 2.0


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
    metric: Any,
    y_true: Any,
    y_score_a: Any,
    y_score_b: Any,
    *,
    level: float = 0.95,
    method: str = "auto",
    groups: Any = None,
    sample_weight: Any = None,
    weight_kind: str = "auto",
    threshold: Any = None,
    costs: Any = None,
    lower_is_better: bool | None = None,
    n_bootstrap: int = 2000,
    stratified: bool = False,
    random_state: Any = 0,
    pos_label: Any = None,
) -> PairedInterval:
    """Metric of A minus metric of B on the same rows, with an interval that uses the pairing.

    Estimand: the difference of two fixed scorers on infinitely many rows of the same source. Rows on which both err
    alike cancel, so this is much sharper than comparing two intervals. It does not say which training procedure is
    better; folds do (`rareclass.metrics.comparison`).

    Parameters
    ----------
    metric, y_true, level, groups, sample_weight, weight_kind, costs, n_bootstrap, stratified, random_state, pos_label
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
    a, b = (
        make_sample(
            y_true, score, sample_weight=sample_weight, weight_kind=weight_kind, groups=groups, threshold=cut,
            costs=costs, pos_label=pos_label,
        )
        for score, cut in zip((y_score_a, y_score_b), cuts)
    )  # fmt: skip
    if name in NEEDS_DECISIONS and (a.flag is None or b.flag is None):
        raise InputError("This metric judges decisions: give `threshold`, or Boolean decisions as scores.")
    lower = name in LOWER_IS_BETTER if lower_is_better is None else bool(lower_is_better)
    if name is None or method == "percentile":
        if method == "influence":
            raise InputError("method='influence' needs a metric by name; a function takes 'percentile'.")
        size = _check.whole_number(n_bootstrap, "n_bootstrap", low=100)
        rng = _check.random_generator(random_state)
        return _bootstrapped(metric, name, a, b, level, size, bool(stratified), rng, lower)
    return _by_influence(name, a, b, level, method, lower)


def _by_influence(name: str, a: Sample, b: Sample, level: float, method: str, lower: bool) -> PairedInterval:
    first, second = NAMED[name](a), NAMED[name](b)
    difference = first.value - second.value
    if np.isnan(difference):
        return PairedInterval(difference, np.nan, np.nan, level, "undefined", np.nan, first.value, second.value)
    decided = name in NEEDS_DECISIONS
    same = bool(np.array_equal(a.flag, b.flag)) if decided else bool(np.array_equal(a.score, b.score))  # type: ignore[arg-type]
    if same:
        return PairedInterval(difference, 0.0, 0.0, level, "identical", 0.5, first.value, second.value)
    shrink, ceiling = 0.0, 0.0
    if first.scale == "unit":
        shrink = _SHRINK
        ceiling = sum(_binomial_variance(s, e) for s, e in ((a, first), (b, second)))
    spread = metric_spread(a, first.influence - second.influence, shrink, ceiling)
    error = float(np.sqrt(spread.variance))
    half = spread.quantile(level) * error
    low, high, said = difference - half, difference + half, "influence"
    if name == "expected_cost" and method == "auto":
        assert b.flag is not None
        low, high = cost_difference_limits(a, b.flag, level)
        said = "poisson_sum"
    elif method == "auto" and _same_trials(a, first, second):
        low, high = paired_rate_limits(*_agreement(a, first, second), level)
        said = "newcombe"
    elif first.scale == "unit":
        low, high = max(low, -1.0), min(high, 1.0)
    # the side towards zero is the one that decides, so its own width sets the evidence (costs are skewed)
    reach = (difference - low) if difference > 0 else (high - difference)
    if said == "newcombe":
        above = float(ndtr(difference / reach * ndtri(0.5 + level / 2)))
    else:
        error = reach / spread.quantile(level) if said == "poisson_sum" else error
        above = float(stdtr(spread.freedom, difference / error)) if error > 0 else float(np.sign(difference) + 1) / 2
    better = 1 - above if lower else above
    return PairedInterval(difference, low, high, level, said, better, first.value, second.value)


def _same_trials(sample: Sample, first: Estimate, second: Estimate) -> bool:
    """Whether both are rates among the same independent rows, each of which counts once or as often as it occurred."""
    if sample.groups is not None or not sample.repeated or first.among is None or second.among is None:
        return False
    return bool(np.array_equal(first.among, second.among))


def _agreement(sample: Sample, first: Estimate, second: Estimate) -> tuple[float, float, float, float]:
    """Trials that both hit, only the first, only the second, and none."""
    assert first.hit is not None
    assert second.hit is not None
    assert first.among is not None
    a, b = first.hit, second.hit
    masks = (a & b, a & ~b, b & ~a, first.among & ~(a | b))
    return tuple(float(sample.weight[m].sum()) for m in masks)  # type: ignore[return-value]


def _binomial_variance(sample: Sample, estimate: Estimate) -> float:
    """Variance as a proportion among the trials of a rate, or among the events of any other metric."""
    value, trials = estimate.value, sample.events
    if estimate.among is not None:
        weight = sample.weight[estimate.among]
        trials = float(weight.sum()) if sample.repeated else float(weight.sum() ** 2 / np.sum(weight**2))
    if trials == 0:
        return 0.0
    least = 0.5 / trials
    # a rate of exactly 0 may still be more; an average precision of exactly 0 cannot be observed
    low = max(value, least) if estimate.among is not None else value
    return low * max(1 - value, least) / trials


def _bootstrapped(
    metric: Any, name: str | None, a: Sample, b: Sample, level: float, size: int, stratified: bool,
    rng: np.random.Generator, lower: bool,
) -> PairedInterval:  # fmt: skip
    if not a.y.any():
        raise TooFewEventsError("A bootstrap needs positive rows; there is none.")
    statistics = [statistic_of(metric, name, sample) for sample in (a, b)]
    first, second = (statistic(a.weight) for statistic in statistics)
    if np.isnan(first - second):
        return PairedInterval(np.nan, np.nan, np.nan, level, "undefined", np.nan, first, second)
    values = replicate(statistics, a, size, rng, stratified)
    gap = values[:, 0] - values[:, 1]
    low, high = percentile(gap, level)
    above = (np.count_nonzero(gap > 0) + np.count_nonzero(gap == 0) / 2 + 0.5) / (gap.shape[0] + 1)
    better = 1 - above if lower else above
    return PairedInterval(first - second, low, high, level, "percentile", float(better), first, second)
