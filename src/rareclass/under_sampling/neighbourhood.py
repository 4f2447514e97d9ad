"""Which neighbours a method is asked to use: our exact kernels, or an object that the user gave."""

import numbers

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, clone
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from rareclass._sklearn import HasMethods, Interval
from rareclass._types import Neighbours, Rows
from rareclass.errors import InputError
from rareclass.kernels.panel import Space
from rareclass.kernels.threads import thread_count

NEIGHBOURS = [Interval(numbers.Integral, 1, None, closed="left"), HasMethods(["kneighbors", "kneighbors_graph"])]
# Above this size a sparse matrix is not made dense; scikit-learn's sparse search takes over.
_DENSE_BYTES = 2 << 30


def threads_of(n_jobs: int | None) -> int:
    """Threads for `n_jobs`: None and -1 use every processor, as scikit-learn's own neighbour search does."""
    if n_jobs is None or n_jobs < 0:
        return thread_count()
    return max(1, int(n_jobs))


def neighbours_object(n_neighbors: int | BaseEstimator, *, extra: int, n_jobs: int | None) -> BaseEstimator:
    """The estimator behind `n_neighbors`, `extra` added to a number (1 where a row finds itself first)."""
    if isinstance(n_neighbors, numbers.Integral):
        return NearestNeighbors(n_neighbors=int(n_neighbors) + extra, n_jobs=n_jobs)
    made = clone(n_neighbors)
    return made.set_params(n_jobs=n_jobs) if "n_jobs" in made.get_params() else made


def check_neighbors_object(nn_name: str, nn_object: Neighbours, additional_neighbor: int = 0) -> BaseEstimator:
    """`NearestNeighbors` of a number plus `additional_neighbor`, or a clone of the object given.

    imbalanced-learn's helper for writers of samplers.
    """
    if isinstance(nn_object, numbers.Integral):
        return NearestNeighbors(n_neighbors=int(nn_object) + additional_neighbor)
    if not (hasattr(nn_object, "kneighbors") and hasattr(nn_object, "kneighbors_graph")):
        raise InputError(
            f"`{nn_name}` has to be one of an int or an object with `kneighbors` and `kneighbors_graph`. "
            f"Got {type(nn_object)} instead."
        )
    return clone(nn_object)


def is_euclidean(estimator: BaseEstimator) -> bool:
    """True when our exact Euclidean kernels give what this estimator would give."""
    if type(estimator) not in (NearestNeighbors, KNeighborsClassifier):
        return False
    params = estimator.get_params()
    euclidean = params["metric"] in ("euclidean", "l2") or (params["metric"] == "minkowski" and params["p"] == 2)
    return euclidean and not params["metric_params"] and params.get("weights", "uniform") in ("uniform", None)


def space_of(X: Rows, estimator: BaseEstimator = None) -> Space | None:
    """Space of our exact kernels, or None where the estimator's own search has to do the work."""
    if estimator is not None and not is_euclidean(estimator):
        return None
    if sparse.issparse(X):
        if X.shape[0] * X.shape[1] * 8 > _DENSE_BYTES:
            return None
        X = X.toarray()
    X = np.ascontiguousarray(X)
    return Space.of(X if X.dtype in (np.float32, np.float64) else X.astype(np.float64))


def enough_rows(available: int, needed: int, name: str, value: object, what: str) -> None:
    """Raise when a neighbour search wants more rows than there are."""
    if available < needed:
        raise InputError(
            f"Expected n_neighbors <= n_samples_fit: `{name}={value}` needs at least {needed} rows {what}; "
            f"got {available}. Lower `{name}` or collect more rows."
        )


def neighbours_of(estimator: BaseEstimator, X: Rows, rows: np.ndarray, k: int) -> np.ndarray:
    """The k neighbours, other than the row itself, that a fitted estimator gives for some of the rows it holds."""
    found = estimator.kneighbors(X[rows], n_neighbors=k + 1, return_distance=False)
    found = np.asarray(found, dtype=np.int64)
    is_self = found == rows[:, None]
    # Among many duplicates a row may not find itself: then the last one goes.
    is_self[~is_self.any(axis=1), -1] = True
    return found[~is_self].reshape(rows.size, k)
