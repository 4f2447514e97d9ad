"""The smoothed bootstrap: repeated rows plus Gaussian noise of a kernel density's bandwidth."""

import numpy as np
from scipy import sparse

from rareclass._types import Matrix, Rows
from rareclass.kernels.random import normal_from_key, normal_rows, seed_from
from rareclass.sampler import Draw


def bandwidth(X: Rows, rows: np.ndarray) -> np.ndarray:
    """Normal-reference bandwidth of each column (d,): (4 / ((d + 2) n))^(1/(d + 4)) s, with n and s of these rows.

    Menardi and Torelli 2014, section 3; s is the sample standard deviation. One row has no spread: 0.
    """
    n, d = rows.size, X.shape[1]
    if n < 2:
        return np.zeros(d)
    points = X[rows]
    if sparse.issparse(points):
        points = points.astype(np.float64)
        mean = np.asarray(points.mean(axis=0)).ravel()
        square = np.asarray(points.multiply(points).mean(axis=0)).ravel()
        spread = np.sqrt(np.maximum(square - mean**2, 0.0) * n / (n - 1))
    else:
        spread = points.std(axis=0, ddof=1, dtype=np.float64)
    return (4.0 / ((d + 2) * n)) ** (1.0 / (d + 4)) * spread


def smoothed_bootstrap(X: Rows, rows: np.ndarray, count: int, factor: float, rng: np.random.Generator) -> Draw:
    """`count` rows drawn from `rows` with replacement, each moved by `factor` bandwidths of Gaussian noise.

    Only stored entries of a sparse matrix are moved. A factor of 0 gives exact copies.
    """
    parents = rows[rng.integers(0, rows.size, count)]
    if factor == 0:
        return Draw(parents=parents)
    scale, seed = factor * bandwidth(X, rows), seed_from(rng)

    def made(start: int, stop: int) -> Matrix:
        points = X[parents[start:stop]]
        if not sparse.issparse(points):
            return points + normal_rows(seed, start, stop, X.shape[1]) * scale
        points = points.tocsr().astype(np.float64)
        row = np.repeat(np.arange(start, stop), np.diff(points.indptr))
        points.data += normal_from_key(seed, row * X.shape[1] + points.indices) * scale[points.indices]
        return points

    return Draw(parents=parents, made=made)
