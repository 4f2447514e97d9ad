"""A smooth surrogate of 1 - average precision."""

from dataclasses import dataclass

import numpy as np

from rareclass.kernels.compiled import compiled
from rareclass.losses._fastmath import OPTIONS
from rareclass.losses.base import BatchLoss
from rareclass.losses.pairwise import checked_margin, class_totals


@compiled(**OPTIONS)
def _sums_above(
    queries: np.ndarray, sources: np.ndarray, weight: np.ndarray, out: np.ndarray
) -> None:  # pragma: no cover - compiled
    """For each query x the sums of w, w (s - x), w (s - x)^2 over sources s > x; both ascend; out is (3, queries)."""
    j = sources.shape[0] - 1
    mass, first, second, at = 0.0, 0.0, 0.0, 0.0
    for i in range(queries.shape[0] - 1, -1, -1):
        x = queries[i]
        while j >= 0 and sources[j] > x:
            gap = at - sources[j] if mass > 0.0 else 0.0
            second += gap * (2.0 * first + gap * mass)
            first += gap * mass
            mass += weight[j]
            at = sources[j]
            j -= 1
        gap = at - x if mass > 0.0 else 0.0
        second += gap * (2.0 * first + gap * mass)
        first += gap * mass
        at = x
        out[0, i], out[1, i], out[2, i] = mass, first, second


@compiled(**OPTIONS)
def _sums_below(
    sources: np.ndarray, queries: np.ndarray, weight: np.ndarray, out: np.ndarray
) -> None:  # pragma: no cover - compiled
    """For each source s the sums of w, w (s - x) over queries x < s; both ascend; out is (2, sources)."""
    i = 0
    mass, first, at = 0.0, 0.0, 0.0
    for j in range(sources.shape[0]):
        s = sources[j]
        while i < queries.shape[0] and queries[i] < s:
            first += (queries[i] - at) * mass
            mass += weight[i]
            at = queries[i]
            i += 1
        first += (s - at) * mass
        at = s
        out[0, j], out[1, j] = mass, first


@dataclass(frozen=True)
class SmoothAveragePrecisionLoss(BatchLoss):
    """1 - mean over positives of soft precision at their rank; ranks counted by squared hinges, in O(n log n).

    For a positive i, rows of either class above it are counted as max(0, 1 - (z_i - z_j) / m)^2, which is 1 for
    itself and at least 1 for every row ranked above; soft precision is the positives' share of the count. Errors at
    the top of the list weigh most, as in average precision. Its value is not average precision itself. No link: fit a
    calibration. In boosted trees, test it against cross-entropy out of fold: on public sets
    it ranked like cross-entropy, not better (`benchmarks/losses.py --quality`).

    Parameters
    ----------
    margin : float, > 0
        m, in score units. Default 1.

    Raises
    ------
    InputError
        If the margin is not positive; `TooFewEventsError` if a batch lacks a class.

    References
    ----------
    Qi et al. (2021), "Stochastic optimization of areas under precision-recall curves with provable convergence"
    (SOAP), arXiv 2104.08736: the surrogate. There it is estimated on mini-batches with moving averages; here value
    and gradient over all rows are exact, by sorted running sums in the manner of Rust and Hocking (arXiv 2302.11062).

    Examples
    --------
    >>> loss = SmoothAveragePrecisionLoss()
    >>> loss.value([0, 0, 1, 1], [-3.0, -2.0, 1.0, 1.0]), round(loss.value([0, 1, 1], [0.5, 1.0, 1.0]), 4)
    (0.0, 0.1111)
    """

    margin: float = 1.0

    def __post_init__(self) -> None:
        checked_margin(self)

    def _evaluate(self, y: np.ndarray, z: np.ndarray, weight: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        events, _ = class_totals(y, weight, type(self).__name__)
        scaled = z / self.margin
        rows = [np.flatnonzero(~y), np.flatnonzero(y)]
        rows = [r[np.argsort(scaled[r])] for r in rows]
        sources, mass = [scaled[r] for r in rows], [weight[r] for r in rows]
        queries = sources[1] - 1.0
        above = np.empty((2, 3, queries.shape[0]))
        for c in (0, 1):
            _sums_above(queries, sources[c], mass[c], above[c])
        others, same = above[0, 2], above[1, 2]
        total = others + same
        share = mass[1] / events
        # dL / d(sum of negatives) > 0 and dL / d(sum of positives) < 0, by the quotient rule
        pull = [share * (same / total) / total, -share * (others / total) / total]
        gradient, curvature = np.empty_like(z), np.empty_like(z)
        for c in (0, 1):
            below = np.empty((2, sources[c].shape[0]))
            _sums_below(sources[c], queries, np.abs(pull[c]), below)
            sign = 1.0 if c == 0 else -1.0
            gradient[rows[c]] = sign * 2.0 * mass[c] * below[1]
            curvature[rows[c]] = 2.0 * mass[c] * below[0]
        gradient[rows[1]] -= 2.0 * (pull[0] * above[0, 1] + pull[1] * above[1, 1])
        curvature[rows[1]] += 2.0 * (pull[0] * above[0, 0] + np.abs(pull[1]) * above[1, 0])
        return float(share @ (others / total)), gradient / self.margin, curvature / self.margin**2
