"""The k nearest rows of one panel among those of another: a matrix product sifts, float64 differences decide.

Ties: of two rows at the same distance the one with the lower position in the matrix counts as nearer, everywhere.
A row is never its own neighbour; it is recognised by position, so that duplicates of it are neighbours at distance 0.
`neighbours` is the door for any matrix; this is the search that it and the cleaning methods share.
"""

import numpy as np
from numba import njit

from rareclass.kernels.compiled import compiled
from rareclass.kernels.panel import (
    CANDIDATES,
    QUERIES,
    Block,
    Panel,
    Product,
    Queries,
    Space,
    ceiling,
    squared_distance,
    strip_count,
)
from rareclass.kernels.team import team

# Short strips: a search for nearest rows looks into many of them.
_STRIP = 32


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


@njit(inline="always")
def mixed_distance(X: np.ndarray, codes: np.ndarray, penalty: float, i: int, j: int) -> float:
    """Squared distance of two rows, and `penalty` for each nominal column in which they differ."""
    square = squared_distance(X, i, j)
    for f in range(codes.shape[1]):
        if codes[i, f] != codes[j, f]:
            square += penalty
    return square


@compiled
def _tile(
    tile: np.ndarray,
    X: np.ndarray,
    nominal: tuple[np.ndarray, float],
    queries: Queries,
    block: Block,
    sign: float,
    with_itself: bool,
    found: tuple[np.ndarray, np.ndarray],
) -> None:
    codes, penalty = nominal
    squares, nearest = found
    rows = block.rows
    last = squares.shape[1] - 1
    for i in range(queries.rows.size):
        line = tile[i]
        own = queries.rows[i]
        limit = ceiling(tile, squares[i, last], queries.low[i], block.unit)
        for start in range(0, rows.size, _STRIP):
            stop = min(rows.size, start + _STRIP)
            if strip_count(line, start, stop, limit) == 0:
                continue
            for j in range(start, stop):
                if line[j] <= limit and (with_itself or rows[j] != own):
                    insert(squares[i], nearest[i], sign * mixed_distance(X, codes, penalty, own, rows[j]), rows[j])
                    limit = ceiling(tile, squares[i, last], queries.low[i], block.unit)


def nearest_in_panel(
    space: Space,
    queries: Panel,
    candidates: Panel,
    k: int,
    *,
    codes: np.ndarray | None = None,
    penalty: float = 0.0,
    threads: int = 1,
    with_itself: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """The `k` nearest candidates of every query, by (squared distance, position); of negated panels the farthest.

    A query that is among the candidates is passed over unless `with_itself`. `codes` (n, c) and `penalty` as in
    `neighbours.nearest_rows`.

    Returns
    -------
    squares : ndarray (len(queries), k) of float64, sorted, inf where there are fewer than k; of negated panels minus
        the squared distance
    rows : ndarray (len(queries), k) of int64, positions in the matrix, n where there are fewer than k
    """
    squares = np.full((len(queries), k), np.inf)
    nearest = np.full((len(queries), k), space.X.shape[0], dtype=np.int64)
    nominal = (np.zeros((space.X.shape[0], 0), dtype=np.int32) if codes is None else codes, penalty)

    def block(start: int) -> None:
        part = slice(start, start + QUERIES)
        asked = Queries(queries.rows[part], queries.low[part])
        product = Product(queries, np.arange(start, min(start + QUERIES, len(queries))))
        for at in range(0, len(candidates), CANDIDATES):
            piece = slice(at, at + CANDIDATES)
            tile = product.with_rows(candidates.right[piece])
            here = Block(candidates.rows[piece], at, candidates.unit)
            _tile(tile, space.X, nominal, asked, here, candidates.sign, with_itself, (squares[part], nearest[part]))

    with team(threads if len(queries) > QUERIES else 1) as run:
        run(block, range(0, len(queries), QUERIES))
    return squares, nearest
