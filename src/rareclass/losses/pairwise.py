"""Pairwise losses: surrogates of 1 - AUC over all pairs of a positive and a negative row."""

from dataclasses import dataclass

import numpy as np

from rareclass import _check
from rareclass.errors import TooFewEventsError
from rareclass.kernels.compiled import compiled
from rareclass.losses._fastmath import OPTIONS
from rareclass.losses.base import BatchLoss


def class_totals(y: np.ndarray, weight: np.ndarray, name: str) -> tuple[float, float]:
    """Weight of positives and of negatives; both must be there."""
    positive, negative = float(weight[y].sum()), float(weight[~y].sum())
    if positive == 0 or negative == 0:
        only = "positives" if positive else "negatives"
        raise TooFewEventsError(
            f"{name} compares pairs, but this batch holds only {only}. Use larger or stratified batches."
        )
    return positive, negative


def checked_margin(loss: BatchLoss, name: str = "margin") -> None:
    """Replace the margin by a float > 0."""
    object.__setattr__(loss, name, _check.fraction(getattr(loss, name), name, high=np.inf, closed="neither"))


@dataclass(frozen=True)
class PairwiseSquareLoss(BatchLoss):
    """Mean of (m - (z_i - z_j))^2 over all pairs of a positive i and a negative j, in O(n).

    Consistent for AUC, and cheap; but it also punishes pairs that are ranked right by more than the margin, and AUC
    says little about the top of the list when events are rare. No link: fit a calibration.

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
    Gao and Zhou (2015), "On the consistency of AUC pairwise optimization", arXiv 1208.0645; Ying et al. (2016),
    "Stochastic online AUC maximization" (the decomposition by class means and variances).

    Examples
    --------
    >>> PairwiseSquareLoss().value([0, 0, 1], [-1.0, 0.0, 0.5])
    0.25
    """

    margin: float = 1.0

    def __post_init__(self) -> None:
        checked_margin(self)

    def _evaluate(self, y: np.ndarray, z: np.ndarray, weight: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        total_1, total_0 = class_totals(y, weight, type(self).__name__)
        mean_1, mean_0 = weight[y] @ z[y] / total_1, weight[~y] @ z[~y] / total_0
        spread_1 = weight[y] @ (z[y] - mean_1) ** 2 / total_1
        spread_0 = weight[~y] @ (z[~y] - mean_0) ** 2 / total_0
        share = 2 * weight / np.where(y, total_1, total_0)
        gradient = share * np.where(y, z - mean_0 - self.margin, z - mean_1 + self.margin)
        return float((self.margin - mean_1 + mean_0) ** 2 + spread_1 + spread_0), gradient, share


@compiled(**OPTIONS)
def _hinge(
    order: np.ndarray, v: np.ndarray, y: np.ndarray, weight: np.ndarray, gradient: np.ndarray, curvature: np.ndarray
) -> float:  # pragma: no cover - compiled
    """Sum over pairs of w_i w_j max(0, v_j - v_i)^2, and its derivatives; v ascends along `order`.

    The running sums of (v - v_i) and (v - v_i)^2 are moved along with v, so only positive terms are ever added.
    """
    n = order.shape[0]
    loss, mass, first, second = 0.0, 0.0, 0.0, 0.0
    at = v[order[0]]
    for step in range(n):
        row = order[step]
        gap = v[row] - at
        second += gap * (2.0 * first + gap * mass)
        first += gap * mass
        at = v[row]
        if y[row]:
            mass += weight[row]
        else:
            loss += weight[row] * second
            gradient[row] = 2.0 * weight[row] * first
            curvature[row] = 2.0 * weight[row] * mass
    mass, first = 0.0, 0.0
    for step in range(n - 1, -1, -1):
        row = order[step]
        first += (at - v[row]) * mass
        at = v[row]
        if y[row]:
            gradient[row] = -2.0 * weight[row] * first
            curvature[row] = 2.0 * weight[row] * mass
        else:
            mass += weight[row]
    return loss


@dataclass(frozen=True)
class PairwiseSquaredHingeLoss(BatchLoss):
    """Mean of max(0, m - (z_i - z_j))^2 over all pairs, exactly, in O(n log n): only misranked pairs count.

    Use it to train for AUC; the whole batch is ranked at once, so it works as a booster's objective on millions of
    rows. No link: fit a calibration. For the top of the list see `SmoothAveragePrecisionLoss`.

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
    Rust and Hocking (2023), "A log-linear gradient descent algorithm for unbalanced binary classification using the
    all pairs squared hinge loss", arXiv 2302.11062. Where they keep coefficients of a quadratic, we move its sums
    along with the scores, which adds positive terms only and stays exact for large scores.

    Examples
    --------
    >>> PairwiseSquaredHingeLoss().value([0, 0, 1], [-1.0, 0.0, 0.5])
    0.125
    """

    margin: float = 1.0

    def __post_init__(self) -> None:
        checked_margin(self)

    def _evaluate(self, y: np.ndarray, z: np.ndarray, weight: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        total_1, total_0 = class_totals(y, weight, type(self).__name__)
        pairs = total_1 * total_0
        v = np.where(y, z, z + self.margin)
        gradient, curvature = np.empty_like(v), np.empty_like(v)
        loss = _hinge(np.argsort(v), v, y, weight, gradient, curvature)
        return loss / pairs, gradient / pairs, curvature / pairs
