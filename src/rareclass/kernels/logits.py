"""Log-odds arithmetic that stays finite and exact far out in the tails."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rareclass._types import Floats


def sigmoid(z: ArrayLike) -> Floats:
    """Probability of a log-odds, 1 / (1 + exp(-z)), without overflow for any finite z.

    Parameters
    ----------
    z : array-like of any shape
        Log-odds (nats).

    Returns
    -------
    ndarray of float64, same shape, in [0, 1]

    Examples
    --------
    >>> sigmoid([-1e4, 0.0, 1e4]).tolist()
    [0.0, 0.5, 1.0]
    """
    z = np.asarray(z, dtype=np.float64)
    # exp of a non-positive number only: no overflow, and small probabilities keep full relative precision
    small = np.exp(-np.abs(z))
    return np.asarray(np.where(z >= 0, 1.0, small) / (1.0 + small))


def softplus(x: ArrayLike) -> Floats:
    """log(1 + exp(x)) without overflow.

    Examples
    --------
    >>> softplus([-1e4, 0.0, 1e4]).round(6).tolist()
    [0.0, 0.693147, 10000.0]
    """
    x = np.asarray(x, dtype=np.float64)
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))


def log_sigmoid(z: ArrayLike) -> Floats:
    """Log of the probability of a log-odds, -log(1 + exp(-z)), finite for any finite z.

    Examples
    --------
    >>> log_sigmoid([-1e4, 0.0]).round(6).tolist()
    [-10000.0, -0.693147]
    """
    return -softplus(-np.asarray(z, dtype=np.float64))


def logit(p: ArrayLike) -> Floats:
    """Log-odds of a probability, log(p / (1 - p)); 0 and 1 give -inf and +inf.

    Examples
    --------
    >>> logit([0.5, 0.001]).round(4).tolist()
    [0.0, -6.9068]
    """
    p = np.asarray(p, dtype=np.float64)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(p) - np.log1p(-p), dtype=np.float64)


def floored_logit(share: np.ndarray, floor: float) -> np.ndarray:
    """Log-odds of a share of votes in [0, 1] to which `floor` pseudo-votes are added on either side."""
    return logit((share + floor) / (1 + 2 * floor))


def moved_threshold(threshold: float | np.ndarray, shift: float) -> Any:
    """Probability threshold(s) moved by `shift` on the log-odds; -inf and +inf (always, never) stay."""
    if shift == 0:
        return threshold
    t = np.asarray(threshold, dtype=np.float64)
    inside = (t > 0) & (t < 1)
    moved = np.where(inside, sigmoid(logit(np.where(inside, t, 0.5)) + shift), t)
    return float(moved) if moved.ndim == 0 else moved


def apart(found: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """How far log-odds (n,) are from those that are wanted; beyond a thousand, in thousandths of them.

    0 where both are no number or equally infinite, infinite where one is.

    Examples
    --------
    >>> apart(np.array([1.5, np.nan, np.inf]), np.array([1.0, np.nan, 0.0])).tolist()
    [0.5, 0.0, inf]
    """
    with np.errstate(invalid="ignore"):
        far = np.abs(found - wanted) / np.maximum(1.0, np.abs(wanted) / 1_000)
    same = (found == wanted) | (np.isnan(found) & np.isnan(wanted))
    return np.where(same, 0.0, np.where(np.isnan(far), np.inf, far))


def log_loss_from_logits(y: NDArray[Any], z: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Mean negative log-likelihood (nats) of a Boolean target given log-odds.

    Exact where the probabilities themselves would round to 0 or 1.

    Examples
    --------
    >>> round(log_loss_from_logits(np.array([True, False]), [-50.0, -50.0]), 6)
    25.0
    """
    z = np.asarray(z, dtype=np.float64)
    loss = softplus(np.where(np.asarray(y, dtype=bool), -z, z))
    return float(np.average(loss, weights=None if weight is None else np.asarray(weight, dtype=np.float64)))
