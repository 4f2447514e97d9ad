"""From influences to intervals: standard error, degrees of freedom, shrinkage at few events, scale."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit, stdtrit

from rareclass._types import Flags, Floats
from rareclass.errors import InputError
from rareclass.kernels.effective import unit
from rareclass.uncertainty.sample import Sample


@dataclass(frozen=True)
class Spread:
    """Variance of an estimate and the degrees of freedom behind it."""

    variance: float
    freedom: float
    inflation: float = 1.0

    def quantile(self, level: float) -> float:
        """Two-sided t quantile."""
        return float(stdtrit(self.freedom, 0.5 + level / 2))


def _freedom(each: Floats) -> float:
    """Satterthwaite's degrees of freedom of a sum of squares, from the kurtosis of what is summed.

    2 V^2 / var(V): a few rows that carry most of the variance leave few degrees of freedom, however many rows
    there are.
    """
    total = float(np.sum(each**2))
    excess = float(np.sum(each**4)) - total**2 / each.shape[0]
    return max(2 * total**2 / max(excess, 1e-12 * total**2), 1.0) if total > 0 else 1.0


def row_spread(sample: Sample, influence: Floats, shrink: float = 0.0, ceiling: float = 0.0) -> Spread:
    """Spread over independent rows.

    `ceiling` is the variance that the estimate would have as a proportion among the events; `shrink` says how many
    events' worth of trust it gets. With few events the observed influences miss what no event happened to show.
    """
    each = influence * sample.weight
    # sums, not dot products: their result does not depend on the number of threads
    variance = float(np.sum(each**2)) / sample.size**2
    events = sample.events
    limit = max(events - 1, 1.0)
    total, excess = 0.0, 0.0
    for mask in (sample.y, ~sample.y):
        part = each[mask]
        if part.size:
            # the centre of each class is prevalence noise, which has no heavy tail
            part = (part - part.mean()) ** 2
            second = float(part.sum())
            total += second
            excess += float(np.sum(part**2)) - second**2 / part.size
    freedom = min(max(2 * total**2 / max(excess, 1e-12 * total**2), 1.0), limit) if total > 0 else limit
    if events > 1:
        variance *= events / (events - 1)
    if shrink and events > 0:
        variance = (events * variance + shrink * ceiling) / (events + shrink)
        freedom = min((events + shrink) ** 2 / (events**2 / freedom), limit)
    return Spread(variance, max(freedom, 1.0))


def drawn_variance(sample: Sample, influence: Floats) -> float:
    """Part of the variance that comes from drawing few of the rows that weigh more than events do."""
    here = unit(sample.weight[sample.y]) / sample.weight
    return float(np.sum((influence * sample.weight) ** 2 * np.maximum(1 - here, 0.0))) / sample.size**2


def group_spread(sample: Sample, influence: Floats, among: Flags | None = None) -> Spread:
    """Spread over independent groups: delete-one-group jackknife of the influences (CR3), Satterthwaite's df.

    `among` marks the trials of a rate, whose jackknife is then exact; other metrics rest on their events.
    """
    assert sample.groups is not None
    number = int(sample.groups.max()) + 1
    if number < 2:
        raise InputError(f"`groups` holds {number} group; an interval over groups needs at least two.")
    sums = np.bincount(sample.groups, weights=sample.weight * influence, minlength=number).astype(np.float64)
    trials = sample.y if among is None else among
    held = np.bincount(sample.groups, weights=sample.weight * trials, minlength=number)
    # a group that holds a share h of the trials moves the estimate by 1 / (1 - h) when it is left out
    share = np.minimum(held / max(held.sum(), 1e-300), 0.9)
    moved = sums / (1 - share)
    variance = float(np.sum(moved**2)) * (number - 1) / number / sample.size**2
    alone = row_spread(sample, influence).variance
    inflation = variance / alone if alone > 0 else 1.0
    # few groups that hold most trials, and few that carry most of the variance, both leave few degrees of freedom
    holding = held.sum() ** 2 / max(float(np.sum(held**2)), 1e-300)
    freedom = min(1 / (1 / _freedom(sums) + 1 / max(holding, 1.0)), number - 1.0)
    return Spread(variance, max(freedom, 1.0), max(inflation, 1.0))


def metric_spread(
    sample: Sample, influence: Floats, shrink: float = 0.0, ceiling: float = 0.0, among: Flags | None = None
) -> Spread:
    """Spread over groups when there are any, never below that over rows."""
    rows = row_spread(sample, influence, shrink, ceiling)
    if sample.groups is None:
        return rows
    groups = group_spread(sample, influence, among)
    return Spread(max(groups.variance, rows.variance), groups.freedom, groups.inflation)


def ends_on_scale(centre: float, standard_error: float, quantile: float, scale: str) -> tuple[float, float]:
    """centre -+ quantile * standard error, taken on the metric's own scale."""
    half = quantile * standard_error
    if scale == "unit":
        c = min(max(centre, 1e-12), 1 - 1e-12)
        half /= c * (1 - c)
        return float(expit(logit(c) - half)), float(expit(logit(c) + half))
    if scale == "signed":
        c = min(max(centre, -1 + 1e-12), 1 - 1e-12)
        half /= 1 - c * c
        return float(np.tanh(np.arctanh(c) - half)), float(np.tanh(np.arctanh(c) + half))
    if scale == "positive" and centre > 0:
        return float(centre * np.exp(-half / centre)), float(centre * np.exp(min(half / centre, 700.0)))
    if scale == "below_one" and centre < 1:
        rest = 1 - centre
        return float(1 - rest * np.exp(min(half / rest, 700.0))), float(1 - rest * np.exp(-half / rest))
    return centre - half, centre + half
