"""One-sided selection: a quick condensation, then Tomek links."""

from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator

from rareclass._types import Matrix, Seed, Strategy
from rareclass.kernels.closer import CloserCount
from rareclass.kernels.nearest import nearest_in_panel
from rareclass.kernels.panel import Space
from rareclass.sampler import Draw, class_streams
from rareclass.under_sampling.base import by_class, smallest_class
from rareclass.under_sampling.condensed import StoredSubset, misclassified, own_votes_needed
from rareclass.under_sampling.neighbourhood import enough_rows, space_of, threads_of
from rareclass.under_sampling.tomek import links_of, unlinked


@dataclass(eq=False, repr=False, kw_only=True)
class OneSidedSelection(StoredSubset):
    """Keep the rare rows, a few seeds and the rows that these classify wrongly; then remove Tomek links.

    Use it to drop the redundant far part of a large class and its noise at the border, in one go. The outcome depends
    on the seeds. With several classes each targeted class is compared with the smallest one.

    Parameters
    ----------
    sampling_strategy : str, list or callable, default="auto"
        Classes to reduce.
    random_state : int, Generator, RandomState or None, default=None
        Draws the seeds; each class has its own stream.
    n_neighbors : int, estimator or None, default=None
        Neighbours of the rule; None is 1. See `CondensedNearestNeighbour`.
    n_seeds_S : int, default=1
        Seeds of each class, all different.
    n_jobs : int or None, default=None
        Threads; None uses every processor. The result does not depend on it.
    order : {"class", "input"}, default="class"
        By class, seeds first, as imbalanced-learn gives it, or as in the data.

    Attributes
    ----------
    sampling_strategy_ : dict
    sample_indices_ : ndarray (n_out,)
    estimators_ : list of fitted classifiers
        One for each reduced class, over the rare rows and the seeds.
    n_features_in_, feature_names_in_

    References
    ----------
    M. Kubat and S. Matwin, "Addressing the curse of imbalanced training sets: one-sided selection", ICML (1997),
    179-186.

    Examples
    --------
    >>> from rareclass.under_sampling import OneSidedSelection
    >>> X = [[0.0], [0.1], [0.2], [0.3], [4.6], [5.0], [5.1]]
    >>> sampler = OneSidedSelection(random_state=0)
    >>> sampler.fit_resample(X, [0, 0, 0, 0, 0, 1, 1])[1]
    [0, 1, 1]
    """

    sampling_strategy: Strategy = "auto"
    random_state: Seed = None
    n_neighbors: int | BaseEstimator = None
    n_seeds_S: int = 1
    n_jobs: int | None = None
    order: str = "class"

    def _draw(self, X: Matrix, y: np.ndarray, targets: dict[int, int], rng: np.random.Generator) -> Draw:
        rare = smallest_class(y)
        others = np.flatnonzero(y == rare)
        self.estimators_ = []
        chosen = {}
        space = space_of(X, self._classifier())
        for code, stream in class_streams(targets, rng).items():
            if code == rare:
                continue
            classifier = self._classifier()
            k = int(classifier.n_neighbors)
            own = np.flatnonzero(y == code)
            seeds = own[self._seeds(own.size, self._label(code), stream)]
            stored = np.concatenate((others, seeds))
            enough_rows(stored.size, k, "n_neighbors", k, "among the rare rows and the seeds")
            rest = own[~np.isin(own, seeds)]
            if space is not None:
                need = own_votes_needed(k, code < rare)
                wrong = _outvoted(space, rest, others, seeds, k, need, threads_of(self.n_jobs))
            else:
                wrong = misclassified(classifier, X, y, rest, stored)
            chosen[code] = np.concatenate((seeds, rest[wrong]))
            self.estimators_.append(classifier.fit(X[stored], np.asarray(self._labels)[y[stored]]))
        kept = by_class(y, chosen)
        kept = kept[unlinked(links_of(X[kept], y[kept], self.n_jobs), y[kept], targets)]
        return self._kept(np.sort(kept) if self.order == "input" else kept, y)


def _outvoted(
    space: Space, rest: np.ndarray, others: np.ndarray, seeds: np.ndarray, k: int, need: int, threads: int
) -> np.ndarray:
    """Rows whose k nearest among the rare rows and the seeds hold fewer than `need` seeds.

    That is so exactly when k - need + 1 rare rows are closer than the need-th nearest seed.
    """
    queries = space.panel(rest)
    squares, rows = nearest_in_panel(space, queries, space.panel(seeds), need, threads=threads)
    enough = k - need + 1
    closer = CloserCount(
        space,
        queries,
        space.panel(others).hubs_first(),
        squares[:, -1].copy(),
        rows[:, -1].copy(),
        enough,
        np.ones(space.X.shape[0], dtype=np.bool_),
    )
    return closer.advance(np.arange(rest.size), enough, threads=threads)
