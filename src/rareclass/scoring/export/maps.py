"""Calibration maps in a graph; see `rareclass.kernels.log_odds_maps.mapped`."""

import numpy as np

from rareclass.kernels.log_odds_maps import BETA, KNOTS, LINE, SHIFT, TEMPERATURE
from rareclass.scoring.export.graph import Value, absolute, interpolated, larger, log1p, place, smaller, softplus, where
from rareclass.scoring.maps import CalibrationMap, SliceMap


def calibrated(calibration: CalibrationMap, z: Value) -> Value:
    """Calibrated log-odds (n, 1) of log-odds z (n, 1) to which the way back is added."""
    return _mapped(calibration, _drawn_in(z, calibration.ends))


def _drawn_in(z: Value, ends: np.ndarray) -> Value:
    low, low_next, low_step, high, high_next, high_step = map(float, ends)
    if not np.isnan(low_next):
        z = where(z < low_next, low_next - (low_next - z) * low_step / (low_next - low), z)
    if not np.isnan(high_next):
        z = where(z > high_next, high_next + (z - high_next) * high_step / (high - high_next), z)
    return z


def sliced(slices: SliceMap, X: Value) -> Value:
    """The shift (n, 1) of the slice of each encoded row (n, d)."""
    own = X.at([slices.at]).equals(slices.values[None, :]).as_kind(float)
    return own @ slices.shift[:, None] + (1.0 - own @ np.ones_like(slices.shift)[:, None]) * slices.rest


def _mapped(calibration: CalibrationMap, z: Value) -> Value:
    kind, numbers = calibration.kind, [float(number) for number in calibration.numbers]
    at, value = calibration.at, calibration.value
    if kind == SHIFT:
        return z + numbers[0]
    if kind == LINE:
        return z * numbers[0] + numbers[1]
    if kind == TEMPERATURE:
        return z / numbers[0] + numbers[1]
    if kind == BETA:
        z = smaller(larger(z, -1e300), 1e300)
        return softplus(-z) * -numbers[0] + softplus(z) * numbers[1] + numbers[2]
    if kind == KNOTS:
        u = z * numbers[0] + numbers[1]
        first, last = float(at[0]), float(at[-1])
        beyond = smaller(u - first, 0.0) + larger(u - last, 0.0)
        v = interpolated(u, at, value, np.array([0, at.size])) + beyond
        excess = absolute(v) - numbers[2]
        drawn = log1p(larger(excess, 0.0)) + numbers[2]
        return where(excess > 0.0, where(v < 0.0, -drawn, drawn), v) + numbers[3]
    step = z.graph.node("Gather", value, place(z, at, np.array([0, at.size])))
    spread = smaller(larger((z - numbers[0]) / numbers[1], -1e6), 1e6)
    return step + spread * numbers[2]
