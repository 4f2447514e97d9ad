"""Closed-form confidence intervals for rates, for sums of counts and for average precision."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincc, betaincinv, gammaincinv, ndtri

from rareclass.kernels.logits import logit, sigmoid

Floats = NDArray[np.float64]


def _plain(low: Any, high: Any) -> tuple[Any, Any]:
    return (float(low), float(high)) if np.ndim(low) == 0 else (low, high)


def wilson(successes: ArrayLike, trials: ArrayLike, level: float = 0.95) -> tuple[Any, Any]:
    """Wilson's score interval of a proportion: close to nominal on average, never outside [0, 1].

    Parameters
    ----------
    successes, trials : float or arrays, 0 <= successes <= trials
        Fractional (effective) counts are allowed. ``trials = 0`` gives (0, 1).
    level : float in (0, 1)

    Returns
    -------
    low, high : floats or arrays

    Notes
    -----
    Wilson (1927), J. Am. Stat. Assoc. 22:209, without continuity correction.

    Examples
    --------
    >>> low, high = wilson(8, 10)
    >>> round(low, 2), round(high, 2)
    (0.49, 0.94)
    """
    k = np.asarray(successes, dtype=np.float64)
    n = np.asarray(trials, dtype=np.float64)
    z2 = float(ndtri(0.5 + level / 2)) ** 2
    safe = np.where(n > 0, n, 1.0)
    p = np.where(n > 0, k / safe, 0.5)
    centre = (p + z2 / (2 * safe)) / (1 + z2 / safe)
    half = np.sqrt(z2 * (p * (1 - p) / safe + z2 / (4 * safe**2))) / (1 + z2 / safe)
    # the ends at 0 and n successes are exactly 0 and 1; rounding would leave 1e-17
    low = np.where((k <= 0) | (n <= 0), 0.0, np.maximum(centre - half, 0.0))
    high = np.where((k >= n) | (n <= 0), 1.0, np.minimum(centre + half, 1.0))
    return _plain(low, high)


def clopper_pearson(
    successes: ArrayLike, trials: ArrayLike, level: float = 0.95, side: str = "both"
) -> tuple[Any, Any]:
    """Exact (conservative) interval of a proportion: covers at least `level` whatever the truth.

    Parameters
    ----------
    successes, trials : float or arrays, 0 <= successes <= trials
    level : float in (0, 1)
    side : {"both", "lower", "upper"}
        "lower" puts the whole error on the lower bound (the upper is 1), "upper" on the upper bound (the lower is 0).

    Returns
    -------
    low, high : floats or arrays

    Notes
    -----
    Clopper and Pearson (1934), Biometrika 26:404, by quantiles of the beta distribution.

    Examples
    --------
    >>> low, high = clopper_pearson(8, 10)
    >>> round(low, 3), round(high, 3)
    (0.444, 0.975)
    """
    if side not in ("both", "lower", "upper"):
        raise ValueError(f"side must be 'both', 'lower' or 'upper'; got {side!r}")
    k = np.asarray(successes, dtype=np.float64)
    n = np.asarray(trials, dtype=np.float64)
    error = (1 - level) / 2 if side == "both" else 1 - level
    low, high = np.zeros(np.broadcast(k, n).shape), np.ones(np.broadcast(k, n).shape)
    if side != "upper":
        inside = (k > 0) & (n > 0)
        low = np.where(inside, betaincinv(np.where(inside, k, 1.0), np.where(inside, n - k + 1, 1.0), error), 0.0)
    if side != "lower":
        inside = (k < n) & (n > 0)
        high = np.where(inside, betaincinv(np.where(inside, k + 1, 1.0), np.where(inside, n - k, 1.0), 1 - error), 1.0)
    return _plain(low, high)


def logit_interval(value: ArrayLike, events: ArrayLike, level: float = 0.95) -> tuple[Any, Any]:
    """Boyd's logit interval of an average precision (or of any proportion among the events).

    ``logit(a) +- z / sqrt(events * a * (1 - a))``. At a = 0 or 1, where it is undefined, the exact binomial interval
    of 0 or all of `events` stands in.

    Notes
    -----
    Boyd, Eng, Page (2013), "Area under the precision-recall curve: point estimates and confidence intervals",
    ECML PKDD, section 3.2.

    Examples
    --------
    >>> low, high = logit_interval(0.2, 10)
    >>> round(low, 4), round(high, 4)
    (0.0504, 0.5407)
    """
    a = np.asarray(value, dtype=np.float64)
    n = np.asarray(events, dtype=np.float64)
    inside = (a > 0) & (a < 1) & (n > 0)
    safe = np.where(inside, a, 0.5)
    half = float(ndtri(0.5 + level / 2)) / np.sqrt(np.where(inside, n, 1.0) * safe * (1 - safe))
    exact_low, exact_high = clopper_pearson(np.where(a > 0.5, n, 0.0), n, level)
    low = np.where(inside, sigmoid(logit(safe) - half), exact_low)
    high = np.where(inside, sigmoid(logit(safe) + half), exact_high)
    return _plain(low, high)


def _at_most(k: Floats, n: float, p: Floats) -> Floats:
    """Binomial distribution function at whole k."""
    inside = (k >= 0) & (k < n)
    safe = np.where(inside, k, 0.0)
    return np.where(inside, betaincc(safe + 1, n - safe, p), np.where(k < 0, 0.0, 1.0))


def _accepted(k: float, n: float, p: Floats) -> Floats:
    """Blaker's acceptability of values p <= k/n after k successes: the upper tail and the lower one it dominates."""
    upper = 1 - _at_most(np.full_like(p, k - 1), n, p)
    # the longest lower tail that is no likelier than the upper one, by bisection on its number of outcomes
    least, most = np.zeros_like(p), np.full_like(p, k)
    while (most - least).max() > 0:
        middle = np.ceil((least + most) / 2)
        fits = _at_most(middle - 1, n, p) <= upper
        least, most = np.where(fits, middle, least), np.where(fits, most, middle - 1)
    return upper + _at_most(least - 1, n, p)


@lru_cache(maxsize=4096)
def blaker(successes: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """Blaker's exact interval of a proportion: covers at least `level`, never wider than Clopper-Pearson's.

    Parameters
    ----------
    successes, trials : whole numbers, 0 <= successes <= trials
    level : float in (0, 1)

    Returns
    -------
    low, high : floats
        Accurate to about one millionth of the width. ``trials = 0`` gives (0, 1).

    Notes
    -----
    Blaker (2000), Can. J. Stat. 28:783. The acceptability function jumps, so its ends are bracketed on nested grids.

    Examples
    --------
    >>> low, high = blaker(8, 10)
    >>> round(low, 3), round(high, 3)
    (0.444, 0.963)
    """
    k, n = float(successes), float(trials)
    if n == 0:
        return 0.0, 1.0
    low, high = clopper_pearson(k, n, level)
    ends = []
    for start, k_side in ((low, k), (1 - high, n - k)):
        if k_side == 0:
            ends.append(0.0)
            continue
        left, right = start, k_side / n
        for _ in range(5):
            grid = np.linspace(left, right, 41)
            inside = np.flatnonzero(_accepted(k_side, n, grid) > 1 - level)
            first = int(inside[0]) if inside.size else grid.shape[0] - 1
            if first == 0:
                right = left
                break
            left, right = float(grid[first - 1]), float(grid[first])
        # rounding decides at a jump: step out rather than in
        ends.append(max(left - 1e-6 * (k_side / n - left), start))
    return ends[0], 1 - ends[1]


def poisson_limits(count: ArrayLike, level: float = 0.95) -> tuple[Any, Any]:
    """Garwood's exact interval of a Poisson mean; fractional (effective) counts are allowed.

    Notes
    -----
    Garwood (1936), Biometrika 28:437.

    Examples
    --------
    >>> low, high = poisson_limits(0)
    >>> low, round(high, 3)
    (0.0, 3.689)
    """
    k = np.asarray(count, dtype=np.float64)
    error = (1 - level) / 2
    low = np.where(k > 0, gammaincinv(np.where(k > 0, k, 1.0), error), 0.0)
    return _plain(low, gammaincinv(k + 1, 1 - error))


def weighted_sum_limits(
    counts: ArrayLike, values: ArrayLike, level: float = 0.95, inflation: float = 1.0
) -> tuple[float, float]:
    """Interval of a sum of independent Poisson counts times known values of either sign.

    Each count gets its exact limits; the distances of the limits are added in squares on the side where they matter
    (MOVER), which keeps the skewness of small counts that a normal or bootstrap interval loses.

    Parameters
    ----------
    counts, values : arrays (m,)
        Counts (effective, for values that vary) and the value of one event of each kind.
    inflation : float >= 1
        Variance inflation (design effect) by clusters.

    Notes
    -----
    Zou and Donner (2008), Stat. Med. 27:1693, equations 4 and 5, with Garwood's limits.

    Examples
    --------
    >>> low, high = weighted_sum_limits([2, 20], [100.0, 1.0])
    >>> round(low, 1), round(high, 1)
    (44.0, 742.6)
    """
    k = np.asarray(counts, dtype=np.float64) / inflation
    value = np.asarray(values, dtype=np.float64) * inflation
    low, high = (np.asarray(end) for end in poisson_limits(k, level))
    below, above = (k - low) * np.abs(value), (high - k) * np.abs(value)
    positive = value >= 0
    down = np.sqrt(np.sum(np.where(positive, below, above) ** 2))
    up = np.sqrt(np.sum(np.where(positive, above, below) ** 2))
    total = float(np.sum(k * value))
    return total - float(down), total + float(up)
