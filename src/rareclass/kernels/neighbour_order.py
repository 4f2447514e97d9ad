"""The order of neighbours, by distance and then by position, and the sorted list of the nearest."""

import numpy as np
from numba import njit


@njit(inline="always")
def is_nearer(square: float, row: int, other_square: float, other_row: int) -> bool:
    """The order of neighbours: by distance, then by position."""
    return square < other_square or (square == other_square and row < other_row)


@njit(inline="always")
def insert(squares: np.ndarray, rows: np.ndarray, square: float, row: int) -> None:
    """Put a neighbour into the sorted list of the nearest, if it belongs there."""
    slot = squares.size - 1
    if not is_nearer(square, row, squares[slot], rows[slot]):
        return
    while slot > 0 and is_nearer(square, row, squares[slot - 1], rows[slot - 1]):
        squares[slot] = squares[slot - 1]
        rows[slot] = rows[slot - 1]
        slot -= 1
    squares[slot] = square
    rows[slot] = row
