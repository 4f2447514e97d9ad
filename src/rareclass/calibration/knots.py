"""Strictly increasing piecewise-linear maps of log-odds, fitted to blocks of calibration rows.

Step functions tie rows that the model had ranked, which costs average precision where events are few. Here each
block of rows is one knot, placed where the block's mean probability lies, and the map is linear in the log-odds
between knots. Outside the knots it follows the two-parameter fit.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rareclass.calibration._newton import fit_intercept
from rareclass.calibration.base import GroupedRows
from rareclass.calibration.sigmoid import SigmoidCalibration
from rareclass.kernels.logits import sigmoid

_FLATTEST = 1e-3
"""Least slope between two knots, relative to the two-parameter fit; blocks that would be flatter are pooled."""


@dataclass(frozen=True)
class KnotMap:
    """``logit -> line -> piecewise linear -> + shift``; strictly increasing.

    Attributes
    ----------
    slope, intercept : float
        The two-parameter fit that comes first.
    at, value : ndarray of shape (k,), ascending
        Knots: calibrated log-odds `value` where the two-parameter fit says `at`.
    shift : float
        Added last, so that the expected events equal the observed ones.
    """

    slope: float
    intercept: float
    at: np.ndarray
    value: np.ndarray
    shift: float

    def __call__(self, z: np.ndarray) -> np.ndarray:
        u = self.slope * z + self.intercept
        inside = np.interp(u, self.at, self.value)
        # beyond the knots: parallel to the two-parameter fit
        beyond = np.where(u < self.at[0], u - self.at[0], 0.0) + np.where(u > self.at[-1], u - self.at[-1], 0.0)
        return inside + beyond + self.shift

    def to_dict(self) -> dict[str, Any]:
        return {
            "slope": self.slope,
            "intercept": self.intercept,
            "at": self.at.tolist(),
            "value": self.value.tolist(),
            "shift": self.shift,
        }

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> "KnotMap":
        return cls(
            float(state["slope"]),
            float(state["intercept"]),
            np.asarray(state["at"], dtype=np.float64),
            np.asarray(state["value"], dtype=np.float64),
            float(state["shift"]),
        )


def fit_knots(rows: GroupedRows, line: SigmoidCalibration, start: np.ndarray, *, pseudo_events: float) -> KnotMap:
    """Knots of the blocks that begin at the groups `start` (indices, ascending, the first is 0).

    Each block's log-odds is the two-parameter fit's plus the log ratio of observed to expected odds, with
    `pseudo_events` added to both, so that a block without events stays finite and a block with few barely moves.
    """
    u = line.slope_ * rows.logit + line.intercept_
    p = sigmoid(u)
    observed, missed = np.add.reduceat(rows.events, start), np.add.reduceat(rows.negatives, start)
    expected, rest = np.add.reduceat(rows.weight * p, start), np.add.reduceat(rows.weight * (1 - p), start)
    sums = _pool(np.stack([observed, missed, expected, rest]), pseudo_events)
    at, value = _place(sums, pseudo_events)
    shape = KnotMap(line.slope_, line.intercept_, at, value, 0.0)
    shift = fit_intercept(shape(rows.logit), rows.events, rows.weight)
    return KnotMap(line.slope_, line.intercept_, at, value, shift)


def _place(sums: np.ndarray, k: float) -> tuple[np.ndarray, np.ndarray]:
    """(at, value) of blocks given their observed and expected events and negatives, (4, blocks)."""
    observed, missed, expected, rest = sums
    at = np.log(np.maximum(expected, 1e-300)) - np.log(np.maximum(rest, 1e-300))
    gain = np.log((observed + k) / (expected + k)) - np.log((missed + k) / (rest + k))
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
