"""Rows that are like others by no accident: near copies, and mixtures of two rows such as SMOTE makes.

Both look at continuous columns alone, those with many distinct values: on a grid, rows are equal or on one line by
chance.
"""

import numpy as np
from scipy.spatial import cKDTree

QUERIES = 400
"""Rows that are looked at; a share of one in a hundred shows in as many."""
CANDIDATES = 5_000
NEAR = 0.01
"""A copy is nearer than this part of the distance to the neighbour number `NEIGHBOURS`."""
NEIGHBOURS = 20
ON_LINE = 1e-5
COLUMNS = 6
"""A copy stays one in a few columns, where a tree is quick."""
LEVELS = 10
"""Distinct values below which a column says nothing about lines."""
FEWEST = 5
"""Copies below this number are chance."""


def continuous_columns(matrix: np.ndarray, *, distinct: float = 0.3) -> np.ndarray:
    """Numbers of the columns (n, d) in which at least the share `distinct` of the known values differ.

    Examples
    --------
    >>> import numpy as np
    >>> continuous_columns(np.column_stack([np.arange(9.0), np.arange(9) % 2])).tolist()
    [0]
    """
    some = matrix[:: max(matrix.shape[0] // 5_000, 1)]
    found = []
    for j in range(some.shape[1]):
        known = some[np.isfinite(some[:, j]), j]
        if known.size >= max(0.8 * some.shape[0], 2) and np.unique(known).size >= distinct * known.size:
            found.append(j)
    return np.array(found, dtype=np.int64)


def _scaled(matrix: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """These columns by their ranges between quartiles, missing values at the median."""
    part = matrix[:, columns]
    low, middle, high = np.nanquantile(part[:: max(part.shape[0] // 5_000, 1)], [0.25, 0.5, 0.75], axis=0)
    part = np.where(np.isfinite(part), part, middle)
    return np.asarray((part - middle) / np.where(high > low, high - low, 1.0))


def near_copies(matrix: np.ndarray, same: np.ndarray, train: np.ndarray, test: np.ndarray, seed: int = 0) -> float:
    """Share of test rows with a near copy among the training rows: a neighbour far closer than the others.

    In d continuous columns a row has one by chance with probability of about 20 / 100 ** d. Rows that repeat a training
    row exactly do not count. NaN where fewer than three columns are continuous.

    Parameters
    ----------
    matrix : array of shape (n, d)
        Encoded rows; NaN is missing.
    same : int array of shape (n,)
        Numbers of equal rows, as `duplicate_groups` gives them.
    train, test : int arrays
    """
    rng, columns = np.random.default_rng(seed), continuous_columns(matrix)
    if columns.size < 3 or train.size <= 2 * NEIGHBOURS:
        return float("nan")
    columns = rng.choice(columns, COLUMNS, replace=False) if columns.size > COLUMNS else columns
    fresh = test[~np.isin(same[test], same[train])]
    fresh = rng.choice(fresh, QUERIES, replace=False) if fresh.size > QUERIES else fresh
    if fresh.size == 0:
        return float("nan")
    z = _scaled(matrix, columns)
    distance, _ = cKDTree(z[np.unique(train)]).query(z[fresh], k=NEIGHBOURS)
    near = (distance[:, 0] < NEAR * distance[:, -1]) & (distance[:, -1] > 0)
    return float(near.mean()) if near.sum() >= FEWEST else 0.0


def mixtures(matrix: np.ndarray, rows: np.ndarray, seed: int = 0) -> float:
    """Share of `rows` that lie on the line between two others of them; NaN below two columns of many values.

    To five digits, or to a step of the columns that hold whole numbers, which a sampler rounds to.

    Parameters
    ----------
    matrix : array of shape (n, d)
    rows : int array
        Rows of one class.
    """
    part = matrix[:, [j for j in range(matrix.shape[1]) if np.unique(matrix[:1_000, j]).size >= LEVELS]]
    rng = np.random.default_rng(seed)
    rows = rng.choice(rows, CANDIDATES, replace=False) if rows.size > CANDIDATES else rows
    part = np.unique(part[rows][np.isfinite(part[rows]).all(axis=1)], axis=0)
    if part.shape[1] < 2 or part.shape[0] < 10:
        return float("nan")
    scale = np.maximum(part.std(axis=0), 1e-300)
    step = np.array([np.diff(np.unique(column)).min(initial=np.inf) for column in part.T])
    allowed = np.where(np.isfinite(step) & (step > 1e-3 * scale), step, 0.0) / scale + ON_LINE
    z = part / scale
    asked = rng.choice(z.shape[0], min(QUERIES // 4, z.shape[0]), replace=False)
    k = min(32, z.shape[0] - 1)
    _, near = cKDTree(z).query(z[asked], k=k + 1)
    first, second = np.triu_indices(k, 1)
    found = 0
    for row, others in zip(asked, near, strict=True):
        a = z[others[others != row][:k]] - z[row]
        start, along = a[first], a[second] - a[first]
        t = -(start * along).sum(axis=1) / np.maximum((along**2).sum(axis=1), 1e-300)
        off = np.abs(start + t[:, None] * along)
        found += bool(((off <= allowed).all(axis=1) & (np.abs(along) > 2 * allowed).any(axis=1)).any())
    return found / asked.size
