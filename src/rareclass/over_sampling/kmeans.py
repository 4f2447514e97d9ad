"""KMeans-SMOTE: SMOTE inside clusters, more of it where the rare class is sparse."""

import math
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
from scipy import sparse
from scipy.spatial.distance import pdist
from sklearn.base import BaseEstimator, clone
from sklearn.cluster import MiniBatchKMeans
from threadpoolctl import threadpool_limits

from rareclass._sklearn import HasMethods, Interval, StrOptions
from rareclass._types import Matrix, Rows
from rareclass.errors import MethodError
from rareclass.kernels.draw import apportion
from rareclass.over_sampling.neighbourhood import is_neighbours_object, neighbours_object
from rareclass.over_sampling.smote import BaseSMOTE
from rareclass.sampler import Draw, class_streams, join

_BLOCK = 1024


class _RepeatedChoice(np.random.RandomState):
    """NumPy's generator, with the same numbers, that adds up the same probabilities once.

    scikit-learn draws each of many small batches with the probabilities of all rows, anew: two thirds of a fit.
    """

    _p: np.ndarray | None = None
    _edges: np.ndarray

    def choice(self, a: int, size: Any = None, replace: bool = True, p: Any = None) -> Any:  # type: ignore[override]
        """As NumPy's."""
        if not (replace and isinstance(p, np.ndarray) and isinstance(a, int) and isinstance(size, int)):
            return super().choice(a, size, replace, p)
        if p is not self._p:
            found = super().choice(a, size, replace, p)  # checks them, too
            self._p, self._edges = p, p.cumsum()
            self._edges /= self._edges[-1]
            return found
        return self._edges.searchsorted(self.random_sample(size), side="right")


def mean_distance(X: Rows, rows: np.ndarray) -> float:
    """Mean Euclidean distance of all pairs of different rows, in blocks (memory does not grow with the square)."""
    if rows.size < 2:
        return 0.0
    points = X[rows].toarray() if sparse.issparse(X) else X[rows]
    points = points.astype(np.float64) - points.mean(axis=0)
    if rows.size <= _BLOCK:
        return float(pdist(points).mean())
    square, total = (points * points).sum(axis=1), 0.0
    for start in range(0, rows.size, _BLOCK):
        block = points[start : start + _BLOCK]
        product = square[start : start + _BLOCK, None] + square[None, :] - 2.0 * (block @ points.T)
        product[np.arange(len(block)), np.arange(start, start + len(block))] = 0.0
        total += float(np.sqrt(np.maximum(product, 0.0, out=product), out=product).sum())
    return total / (rows.size * (rows.size - 1))


@dataclass(eq=False, repr=False, kw_only=True)
class KMeansSMOTE(BaseSMOTE):
    """SMOTE within clusters that hold enough rare rows, in proportion to how sparse the rare class is there.

    When to use it: a rare class of several separate groups. When not: very rare classes with the default threshold
    (`cluster_balance_threshold="auto"` asks for half of the class's share of the new rows, so that no cluster
    qualifies: it raises; give the prevalence or less). Costs one k-means fit.

    Parameters
    ----------
    sampling_strategy : str, float, mapping or callable, default="auto"
        As in `SMOTE`.
    random_state : None, int, RandomState or Generator, default=None
    k_neighbors : int, "auto" or neighbours object, default=2
        Partners within class and cluster; a cluster needs more rows of the class than that.
    n_jobs : int or None, default=None
        Has no effect; kept for compatibility.
    kmeans_estimator : int, clusterer or None, default=None
        Number of clusters of a `MiniBatchKMeans`, or a clusterer with `n_clusters`; None is `MiniBatchKMeans()`.
    cluster_balance_threshold : float or "auto", default="auto"
        Smallest share of the class in a cluster that qualifies. One cluster always qualifies.
    density_exponent : float or "auto", default="auto"
        Power of the mean distance in the sparsity; "auto" grows with the rows of the class in the cluster.
    scaling : {None, "standard", "robust"}, default=None
        As in `SMOTE`; the clustering sees the scaled columns as well.

    Attributes
    ----------
    sampling_strategy_ : OrderedDict, {label: rows to add}
    kmeans_estimator_ : fitted clusterer
    nn_k_ : neighbours object that `k_neighbors` stands for (the row itself counted), not fitted
    cluster_balance_threshold_ : float or "auto"
    n_features_in_ : int
    feature_names_in_ : ndarray of str
    counts_, synthetic_mask_, parents_, interpolation_weight_ : provenance, see `rareclass.sampler.Sampler`

    Raises
    ------
    MethodError
        No cluster holds enough rows of a class.

    Notes
    -----
    Douzas, Bacao and Last, Improving imbalanced learning through a heuristic oversampling method based on k-means and
    SMOTE, Information Sciences 465 (2018), Algorithm 1. Clusters are found once (imbalanced-learn: once a class), and
    the numbers of new rows are apportioned, so that the wanted size is reached exactly; clusters of duplicates share
    equally where imbalanced-learn divides by zero.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import make_blobs
    >>> from rareclass.over_sampling import KMeansSMOTE
    >>> X, y = make_blobs([100, 800, 100], centers=[(-10, 0), (0, 0), (10, 0)], random_state=0)
    >>> X_res, y_res = KMeansSMOTE(kmeans_estimator=3, random_state=0).fit_resample(X, y == 1)
    >>> bool(((X_res[:, 0] > -5) & (X_res[:, 0] < 5)).sum() == 800)
    True
    """

    # Whether a cluster qualifies must not hang on how missing values were filled in.
    _allows_nan = False
    _default_neighbors = 2
    _parameter_constraints = {
        **BaseSMOTE._parameter_constraints,
        "kmeans_estimator": [HasMethods(["fit", "predict"]), Interval(Integral, 1, None, closed="left"), None],
        "cluster_balance_threshold": [StrOptions({"auto"}), Real],
        "density_exponent": [StrOptions({"auto"}), Real],
        "n_jobs": [Integral, None],
    }

    k_neighbors: int | str | BaseEstimator = 2
    n_jobs: int | None = None
    kmeans_estimator: int | BaseEstimator | None = None
    cluster_balance_threshold: float | str = "auto"
    density_exponent: float | str = "auto"

    def _draw(self, X: Matrix, y: np.ndarray, targets: dict[int, int], rng: np.random.Generator) -> Draw:
        self.nn_k_ = neighbours_object(self.k_neighbors, self._default_neighbors)
        seed = int(rng.integers(2**31))
        if self.kmeans_estimator is None:
            self.kmeans_estimator_ = MiniBatchKMeans(random_state=seed)
        elif isinstance(self.kmeans_estimator, int | np.integer):
            self.kmeans_estimator_ = MiniBatchKMeans(int(self.kmeans_estimator), random_state=seed)
        else:
            self.kmeans_estimator_ = clone(self.kmeans_estimator)
        single = self.kmeans_estimator_.n_clusters == 1
        self.cluster_balance_threshold_ = -np.inf if single else self.cluster_balance_threshold
        if not any(targets.values()):
            return Draw()
        clusters = self._clusters(X)
        share = {code: number / sum(targets.values()) / 2 for code, number in targets.items()}
        draws = []
        for code, stream in class_streams(targets, rng).items():
            if targets[code]:
                draws.append(self._in_clusters(X, y, clusters, code, targets[code], share[code], stream))
        return join(draws)

    def _clusters(self, X: Rows) -> np.ndarray:
        """Cluster of each row (n,)."""
        if isinstance(self.kmeans_estimator, int | np.integer | None):
            # Batches of 1,024 rows are too small to share: a second thread mostly waits, and a busy machine makes it
            # wait ten times longer than the work takes.
            seed = self.kmeans_estimator_.random_state
            with threadpool_limits(1):
                clusters = self.kmeans_estimator_.set_params(random_state=_RepeatedChoice(seed)).fit_predict(X)
            self.kmeans_estimator_.set_params(random_state=seed)
            return clusters
        if hasattr(self.kmeans_estimator_, "fit_predict"):
            return self.kmeans_estimator_.fit_predict(X)
        return self.kmeans_estimator_.fit(X).predict(X)

    def _in_clusters(
        self,
        X: Rows,
        y: np.ndarray,
        clusters: np.ndarray,
        code: int,
        count: int,
        share: float,
        rng: np.random.Generator,
    ) -> Draw:
        threshold = share if self.cluster_balance_threshold_ == "auto" else self.cluster_balance_threshold_
        needed = self.k_neighbors.n_neighbors if is_neighbours_object(self.k_neighbors) else self._partners() + 1
        chosen = []
        sizes = np.bincount(clusters)
        for cluster in np.flatnonzero(sizes):
            rows = np.flatnonzero((clusters == cluster) & (y == code))
            if rows.size / sizes[cluster] >= threshold and rows.size >= needed:
                chosen.append(rows)
        if not chosen:
            raise MethodError(
                f"No clusters found with sufficient samples of class {self._label(code)!r}: a cluster needs {needed} "
                f"rows of it and a share of at least {threshold:.3g}. Try lowering the cluster_balance_threshold (the "
                f"class is {np.mean(y == code):.3g} of the data) or increasing the number of clusters."
            )
        numbers = apportion(np.array([self._sparsity(X, rows) for rows in chosen]), count)
        # One cluster uses the class's own stream, so that it gives what SMOTE gives.
        streams = [rng] if len(chosen) == 1 else rng.spawn(len(chosen))
        label = self._label(code)
        return join(
            [
                self._between_neighbours(X, rows, rows, int(number), stream, label)
                for rows, number, stream in zip(chosen, numbers, streams)
                if number
            ]
        )

    def _partners(self) -> int:
        return self._default_neighbors if self.k_neighbors == "auto" else int(self.k_neighbors)

    def _sparsity(self, X: Rows, rows: np.ndarray) -> float:
        exponent = self.density_exponent
        if exponent == "auto":
            exponent = math.log(rows.size, 1.6) ** 1.8 * 0.16
        return mean_distance(X, rows) ** float(exponent) / rows.size
