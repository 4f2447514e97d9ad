"""Closed-form confidence intervals for rates, for sums of counts and for average precision."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincc, betaincinv, gammaincinv, ndtri

from rareclass.kernels.logits import logit, sigmoid


def _plain(low: np.ndarray, high: np.ndarray) -> tuple[Any, Any]:
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


def _at_most(k: float, n: float, p: float) -> float:
    """Binomial distribution function at whole k."""
    if k < 0:
        return 0.0
    return float(betaincc(k + 1, n - k, p)) if k < n else 1.0


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    """Where an increasing function crosses zero, from below (so that the result lies outside the crossing)."""
    for _ in range(60):
        middle = (low + high) / 2
        if function(middle) < 0:
            low = middle
        else:
            high = middle
    return low


def _lower_end(k: float, n: float, start: float, error: float) -> float:
    """Smallest p that Blaker's acceptability lets pass after k successes.

    The acceptability of p is the upper tail P(X >= k) plus the longest lower tail that is no likelier. It jumps up
    where that tail gains an outcome and is convex in between, so it first passes `error` at a jump or on the way up to
    one; walking over the jumps finds slivers that a grid misses.
    """

    def gap(outcomes: float) -> Callable[[float], float]:
        return lambda p: (1 - _at_most(k - 1, n, p)) - _at_most(outcomes, n, p)

    def passed(outcomes: float) -> Callable[[float], float]:
        return lambda p: (1 - _at_most(k - 1, n, p)) + _at_most(outcomes - 1, n, p) - error

    best = k / n
    here, outcomes, most = start, 0.0, k
    while outcomes < most:
        middle = (outcomes + most) // 2
        if gap(middle)(here) >= 0:
            outcomes = middle + 1
        else:
            most = middle
    while here < best:
        if passed(outcomes)(here) > 0:
            return here
        jump = _root(gap(outcomes), here, best) if gap(outcomes)(best) >= 0 else best
        if passed(outcomes)(jump) > 0:
            return _root(passed(outcomes), here, jump)
        # the jump itself belongs to the accepted side; a hair below it, the returned end is on the safe side
        if jump >= best or passed(outcomes + 1)(jump) > 0:
            return jump
        here, outcomes = jump, outcomes + 1
    return best


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
        ``trials = 0`` gives (0, 1).

    Notes
    -----
    Blaker (2000), Can. J. Stat. 28:783; its ends are found from jump to jump of the acceptability.

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
    lower = _lower_end(k, n, low, 1 - level) if k > 0 else 0.0
    upper = 1 - _lower_end(n - k, n, 1 - high, 1 - level) if k < n else 1.0
    return lower, upper


def paired_rate_limits(
    both: float, only_a: float, only_b: float, neither: float, level: float = 0.95
) -> tuple[float, float]:
    """Interval of the difference of two rates A - B on the same trials, from the counts of what each hit.

    Parameters
    ----------
    both, only_a, only_b, neither : float >= 0
        Trials that both hit, only one, or none; at least one trial.
    level : float in (0, 1)

    Notes
    -----
    Newcombe (1998), Stat. Med. 17:2635, method 10: Wilson's limits of each rate, their distances added in squares less
    the correlation of the two, which is corrected for continuity so that few trials do not look alike by chance.

    Examples
    --------
    >>> low, high = paired_rate_limits(36, 12, 2, 0)
    >>> round(low, 3), round(high, 3)
    (0.057, 0.34)
    """
    n = both + only_a + only_b + neither
    rate_a, rate_b = (both + only_a) / n, (both + only_b) / n
    low_a, high_a = wilson(both + only_a, n, level)
    low_b, high_b = wilson(both + only_b, n, level)
    product = (both + only_a) * (only_b + neither) * (both + only_b) * (only_a + neither)
    top = both * neither - only_a * only_b
    if top > 0:
        top = max(top - n / 2, 0.0)
    phi = top / np.sqrt(product) if product > 0 else 0.0
    down, up, back, forth = rate_a - low_a, high_b - rate_b, high_a - rate_a, rate_b - low_b
    gap = rate_a - rate_b
    below = max(down**2 - 2 * phi * down * up + up**2, 0.0)
    above = max(back**2 - 2 * phi * back * forth + forth**2, 0.0)
    return float(gap - np.sqrt(below)), float(gap + np.sqrt(above))


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
) -> tuple[Any, Any]:
    """Interval of a sum of independent Poisson counts times known values of either sign.

    Each count gets its exact limits; the distances of the limits are added in squares on the side where they matter
    (MOVER), which keeps the skewness of small counts that a normal or bootstrap interval loses.

    Parameters
    ----------
    counts, values : arrays (m,) or (m, points)
        Counts (effective, for values that vary) and the value of one event of each kind, for one sum or for many.
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
    down = np.sqrt(np.sum(np.where(positive, below, above) ** 2, axis=0))
    up = np.sqrt(np.sum(np.where(positive, above, below) ** 2, axis=0))
    total = np.sum(k * value, axis=0)
    return _plain(total - down, total + up)
