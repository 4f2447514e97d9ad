"""The k nearest rows of one panel among those of another: whole numbers or a matrix product sift, float64 decides.

Where rows fit on a grid that tells neighbours apart, `sift` compares them there; the few that do not fit, data without
such a grid, nominal columns and searches for the farthest rows go through products of the panels.

Ties: of two rows at the same distance the one with the lower position in the matrix counts as nearer, everywhere.
A row is never its own neighbour; it is recognised by position, so that duplicates of it are neighbours at distance 0.
`neighbours` is the door for any matrix; this is the search that it and the cleaning methods share.
"""

import numpy as np
from numba import njit

from rareclass.kernels.compiled import compiled
from rareclass.kernels.grid import Grid
from rareclass.kernels.neighbour_order import insert
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
from rareclass.kernels.sift import search
from rareclass.kernels.team import team

# Short strips: a search for nearest rows looks into many of them.
_STRIP = 32
# If more rows than one in so many do not fit on the grid, it is not worth while.
_FEW_OUTSIDE = 32

Found = tuple[np.ndarray, np.ndarray]
"""Sorted squared distances (q, k) and rows of the nearest so far."""


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
    found = np.full((len(queries), k), np.inf), np.full((len(queries), k), space.X.shape[0], dtype=np.int64)
    is_plain = queries.sign > 0 and (codes is None or codes.shape[1] == 0)
    sifted = space.grid if is_plain and len(queries) and len(candidates) else None
    if sifted is None or not _by_grid(space.X, sifted, queries, candidates, found, threads, with_itself):
        nominal = (np.zeros((space.X.shape[0], 0), dtype=np.int32) if codes is None else codes, penalty)
        _by_products(space.X, nominal, queries, candidates, found, threads, with_itself)
    return found


def _by_grid(
    X: np.ndarray, grid: Grid, queries: Panel, candidates: Panel, found: Found, threads: int, with_itself: bool
) -> bool:
    """Search on the grid, and among the rows that it does not hold by products; False if those are many."""
    asked, given = grid.queries(X, queries.rows), grid.candidates(X, candidates.rows)
    lost, missed = asked.outside(), given.outside()
    if _FEW_OUTSIDE * lost.size > len(queries) or _FEW_OUTSIDE * missed.size > len(candidates):
        return False
    search(X, grid, asked, given, found, with_itself=with_itself, threads=threads)
    nominal = (np.zeros((X.shape[0], 0), dtype=np.int32), 0.0)
    if missed.size:
        _by_products(X, nominal, queries, candidates.part(missed), found, threads, with_itself)
    if lost.size:
        again = np.full_like(found[0][lost], np.inf), np.full_like(found[1][lost], X.shape[0])
        _by_products(X, nominal, queries.part(lost), candidates, again, threads, with_itself)
        found[0][lost], found[1][lost] = again
    return True


def _by_products(
    X: np.ndarray,
    nominal: tuple[np.ndarray, float],
    queries: Panel,
    candidates: Panel,
    found: Found,
    threads: int,
    with_itself: bool,
) -> None:
    """Merge the nearest candidates into `found`, by matrix products of the panels."""
    squares, nearest = found
    right, low = candidates.right, queries.low  # filled here, not by each thread

    def block(start: int) -> None:
        part = slice(start, start + QUERIES)
        asked = Queries(queries.rows[part], low[part])
        product = Product(queries, np.arange(start, min(start + QUERIES, len(queries))))
        for at in range(0, len(candidates), CANDIDATES):
            piece = slice(at, at + CANDIDATES)
            here = Block(candidates.rows[piece], at, candidates.unit)
            tile = product.with_rows(right[piece])
            _tile(tile, X, nominal, asked, here, candidates.sign, with_itself, (squares[part], nearest[part]))

    with team(threads if len(queries) > QUERIES else 1) as run:
        run(block, range(0, len(queries), QUERIES))
