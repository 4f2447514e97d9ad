"""Which rows may be partners of a base row: its k nearest, by our exact search or by the user's neighbours object."""

import warnings
from dataclasses import dataclass
from typing import TypeGuard

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, clone
from sklearn.neighbors import NearestNeighbors

from rareclass._types import Label, Neighbours, Rows
from rareclass.errors import ShortfallWarning, TooFewEventsError
from rareclass.kernels.neighbours import nearest_rows


@dataclass(frozen=True)
class Partners:
    """Neighbours of base rows."""

    rows: np.ndarray  # (b, k) positions in X, nearest first; the first `counts` of each row are valid
    counts: np.ndarray  # (b,)


def is_neighbours_object(value: object) -> TypeGuard[BaseEstimator]:
    """True for scikit-learn's `NearestNeighbors` and everything with the same two methods."""
    return hasattr(value, "kneighbors") and hasattr(value, "kneighbors_graph")


def neighbours_object(value: Neighbours, default: int) -> BaseEstimator:
    """What the fitted attribute shows: the user's object, cloned, or a `NearestNeighbors` for k others and the row."""
    if is_neighbours_object(value):
        return clone(value)
    return NearestNeighbors(n_neighbors=(default if value == "auto" else int(value)) + 1)


def usable_neighbours(value: Neighbours, available: int, *, name: str, label: Label, default: int = 5) -> int:
    """Number of other rows to look at.

    Raises
    ------
    TooFewEventsError
        The class has too few rows, unless `value` is "auto", which lowers the number and says so.
    """
    asked = default if value == "auto" else value.n_neighbors - 1 if is_neighbours_object(value) else int(value)
    if available > asked:
        return asked
    if value == "auto":
        warnings.warn(
            f'`{name}="auto"` was lowered from {asked} to {available - 1}, because class {label!r} has only '
            f"{available} row(s).",
            ShortfallWarning,
            stacklevel=6,
        )
        return available - 1
    remedy = f'Lower `{name}` to {available - 1}, set it to "auto"' if available > 1 else f'Set `{name}="auto"`'
    raise TooFewEventsError(
        f"`{name}={asked}` needs at least {asked + 1} rows of class {label!r}; got {available}. "
        f"{remedy} or collect more rows."
    )


def partners_in_class(X: Rows, bases: np.ndarray, rows: np.ndarray, value: Neighbours, k: int) -> Partners:
    """The k nearest rows of the same class that differ from the base row.

    Exact copies of the base row are passed over (a line to a copy makes nothing but another copy), as long as the
    class has other rows.

    Parameters
    ----------
    X : array or sparse matrix (n, d)
    bases : int array (b,)
        Rows to find partners for; a subset of `rows`.
    rows : int array (m,)
        Rows of the class.
    value : int, "auto" or neighbours object
    k : int
        Number of partners.
    """
    if is_neighbours_object(value):
        return _ask(value, X, bases, rows)
    if k == 0:
        return Partners(bases[:, None], np.zeros(bases.size, dtype=np.int64))
    squares, found = nearest_rows(X, bases, rows, k)
    if not (squares[:, 0] == 0).any():
        return Partners(found, np.full(bases.size, found.shape[1], dtype=np.int64))
    return _distinct_partners(X, bases, rows, k)


def _distinct_partners(X: Rows, bases: np.ndarray, rows: np.ndarray, k: int) -> Partners:
    """As `partners_in_class`, for classes with duplicates: the search runs over one row of each distinct point."""
    points = X[rows].toarray() if sparse.issparse(X) else X[rows]
    _, first, group = np.unique(points, axis=0, return_index=True, return_inverse=True)
    group = group.reshape(-1)
    distinct = rows[first]
    group_of = dict(zip(rows.tolist(), group.tolist()))
    own = np.array([group_of[row] for row in bases.tolist()], dtype=np.int64)
    asked = min(k, distinct.size - 1)
    if asked == 0:
        return Partners(bases[:, None], np.zeros(bases.size, dtype=np.int64))
    needed, place = np.unique(own, return_inverse=True)
    _, found = nearest_rows(X, distinct[needed], distinct, asked)
    return Partners(found[place], np.full(bases.size, asked, dtype=np.int64))


def neighbours_in_all(X: Rows, queries: np.ndarray, value: Neighbours, k: int) -> np.ndarray:
    """The k nearest rows of the whole data (q, k), themselves excluded."""
    everything = np.arange(X.shape[0])
    if is_neighbours_object(value):
        return _ask(value, X, queries, everything).rows
    return nearest_rows(X, queries, everything, k)[1]


def _ask(value: Neighbours, X: Rows, queries: np.ndarray, rows: np.ndarray) -> Partners:
    """Neighbours from the user's object, the query itself left out by position (or the farthest, if it is missing)."""
    found = np.asarray(clone(value).fit(X[rows]).kneighbors(X[queries], return_distance=False))
    found = rows[found]
    keep = found != queries[:, None]
    keep[keep.all(axis=1), -1] = False
    others = found[keep].reshape(found.shape[0], found.shape[1] - 1)
    return Partners(others, np.full(queries.size, others.shape[1], dtype=np.int64))
