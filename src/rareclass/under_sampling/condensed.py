"""Condensed nearest neighbour: keep only the rows that a nearest-neighbour rule needs."""

import numbers
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from rareclass._sklearn import HasMethods, Interval
from rareclass._types import Label, Matrix, Rows, Seed, Strategy
from rareclass.errors import InputError
from rareclass.kernels.condense import condense
from rareclass.kernels.nearest import nearest_in_panel
from rareclass.kernels.panel import Space
from rareclass.sampler import Draw, class_streams
from rareclass.under_sampling.base import JOBS, ORDER, RANDOM_STATE, BaseCleaningSampler, by_class, smallest_class
from rareclass.under_sampling.neighbourhood import enough_rows, space_of, threads_of


class StoredSubset(BaseCleaningSampler):
    """What condensing and one-sided selection share: a k-NN rule over the rare rows and a few seeds."""

    _parameter_constraints: dict = {
        **BaseCleaningSampler._parameter_constraints,
        "n_neighbors": [
            Interval(numbers.Integral, 1, None, closed="left"),
            HasMethods(["kneighbors", "kneighbors_graph"]),
            None,
        ],
        "n_seeds_S": [Interval(numbers.Integral, 1, None, closed="left")],
        "n_jobs": JOBS,
        "random_state": RANDOM_STATE,
        "order": ORDER,
    }

    n_neighbors: Any
    n_seeds_S: int
    n_jobs: int | None

    def _classifier(self) -> BaseEstimator:
        """The k-NN classifier that `n_neighbors` stands for."""
        if self.n_neighbors is None:
            return KNeighborsClassifier(n_neighbors=1, n_jobs=self.n_jobs)
        if isinstance(self.n_neighbors, numbers.Integral):
            return KNeighborsClassifier(n_neighbors=int(self.n_neighbors), n_jobs=self.n_jobs)
        if hasattr(self.n_neighbors, "predict"):
            return clone(self.n_neighbors)
        if isinstance(self.n_neighbors, NearestNeighbors):
            params = self.n_neighbors.get_params()
            params.pop("radius")
            return KNeighborsClassifier(**params)
        raise InputError(
            f"`n_neighbors` must be a number, a k-NN classifier or a NearestNeighbors; got {self.n_neighbors!r}."
        )

    def _seeds(self, size: int, label: Label, rng: np.random.Generator) -> np.ndarray:
        """Rows of a class (as places in it) that are stored from the start, all different."""
        if size < self.n_seeds_S:
            raise InputError(f"`n_seeds_S={self.n_seeds_S}` needs as many rows of class {label!r}; got {size}.")
        return rng.choice(size, size=self.n_seeds_S, replace=False)


def own_votes_needed(k: int, wins_ties: bool) -> int:
    """Neighbours of its own class that a row needs among k to be classified rightly, with two classes."""
    return k // 2 if k % 2 == 0 and wins_ties else k // 2 + 1


@dataclass(eq=False, repr=False, kw_only=True)
class CondensedNearestNeighbour(StoredSubset):
    """Keep all rare rows and, of the other classes, what a nearest-neighbour rule needs to tell them apart (Hart).

    Starts from the rare rows and a few seeds of the class, then visits its rows in order and stores each that the rows
    stored so far would classify wrongly. Use it to shrink a large, clean class; label noise is kept by construction.
    With several classes each targeted class is condensed against the smallest one.

    Parameters
    ----------
    sampling_strategy : str, list or callable, default="auto"
        Classes to condense.
    random_state : int, Generator, RandomState or None, default=None
        Draws the seeds; each class has its own stream.
    n_neighbors : int, estimator or None, default=None
        Neighbours of the rule; None is 1. A k-NN classifier is used as it is (Euclidean ones by the exact kernels); a
        `NearestNeighbors` gives its number and metric.
    n_seeds_S : int, default=1
        Seeds of each class, all different.
    n_jobs : int or None, default=None
        Threads; None uses every processor. The result does not depend on it.
    order : {"class", "input"}, default="class"
        By class, in the order stored, as imbalanced-learn gives it, or as in the data.
    max_passes : int, default=1
        Visits to the class. 1 is imbalanced-learn's single pass; with more, it goes on until a pass stores nothing, and
        then the stored rows classify every row rightly (Hart's consistency).

    Attributes
    ----------
    sampling_strategy_ : dict
    sample_indices_ : ndarray (n_out,)
    estimators_ : list of fitted classifiers
        One for each condensed class, over the rare rows and those stored.
    n_passes_ : list of int
        Visits made, for each condensed class.
    n_features_in_, feature_names_in_

    References
    ----------
    P. Hart, "The condensed nearest neighbor rule", IEEE Transactions on Information Theory 14 (1968), 515-516.

    Examples
    --------
    >>> from rareclass.under_sampling import CondensedNearestNeighbour
    >>> X = [[0.0], [0.1], [0.2], [0.3], [5.0], [5.1], [9.0]]
    >>> sampler = CondensedNearestNeighbour(random_state=0)
    >>> sampler.fit_resample(X, [0, 0, 0, 0, 1, 1, 0])[1]
    [0, 0, 1, 1]
    """

    _parameter_constraints = {
        **StoredSubset._parameter_constraints,
        "max_passes": [Interval(numbers.Integral, 1, None, closed="left")],
    }

    sampling_strategy: Strategy = "auto"
    random_state: Seed = None
    n_neighbors: int | BaseEstimator = None
    n_seeds_S: int = 1
    n_jobs: int | None = None
    order: str = "class"
    max_passes: int = 1

    def _draw(self, X: Matrix, y: np.ndarray, targets: dict[int, int], rng: np.random.Generator) -> Draw:
        rare = smallest_class(y)
        others = np.flatnonzero(y == rare)
        self.estimators_, self.n_passes_ = [], []
        chosen = {}
        space = space_of(X, self._classifier())
        for code, stream in class_streams(targets, rng).items():
            classifier = self._classifier()
            own = np.flatnonzero(y == code)
            if code == rare:
                chosen[code] = own
                continue
            seeds = self._seeds(own.size, self._label(code), stream)
            enough_rows(
                others.size + seeds.size,
                classifier.n_neighbors,
                "n_neighbors",
                classifier.n_neighbors,
                "among the rare rows and the seeds",
            )
            if space is not None:
                stored, passes = self._condense(space, own, others, seeds, classifier.n_neighbors, code < rare)
            else:
                stored, passes = _refit(classifier, X, y, own, others, seeds, self.max_passes)
            chosen[code] = own[stored]
            both = np.concatenate((others, chosen[code]))
            labels = np.asarray(self._labels)[y[both]]
            self.estimators_.append(classifier.fit(X[both], labels))
            self.n_passes_.append(passes)
        return self._kept(by_class(y, chosen, self.order), y)

    def _condense(
        self, space: Space, own: np.ndarray, others: np.ndarray, seeds: np.ndarray, k: int, wins_ties: bool
    ) -> tuple[np.ndarray, int]:
        need = own_votes_needed(k, wins_ties)
        panel = space.panel(own)
        limits, rows = nearest_in_panel(
            space, panel, space.panel(others).hubs_first(), k - need + 1, threads=threads_of(self.n_jobs)
        )
        return condense(space, panel, seeds, limits[:, -1], rows[:, -1], need, passes=self.max_passes)


def _refit(
    classifier: BaseEstimator,
    X: Rows,
    y: np.ndarray,
    own: np.ndarray,
    others: np.ndarray,
    seeds: np.ndarray,
    passes: int,
) -> tuple[np.ndarray, int]:
    """Hart's pass with any k-NN classifier, refitted when a row is stored. Slow: for metrics we have no kernel for."""
    stored = list(seeds)
    visits = 0
    while visits < passes:
        visits += 1
        before = len(stored)
        wrong = misclassified(classifier, X, y, own, np.concatenate((others, own[stored])))
        for i in range(own.size):
            if i in stored or not wrong[i]:
                continue
            stored.append(i)
            wrong = misclassified(classifier, X, y, own, np.concatenate((others, own[stored])))
        if len(stored) == before:
            break
    return np.asarray(stored, dtype=np.intp), visits


def misclassified(classifier: BaseEstimator, X: Rows, y: np.ndarray, own: np.ndarray, stored: np.ndarray) -> np.ndarray:
    """Which rows of a class (m,) the classifier, fitted on the stored rows, gets wrong."""
    return np.asarray(clone(classifier).fit(X[stored], y[stored]).predict(X[own]) != y[own])
