"""Limits of a mean cost: a sum of rare events with values, whose skewness a normal interval loses."""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from rareclass._types import Flags, Floats
from rareclass.errors import InputError
from rareclass.kernels.intervals import weighted_sum_limits
from rareclass.uncertainty.effective import effective_number, fixed_rows
from rareclass.uncertainty.sample import Sample
from rareclass.uncertainty.spread import group_spread

# events' worth of trust in the spread of values over all rows of the class, when few of them are errors
_POOL = 30.0


class Cell(NamedTuple):
    """Rows that share an outcome, the loss of each row if it had that outcome, and the rows it could happen to."""

    rows: Flags
    loss: Floats
    possible: Flags


def _components(sample: Sample, cell: Cell, reference: float) -> list[tuple[float, float, float]]:
    """(effective count, value, sum of squares) of the positive and of the negative losses of a cell."""
    out = []
    power = 1 if sample.repeated else 2
    for sign in (1.0, -1.0):
        part = sign * (cell.loss - reference)
        could = cell.possible & (part > 0)
        if not could.any():
            continue
        w, v = sample.weight[could], part[could]
        pooled = float(np.sum(w**power * v**2) / np.sum(w * v))
        did = cell.rows & could
        if not did.any():
            out.append((0.0, sign * pooled, 0.0))
            continue
        w, v = sample.weight[did], part[did]
        total, squares = float(np.sum(w * v)), float(np.sum(w**power * v**2))
        own = squares / total
        times = effective_number(w, sample.repeated)
        value = (times * own + _POOL * max(own, pooled)) / (times + _POOL)
        out.append((total / value, sign * value, squares))
    return out


def sum_limits(sample: Sample, cells: list[Cell], loss: Floats, reference: Cell, level: float) -> tuple[float, float]:
    """Limits of the mean of `loss`, whose rows fall into the cells and, mostly, into the reference cell."""
    power = 1 if sample.repeated else 2
    size = sample.size
    base = 0.0
    residual = 0.0
    if reference.rows.any():
        w, v = sample.weight[reference.rows], loss[reference.rows]
        base = float(np.average(v, weights=w))
        residual = float(np.sum(w**power * (v - base) ** 2))
    parts = [part for cell in cells for part in _components(sample, cell, base)]
    mean = float(np.average(loss, weights=sample.weight))
    z = float(ndtri(0.5 + level / 2))
    inflation = 1.0
    if sample.groups is not None:
        spread = group_spread(sample, loss - mean)
        inflation = spread.inflation * (spread.quantile(level) / z) ** 2
    low, high = weighted_sum_limits([p[0] for p in parts], [p[1] for p in parts], level, inflation)
    centre = sum(p[0] * p[1] for p in parts)
    squares = sum(p[2] for p in parts)
    narrow = float(fixed_rows(centre, squares, size)) if sample.repeated else 1.0
    extra = z**2 * inflation * residual
    down = float(np.hypot((centre - low) * narrow, np.sqrt(extra))) / size
    up = float(np.hypot((high - centre) * narrow, np.sqrt(extra))) / size
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
    only, never = flag & ~other, other & ~flag
    cells = [
        Cell(y & only, costs.tp - costs.fn, y),
        Cell(y & never, costs.fn - costs.tp, y),
        Cell(~y & only, costs.fp - costs.tn, ~y),
        Cell(~y & never, costs.tn - costs.fp, ~y),
    ]
    loss = costs.loss(y, flag) - costs.loss(y, other)
    agreed = flag == other
    return sum_limits(sample, cells, loss, Cell(agreed, np.zeros(y.shape[0]), agreed), level)
