"""Exact k nearest rows: a grid or products sift, float64 differences decide; a tree where columns are few.

The distance that decides is the float64 sum of squared differences (`panel.squared_distance`), plus a penalty for each
nominal column whose codes differ. Of equally distant rows the one with the lower position is nearer; a row is never its
own neighbour, recognised by position, so that duplicates are neighbours at distance 0. Results equal a brute force in
float64 whatever the offset, the scale or the number of threads (see `panel` for the certificate).
"""

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from rareclass._types import Matrix
from rareclass.kernels.compiled import compiled
from rareclass.kernels.nearest import mixed_distance, nearest_in_panel
from rareclass.kernels.neighbour_order import insert
from rareclass.kernels.panel import Space
from rareclass.kernels.threads import in_blocks, thread_count

# A tree beats the grid where few columns leave most of it unvisited, and enough queries pay for building it: by number
# of columns, so many of 100,000 or more candidates, in proportion of fewer. In one column rows crowd on the grid.
_TREE_QUERIES = {1: 0, 2: 2_500, 3: 2_500, 4: 5_000}
_MANY_CANDIDATES = 100_000
_TREE_SPARE = 3
_FULLY_PRECISE = 1e-280  # below, float64 loses digits, and the tree sums its squares in another order
# Sorting all distances beats sorted lists, whose upkeep grows with the square of k, where that is so many times larger
# than the number of candidates.
_SORTED = 32
# Sparse matrices up to this many cells are searched as dense ones, others by sparse products.
_DENSE_CELLS = 1 << 26


@compiled
def _decide(
    X: np.ndarray,
    codes: np.ndarray,
    penalty: float,
    own: np.ndarray,
    found: np.ndarray,
    squares: np.ndarray,
    nearest: np.ndarray,
) -> None:
    """Exact distances of candidate lists (q, c); positions < 0 or >= n are empty places."""
    for i in range(own.size):
        for j in range(found.shape[1]):
            row = found[i, j]
            if 0 <= row < X.shape[0] and row != own[i]:
                insert(squares[i], nearest[i], mixed_distance(X, codes, penalty, own[i], row), row)


@compiled
def _sort_all(
    start: int,
    stop: int,
    X: np.ndarray,
    nominal: tuple[np.ndarray, float],
    own: np.ndarray,
    candidates: np.ndarray,
    squares: np.ndarray,
    nearest: np.ndarray,
) -> None:
    """The nearest of candidates in rising order, by all distances."""
    codes, penalty = nominal
    square = np.empty(candidates.size)
    for i in range(start, stop):
        for j in range(candidates.size):
            is_own = candidates[j] == own[i]
            square[j] = np.inf if is_own else mixed_distance(X, codes, penalty, own[i], candidates[j])
        order = np.argsort(square, kind="mergesort")  # which leaves equal ones in their order
        for place in range(min(squares.shape[1], candidates.size)):
            if square[order[place]] < np.inf:
                squares[i, place] = square[order[place]]
                nearest[i, place] = candidates[order[place]]


def nearest_rows(
    X: Matrix,
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
    if k * k > _SORTED * candidates.size:
        found = np.full((queries.size, k), np.inf), np.full((queries.size, k), X.shape[0], dtype=np.int64)
        given = X, (codes, penalty), queries, np.sort(candidates), *found
        in_blocks(_sort_all, queries.size, *given, block=64, small=64, threads=threads)
        return found
    if codes.shape[1] or not _tree_pays(X.shape[1], queries.size, candidates.size):
        return _by_products(X, codes, penalty, queries, candidates, k, threads)
    squares, rows, contested = _by_tree(X, codes, queries, candidates, k, threads)
    if contested.size:
        again = _by_products(X, codes, penalty, queries[contested], candidates, k, threads)
        squares[contested], rows[contested] = again
    return squares, rows


def _tree_pays(columns: int, queries: int, candidates: int) -> bool:
    enough = _TREE_QUERIES.get(columns)
    return enough is not None and queries * _MANY_CANDIDATES >= enough * min(candidates, _MANY_CANDIDATES)


def _by_products(
    X: Matrix, codes: np.ndarray, penalty: float, queries: np.ndarray, candidates: np.ndarray, k: int, threads: int
) -> tuple[np.ndarray, np.ndarray]:
    space = Space.of(X)
    panels = space.panel(queries), space.panel(candidates)
    return nearest_in_panel(space, *panels, k, codes=codes, penalty=penalty, threads=threads)


def _by_tree(
    X: Matrix, codes: np.ndarray, queries: np.ndarray, candidates: np.ndarray, k: int, threads: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What a tree finds, and the queries whose last place is contested by ties."""
    squares = np.full((queries.size, k), np.inf)
    rows = np.full((queries.size, k), X.shape[0], dtype=np.int64)
    tree = cKDTree(np.asarray(X[candidates], dtype=np.float64), balanced_tree=False, compact_nodes=True)
    asked = min(k + 1 + _TREE_SPARE, candidates.size)
    distance, place = tree.query(np.asarray(X[queries], dtype=np.float64), k=asked, workers=threads)
    if asked == 1:
        distance, place = distance[:, None], place[:, None]
    _decide(X, codes, 0.0, queries, candidates[place], squares, rows)
    if asked == candidates.size:
        return squares, rows, np.empty(0, dtype=np.intp)
    farthest = np.square(distance[:, -1])
    certain = (squares[:, -1] < farthest * (1 - 1e-12)) & (farthest > _FULLY_PRECISE)
    return squares, rows, np.flatnonzero(~certain)


def _nearest_of_part(
    X: Matrix,
    queries: np.ndarray,
    candidates: np.ndarray,
    k: int,
    codes: np.ndarray | None,
    penalty: float,
    threads: int,
) -> tuple[np.ndarray, np.ndarray]:
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


def _nearest_sparse(X: Matrix, queries: np.ndarray, candidates: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
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
