"""Bootstrap and jackknife intervals of any metric, by rows, within classes, or by groups."""

import inspect
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtrit

from rareclass import _check
from rareclass._types import Floats, Seed
from rareclass.errors import InputError, ShortfallWarning, TooFewEventsError, UndefinedWarning
from rareclass.uncertainty.named import NAMED, Metric
from rareclass.uncertainty.sample import Sample

Statistic = Callable[[Floats], float]
"""A metric as a function of row weights."""


@dataclass(frozen=True, eq=False)
class Resampling:
    """How rows are drawn again: how often, within the classes or not, by which generator."""

    size: int
    stratified: bool
    rng: np.random.Generator

    @classmethod
    def checked(cls, n_bootstrap: int, stratified: bool, random_state: Seed) -> "Resampling":
        """From what the user gave."""
        size = _check.whole_number(n_bootstrap, "n_bootstrap", low=100)
        return cls(size, bool(stratified), _check.random_generator(random_state))


def statistic_of(metric: Metric, name: str | None, sample: Sample) -> Statistic:
    """The metric as a function of the weights of the sample's rows; rows of weight zero are left out."""
    if name is not None:
        estimate = NAMED[name].estimate
        return lambda weight: estimate(sample.take(np.flatnonzero(weight), weight[weight > 0])).value
    assert callable(metric)  # names are known
    try:
        weighted = "sample_weight" in inspect.signature(metric).parameters
    except (TypeError, ValueError):
        weighted = False
    second = sample.score if sample.flag is None else sample.flag.astype(np.int64)

    def call(weight: Floats) -> float:
        if weighted:
            return float(metric(sample.y.astype(np.int64), second, sample_weight=weight))
        if not (weight == np.round(weight)).all():
            raise InputError("The metric takes no `sample_weight`, so weights must be whole numbers (repeated rows).")
        rows = np.repeat(np.arange(weight.shape[0]), weight.astype(np.int64))
        return float(metric(sample.y[rows].astype(np.int64), second[rows]))

    return call


def draws(sample: Sample, how: Resampling) -> Iterator[Floats]:
    """Yield the row weights of each resample."""
    if sample.groups is not None:
        number = int(sample.groups.max()) + 1
        for _ in range(how.size):
            drawn = np.bincount(how.rng.integers(number, size=number), minlength=number)
            yield sample.weight * drawn[sample.groups]
        return
    masks = [sample.y, ~sample.y] if how.stratified else [np.ones_like(sample.y)]
    parts = [part for mask in masks if (part := np.flatnonzero(mask)).size]
    for _ in range(how.size):
        count = np.zeros(sample.y.shape[0])
        for part in parts:
            count[part] = how.rng.multinomial(part.size, np.full(part.size, 1 / part.size))
        yield count * sample.weight


def replicate(statistics: list[Statistic], sample: Sample, how: Resampling) -> Floats:
    """Statistics (size, k) on the resamples; resamples where one is undefined are left out and counted."""
    rows = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UndefinedWarning)
        for weight in draws(sample, how):
            if not weight[sample.y].any():
                continue
            rows.append([statistic(weight) for statistic in statistics])
    values = np.array(rows, dtype=np.float64).reshape(-1, len(statistics))
    values = values[np.isfinite(values).all(axis=1)]
    lost = how.size - values.shape[0]
    if values.shape[0] < max(how.size // 2, 2):
        raise TooFewEventsError(
            f"{lost} of {how.size} resamples had no positive row or no value, too many for a bootstrap interval; "
            "collect more events."
        )
    if lost:
        message = f"{lost} of {how.size} resamples had no positive row or no value and were left out."
        warnings.warn(message, ShortfallWarning, stacklevel=4)
    return values


def percentile(values: Floats, level: float) -> tuple[float, float]:
    """Percentile interval."""
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _without(statistic: Statistic, sample: Sample, blocks: NDArray[np.intp]) -> Floats:
    """Value of the statistic with each block of rows left out."""
    number = int(blocks.max()) + 1
    values = np.empty(number)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UndefinedWarning)
        for block in range(number):
            weight = np.where(blocks == block, 0.0, sample.weight)
            values[block] = statistic(weight) if weight[sample.y].any() else np.nan
    return values[np.isfinite(values)]


def bca(
    statistic: Statistic, sample: Sample, values: Floats, level: float, rng: np.random.Generator
) -> tuple[float, float]:
    """Bias-corrected and accelerated interval from bootstrap values.

    The acceleration comes from a jackknife that leaves out the groups, or each event and blocks of the other rows.

    Raises
    ------
    TooFewEventsError
        Fewer than ten events: the correction is then noise itself.
    """
    if sample.events < 10:
        raise TooFewEventsError(
            f"BCa needs at least 10 events; got {sample.events:g}. Use method='auto' or 'percentile', or collect more."
        )
    blocks = sample.groups
    if blocks is None:
        events = int(np.count_nonzero(sample.y))
        blocks = np.empty(sample.y.shape[0], dtype=np.intp)
        parts = min(events, 200)
        blocks[sample.y] = np.arange(events) % parts
        rest = int(np.count_nonzero(~sample.y))
        blocks[~sample.y] = parts + rng.permutation(rest) % max(min(rest, 50), 1)
    jack = _without(statistic, sample, blocks)
    gap = jack.mean() - jack
    spread = float(np.sum(gap**2))
    acceleration = float(np.sum(gap**3)) / (6 * spread**1.5) if spread > 0 else 0.0
    estimate = statistic(sample.weight)
    below = (np.count_nonzero(values < estimate) + np.count_nonzero(values == estimate) / 2) / values.shape[0]
    bias = float(ndtri(np.clip(below, 1 / (2 * values.shape[0]), 1 - 1 / (2 * values.shape[0]))))
    ends = []
    for side in (-1.0, 1.0):
        z = bias + side * float(ndtri(0.5 + level / 2))
        ends.append(float(ndtr(bias + z / max(1 - acceleration * z, 1e-6))))
    low, high = np.quantile(values, ends)
    return float(low), float(high)


def group_jackknife(statistic: Statistic, sample: Sample, level: float) -> tuple[float, float]:
    """Delete-one-group jackknife with a t quantile, for any metric."""
    if sample.groups is None:
        raise InputError("method='jackknife' leaves out one group at a time; give `groups`.")
    estimate = statistic(sample.weight)
    values = _without(statistic, sample, sample.groups)
    number = values.shape[0]
    if number < 2:
        raise InputError("`groups` holds fewer than two usable groups; an interval over groups needs at least two.")
    error = float(np.sqrt(np.sum((values - values.mean()) ** 2) * (number - 1) / number))
    half = float(stdtrit(number - 1, 0.5 + level / 2)) * error
    return estimate - half, estimate + half
