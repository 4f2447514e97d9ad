"""NearMiss 1, 2 and 3: keep majority rows by their distances to the minority."""

import numbers
import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.neighbors import KNeighborsClassifier

from rareclass._sklearn import Interval
from rareclass._types import Label, Matrix, Rows, Strategy
from rareclass.errors import ShortfallWarning
from rareclass.kernels.mean_distance import nearest_on_average
from rareclass.kernels.nearest import nearest_in_panel
from rareclass.kernels.panel import Space
from rareclass.sampler import Draw
from rareclass.under_sampling.base import JOBS, ORDER, BaseUnderSampler, by_class, smallest_class
from rareclass.under_sampling.neighbourhood import NEIGHBOURS, enough_rows, neighbours_object, space_of, threads_of


@dataclass(eq=False, repr=False, kw_only=True)
class NearMiss(BaseUnderSampler):
    """Keep the majority rows that are near the minority.

    Version 1 keeps rows whose mean distance to their `n_neighbors` nearest minority rows is smallest, version 2 to
    their `n_neighbors` farthest ones. Version 3 first shortlists, for each minority row, its `n_neighbors_ver3` nearest
    majority rows, and keeps of these the rows whose mean distance to their nearest minority rows is largest.
    Versions 1 and 2 keep the hardest, noisiest rows: a learner then often does worse than with a random choice.
    Costs n times the minority; memory does not grow with that product.

    Parameters
    ----------
    sampling_strategy : float, str, mapping or callable, default="auto"
        Rows to keep; see `RandomUnderSampler`.
    version : {1, 2, 3}, default=1
    n_neighbors : int or estimator, default=3
        Minority rows whose distances are averaged.
    n_neighbors_ver3 : int or estimator, default=3
        Majority rows that each minority row shortlists (version 3).
    n_jobs : int or None, default=None
        Threads; None uses every processor. The result does not depend on it.
    order : {"class", "input"}, default="class"
        By class, best first, as imbalanced-learn gives it, or as in the data.

    Attributes
    ----------
    sampling_strategy_ : dict
        {label: rows to keep}.
    sample_indices_ : ndarray (n_out,)
    nn_, nn_ver3_ : what `n_neighbors` and `n_neighbors_ver3` stand for.
    n_features_in_, feature_names_in_

    Notes
    -----
    With more than two classes each targeted class is compared with the smallest one. Version 3 may shortlist fewer rows
    than asked for; then all of them are kept and a warning says so.

    References
    ----------
    I. Mani and J. Zhang, "kNN approach to unbalanced data distributions: a case study involving information
    extraction", ICML workshop on learning from imbalanced datasets (2003).

    Examples
    --------
    >>> from rareclass.under_sampling import NearMiss
    >>> X, y = [[0.0], [1.0], [2.0], [3.0], [4.0], [5.0]], [0, 0, 0, 0, 1, 1]
    >>> sampler = NearMiss(n_neighbors=2)
    >>> X_res, y_res = sampler.fit_resample(X, y)
    >>> sampler.sample_indices_.tolist()
    [3, 2, 4, 5]
    """

    _parameter_constraints = {
        **BaseUnderSampler._parameter_constraints,
        "version": [Interval(numbers.Integral, 1, 3, closed="both")],
        "n_neighbors": NEIGHBOURS,
        "n_neighbors_ver3": NEIGHBOURS,
        "n_jobs": JOBS,
        "order": ORDER,
    }

    sampling_strategy: Strategy = "auto"
    version: int = 1
    n_neighbors: int | BaseEstimator = 3
    n_neighbors_ver3: int | BaseEstimator = 3
    n_jobs: int | None = None
    order: str = "class"

    def _draw(self, X: Matrix, y: np.ndarray, targets: dict[int, int], rng: np.random.Generator) -> Draw:
        self.nn_ = neighbours_object(self.n_neighbors, extra=0, n_jobs=self.n_jobs)
        estimators = [self.nn_]
        if self.version == 3:
            self.nn_ver3_ = neighbours_object(self.n_neighbors_ver3, extra=0, n_jobs=self.n_jobs)
            estimators.append(self.nn_ver3_)
        rare = np.flatnonzero(y == smallest_class(y))
        enough_rows(rare.size, self.nn_.n_neighbors, "n_neighbors", self.nn_.n_neighbors, "of the smallest class")
        spaces = [space_of(X, estimator) for estimator in estimators]
        measure: _Measure = _Estimated(X, y) if None in spaces else _Exact(spaces[0], threads_of(self.n_jobs))  # type: ignore[arg-type]
        chosen = {}
        for code, number in targets.items():
            rows = np.flatnonzero(y == code)
            chosen[code] = self._choose(measure, rows, rare, number, self._label(code))
        return Draw(kept=by_class(y, chosen, self.order))

    def _is_short(self, after: int, asked: int) -> bool:
        # Version 3 says itself why its short list was too short.
        return self.version != 3 and super()._is_short(after, asked)

    def _choose(self, measure: "_Measure", rows: np.ndarray, rare: np.ndarray, number: int, label: Label) -> np.ndarray:
        """Rows of one class to keep, best first."""
        if self.version in (1, 2):
            rows = measure.contenders(self.nn_, rows, rare, number, farthest=self.version == 2)
            total = measure.distances(self.nn_, rows, rare, farthest=self.version == 2).sum(axis=1)
        else:
            enough_rows(
                rows.size,
                self.nn_ver3_.n_neighbors,
                "n_neighbors_ver3",
                self.nn_ver3_.n_neighbors,
                f"of class {label!r}",
            )
            rows = np.unique(measure.nearest(self.nn_ver3_, rare, rows))
            total = -measure.distances(self.nn_, rows, rare).sum(axis=1)
            if rows.size < number:
                warnings.warn(
                    "The number of the samples to be selected is larger than the number of samples available: version "
                    f"3 shortlisted {rows.size} rows of class {label!r}, {number} were asked for. Raise "
                    "`n_neighbors_ver3`.",
                    ShortfallWarning,
                    stacklevel=5,
                )
        return rows[smallest_first(total, number)]


def smallest_first(values: np.ndarray, number: int) -> np.ndarray:
    """Positions of the `number` smallest values, smallest first, equal ones in their order."""
    if number < values.size // 4:
        candidates = np.flatnonzero(values <= np.partition(values, number)[number])
        return candidates[np.argsort(values[candidates], kind="stable")][:number]
    return np.argsort(values, kind="stable")[:number]


class _Exact:
    """Distances by the exact kernels."""

    def __init__(self, space: Space, threads: int) -> None:
        self.space, self.threads = space, threads

    def contenders(
        self, estimator: BaseEstimator, queries: np.ndarray, rows: np.ndarray, number: int, *, farthest: bool
    ) -> np.ndarray:
        """The queries that may be among the `number` with the smallest sum of distances."""
        ours, theirs = self.space.panel(queries, negated=farthest), self.space.panel(rows, negated=farthest)
        k = int(estimator.n_neighbors)
        return queries[nearest_on_average(ours, theirs.hubs_first(), k, number, threads=self.threads)]

    def nearest(self, estimator: BaseEstimator, queries: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return self._search(estimator, queries, rows, False)[1]

    def distances(
        self, estimator: BaseEstimator, queries: np.ndarray, rows: np.ndarray, farthest: bool = False
    ) -> np.ndarray:
        return np.sqrt(np.abs(self._search(estimator, queries, rows, farthest)[0]))

    def _search(
        self, estimator: BaseEstimator, queries: np.ndarray, rows: np.ndarray, farthest: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        ours, theirs = self.space.panel(queries, negated=farthest), self.space.panel(rows, negated=farthest)
        # Where the smallest class itself is thinned out, a row counts as its own neighbour, as in imbalanced-learn.
        k = int(estimator.n_neighbors)
        return nearest_in_panel(self.space, ours, theirs, k, threads=self.threads, with_itself=True)


class _Estimated:
    """Distances by estimators that the user gave; version 2 asks for all, a block of rows at a time."""

    _BLOCK = 256

    def __init__(self, X: Rows, y: np.ndarray) -> None:
        self.X, self.y = X, y

    def contenders(
        self, estimator: BaseEstimator, queries: np.ndarray, rows: np.ndarray, number: int, *, farthest: bool
    ) -> np.ndarray:
        return queries

    def _fit(self, estimator: BaseEstimator, rows: np.ndarray) -> BaseEstimator:
        labels = (self.y[rows],) if isinstance(estimator, KNeighborsClassifier) else ()
        return estimator.fit(self.X[rows], *labels)

    def nearest(self, estimator: BaseEstimator, queries: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return rows[self._fit(estimator, rows).kneighbors(self.X[queries], return_distance=False)]

    def distances(
        self, estimator: BaseEstimator, queries: np.ndarray, rows: np.ndarray, farthest: bool = False
    ) -> np.ndarray:
        search, k = self._fit(estimator, rows), int(estimator.n_neighbors)
        asked = rows.size if farthest else k
        parts = [
            search.kneighbors(self.X[queries[at : at + self._BLOCK]], n_neighbors=asked)[0][:, -k:]
            for at in range(0, queries.size, self._BLOCK)
        ]
        return np.concatenate(parts)


_Measure = _Exact | _Estimated
