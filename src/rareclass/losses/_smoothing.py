"""Label smoothing and its way back: what the minimiser of a smoothed loss means, for every framework alike.

A target of K classes becomes (1 - a) y + a / K, two classes with one score included (K = 2). The minimiser then means
the smoothed shares (1 - a) p + a / K; undone they are p. Shares below a / K cannot have been learned: they become 0.
"""

import numpy as np
from scipy.special import logit

from rareclass import _check
from rareclass.kernels.compiled import compiled
from rareclass.losses._fastmath import OPTIONS


@compiled(**OPTIONS)
def count_between_and_outside(y: np.ndarray) -> tuple[int, int]:  # pragma: no cover - compiled
    """How many targets are neither 0 nor 1, and how many lie outside [0, 1] or are NaN; without a temporary."""
    between, outside = 0, 0
    for i in range(y.shape[0]):
        v = y[i]
        between += 0 if (v == 0) | (v == 1) else 1
        outside += 0 if (v >= 0) & (v <= 1) else 1
    return between, outside


def checked_smoothing(amount: float) -> float:
    """The amount as a float in [0, 1)."""
    return _check.fraction(amount, "label_smoothing", closed="left")


def smoothed(shares: np.ndarray, amount: float, classes: int = 2) -> np.ndarray:
    """What the shares of the classes become."""
    return (1.0 - amount) * shares + amount / classes


def restored(shares: np.ndarray, amount: float) -> np.ndarray:
    """Class probabilities (n, K) from smoothed ones."""
    if amount == 0:
        return shares
    found = np.maximum(shares - amount / shares.shape[-1], 0.0)
    return found / found.sum(axis=-1, keepdims=True)


def restored_log_odds(log_odds: np.ndarray, amount: float) -> np.ndarray:
    """Log-odds of a probability from those of the smoothed one; infinite where smoothing left nothing to tell."""
    if amount == 0:
        return log_odds
    size = np.abs(log_odds)
    small = np.exp(-size) / (1.0 + np.exp(-size))  # the probability of the less likely class keeps its digits
    share = np.clip((small - amount / 2) / (1.0 - amount), 0.0, 0.5)
    with np.errstate(divide="ignore"):
        return np.where(log_odds >= 0, -logit(share), logit(share))
