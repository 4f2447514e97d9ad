"""Confidence intervals of metrics for a fixed scorer: what each covers is said in `confidence_interval`."""

from itertools import product

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass._types import Costs, Label, Labels, Scores, Seed, Weights
from rareclass.errors import InputError, TooFewEventsError
from rareclass.kernels.bootstrap import bootstrap_average_precision
from rareclass.kernels.effective import unit
from rareclass.kernels.intervals import clopper_pearson, logit_interval, poisson_limits
from rareclass.kernels.thresholds import threshold_counts
from rareclass.uncertainty.estimate import Interval
from rareclass.uncertainty.money import cost_limits
from rareclass.uncertainty.named import NAMED, Estimate, Metric, metric_name
from rareclass.uncertainty.rates import binomial_limits, grouped_limits
from rareclass.uncertainty.resample import Resampling, bca, group_jackknife, percentile, replicate, statistic_of
from rareclass.uncertainty.sample import Sample, make_sample
from rareclass.uncertainty.spread import drawn_variance, ends_on_scale, metric_spread

_METHODS = ("auto", "influence", "logit", "wilson", "clopper_pearson", "blaker", "percentile", "bca", "jackknife")


def confidence_interval(
    metric: Metric,
    y_true: Labels,
    y_score: Scores,
    *,
    level: float = 0.95,
    method: str = "auto",
    groups: ArrayLike | None = None,
    sample_weight: Weights = None,
    threshold: ArrayLike | None = None,
    costs: Costs | None = None,
    n_bootstrap: int = 2000,
    stratified: bool = False,
    random_state: Seed = 0,
    pos_label: Label = None,
) -> Interval:
    """Interval for the value that a fixed scorer has in the population the rows come from.

    Estimand: the metric of this very scorer (and threshold) on infinitely many rows of the same source, so the number
    of events is random too. It says nothing about refitting; for that compare folds (`rareclass.uncertainty.folds`).
    Rows are independent, or, with `groups`, groups are. Do not use it on the rows that chose the scorer or threshold.

    Parameters
    ----------
    metric : str or callable
        A name: average_precision, roc_auc, recall, precision, specificity, false_positive_rate, alert_rate,
        prevalence, accuracy, f1, balanced_accuracy, geometric_mean, youden, matthews_corrcoef, cohen_kappa, brier,
        log_loss, brier_skill, observed_to_expected, calibration_slope, expected_cost ("_score" may follow). Or any
        ``f(y_true, y_score)``, best with ``sample_weight``.
    y_true : array-like (n,)
    y_score : array-like (n,)
        Scores, probabilities, or decisions (Boolean or 0/1).
    level : float in (0, 1), default 0.95
    method : str, default "auto"
        "auto" takes what covers at few events: for rates Blaker's exact interval; for average precision and ROC area
        a logit interval with the influence-function variance shrunk to the binomial one; for the expected cost exact
        Poisson limits of each kind of error, combined (MOVER); for observed/expected Poisson limits; for other names
        influence functions on the metric's own scale, and for metrics of counts as far as a recall or false-positive
        rate of exactly 0 or 1 may be off; for functions BCa (percentile below 10 events, jackknife with
        groups). Others: "influence", "logit" (Boyd), "wilson", "clopper_pearson", "blaker", "percentile", "bca",
        "jackknife" (leaves out one group at a time).
    groups : array-like (n,), optional
        Rows of one group (customer, day) are dependent; the interval is then over groups, with a leave-one-group-out
        correction and few degrees of freedom when few groups carry the events.
    sample_weight : array-like (n,), optional
        1 / the probability with which a row was drawn, whole numbers too: the interval counts the rows that are here.
        Where rows were observed several times, repeat them.
    threshold : float or array (n,), optional
        For metrics of decisions: flagged iff score >= threshold.
    costs : mapping or object with fp, fn, tp, tn, optional
        For "expected_cost".
    n_bootstrap : int, default 2000
        Resamples of "percentile" and "bca".
    stratified : bool, default False
        Resample within the classes. Then the estimand has the prevalence of these rows.
    random_state : None, int or generator, default 0
    pos_label : label, optional

    Returns
    -------
    Interval
        ``estimate`` is the metric itself. NaN, with the reason as a warning, where it is undefined.

    Raises
    ------
    InputError
        Bad input, an unknown metric or method, a method that does not fit the metric.
    TooFewEventsError
        BCa with fewer than ten events, or a bootstrap in which most resamples have none.

    Notes
    -----
    Coverage at 10, 30, 100 and 300 events, with widths beside the percentile bootstrap, is printed by
    ``benchmarks/intervals.py``. Boyd et al. (2013), ECML PKDD; Blaker (2000); Zou and Donner (2008); Korn and Graubard
    (1998), Survey Methodology 24:193, for rates over groups; Bell and McCaffrey (2002) for the group correction.

    Examples
    --------
    >>> interval = confidence_interval("recall", [1] * 10, [0.9] * 8 + [0.1] * 2, threshold=0.5)
    >>> interval.estimate, round(interval.low, 3), round(interval.high, 3)
    (0.8, 0.444, 0.963)
    """
    level = _check.fraction(level, "level", closed="neither")
    _check.one_of(method, "method", _METHODS)
    name = metric_name(metric)
    sample = make_sample(
        y_true,
        y_score,
        sample_weight=sample_weight,
        groups=groups,
        threshold=threshold,
        costs=costs,
        pos_label=pos_label,
    )
    if name is None and method == "auto":
        method = "jackknife" if sample.groups is not None else "bca" if sample.events >= 10 else "percentile"
    if method in ("percentile", "bca", "jackknife"):
        how = Resampling.checked(n_bootstrap, stratified, random_state)
        return _resampled(metric, name, sample, level, method, how)
    if name is None:
        raise InputError(f"method={method!r} needs a metric by name; a function takes 'percentile' or 'bca'.")
    estimate = NAMED[name].estimate(sample)
    if np.isnan(estimate.value):
        low, high = (0.0, 1.0) if estimate.scale == "unit" or name in ("recall", "precision") else (np.nan, np.nan)
        return Interval(estimate.value, low, high, level, "undefined")
    if method == "auto":
        low, high, said = _automatic(name, sample, estimate, level)
    else:
        low, high, said = _asked(name, sample, estimate, level, method)
    return Interval(estimate.value, min(low, estimate.value), max(high, estimate.value), level, said)


def _automatic(name: str, sample: Sample, estimate: Estimate, level: float) -> tuple[float, float, str]:
    if estimate.trials is not None:
        if sample.groups is not None:
            return (*grouped_limits(sample, estimate, level), "effective_binomial")
        limits = binomial_limits(sample, estimate, level, "blaker")
        return (*limits, "blaker" if sample.equal else "effective_binomial")
    if name == "expected_cost":
        return (*cost_limits(sample, level), "poisson_sum")
    if name == "observed_to_expected":
        return (*_poisson_ratio(sample, estimate, level), "poisson")
    low, high = influence_limits(name, sample, estimate, level)
    edges = _at_the_edge(name, sample, level)
    return min([low, *edges]), max([high, *edges]), "influence"


def _at_the_edge(name: str, sample: Sample, level: float) -> list[float]:
    """Values of a metric of counts where a rate of exactly 0 or 1 lies as far inside as it may well do.

    Influences see only the outcomes that occurred: where nothing is flagged all of them are zero.
    """
    function = NAMED[name].of_counts
    if function is None:
        return []
    recall, alarm = (NAMED[k].estimate(sample) for k in ("recall", "false_positive_rate"))
    ends = []
    for rate in (recall, alarm):
        limits: tuple[float, ...] = (rate.value,)
        if rate.value in (0.0, 1.0):
            limits += _automatic("recall", sample, rate, level)[:2]
        ends.append(limits)
    if len(ends[0]) == len(ends[1]) == 1:
        return []
    events, others = float(sample.weight[sample.y].sum()), float(sample.weight[~sample.y].sum())
    values = [function(r * events, a * others, (1 - r) * events, (1 - a) * others) for r, a in product(*ends)]
    return [float(v) for v in values if np.isfinite(v)]


def _asked(name: str, sample: Sample, estimate: Estimate, level: float, method: str) -> tuple[float, float, str]:
    if method == "influence":
        return (*influence_limits(name, sample, estimate, level), method)
    if sample.groups is not None or not sample.equal:
        raise InputError(f"method={method!r} is for independent, unweighted rows; use 'auto' with groups or weights.")
    if method == "logit" and name == "average_precision":
        low, high = logit_interval(estimate.value, sample.events, level)
        return float(low), float(high), method
    if estimate.trials is None:
        raise InputError(f"method={method!r} is not for {name!r}; use 'auto', 'influence', 'percentile' or 'bca'.")
    return (*binomial_limits(sample, estimate, level, method), method)


def _poisson_ratio(sample: Sample, estimate: Estimate, level: float) -> tuple[float, float]:
    if estimate.value == 0:
        expected = float(np.sum(sample.weight * sample.score))
        return 0.0, float(poisson_limits(0.0, level)[1]) * unit(sample.weight) / expected
    variance = metric_spread(sample, estimate.influence).variance
    if variance <= 0:
        return 0.0, float("inf")
    count = estimate.value**2 / variance
    low, high = poisson_limits(count, level)
    return estimate.value * float(low) / count, estimate.value * float(high) / count


def influence_limits(name: str, sample: Sample, estimate: Estimate, level: float) -> tuple[float, float]:
    """t interval on the metric's scale; at the edge of the range, binomial limits among the events stand in."""
    at_edge = abs(estimate.value) > 1 - 1e-12 or (estimate.scale == "unit" and estimate.value < 1e-12)
    if at_edge and estimate.scale in ("unit", "signed"):
        events = sample.events
        if sample.groups is not None:
            events = min(events, float(np.unique(sample.groups[sample.y]).shape[0]))
        share = estimate.value if estimate.scale == "unit" else (estimate.value + 1) / 2
        low, high = clopper_pearson(events * min(max(share, 0.0), 1.0), events, level)
        return (float(low), float(high)) if estimate.scale == "unit" else (2 * float(low) - 1, 2 * float(high) - 1)
    centre = estimate.centre
    shrink = NAMED[name].shrink
    influence = estimate.influence
    if shrink and 0 < centre < 1:
        # the variance belongs to the centre: on the logit scale both then have the same relative error
        influence = influence * np.sqrt(centre * (1 - centre) / (estimate.value * (1 - estimate.value)))
    ceiling = centre * (1 - centre) / sample.events + drawn_variance(sample, influence) if shrink else 0.0
    spread = metric_spread(sample, influence, shrink, ceiling)
    return ends_on_scale(
        centre, float(np.sqrt(spread.variance + estimate.unseen)), spread.quantile(level), estimate.scale
    )


def _resampled(
    metric: Metric, name: str | None, sample: Sample, level: float, method: str, how: Resampling
) -> Interval:
    if name is not None and NAMED[name].decides:
        sample.decided  # noqa: B018  # raises where there are none
    if not sample.y.any():
        raise TooFewEventsError("A bootstrap or jackknife needs positive rows; there is none.")
    statistic = statistic_of(metric, name, sample)
    value = statistic(sample.weight)
    if np.isnan(value):
        return Interval(value, np.nan, np.nan, level, "undefined")
    if method == "jackknife":
        return Interval(value, *group_jackknife(statistic, sample, level), level, method)
    plain = sample.groups is None and sample.equal
    if name == "average_precision" and plain:
        _, tp, fp = threshold_counts(sample.y, sample.score)
        values, _ = bootstrap_average_precision(tp, fp, how.size, how.rng, stratified=how.stratified)
        values = values[np.isfinite(values)]
    else:
        values = replicate([statistic], sample, how)[:, 0]
    if method == "bca":
        return Interval(value, *bca(statistic, sample, values, level, how.rng), level, method)
    return Interval(value, *percentile(values, level), level, method)
