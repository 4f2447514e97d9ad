"""Tomek links: remove pairs of opposite nearest neighbours."""

from collections.abc import Container, Iterable

import numpy as np
from numpy.typing import ArrayLike
from sklearn.neighbors import NearestNeighbors

from rareclass._types import Labels, Matrix, Rows, Strategy
from rareclass.kernels.tomek import tomek_links
from rareclass.sampler import Draw
from rareclass.under_sampling.base import JOBS, BaseCleaningSampler
from rareclass.under_sampling.neighbourhood import neighbours_of, space_of, threads_of


class TomekLinks(BaseCleaningSampler):
    """Remove rows that form a Tomek link: two rows of different classes, each the other's nearest neighbour.

    Use it to thin the border between the classes; it removes few rows and never balances anything. Costs at most 2m
    nearest-neighbour queries, m being the rows outside the largest class, instead of n.

    Parameters
    ----------
    sampling_strategy : str, list or callable, default="auto"
        Classes whose ends of the links are removed: "majority", "not minority" (= "auto"), "not majority", "all", or
        a list of labels.
    n_jobs : int or None, default=None
        Threads; None uses every processor. The result does not depend on it.

    Attributes
    ----------
    sampling_strategy_ : dict
        Its keys are the targeted classes; the values are not used.
    sample_indices_ : ndarray (n_out,)
        Rows kept, ascending.
    links_ : ndarray (n_links, 2)
        All links of the data, lower row first, whatever the strategy.
    n_features_in_, feature_names_in_

    Notes
    -----
    A row is not its own neighbour, and duplicates are neighbours at distance 0; of rows at the same distance the lower
    one counts as nearer. imbalanced-learn takes the second neighbour found instead, which for duplicates may be the
    row itself, and so misses the links between them.

    References
    ----------
    I. Tomek, "Two modifications of CNN", IEEE Transactions on Systems, Man, and Cybernetics 6 (1976), 769-772.

    Examples
    --------
    >>> from rareclass.under_sampling import TomekLinks
    >>> X = [[0.0], [1.0], [1.1], [3.0], [4.5]]
    >>> X_res, y_res = TomekLinks().fit_resample(X, [0, 0, 1, 1, 0])
    >>> y_res
    [0, 1, 1]
    """

    _parameter_constraints: dict = {**BaseCleaningSampler._parameter_constraints, "n_jobs": JOBS}

    def __init__(self, *, sampling_strategy: Strategy = "auto", n_jobs: int | None = None) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.n_jobs = n_jobs

    @staticmethod
    def is_tomek(y: Labels, nn_index: ArrayLike, class_type: Container) -> np.ndarray:
        """Which rows of the classes in `class_type` form a link, given every row's nearest neighbour.

        Parameters
        ----------
        y : array (n,), labels
        nn_index : int array (n,), nearest neighbour of each row
        class_type : container of labels

        Returns
        -------
        bool array (n,)
        """
        y, nearest = np.asarray(y), np.asarray(nn_index)
        targeted = np.array([label in class_type for label in y.tolist()], dtype=bool)
        mutual = nearest[nearest] == np.arange(nearest.size)
        return np.asarray(targeted & mutual & (y[nearest] != y))

    def _draw(self, X: Matrix, y: np.ndarray, targets: dict[int, int], rng: np.random.Generator) -> Draw:
        self.links_ = links_of(X, y, self.n_jobs)
        return self._kept(np.flatnonzero(unlinked(self.links_, y, targets)), y)


def links_of(X: Rows, y: np.ndarray, n_jobs: int | None) -> np.ndarray:
    """All Tomek links, int array (m, 2)."""
    space = space_of(X)
    if space is not None:
        return tomek_links(space, y, threads=threads_of(n_jobs))
    search = NearestNeighbors(n_neighbors=2, n_jobs=n_jobs).fit(X)
    nearest = neighbours_of(search, X, np.arange(y.size), 1)[:, 0]
    ends = np.flatnonzero(TomekLinks.is_tomek(y, nearest, set(range(int(y.max()) + 1))))
    return np.unique(np.sort(np.column_stack((ends, nearest[ends])), axis=1), axis=0)


def unlinked(links: np.ndarray, y: np.ndarray, targets: Iterable[int]) -> np.ndarray:
    """Boolean mask (n,): False for the rows of the targeted classes that are in a link."""
    ends = links.ravel()
    stays = np.ones(y.size, dtype=bool)
    stays[ends[np.isin(y[ends], list(targets))]] = False
    return stays
