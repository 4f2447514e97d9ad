"""Exact k nearest rows: certified float32 products sift, float64 differences decide; a tree where columns are few.

The distance that decides is the float64 sum of squared differences (`panel.squared_distance`), plus a penalty for each
nominal column whose codes differ. Of equally distant rows the one with the lower position is nearer; a row is never its
own neighbour, recognised by position, so that duplicates are neighbours at distance 0. Results equal a brute force in
float64 whatever the offset, the scale or the number of threads (see `panel` for the certificate).
"""

from typing import Any

import numpy as np
from numba import njit
from scipy import sparse
from scipy.spatial import cKDTree

from rareclass.kernels.panel import Product, Space, squared_distance
from rareclass.kernels.team import team
from rareclass.kernels.threads import thread_count

_QUERIES = 256
_CANDIDATES = 512
_STRIP = 64
# A tree beats products when few columns leave most of it unvisited, and enough rows pay for building it.
_TREE_COLUMNS = 8
_TREE_ROWS = 20_000
_TREE_SPARE = 3
# Sparse matrices up to this many cells are searched as dense ones, others by sparse products.
_DENSE_CELLS = 1 << 26


@njit(inline="always")
def _is_nearer(square: float, row: int, other_square: float, other_row: int) -> bool:
    return square < other_square or (square == other_square and row < other_row)


@njit(inline="always")
def _insert(squares: np.ndarray, rows: np.ndarray, square: float, row: int) -> None:
    slot = squares.size - 1
    if not _is_nearer(square, row, squares[slot], rows[slot]):
        return
    while slot > 0 and _is_nearer(square, row, squares[slot - 1], rows[slot - 1]):
        squares[slot] = squares[slot - 1]
        rows[slot] = rows[slot - 1]
        slot -= 1
    squares[slot] = square
    rows[slot] = row


@njit(inline="always")
def _mixed_distance(X: np.ndarray, codes: np.ndarray, penalty: float, i: int, j: int) -> float:
    square = squared_distance(X, i, j)
    for f in range(codes.shape[1]):
        if codes[i, f] != codes[j, f]:
            square += penalty
    return square


@njit(inline="always")
def _tile_limit(square: float, low: float, unit: float) -> float:
    """Largest value of a product that may belong to this squared distance or a smaller one.

    Widened by more than the rounding to float32, so that comparing in the type of the tile loses nothing.
    """
    limit = square * unit - low
    return limit + abs(limit) * 2e-7 + square * unit * 1e-15


@njit(cache=True, nogil=True)
def _select(tile, X, codes, penalty, query_rows, query_low, rows, unit, squares, nearest):
    width, last = rows.size, squares.shape[1] - 1
    for i in range(query_rows.size):
        own, line = query_rows[i], tile[i]
        limit = line.dtype.type(_tile_limit(squares[i, last], query_low[i], unit))
        for start in range(0, width, _STRIP):
            strip = line[start : min(width, start + _STRIP)]
            # Counting hits has no branch, so the compiler makes vector instructions of it; a minimum it would not.
            hits = np.int32(0)
            for j in range(strip.size):
                hits |= np.int32(strip[j] <= limit)
            if hits == 0:
                continue
            for j in range(strip.size):
                if strip[j] <= limit and rows[start + j] != own:
                    square = _mixed_distance(X, codes, penalty, own, rows[start + j])
                    _insert(squares[i], nearest[i], square, rows[start + j])
                    limit = line.dtype.type(_tile_limit(squares[i, last], query_low[i], unit))


@njit(cache=True, nogil=True)
def _decide(X, codes, penalty, own, found, squares, nearest):
    """Exact distances of candidate lists (q, c); positions < 0 or >= n are empty places."""
    for i in range(own.size):
        for j in range(found.shape[1]):
            row = found[i, j]
            if 0 <= row < X.shape[0] and row != own[i]:
                _insert(squares[i], nearest[i], _mixed_distance(X, codes, penalty, own[i], row), row)


def nearest_rows(
    X: Any,
    queries: np.ndarray,
    candidates: np.ndarray,
    k: int,
    *,
    codes: np.ndarray | None = None,
    penalty: float = 0.0,
    threads: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The `k` nearest candidate rows of every query row, nearest first.

    Parameters
    ----------
    X : float array (n, d) or sparse matrix, finite
    queries, candidates : int arrays
        Positions in X.
    k : int >= 1
    codes : int array (n, c), optional
        Codes of nominal columns.
    penalty : float >= 0
        Added to the squared distance for each nominal column in which two rows differ.
    threads : int, optional
        Default: all that the process may use. The result does not depend on it.

    Returns
    -------
    squares : float array (len(queries), k)
        Squared distances, rising; inf where there are fewer than k candidates.
    rows : int array (len(queries), k)
        Positions in X; n where there are fewer than k candidates.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0], [1.0], [1.0], [5.0]])
    >>> nearest_rows(X, np.array([1]), np.arange(4), 2)[1].tolist()
    [[2, 0]]
    """
    threads = thread_count() if threads is None else threads
    queries = np.ascontiguousarray(queries, dtype=np.int64)
    candidates = np.ascontiguousarray(candidates, dtype=np.int64)
    if sparse.issparse(X):
        if codes is None and (queries.size + candidates.size) * X.shape[1] > _DENSE_CELLS:
            return _nearest_sparse(X.tocsr(), queries, candidates, k)
        return _nearest_of_part(X.tocsr(), queries, candidates, k, codes, penalty, threads)
    if 2 * (queries.size + candidates.size) < X.shape[0]:
        return _nearest_of_part(X, queries, candidates, k, codes, penalty, threads)
    if X.dtype not in (np.float32, np.float64) or not X.flags.c_contiguous:
        X = np.ascontiguousarray(X, dtype=np.float32 if X.dtype in (np.float16, np.float32) else np.float64)
    codes = np.zeros((X.shape[0], 0), dtype=np.int32) if codes is None else np.ascontiguousarray(codes, dtype=np.int32)
    squares = np.full((queries.size, k), np.inf)
    rows = np.full((queries.size, k), X.shape[0], dtype=np.int64)
    open_queries = np.arange(queries.size)
    if codes.shape[1] == 0 and 0 < X.shape[1] <= _TREE_COLUMNS and candidates.size >= _TREE_ROWS:
        open_queries = _by_tree(X, codes, queries, candidates, squares, rows, threads)
    if open_queries.size:
        part = (squares[open_queries], rows[open_queries])
        part[0][...], part[1][...] = np.inf, X.shape[0]
        _by_products(X, codes, penalty, queries[open_queries], candidates, *part, threads)
        squares[open_queries], rows[open_queries] = part
    return squares, rows


def _by_products(X, codes, penalty, queries, candidates, squares, rows, threads) -> None:
    space = Space.of(X)
    left, right = space.panel(queries), space.panel(candidates)

    def block(start: int) -> None:
        part = slice(start, start + _QUERIES)
        product = Product(left, np.arange(start, min(start + _QUERIES, queries.size)))
        for at in range(0, candidates.size, _CANDIDATES):
            piece = slice(at, at + _CANDIDATES)
            _select(
                product.with_rows(right.right[piece]),
                X,
                codes,
                penalty,
                queries[part],
                left.low[part],
                candidates[piece],
                right.unit,
                squares[part],
                rows[part],
            )

    with team(threads if queries.size > _QUERIES else 1) as run:
        run(block, range(0, queries.size, _QUERIES))


def _by_tree(X, codes, queries, candidates, squares, rows, threads) -> np.ndarray:
    """Fill in what a tree can certify; return the queries whose last place is contested by ties."""
    tree = cKDTree(np.asarray(X[candidates], dtype=np.float64), balanced_tree=False, compact_nodes=True)
    asked = min(squares.shape[1] + 1 + _TREE_SPARE, candidates.size)
    distance, place = tree.query(np.asarray(X[queries], dtype=np.float64), k=asked, workers=threads)
    if asked == 1:
        distance, place = distance[:, None], place[:, None]
    _decide(X, codes, 0.0, queries, candidates[place], squares, rows)
    if asked == candidates.size:
        return np.empty(0, dtype=np.intp)
    certain = squares[:, -1] < np.square(distance[:, -1]) * (1 - 1e-12)
    return np.flatnonzero(~certain)


def _nearest_of_part(X, queries, candidates, k, codes, penalty, threads):
    """Search a dense copy of the rows that take part, and translate positions."""
    used, place = np.unique(np.concatenate((queries, candidates)), return_inverse=True)
    dense = X[used].toarray() if sparse.issparse(X) else X[used]
    squares, rows = nearest_rows(
        dense,
        place[: queries.size],
        place[queries.size :],
        k,
        codes=None if codes is None else codes[used],
        penalty=penalty,
        threads=threads,
    )
    return squares, np.append(used, X.shape[0])[rows]


def _nearest_sparse(X, queries, candidates, k) -> tuple[np.ndarray, np.ndarray]:
    """Wide sparse matrices: float64 products sift (their error is bounded), dense differences of few pairs decide."""
    X = X.astype(np.float64)
    norm = np.asarray(X.multiply(X).sum(axis=1)).ravel()
    slack = 8 * (np.diff(X.indptr).max(initial=1) + 8) * np.finfo(np.float64).eps
    n = X.shape[0]
    squares, rows = np.full((queries.size, k), np.inf), np.full((queries.size, k), n, dtype=np.int64)
    transposed = X[candidates].T.tocsr()
    step = max(1, _DENSE_CELLS // 4 // max(1, candidates.size))
    for start in range(0, queries.size, step):
        part = queries[start : start + step]
        product = (X[part] @ transposed).toarray()
        error = slack * (norm[part][:, None] + norm[candidates][None, :])
        low = norm[part][:, None] + norm[candidates][None, :] - 2 * product - error
        for i, own in enumerate(part):
            bound = low[i] + 2 * error[i]
            reach = np.partition(bound, min(k, bound.size - 1))[min(k, bound.size - 1)]
            near = candidates[low[i] <= reach]
            near = near[near != own]
            difference = X[near].toarray() - X[[own]].toarray()
            exact = np.einsum("ij,ij->i", difference, difference)
            best = np.lexsort((near, exact))[:k]
            squares[start + i, : best.size], rows[start + i, : best.size] = exact[best], near[best]
    return squares, rows
