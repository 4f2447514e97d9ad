"""Strictly increasing piecewise-linear maps of log-odds, fitted to blocks of calibration rows.

Step functions tie rows that the model had ranked, which costs average precision where events are few. Here each
block of rows is one knot, placed where the block's mean probability lies, and the map is linear in the log-odds
between knots. Outside the knots it follows the two-parameter fit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import gammainc, gammaincc

from rareclass.calibration.base import GroupedRows
from rareclass.calibration.logistic import fit_intercept
from rareclass.calibration.sigmoid import SigmoidCalibration
from rareclass.kernels.logits import sigmoid

_FLATTEST = 1e-3
"""Least slope between two knots, relative to the two-parameter fit; blocks that would be flatter are pooled."""


_BEYOND = 3.0
"""Nats past log(rows) from which log-odds are drawn in: one stray event there must not cost hundreds of nats."""


@dataclass(frozen=True, kw_only=True)
class KnotMap:
    """``logit -> line -> piecewise linear -> + shift``; strictly increasing."""

    # slope, intercept: the two-parameter fit that comes first
    slope: float
    intercept: float
    # at, value: (k,) ascending, knots: calibrated log-odds `value` where the two-parameter fit says `at`
    at: np.ndarray
    value: np.ndarray
    shift: float  # added last, so that the expected events equal the observed ones
    # log-odds further from 0 than the calibration rows can show are drawn in, in the order they have
    limit: float = np.inf

    def __call__(self, z: np.ndarray) -> np.ndarray:
        v = _follow(self.slope * z + self.intercept, self.at, self.value)
        excess = np.maximum(np.abs(v) - self.limit, 0.0)
        return np.where(excess > 0, np.sign(v) * (self.limit + np.log1p(excess)), v) + self.shift

    def moved(self, shift: float) -> "KnotMap":
        """The map with `shift` added."""
        return replace(self, shift=self.shift + shift)

    def to_dict(self) -> dict[str, Any]:
        return {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in vars(self).items()}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> "KnotMap":
        numbers = {name: float(state[name]) for name in ("slope", "intercept", "shift", "limit")}
        at, value = (np.asarray(state[name], dtype=np.float64) for name in ("at", "value"))
        return cls(at=at, value=value, **numbers)


def fit_knots(
    rows: GroupedRows, line: SigmoidCalibration, start: np.ndarray, *, pseudo_events: float, rounds: int = 5
) -> KnotMap:
    """Knots of the blocks that begin at the groups `start` (indices, ascending, the first is 0).

    Each block's log-odds is the two-parameter fit's plus the log ratio of observed to expected odds, with up to
    `pseudo_events` added to both, so that a block without events stays finite and a block with few moves little.
    Where that fit is far off, the rows of a block spread too widely for one knot in the right place; further rounds,
    each on the map so far, move the blocks that still miss their events by more than chance.
    """
    u = line.slope_ * rows.logit + line.intercept_
    at = value = np.zeros(1)
    for number in range(rounds):
        p = sigmoid(_follow(u, at, value))
        if number:  # finer blocks, at most some 200, each of ten observed and expected events or more
            mass = np.cumsum(rows.events + rows.weight * p)
            bins = (mass / max(10.0, mass[-1] / 200)).astype(np.int64)
            start = np.union1d(start, np.flatnonzero(np.diff(bins, prepend=0) > 0))
        counts = (rows.events, rows.negatives, rows.weight * p, rows.weight * (1 - p))
        sums = np.stack([np.add.reduceat(v, start) for v in counts])
        if number:
            calm = ~(_surprising(sums[0], sums[2]) | _surprising(sums[1], sums[3]))
            if calm.all():
                break
            sums[:2, calm] = sums[2:, calm]
        placed = _place(_pool(sums, pseudo_events), pseudo_events)
        at, value = _compose(at, value, *placed) if number else placed
    limit = float(np.log(rows.weight.sum())) + _BEYOND
    shape = KnotMap(slope=line.slope_, intercept=line.intercept_, at=at, value=value, shift=0.0, limit=limit)
    return replace(shape, shift=fit_intercept(shape(rows.logit), rows))


def _surprising(seen: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Whether counts are too many or too few for Poisson counts of these expectations, one in a thousand each way."""
    many = np.where(seen > 0, gammainc(np.maximum(seen, 1e-9), expected), 1.0)  # P(count >= seen)
    return (many < 1e-3) | (gammaincc(seen + 1, expected) < 1e-3)


def _follow(u: np.ndarray, at: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Piecewise-linear through the knots, parallel to the diagonal beyond them."""
    beyond = np.where(u < at[0], u - at[0], 0.0) + np.where(u > at[-1], u - at[-1], 0.0)
    return np.interp(u, at, value) + beyond


def _compose(
    at: np.ndarray, value: np.ndarray, next_at: np.ndarray, next_value: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Knots of the second map after the first."""
    all_at = np.union1d(at, _follow(next_at, value, at))  # swapping knots inverts the first map
    all_value = _follow(_follow(all_at, at, value), next_at, next_value)
    keep = np.r_[True, (np.diff(all_at) > 0) & (np.diff(all_value) > 0)]
    return all_at[keep], all_value[keep]


def _place(sums: np.ndarray, k: float) -> tuple[np.ndarray, np.ndarray]:
    """(at, value) of blocks given their observed and expected events and negatives, (4, blocks)."""
    observed, missed = sums[:2]
    expected, rest = np.maximum(sums[2:], 1e-300)
    at = np.log(expected) - np.log(rest)
    # where the fit expects next to nothing it must not outweigh what was seen: it is worth no more than it expects
    few, rare = np.minimum(k, expected), np.minimum(k, rest)
    gain = np.log((observed + few) / (expected + few)) - np.log((missed + rare) / (rest + rare))
    return at, at + gain


def _pool(sums: np.ndarray, k: float) -> np.ndarray:
    """Merge neighbouring blocks until the knots increase in both coordinates (pool adjacent violators)."""
    kept: list[np.ndarray] = []
    for block in sums.T:
        current = block
        while kept:
            at, value = _place(np.column_stack([kept[-1], current]), k)
            if at[1] > at[0] and value[1] - value[0] >= _FLATTEST * (at[1] - at[0]):
                break
            current = current + kept.pop()
        kept.append(current)
    return np.column_stack(kept)
