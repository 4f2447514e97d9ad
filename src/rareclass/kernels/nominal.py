"""Nominal columns: the value difference metric as look-up tables, and nearest rows by it."""

import numpy as np
from numba import njit


def value_difference_tables(codes: np.ndarray, y: np.ndarray, n_classes: int) -> list[np.ndarray]:
    """Squared value difference of every two levels of each column.

    Two levels differ by the sum over classes of |P(class | level a) - P(class | level b)|; the square of that is what a
    column adds to the distance of two rows (Stanfill and Waltz 1986; Cost and Salzberg 1993, with k = 1 and r = 2).

    Parameters
    ----------
    codes : int array (n, c), levels 0..L-1 in each column
    y : int array (n,), class codes
    n_classes : int

    Examples
    --------
    >>> import numpy as np
    >>> value_difference_tables(np.array([[0], [0], [1]]), np.array([0, 1, 1]), 2)[0].tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    tables = []
    for column in codes.T:
        levels = int(column.max()) + 1
        counts = np.bincount(column * n_classes + y, minlength=levels * n_classes).reshape(levels, n_classes)
        share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        difference = np.zeros((levels, levels))
        for k in range(n_classes):
            difference += np.abs(share[:, k][:, None] - share[:, k][None, :])
        tables.append(difference**2)
    return tables


@njit(inline="always")
def _is_nearer(distance: float, row: int, other: float, other_row: int) -> bool:
    return distance < other or (distance == other and row < other_row)


@njit(cache=True, nogil=True)
def _nearest(points, flat, offsets, levels, members, starts, distances, rows):
    """For each distinct point the nearest rows of the class, by (distance, row)."""
    n_points, n_columns = points.shape
    last = rows.shape[1] - 1
    for g in range(n_points):
        for h in range(n_points):
            distance = 0.0
            for c in range(n_columns):
                distance += flat[offsets[c] + points[g, c] * levels[c] + points[h, c]]
            for at in range(starts[h], starts[h + 1]):
                row = members[at]
                if not _is_nearer(distance, row, distances[g, last], rows[g, last]):
                    break  # members rise, so the others of this point are no nearer
                slot = last
                while slot > 0 and _is_nearer(distance, row, distances[g, slot - 1], rows[g, slot - 1]):
                    distances[g, slot] = distances[g, slot - 1]
                    rows[g, slot] = rows[g, slot - 1]
                    slot -= 1
                distances[g, slot] = distance
                rows[g, slot] = row


def nearest_by_tables(codes: np.ndarray, rows: np.ndarray, tables: list[np.ndarray], k: int) -> np.ndarray:
    """For each row itself and its `k` nearest others among `rows`, by summed tables; ties: the lower position.

    Rows with equal values are searched once.

    Parameters
    ----------
    codes : int array (n, c)
    rows : int array (m,), rising
    tables : list of float arrays (L, L), one a column
    k : int < m

    Returns
    -------
    int array (m, k + 1), positions in `codes`, each row itself first
    """
    points, group, sizes = np.unique(codes[rows], axis=0, return_inverse=True, return_counts=True)
    group = group.reshape(-1)
    members = rows[np.argsort(group, kind="stable")]
    starts = np.concatenate(([0], np.cumsum(sizes)))
    levels = np.array([table.shape[0] for table in tables], dtype=np.int64)
    offsets = np.concatenate(([0], np.cumsum(levels**2)))[:-1]
    flat = np.concatenate([table.ravel() for table in tables])
    distances = np.full((points.shape[0], k + 1), np.inf)
    nearest = np.full((points.shape[0], k + 1), np.iinfo(np.int64).max, dtype=np.int64)
    _nearest(points.astype(np.int64), flat, offsets, levels, members.astype(np.int64), starts, distances, nearest)
    lists = nearest[group]
    keep = lists != rows[:, None]
    keep[keep.all(axis=1), -1] = False
    return np.column_stack((rows, lists[keep].reshape(rows.size, k)))
