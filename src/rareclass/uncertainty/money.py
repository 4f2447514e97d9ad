"""Limits of a mean cost: a sum of rare events with values, whose skewness a normal interval loses."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from rareclass._types import Flags, Floats
from rareclass.errors import InputError
from rareclass.kernels.effective import Counted
from rareclass.kernels.intervals import weighted_sum_limits
from rareclass.uncertainty.sample import Sample
from rareclass.uncertainty.spread import group_spread

# events' worth of trust in the spread of values over all rows of the class, when few of them are errors
POOL = 30.0


class Cell(NamedTuple):
    """Rows that share an outcome, the loss of each row if it had that outcome, and the rows it could happen to."""

    rows: Flags
    loss: Floats
    possible: Flags


def _components(sample: Sample, cell: Cell, reference: float) -> list[tuple[float, float, float]]:
    """(effective count, value, sum of squares) of the positive and of the negative losses of a cell."""
    out = []
    for sign in (1.0, -1.0):
        part = sign * (cell.loss - reference)
        could = cell.possible & (part > 0)
        if not could.any():
            continue
        w, v = sample.weight[could], part[could]
        pooled = float(np.sum((w * v) ** 2) / np.sum(w * v))
        did = cell.rows & could
        if not did.any():
            out.append((0.0, sign * pooled, 0.0))
            continue
        w, v = sample.weight[did], part[did]
        total, squares = float(np.sum(w * v)), float(np.sum((w * v) ** 2))
        value = float(pooled_value(squares / total, pooled, Counted.of(w).rows))
        out.append((total / value, sign * value, squares))
    return out


def pooled_value(own: ArrayLike, pooled: ArrayLike, rows: ArrayLike) -> Floats:
    """Value of one effective event: its own, or what the class shows as far as few rows prove no less."""
    own, rows = np.asarray(own, dtype=np.float64), np.asarray(rows, dtype=np.float64)
    return np.asarray((rows * own + POOL * np.maximum(own, pooled)) / (rows + POOL))


def fixed_rows(variance: ArrayLike, poisson: ArrayLike) -> Floats:
    """By how much the Poisson limits of a sum are to be scaled, for a mean over a number of rows that is known.

    `variance` is the sum of the squared deviations from the mean (weights squared too), `poisson` that of the squared
    distances from the value of most rows. Counts of rows drawn with equal weights are multinomial, a little less than
    Poisson where errors are common.
    """
    poisson = np.asarray(poisson, dtype=np.float64)
    return np.sqrt(np.where(poisson > 0, variance, 1.0) / np.where(poisson > 0, poisson, 1.0))


def sum_limits(sample: Sample, cells: list[Cell], loss: Floats, reference: Cell, level: float) -> tuple[float, float]:
    """Limits of the mean of `loss`, whose rows fall into the cells and, mostly, into the reference cell."""
    size = sample.size
    base = 0.0
    residual = 0.0
    if reference.rows.any():
        w, v = sample.weight[reference.rows], loss[reference.rows]
        base = float(np.average(v, weights=w))
        residual = float(np.sum((w * (v - base)) ** 2))
    parts = [part for cell in cells for part in _components(sample, cell, base)]
    mean = float(np.average(loss, weights=sample.weight))
    z = float(ndtri(0.5 + level / 2))
    inflation = 1.0
    if sample.groups is not None:
        spread = group_spread(sample, loss - mean)
        inflation = spread.inflation * (spread.quantile(level) / z) ** 2
    low, high = weighted_sum_limits([p[0] for p in parts], [p[1] for p in parts], level, inflation)
    centre = sum(p[0] * p[1] for p in parts)
    scale = float(fixed_rows(np.sum((sample.weight * (loss - mean)) ** 2), residual + sum(p[2] for p in parts))) / size
    extra = z * np.sqrt(inflation * residual)
    down, up = (float(np.hypot(part, extra)) * scale for part in (centre - low, high - centre))
    return mean - down, mean + up


def cost_limits(sample: Sample, level: float) -> tuple[float, float]:
    """Limits of the expected cost per row."""
    if sample.costs is None or sample.flag is None:
        raise InputError("The expected cost needs `costs` and decisions (`threshold` or Boolean `y_score`).")
    y, flag, costs = sample.y, sample.flag, sample.costs
    negative = [Cell(~y & ~flag, costs.tn, ~y), Cell(~y & flag, costs.fp, ~y)]
    negative.sort(key=lambda cell: float(sample.weight[cell.rows].sum()))
    cells = [Cell(y & ~flag, costs.fn, y), Cell(y & flag, costs.tp, y), negative[0]]
    return sum_limits(sample, cells, costs.loss(y, flag), negative[1], level)


def cost_difference_limits(sample: Sample, other: Flags, level: float) -> tuple[float, float]:
    """Limits of the expected cost of the sample's decisions minus that of `other` decisions on the same rows."""
    if sample.costs is None or sample.flag is None:
        raise InputError("The expected cost needs `costs` and decisions (`threshold` or Boolean `y_score`).")
    y, flag, costs = sample.y, sample.flag, sample.costs
    stake = np.abs(np.where(y, costs.fn - costs.tp, costs.fp - costs.tn))
    return loss_difference_limits(sample, costs.loss(y, flag) - costs.loss(y, other), stake, level)


def loss_difference_limits(sample: Sample, difference: Floats, stake: Floats, level: float) -> tuple[float, float]:
    """Limits of the mean of the differences (n,) of two losses of the same rows.

    `stake` (n,) is by how much the two could differ on a row: what the rows on which they agree say of rare
    disagreements that none of them happened to show.
    """
    y = sample.y
    cells = [
        Cell(of & (sign * difference > 0), np.where(sign * difference > 0, difference, sign * stake), of)
        for of in (y, ~y)
        for sign in (1.0, -1.0)
    ]
    agreed = difference == 0
    return sum_limits(sample, cells, difference, Cell(agreed, np.zeros(y.shape[0]), agreed), level)
