"""Neighbourhood cleaning rule."""

import numbers
from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from rareclass._sklearn import HasMethods, Interval
from rareclass._types import Matrix, Rows, Strategy
from rareclass.kernels.editing import vote
from rareclass.kernels.nearest import nearest_in_panel
from rareclass.sampler import Draw
from rareclass.under_sampling.base import JOBS, BaseCleaningSampler, smallest_class
from rareclass.under_sampling.edited import EditedNearestNeighbours
from rareclass.under_sampling.neighbourhood import NEIGHBOURS, enough_rows, neighbours_of, space_of, threads_of


@dataclass(eq=False, repr=False, kw_only=True)
class NeighbourhoodCleaningRule(BaseCleaningSampler):
    """Edit the larger classes, then remove their rows around rare rows that would be misclassified (Laurikkala).

    Use it to clean the surroundings of the rare class rather than the border of everything. It does not balance.

    Parameters
    ----------
    sampling_strategy : str, list or callable, default="auto"
        Classes to clean.
    edited_nearest_neighbours : sampler or None, default=None
        First step; None is `EditedNearestNeighbours` with `n_neighbors` and kind_sel="mode".
    n_neighbors : int or estimator, default=3
        Neighbours of the second step. The vote on a rare row counts the row itself and its `n_neighbors` - 1 nearest
        others, as in imbalanced-learn; its `n_neighbors` nearest others are what is removed.
    threshold_cleaning : float > 0, default=0.5
        The second step cleans classes with more rows than this times the rows of the smallest class.
    n_jobs : int or None, default=None
        Threads; None uses every processor. The result does not depend on it.

    Attributes
    ----------
    sampling_strategy_ : dict
    sample_indices_ : ndarray (n_out,)
        Rows kept, ascending.
    edited_nearest_neighbours_ : the fitted first step
    nn_ : the k-NN classifier of the second step, not fitted where the exact kernels did the work
    classes_to_clean_ : list of labels
    n_features_in_, feature_names_in_

    References
    ----------
    J. Laurikkala, "Improving identification of difficult small classes by balancing class distribution", Conference on
    Artificial Intelligence in Medicine in Europe (2001), 63-66.

    Examples
    --------
    >>> from rareclass.under_sampling import NeighbourhoodCleaningRule
    >>> X = [[0.0], [0.1], [0.2], [0.3], [4.9], [5.0], [5.2]]
    >>> sampler = NeighbourhoodCleaningRule(n_neighbors=1)
    >>> sampler.fit_resample(X, [0, 0, 0, 0, 0, 1, 1])[1]
    [0, 0, 0, 0, 1, 1]
    """

    _parameter_constraints = {
        **BaseCleaningSampler._parameter_constraints,
        "edited_nearest_neighbours": [HasMethods(["fit_resample"]), None],
        "n_neighbors": NEIGHBOURS,
        "threshold_cleaning": [Interval(numbers.Real, 0, None, closed="neither")],
        "n_jobs": JOBS,
    }

    sampling_strategy: Strategy = "auto"
    edited_nearest_neighbours: BaseEstimator | None = None
    n_neighbors: int | BaseEstimator = 3
    threshold_cleaning: float = 0.5
    n_jobs: int | None = None

    def _classifier(self) -> BaseEstimator:
        if isinstance(self.n_neighbors, numbers.Integral):
            return KNeighborsClassifier(n_neighbors=int(self.n_neighbors), n_jobs=self.n_jobs)
        if isinstance(self.n_neighbors, NearestNeighbors):
            params = self.n_neighbors.get_params()
            params.pop("radius")
            return KNeighborsClassifier(**{**params, "n_neighbors": self.n_neighbors.n_neighbors - 1})
        return clone(self.n_neighbors)

    def _first_step(self, X: Rows, y: np.ndarray, targets: dict[int, int]) -> np.ndarray:
        """Boolean mask (n,) of the rows that the first step leaves."""
        if self.edited_nearest_neighbours is None:
            step = EditedNearestNeighbours(
                sampling_strategy=self.sampling_strategy,
                n_neighbors=self.n_neighbors,
                kind_sel="mode",
                n_jobs=self.n_jobs,
            )
            self.edited_nearest_neighbours_ = step
            return step._stays(X, y, targets)
        self.edited_nearest_neighbours_ = clone(self.edited_nearest_neighbours)
        self.edited_nearest_neighbours_.fit_resample(X, np.asarray(self._labels)[y])
        stays = np.zeros(y.size, dtype=bool)
        stays[self.edited_nearest_neighbours_.sample_indices_] = True
        return stays

    def _draw(self, X: Matrix, y: np.ndarray, targets: dict[int, int], rng: np.random.Generator) -> Draw:
        self.nn_ = self._classifier()
        stays = self._first_step(X, y, targets)
        counts, rare = np.bincount(y), smallest_class(y)
        cleaned = [code for code in targets if counts[code] > counts[rare] * self.threshold_cleaning]
        self.classes_to_clean_ = [self._label(code) for code in cleaned]
        near = self._around_misclassified(X, y, rare)
        stays[near[np.isin(y[near], cleaned)]] = False
        return self._kept(np.flatnonzero(stays), y)

    def _around_misclassified(self, X: Rows, y: np.ndarray, rare: int) -> np.ndarray:
        """The neighbours of rare rows that a vote of their neighbourhood gives to another class."""
        rows = np.flatnonzero(y == rare)
        k = int(self.nn_.n_neighbors)
        enough_rows(y.size, k + 1, "n_neighbors", k, "in all")
        space = space_of(X, self.nn_)
        if space is not None:
            everyone = space.panel(np.arange(y.size))
            near = nearest_in_panel(space, space.panel(rows), everyone, k, threads=threads_of(self.n_jobs))[1]
            wrong = vote(np.column_stack((rows, near[:, : k - 1])), y) != rare
        else:
            self.nn_.fit(X, y)
            near = neighbours_of(self.nn_, X, rows, k)
            wrong = self.nn_.predict(X[rows]) != rare
        return np.unique(near[wrong])
