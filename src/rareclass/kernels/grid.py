"""Rows rounded to a grid of whole numbers, on which squared distances are exact and cheap.

A row is centred, divided by the step of the grid and rounded: whole numbers of at most `REACH` in length, so that the
products of two rows fit into 16-bit factors and their sums into 32 bits. Distances between the rounded rows, in steps,
have no rounding error; rounding moved each row by at most ``sqrt(d) / 2`` steps, so that the true distance lies within
`width` = sqrt(d) steps of the rounded one. That is the whole certificate: no pair whose rounded distance is more than
`width` above a limit can be within it. (`width` is widened by a millionth, far above what float64 adds.)
"""

from typing import NamedTuple

import numpy as np

from rareclass.kernels.compiled import compiled
from rareclass.kernels.threads import in_blocks

# Twice the largest coordinate must fit into 16 bits, and four times the square of the length into 31.
REACH = 16383
NEVER = np.int32(2**31 - 1)  # squared length of a row that no search shall find
# Queries and candidates that one step of `sift` compares.
QUERIES_AT_ONCE = 6
CANDIDATES_AT_ONCE = 16
# The grid must tell neighbours apart: its error may be this share of the distance between typical ones.
_FINE = 0.05


class Grid(NamedTuple):
    """Centre and step of the grid, and the largest number of steps by which rounding changes a distance."""

    centre: np.ndarray
    step: float
    width: float

    @classmethod
    def of(cls, centre: np.ndarray, radius: float, nearest: float) -> "Grid | None":
        """The grid for rows up to `radius` from the centre; None where it cannot tell rows `nearest` apart."""
        width = float(np.sqrt(centre.size)) * (1 + 1e-6)
        if not 1e-140 < radius < 1e140 or not 0 < width * radius / REACH <= _FINE * nearest:
            return None
        return cls(centre, radius / REACH, width)

    def queries(self, X: np.ndarray, rows: np.ndarray) -> "Rounded":
        """These rows, multiplied by -2, in groups as `sift` takes them."""
        return self._rounded(X, rows, QUERIES_AT_ONCE, -2)

    def candidates(self, X: np.ndarray, rows: np.ndarray) -> "Rounded":
        """These rows in groups as `sift` takes them."""
        return self._rounded(X, rows, CANDIDATES_AT_ONCE, 1)

    def _rounded(self, X: np.ndarray, rows: np.ndarray, size: int, factor: int) -> "Rounded":
        groups, pairs = -(-rows.size // size), -(-X.shape[1] // 2)
        values = np.empty((groups, pairs, size, 2), dtype=np.int16)
        squares = np.full(groups * size, NEVER, dtype=np.int32)
        frame = (self.centre, 1.0 / self.step, factor)
        in_blocks(_round, groups, X, rows, frame, values, squares, block=1 << 11, small=1 << 8)
        return Rounded(values.reshape(-1).view(np.int32), squares, rows)


class Rounded(NamedTuple):
    """Rows on the grid: pairs of coordinates by group, pair and row, and squared lengths.

    Rows outside the grid, and places after the last row, have the length `NEVER`.
    """

    pairs: np.ndarray
    squares: np.ndarray
    rows: np.ndarray

    def groups(self, start: int, stop: int) -> "Rounded":
        """Groups of queries ``start .. stop``."""
        size = QUERIES_AT_ONCE
        each = self.pairs.size // max(1, self.squares.size) * size
        rows = slice(start * size, stop * size)
        return Rounded(self.pairs[start * each : stop * each], self.squares[rows], self.rows[rows])

    def outside(self) -> np.ndarray:
        """Positions of the rows that do not fit on the grid."""
        return np.flatnonzero(self.squares[: self.rows.size] == NEVER)


@compiled
def _round(
    start: int,
    stop: int,
    X: np.ndarray,
    rows: np.ndarray,
    frame: tuple[np.ndarray, float, int],
    values: np.ndarray,
    squares: np.ndarray,
) -> None:
    centre, scale, factor = frame
    size, d = values.shape[2], X.shape[1]
    whole = np.empty(2 * values.shape[1])
    whole[:] = 0.0
    for group in range(start, stop):
        values[group] = 0
        for place in range(min(size, rows.size - group * size)):
            row = rows[group * size + place]
            square = 0.0
            for f in range(d):
                whole[f] = np.rint((np.float64(X[row, f]) - centre[f]) * scale)
                square += whole[f] * whole[f]
            if square <= REACH * REACH:
                squares[group * size + place] = np.int32(square)
                for pair in range(values.shape[1]):
                    values[group, pair, place, 0] = np.int16(factor * whole[2 * pair])
                    values[group, pair, place, 1] = np.int16(factor * whole[2 * pair + 1])
