"""Exact nearest rows of another set (enemies, friends, all) by sifted matrix products.

Ties: of two rows at the same distance the one with the lower position in the matrix counts as nearer, everywhere.
A row is never its own neighbour; it is recognised by position, so that duplicates of it are neighbours at distance 0.
"""

import numpy as np
from numba import njit

from rareclass.kernels.panel import (
    CANDIDATES,
    QUERIES,
    Panel,
    Product,
    Space,
    ceiling,
    squared_distance,
    strip_minimum,
)
from rareclass.kernels.team import team

_STRIP = 64


@njit(inline="always")
def _is_nearer(square: float, row: int, other_square: float, other_row: int) -> bool:
    return square < other_square or (square == other_square and row < other_row)


@njit(inline="always")
def _insert(squares: np.ndarray, rows: np.ndarray, square: float, row: int) -> None:
    """Put a neighbour into the sorted list of the nearest, if it belongs there."""
    slot = squares.size - 1
    if not _is_nearer(square, row, squares[slot], rows[slot]):
        return
    while slot > 0 and _is_nearer(square, row, squares[slot - 1], rows[slot - 1]):
        squares[slot] = squares[slot - 1]
        rows[slot] = rows[slot - 1]
        slot -= 1
    squares[slot] = square
    rows[slot] = row


@njit(cache=True, nogil=True)
def _nearest_tile(
    tile: np.ndarray,
    X: np.ndarray,
    query_rows: np.ndarray,
    query_low: np.ndarray,
    rows: np.ndarray,
    unit: float,
    sign: float,
    with_itself: bool,
    squares: np.ndarray,
    nearest: np.ndarray,
) -> None:
    width = rows.size
    strips = (width + _STRIP - 1) // _STRIP
    minimum = np.empty(strips, dtype=tile.dtype)
    last = squares.shape[1] - 1
    for i in range(query_rows.size):
        line = tile[i]
        first = 0
        for s in range(strips):
            minimum[s] = strip_minimum(line, s * _STRIP, min(width, (s + 1) * _STRIP))
            if minimum[s] < minimum[first]:
                first = s
        own = query_rows[i]
        for visit in range(strips):
            # The strip of the overall minimum goes first: it lowers the limit, so that most others are skipped.
            s = first if visit == 0 else (visit if visit > first else visit - 1)
            limit = ceiling(squares[i, last], query_low[i], unit)
            if minimum[s] > limit:
                continue
            for j in range(s * _STRIP, min(width, (s + 1) * _STRIP)):
                if line[j] <= limit and (with_itself or rows[j] != own):
                    _insert(squares[i], nearest[i], sign * squared_distance(X, own, rows[j]), rows[j])
                    limit = ceiling(squares[i, last], query_low[i], unit)


def nearest_rows(
    space: Space, queries: Panel, candidates: Panel, k: int, *, threads: int = 1, with_itself: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """The `k` nearest candidates of every query, by (squared distance, position); of negated panels the farthest.

    A query that is among the candidates is passed over unless `with_itself`.

    Returns
    -------
    squares : ndarray (len(queries), k) of float64, sorted, inf where there are fewer than k; of negated panels minus
        the squared distance
    rows : ndarray (len(queries), k) of int64, positions in the matrix, n where there are fewer than k
    """
    squares = np.full((len(queries), k), np.inf)
    nearest = np.full((len(queries), k), space.X.shape[0], dtype=np.int64)

    def block(start: int) -> None:
        part = slice(start, start + QUERIES)
        positions = np.arange(start, min(start + QUERIES, len(queries)))
        product = Product(queries, positions)
        for at in range(0, len(candidates), CANDIDATES):
            _nearest_tile(
                product.with_rows(candidates.right[at : at + CANDIDATES]),
                space.X,
                queries.rows[part],
                queries.low[part],
                candidates.rows[at : at + CANDIDATES],
                candidates.unit,
                candidates.sign,
                with_itself,
                squares[part],
                nearest[part],
            )

    with team(threads) as run:
        run(block, range(0, len(queries), QUERIES))
    return squares, nearest
