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
# scores are halved apart to this width; chords through so narrow a part find all digits
_NARROW, _SECANTS = 0.03, 4


@dataclass(frozen=True)
class Emphasis:
    """Weights (m,) of rows by their log-odds, from -30 to 30; the last that a score of the loss means hold beyond."""

    weight: np.ndarray

    def at(self, u: float) -> float:
        """The weight of rows with these log-odds."""
        return float(np.interp(u, _grid(), self.weight))

    def newton(self, y: np.ndarray, u: np.ndarray, moved: float, out: np.ndarray) -> None:
        """Write gradient and curvature of Boolean `y` (n,) into `out` (2, n); `u` (n,) are log-odds plus `moved`."""
        _newton(y.view(np.uint8), u, self.weight, moved, out)

    def ascent(self, target: np.ndarray, u: np.ndarray, moved: float) -> np.ndarray:
        """The same with opposite signs, (n, 2), of float targets 0 and 1: CatBoost asks for some 400 rows a call."""
        out = np.empty((u.shape[0], 2))
        _ascent(target, u, self.weight, moved, out)
        return out


def emphasis_of(loss: RowLoss, start: float, share: float) -> Emphasis:
    """The emphasis of a loss, one at the log-odds `start`, mixed with 1 - `share` of cross-entropy.

    Raises
    ------
    InputError
        The link is flat or endless at the start.
    """
    grid = _grid()
    z = _scores(loss, grid)
    meant = np.isfinite(z)
    grid, z = grid[meant], z[meant]
    found, here = np.zeros(0), 0.0
    if z.size > 2 and grid[0] <= start <= grid[-1]:
        g_0, g_1 = (np.asarray(loss.gradient(np.full(z.size, c), z)) for c in (0, 1))
        found = (g_0 - g_1) * np.maximum(np.gradient(z, grid), 0.0)
        found[[0, -1]] = found[[1, -2]]  # slopes from both sides are known to more digits
        here = float(np.interp(start, grid, found))
    if not 0 < here < np.inf:
        raise InputError(f"The link of {loss!r} does not rise at the prevalence of these rows; choose another loss.")
    return Emphasis(1 - share + share * np.interp(_grid(), grid, found) / here)


def _grid() -> np.ndarray:
    return np.linspace(-_REACH, _REACH, round(2 * _REACH * _STEPS) + 1)


def _scores(loss: RowLoss, target: np.ndarray) -> np.ndarray:
    """Scores (m,) that mean these log-odds, ascending; NaN where none does."""

    def above(z: np.ndarray) -> np.ndarray:
        return np.asarray(loss.link_logit(z)) - target

    low, high = np.full(target.size, -1.0), np.full(target.size, 1.0)
    while low[0] > -FARTHEST_START and (above(low) >= 0).any():
        low *= 2
    while high[0] < FARTHEST_START and not (above(high) >= 0).all():
        high *= 2
    for _ in range(int(np.ceil(np.log2((high[0] - low[0]) / _NARROW)))):
        middle = (low + high) / 2
        reached = above(middle) >= 0
        low, high = np.where(reached, low, middle), np.where(reached, middle, high)
    below, beyond = above(low), above(high)
    meant = (below < 0) & (beyond >= 0)
    middle = (low + high) / 2
    for _ in range(_SECANTS):
        with np.errstate(all="ignore"):
            drawn = low - below * (high - low) / (beyond - below)
        middle = np.where((drawn >= low) & (drawn <= high), drawn, (low + high) / 2)
        found = above(middle)
        reached = found >= 0
        low, below = np.where(reached, low, middle), np.where(reached, below, found)
        high, beyond = np.where(reached, middle, high), np.where(reached, found, beyond)
    return np.where(meant, middle, np.nan)


@compiled(inline="always", **OPTIONS)
def _fill(
    target: np.ndarray, u: np.ndarray, weight: np.ndarray, moved: float, gradient: np.ndarray, curvature: np.ndarray
) -> None:  # pragma: no cover - compiled
    """Gradient and curvature of rows whose target is 1 or 0: looking up, then arithmetic on several rows at a time."""
    last = weight.shape[0] - 1.0001
    for i in range(u.shape[0]):
        asked = (np.float64(u[i]) - moved + _REACH) * _STEPS
        place = min(asked, last) if asked > 0.0 else 0.0  # a score that is no number reads the first weight
        k = np.int32(place)  # 32 bits and no sign are read side by side
        at = np.uint32(k)
        below = weight[at]
        rise = weight[at + np.uint32(1)] - below
        gradient[i], curvature[i] = below + (place - k) * rise, rise
    for i in range(u.shape[0]):
        sign = 1.0 - 2.0 * np.float64(target[i])
        t = -sign * np.float64(u[i])
        a, bend = np.float64(gradient[i]), sign * np.float64(curvature[i])
        e = exp_negative(-abs(t))
        large = 1.0 / (1.0 + e)
        small = e * large
        wrong = small if t >= 0 else large
        gradient[i] = sign * a * wrong
        curvature[i] = max(a * small * large + max(bend, 0.0) * _STEPS * wrong, CURVATURE_FLOOR)


@compiled(**OPTIONS)
def _newton(
    target: np.ndarray, u: np.ndarray, weight: np.ndarray, moved: float, out: np.ndarray
) -> None:  # pragma: no cover - compiled
    _fill(target, u, weight, moved, out[0], out[1])


@compiled(**OPTIONS)
def _ascent(
    target: np.ndarray, u: np.ndarray, weight: np.ndarray, moved: float, out: np.ndarray
) -> None:  # pragma: no cover - compiled
    gradient, curvature = np.empty(u.shape[0]), np.empty(u.shape[0])
    _fill(target, u, weight, moved, gradient, curvature)
    for i in range(u.shape[0]):
        out[i, 0], out[i, 1] = -gradient[i], -curvature[i]
