"""Slices of a table: how far their events are from what was expected, and the shifts that undo it.

Events of slice s are taken as Poisson around ``E_s * theta_s``, E_s the sum of their probabilities, and the ratios
theta_s as gamma around a mean m of their own, each slice counting once. `prior_events`, the shape a of that gamma, says
how alike slices are: the best ratio is (O_s + a) / (E_s + a / m), as if a more events had been seen in each slice, just
as in the mean slice. The square of its relative spread is 1 / a. The best m is the mean of the best ratios, and with it
as many events are expected in all slices together as were observed.
"""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import betainc, betaincc, gammaln, xlogy

from rareclass.kernels.logits import sigmoid

LEAST_PRIOR, MOST_PRIOR = 0.5, 1e5
"""A slice is never trusted more than with half an event added; beyond the other end slices are alike."""


def prior_events(observed: np.ndarray, expected: np.ndarray) -> float:
    """The shape a of the gamma of ratios, by marginal (negative binomial) likelihood; infinite where slices are alike.

    Its mean is the likeliest for each a.

    Parameters
    ----------
    observed, expected : arrays (k,), expected > 0

    Examples
    --------
    >>> prior_events(np.array([98.0, 103.0, 99.0]), np.full(3, 100.0))
    inf
    >>> round(prior_events(np.array([20.0, 180.0, 40.0, 160.0]), np.full(4, 100.0)), 1)
    1.5
    """
    if not observed.any():
        return np.inf
    alike = observed.sum() / expected.sum()

    def loss(log_a: float) -> float:
        a = np.exp(log_a)
        mean = _mean_ratio(observed, expected, a)
        far = np.log1p(mean * expected / a)
        likelihood = gammaln(observed + a) - gammaln(a) - observed * (log_a + far) - a * far
        return -float(np.sum(likelihood + observed * np.log(mean / alike) + alike * expected))

    ends = (np.log(LEAST_PRIOR), np.log(MOST_PRIOR))
    best = min(
        (minimize_scalar(loss, bounds=part, method="bounded", options={"xatol": 1e-4}) for part in _halves(ends)),
        key=lambda found: found.fun,
    )
    return float(np.exp(best.x)) if best.fun < -1e-3 else np.inf


def _mean_ratio(observed: np.ndarray, expected: np.ndarray, a: float) -> float:
    """The m at which ``sum of (O + a) / (m E + a)`` is the number of slices, by Newton from 0, where it is convex."""
    m = 0.0
    for _ in range(200):
        each = (observed + a) / (m * expected + a)
        step = (each - 1).sum() / (each * expected / (m * expected + a)).sum()
        m += step
        if abs(step) < 1e-12 * m:
            break
    return float(m)


def _halves(ends: tuple[float, float]) -> list[tuple[float, float]]:
    """The interval in two, as the likelihood may have a maximum at large a beside another."""
    middle = sum(ends) / 2
    return [(ends[0], middle), (middle, ends[1])]


def shrunk_shifts(
    z: np.ndarray, weight: np.ndarray, number: np.ndarray, observed: np.ndarray, prior: float
) -> np.ndarray:
    """Shifts b (k,) of greatest penalised likelihood, the log-odds z as offsets.

    They solve ``sum of w sigmoid(z + b) + prior * (exp(b) / m - 1) = observed`` in each slice, m the mean of exp(b):
    the logistic likelihood and the log of a gamma with mean m, where m is likeliest too. All slices together then
    expect what was observed. Where events are rare that is ``b = log((observed + prior) / (expected + prior / m))``,
    whose exponential is the posterior mean of the ratio.

    Parameters
    ----------
    z, weight, number : arrays (n,)
        Log-odds, weights and the slice 0 ... k-1 of each row.
    observed : array (k,)
        Weight of the events.
    prior : float > 0
        See `prior_events`; infinite gives no shift.

    Examples
    --------
    >>> z, number = np.full(2000, -6.0), np.repeat([0, 1], 1000)
    >>> shrunk_shifts(z, np.ones(2000), number, np.array([5.0, 0.0]), 2.0).round(3).tolist()
    [0.454, -0.8]
    """
    k = observed.size
    if not np.isfinite(prior) or not observed.any():
        return np.zeros(k)
    expected = np.bincount(number, weight * sigmoid(z), minlength=k)
    mean = _mean_ratio(observed, expected, prior)
    centre, away = np.log(mean), np.log((observed + prior) / (mean * expected + prior))
    for _ in range(200):
        p = sigmoid(z + (centre + away)[number])
        ratio, slope = np.exp(away), np.bincount(number, weight * p * (1 - p), minlength=k)
        curve = slope + prior * ratio
        gap = np.bincount(number, weight * p, minlength=k) + prior * (ratio - 1) - observed
        step = ((ratio - 1).sum() - (ratio * gap / curve).sum()) / (ratio * slope / curve).sum()
        steps = -(gap + slope * step) / curve
        most = max(abs(step), np.abs(steps).max())
        shorten = 1 / max(most, 1.0)  # where the logistic bends too much for Newton's whole step
        centre, away = centre + shorten * step, away + shorten * steps
        if most < 1e-9:
            break
    return np.asarray(centre + away)


def likelihood_ratio(observed: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Twice the log-likelihood ratio (...) of ratios by slice against one for all; slices are the last axis."""
    share = expected / expected.sum()
    alike = observed.sum(axis=-1, keepdims=True) * share
    return np.asarray(2 * (xlogy(observed, observed) - xlogy(observed, alike)).sum(axis=-1))


def heterogeneity(observed: np.ndarray, expected: np.ndarray, *, draws: int = 999, seed: int = 0) -> float:
    """P-value of slices that are all calibrated alike: the likelihood ratio among `draws` made under that.

    The number of events is given, so a calibration that is off for all slices alike is none of its business. Exact
    for Poisson events, however few there are and however many slices; conservative where events are frequent.

    Examples
    --------
    >>> heterogeneity(np.array([10.0, 0.0]), np.array([5.0, 5.0])) < 0.01
    True
    """
    total = round(float(observed.sum()))
    if observed.size < 2 or total == 0:
        return 1.0
    rng, share = np.random.default_rng(seed), expected / expected.sum()
    found, as_far = float(likelihood_ratio(observed, expected)), 0
    block = max(1, 500_000 // observed.size)
    for start in range(0, draws, block):
        made = rng.multinomial(total, share, size=min(block, draws - start)).astype(np.float64)
        as_far += int(np.count_nonzero(likelihood_ratio(made, expected) >= found - 1e-9))
    return (1 + as_far) / (1 + draws)


def slice_p_values(observed: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """P-values (k,) of each slice against all others: exact binomial, two-sided, corrected by Holm for their number.

    Examples
    --------
    >>> slice_p_values(np.array([10.0, 0.0, 5.0]), np.array([5.0, 5.0, 5.0])).round(3).tolist()
    [0.034, 0.014, 1.0]
    """
    k, n, share = observed, observed.sum(), expected / expected.sum()
    above = np.where(k > 0, betainc(np.maximum(k, 1e-300), n - k + 1, share), 1.0)
    below = np.where(k < n, betaincc(k + 1, np.maximum(n - k, 1e-300), share), 1.0)
    return holm(np.minimum(2 * np.minimum(above, below), 1.0))


def slices_differ(observed: np.ndarray, expected: np.ndarray) -> tuple[float, np.ndarray]:
    """Do slices differ at all, and which: p-values of all together, and of each (k,), never below that of all.

    Many small differences show in the likelihood ratio (`heterogeneity`), a single large one in its own slice
    (`slice_p_values`); the lesser of the two p-values counts twice, which holds the level of both together.

    Examples
    --------
    >>> all_alike, each = slices_differ(np.array([10.0, 0.0, 5.0]), np.array([5.0, 5.0, 5.0]))
    >>> all_alike < 0.05, each.round(3).tolist()
    (True, [0.034, 0.014, 1.0])
    """
    each = slice_p_values(observed, expected)
    both = min(heterogeneity(observed, expected), float(each.min(initial=1.0)))
    together = min(2 * both, 1.0)
    return together, np.maximum(each, together)


def holm(p: np.ndarray) -> np.ndarray:
    """P-values (k,) that hold together: the least one times k, the next times k - 1 ... Holm (1979).

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03])).tolist()
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p, kind="stable")
    out = np.empty(p.size)
    out[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1)), 1.0)
    return out
