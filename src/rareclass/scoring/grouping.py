"""Columns that rank rows alike, which are one reason: found when a model is compiled, on rows at hand."""

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from rareclass.kernels.evenly import evenly

LEAST_ROWS = 50
"""Rows below which rank correlations are too uncertain to group columns by."""
MOST_ROWS = 5_000


def correlated_groups(X: np.ndarray, correlation: float) -> list[list[int]]:
    """Columns of X (n, d) that all correlate in pairs, by complete linkage; each list has at least two, in order.

    Rank correlation is Spearman's, in absolute value and at least `correlation`. Missing values (NaN) lie in the
    middle; columns of one value are alone. Of more than 5,000 rows, 5,000 spread evenly are looked at.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(100, 2))
    >>> correlated_groups(np.column_stack([x, np.exp(-x[:, 0])]), 0.9)
    [[0, 2]]
    """
    n, d = X.shape
    if n < LEAST_ROWS or d < 2:
        return []
    X = X[evenly(n, MOST_ROWS)]
    ranks = rankdata(X, axis=0, nan_policy="omit")
    known = np.maximum((~np.isnan(ranks)).sum(axis=0), 1)
    ranks = np.nan_to_num(ranks - np.nansum(ranks, axis=0) / known)
    length = np.sqrt((ranks**2).sum(axis=0))
    varied = np.flatnonzero(length > 0)
    if varied.size < 2:
        return []
    ranks = ranks[:, varied] / length[varied]
    near = np.abs(ranks.T @ ranks)
    distance = np.clip(1.0 - near, 0.0, 1.0)
    np.fill_diagonal(distance, 0.0)
    of = fcluster(linkage(squareform(distance, checks=False), "complete"), 1.0 - correlation + 1e-9, "distance")
    groups = [varied[of == label].tolist() for label in np.unique(of)]
    return sorted(group for group in groups if len(group) > 1)
