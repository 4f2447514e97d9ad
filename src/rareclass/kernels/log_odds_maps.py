"""Calibration maps of log-odds, compiled: one pass for the ends that are drawn in and the map itself."""

import numpy as np

from rareclass.kernels.compiled import compiled
from rareclass.kernels.linear import interpolated

TIE_BREAK = 1e-6
"""Of Venn-Abers calibration: log-odds a standard deviation by which rows of one step are spread, so that the ranking of
the scores survives."""

SHIFT, LINE, TEMPERATURE, BETA, KNOTS, STEPS = range(6)
"""z + a; a z + b; z / a + b; a log-sigmoid(z) + b softplus(z) + c; piecewise linear; steps with ties broken."""


@compiled
def _softplus(x: float) -> float:  # pragma: no cover - compiled
    return max(x, 0.0) + np.log1p(np.exp(-abs(x)))


@compiled
def _followed(u: float, at: np.ndarray, value: np.ndarray) -> float:  # pragma: no cover - compiled
    """Piecewise linear through the knots, parallel to the diagonal beyond them."""
    first, last = at[0], at[at.shape[0] - 1]
    beyond = (u - first if u < first else 0.0) + (u - last if u > last else 0.0)
    return interpolated(u, at, value) + beyond


@compiled
def mapped(
    z: np.ndarray, added: float, ends: np.ndarray, kind: int, numbers: np.ndarray, at: np.ndarray, value: np.ndarray
) -> bool:  # pragma: no cover - compiled
    """Calibrate log-odds z (n,) in place; False where one of them is no number.

    Parameters
    ----------
    added : float
        Added before anything else: the way back to the real prevalence.
    ends : array (6,)
        (score, neighbour, step) of the lowest and of the highest scores; NaN where nothing is drawn in.
    kind : int
        One of the kinds of this module.
    numbers : array
        Its parameters: a, b, c; slope, intercept, limit, shift (knots); centre, spread, tie break (steps).
    at, value : arrays
        Knots; or the scores from which each step but the first holds, and the log-odds of all steps.
    """
    fine = True
    for i in range(z.shape[0]):
        x = z[i] + added
        if x < ends[1]:
            x = ends[1] - ends[2] * (ends[1] - x) / (ends[1] - ends[0])
        if x > ends[4]:
            x = ends[4] + ends[5] * (x - ends[4]) / (ends[3] - ends[4])
        if kind == SHIFT:
            x = x + numbers[0]
        elif kind == LINE:
            x = numbers[0] * x + numbers[1]
        elif kind == TEMPERATURE:
            x = x / numbers[0] + numbers[1]
        elif kind == BETA:
            x = min(max(x, -1e300), 1e300) if x == x else x
            x = numbers[0] * -_softplus(-x) + numbers[1] * _softplus(x) + numbers[2]
        elif kind == KNOTS:
            v = _followed(numbers[0] * x + numbers[1], at, value)
            excess = abs(v) - numbers[2]
            if excess > 0.0:
                v = np.sign(v) * (numbers[2] + np.log1p(excess))
            x = v + numbers[3]
        else:
            step = np.searchsorted(at, x, side="right")
            spread = min(max((x - numbers[0]) / numbers[1], -1e6), 1e6)
            x = value[step] + numbers[2] * spread
        z[i] = x
        fine = fine and x == x
    return fine


@compiled
def shifted(
    z: np.ndarray, X: np.ndarray, column: int, values: np.ndarray, shift: np.ndarray, rest: float = 0.0
) -> None:  # pragma: no cover - compiled
    """Add to log-odds z (n,), in place, the shift of each row's slice; `rest` where it is none of `values`.

    Parameters
    ----------
    X : array (n, d)
        Encoded rows, whose `column` says the slice.
    values, shift : arrays (k,)
        What stands there for each slice, ascending, and its shift.
    """
    for i in range(z.shape[0]):
        x = X[i, column]
        low, high = 0, values.shape[0]
        while low < high:
            middle = (low + high) // 2
            if values[middle] < x:
                low = middle + 1
            else:
                high = middle
        if low < values.shape[0] and values[low] == x:
            z[i] += shift[low]
        else:
            z[i] += rest
