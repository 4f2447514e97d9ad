"""A row loss on the scale of log-odds: cross-entropy in which a row weighs as much as its score asks for.

Where a loss has the link p(z), its gradients at a score z are c(z) p for negatives and -c(z) (1 - p) for positives,
with c = g_0 - g_1. On the scale of log-odds u they are a(u) (p - y), a(u) = c dz/du: the loss is cross-entropy times
its emphasis a(u). Its minimiser is the log-odds themselves, so scores need no way back, and offsets add up.
"""

from dataclasses import dataclass

import numpy as np

from rareclass.errors import InputError
from rareclass.kernels.compiled import compiled
from rareclass.losses._fastmath import CURVATURE_FLOOR, OPTIONS, exp_negative
from rareclass.losses.base import FARTHEST_START, RowLoss

_REACH, _STEPS = 30.0, 50  # log-odds that the table covers on both sides; its entries for each nat
_HALVINGS = 70


@dataclass(frozen=True)
class Emphasis:
    """Weights (m,) of rows by their log-odds, from -30 to 30; the last ones hold beyond."""

    weight: np.ndarray

    def at(self, u: float) -> float:
        """The weight of rows with these log-odds."""
        return float(np.interp(u, _grid(), self.weight))

    def newton(self, y: np.ndarray, u: np.ndarray, moved: float, out: np.ndarray) -> None:
        """Write gradient and curvature of Boolean `y` (n,) into `out` (2, n); `u` (n,) are log-odds plus `moved`."""
        _newton(y, u, self.weight, moved, out)


def emphasis_of(loss: RowLoss, start: float, share: float) -> Emphasis:
    """The emphasis of a loss, one at the log-odds `start`, mixed with 1 - `share` of cross-entropy.

    Raises
    ------
    InputError
        The link is flat or endless at the start.
    """
    grid = _grid()
    z = _scores(loss, grid)
    g_0, g_1 = (np.asarray(loss.gradient(np.full(z.size, c), z)) for c in (0, 1))
    found = (g_0 - g_1) * np.maximum(np.gradient(z, grid), 0.0)
    here = float(np.interp(start, grid, found))
    if not 0 < here < np.inf:
        raise InputError(f"The link of {loss!r} does not rise at the prevalence of these rows; choose another loss.")
    return Emphasis(1 - share + share * found / here)


def _grid() -> np.ndarray:
    return np.linspace(-_REACH, _REACH, round(2 * _REACH * _STEPS) + 1)


def _scores(loss: RowLoss, target: np.ndarray) -> np.ndarray:
    """Scores (m,) that mean these log-odds, or the farthest ones where none does."""

    def reached(z: np.ndarray) -> np.ndarray:
        return np.asarray(loss.link_logit(z)) >= target

    low, high = np.full(target.size, -1.0), np.full(target.size, 1.0)
    while low[0] > -FARTHEST_START and reached(low).any():
        low *= 2
    while high[0] < FARTHEST_START and not reached(high).all():
        high *= 2
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        above = reached(middle)
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return (low + high) / 2


@compiled(**OPTIONS)
def _newton(
    y: np.ndarray, u: np.ndarray, weight: np.ndarray, moved: float, out: np.ndarray
) -> None:  # pragma: no cover - compiled
    gradient, curvature = out[0], out[1]
    for i in range(u.shape[0]):
        score = np.float64(u[i])
        place = min(max((score - moved + _REACH) * _STEPS, 0.0), weight.shape[0] - 1.0001)
        k = int(place)
        rise = weight[k + 1] - weight[k]
        a = weight[k] + (place - k) * rise
        t = score if y[i] else -score
        e = exp_negative(-abs(t))
        large = 1.0 / (1.0 + e)
        small = e * large
        wrong = small if t >= 0 else large
        bend = -rise if y[i] else rise
        gradient[i] = -a * wrong if y[i] else a * wrong
        curvature[i] = max(a * small * large + max(bend, 0.0) * _STEPS * wrong, CURVATURE_FLOOR)
