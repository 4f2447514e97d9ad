"""Probabilities of exactly 0 or 1: where such rows belong on the log-odds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

_EXTREME = 20.0
"""Log-odds beyond which a pile of equal scores is taken for clipped probabilities of 0 or 1."""
_GAP = 10.0
"""... if it stands this many times further from the next score than that from the one after."""


@dataclass(frozen=True)
class Ends:
    """Draws the lowest and the highest score in, to where they would stand one step beyond the next score.

    A forest that gives no vote to a row says "probability 0", which only means "less than one vote". On the log-odds
    such rows pile up at whatever the clipping says (-27.6 for 1e-12), and a straight line through them is a bad one.
    One step beyond the next score is where half a vote would be.
    """

    # low, high: (score, next score, step) or None: the piled-up score, its neighbour and the step; None where there is
    # no such pile
    low: tuple[float, float, float] | None = None
    high: tuple[float, float, float] | None = None

    def __call__(self, z: np.ndarray) -> np.ndarray:
        """The scores with the ends drawn in; strictly increasing."""
        if self.low is not None:
            score, neighbour, step = self.low
            z = np.where(z < neighbour, neighbour - step * (neighbour - z) / (neighbour - score), z)
        if self.high is not None:
            score, neighbour, step = self.high
            z = np.where(z > neighbour, neighbour + step * (z - neighbour) / (score - neighbour), z)
        return z

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {side: None if (end := getattr(self, side)) is None else list(end) for side in ("low", "high")}

    @classmethod
    def from_dict(cls, state: dict[str, Any] | None) -> "Ends":
        """Inverse of `to_dict`; None gives ends that change nothing."""
        sides = {} if state is None else state
        return cls(_three(sides.get("low")), _three(sides.get("high")))


def _three(values: Sequence[float] | None) -> tuple[float, float, float] | None:
    return None if values is None else (float(values[0]), float(values[1]), float(values[2]))


def find_ends(z: np.ndarray, weight: np.ndarray) -> Ends:
    """Ends of distinct ascending scores (m,) with their weights (m,)."""
    if z.size < 3:
        return Ends()
    low = _pile(-z[:3], weight[0])
    high = _pile(z[::-1][:3], weight[-1])
    return Ends(
        None if low is None else (float(z[0]), float(z[1]), low),
        None if high is None else (float(z[-1]), float(z[-2]), high),
    )


def _pile(outermost: np.ndarray, weight: float) -> float | None:
    """Step for the first of three scores in descending order, or None where it is no pile of clipped scores."""
    end, neighbour, following = outermost
    step = max(float(neighbour - following), float(np.log(2)))
    if end < _EXTREME or weight < 2 or end - neighbour < _GAP * step:
        return None
    return step
