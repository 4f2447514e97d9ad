"""Cluster centroids: replace the larger classes by the centres of their clusters."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, clone
from sklearn.cluster import KMeans

from rareclass._sklearn import HasMethods, StrOptions
from rareclass._types import Matrix, Rows, Seed, Strategy
from rareclass.errors import InputError
from rareclass.sampler import Draw, class_streams
from rareclass.under_sampling.base import RANDOM_STATE, BaseUnderSampler


@dataclass(eq=False, repr=False, kw_only=True)
class ClusterCentroids(BaseUnderSampler):
    """Replace a larger class by as many k-means centres as rows are wanted.

    With soft voting the centres themselves are the rows: averages that no real row may have, typed like their columns
    (whole numbers, categories). With hard voting each centre is replaced by the nearest real row not taken yet.
    Smooths noise away, and with it the true variance; a model trained on it is not calibrated. Costs a k-means with
    as many clusters as rows are kept, so it is for thousands of rows, not millions.

    Parameters
    ----------
    sampling_strategy : float, str, mapping or callable, default="auto"
        Rows to keep; see `RandomUnderSampler`.
    random_state : int, Generator, RandomState or None, default=None
        Seeds the default k-means; each class has its own stream.
    estimator : clusterer or None, default=None
        With a parameter `n_clusters` and the fitted attribute `cluster_centers_`; None is k-means.
    voting : {"auto", "hard", "soft"}, default="auto"
        "auto" is hard for sparse data and soft otherwise.

    Attributes
    ----------
    sampling_strategy_ : dict
        {label: rows to keep}.
    estimator_ : the clusterer, fitted on the last targeted class
    voting_ : str
    parents_ : ndarray (s, 2)
        Nearest real row of each centre (soft voting).
    n_features_in_, feature_names_in_

    References
    ----------
    S.-J. Yen and Y.-S. Lee, "Cluster-based under-sampling approaches for imbalanced data distributions", Expert Systems
    with Applications 36 (2009), 5718-5727.

    Examples
    --------
    >>> from rareclass.under_sampling import ClusterCentroids
    >>> X, y = [[0.0], [0.2], [4.0], [4.2], [9.0], [9.5]], [0, 0, 0, 0, 1, 1]
    >>> X_res, y_res = ClusterCentroids(random_state=0).fit_resample(X, y)
    >>> sorted(round(x, 6) for x, in X_res)
    [0.1, 4.1, 9.0, 9.5]
    """

    _exposes_indices = False
    _parameter_constraints = {
        **BaseUnderSampler._parameter_constraints,
        "estimator": [HasMethods(["fit", "predict"]), None],
        "voting": [StrOptions({"auto", "hard", "soft"})],
        "random_state": RANDOM_STATE,
    }

    sampling_strategy: Strategy = "auto"
    random_state: Seed = None
    estimator: BaseEstimator = None
    voting: str = "auto"

    def _draw(self, X: Matrix, y: np.ndarray, targets: dict[int, int], rng: np.random.Generator) -> Draw:
        is_hard = self.voting == "hard" or (self.voting == "auto" and sparse.issparse(X))
        self.voting_ = "hard" if is_hard else "soft"
        streams = class_streams(targets, rng)
        parts: list[tuple[np.ndarray, np.ndarray | None]] = []
        for code in range(int(y.max()) + 1):
            rows = np.flatnonzero(y == code)
            if code not in targets:
                parts.append((rows, None))
                continue
            centres = self._centres(X[rows], targets[code], streams[code])
            parts.append((rows[_nearest_distinct(X[rows], centres)], None if is_hard else centres))
        return _assemble(parts)

    def _centres(self, X: Rows, number: int, rng: np.random.Generator) -> np.ndarray:
        """Centres of `number` clusters (number, d)."""
        if self.estimator is None:
            self.estimator_ = KMeans(n_clusters=number, random_state=int(rng.integers(2**31 - 1)))
        else:
            self.estimator_ = clone(self.estimator)
            if "n_clusters" not in self.estimator_.get_params():
                raise InputError(
                    "`estimator` should be a clustering estimator exposing a parameter `n_clusters` and a fitted "
                    "parameter `cluster_centers_`."
                )
            self.estimator_.set_params(n_clusters=number)
        self.estimator_.fit(X)
        if not hasattr(self.estimator_, "cluster_centers_"):
            raise _NoCentres(
                "`estimator` should be a clustering estimator exposing a fitted parameter `cluster_centers_`."
            )
        return np.asarray(self.estimator_.cluster_centers_)


class _NoCentres(InputError, RuntimeError):
    """A clusterer without centres; imbalanced-learn raises RuntimeError here."""


def _nearest_distinct(X: Rows, centres: np.ndarray) -> np.ndarray:
    """For each centre, in order, the nearest row that no earlier centre took (the lower row among equals)."""
    squares = np.asarray(X.multiply(X).sum(axis=1)).ravel() if sparse.issparse(X) else (X * X).sum(axis=1)
    free = np.ones(X.shape[0], dtype=bool)
    chosen = np.empty(centres.shape[0], dtype=np.intp)
    for i, centre in enumerate(centres):
        chosen[i] = int(np.argmin(np.where(free, squares - 2 * (X @ centre), np.inf)))
        free[chosen[i]] = False
    return chosen


def _assemble(parts: list[tuple[np.ndarray, np.ndarray | None]]) -> Draw:
    """Rows and centres of all classes, class after class."""
    kept = [rows for rows, centres in parts if centres is None]
    made = [(rows, centres) for rows, centres in parts if centres is not None]
    if not made:
        return Draw(kept=np.concatenate(kept))
    order, at_kept, at_made = [], 0, sum(rows.size for rows in kept)
    for rows, centres in parts:
        if centres is None:
            order.append(np.arange(at_kept, at_kept + rows.size))
            at_kept += rows.size
        else:
            order.append(np.arange(at_made, at_made + rows.size))
            at_made += rows.size
    return Draw(
        kept=np.concatenate([*kept, np.empty(0, dtype=np.intp)]),
        parents=np.concatenate([rows for rows, _ in made]),
        made=np.concatenate([centres for _, centres in made]),
        order=np.concatenate(order),
    )
