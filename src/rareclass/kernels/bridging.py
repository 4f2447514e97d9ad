"""Contributions carried over a map: parts of a sum become parts of any rising function of the sum."""

import numpy as np

from rareclass.kernels.compiled import compiled

STEEPEST = 10.0
"""How steep a secant may be; what more there is to give is spread."""
_NEAR = 1e-4  # share of the parts' size below which their sum is close to a tie, and its secant to rounding noise


def bridged(parts: np.ndarray, outer: np.ndarray, outer_base: float, slope: float = 1.0) -> np.ndarray:
    """Parts (n, d) of a sum as parts of a map of that sum: each row adds up to ``outer - outer_base``.

    All parts of a row are multiplied by one number, the secant of the map between the baseline (where all parts are
    zero) and the row: gain of the map over sum of the parts. It is kept within 0 and `STEEPEST` (times the slope at
    the baseline, where that is above 1), and where the parts nearly cancel it gives way to that slope, so that a sum
    near zero blows nothing up. What the bounds leave over is spread in proportion to the size of the parts. So columns
    whose part is zero keep exactly zero, signs stay wherever the secant lies within its bounds, and a smooth map gives
    parts that vary smoothly.

    Parameters
    ----------
    parts : array (n, d)
        Contributions of the columns to a score, whose baseline is left out.
    outer : array (n,), finite
        The map of each row's score.
    outer_base : float
        The map of the score's baseline.
    slope : float >= 0, default=1.0
        Slope of the map at the baseline; 1 suits a map from log-odds to log-odds.

    Returns
    -------
    ndarray (n, d)
        A row without parts stays without: there is nothing that its gain could be put down to.

    Examples
    --------
    >>> bridged(np.array([[1.0, -0.5, 0.0]]), np.array([3.0]), 2.0).tolist()
    [[2.0, -1.0, 0.0]]
    """
    out = np.empty(parts.shape)
    _bridge(np.ascontiguousarray(parts, dtype=np.float64), outer, float(outer_base), float(slope), out)
    return out


@compiled(error_model="numpy")
def _bridge(parts: np.ndarray, outer: np.ndarray, outer_base: float, slope: float, out: np.ndarray) -> None:
    for i in range(parts.shape[0]):
        largest, size, change = 0.0, 0.0, 0.0
        for j in range(parts.shape[1]):
            largest = max(largest, abs(parts[i, j]))
        if largest == 0.0:
            out[i] = 0.0
            continue
        for j in range(parts.shape[1]):  # in units of the largest: their sum might be infinite
            part = parts[i, j] / largest
            size += abs(part)
            change += part
        gain, change = outer[i] - outer_base, change / size
        unit, steepest = min(slope * largest, 1e290) * size, min(max(slope, 1.0) * largest, 1e290) * size * STEEPEST
        if abs(change) >= _NEAR:
            secant = gain / change
        else:
            secant = gain * change / _NEAR**2 + (1.0 - (change / _NEAR) ** 2) * unit
        secant = min(max(secant, 0.0), steepest)
        rest = gain - secant * change
        for j in range(parts.shape[1]):
            part = parts[i, j] / largest / size
            out[i, j] = secant * part + rest * abs(part)
