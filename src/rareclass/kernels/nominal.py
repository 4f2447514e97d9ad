"""Nominal columns: the value difference metric, and nearest rows by it."""

import numpy as np

from rareclass.kernels.compiled import compiled
from rareclass.kernels.neighbour_order import is_nearer
from rareclass.kernels.threads import in_blocks


def class_shares(codes: np.ndarray, y: np.ndarray, n_classes: int) -> np.ndarray:
    """What the value difference metric sees of each row: for each column, how the classes share its level.

    Two rows differ in a column by the sum over classes of |P(class | level a) - P(class | level b)|, and their distance
    is the sum of the squares (Stanfill and Waltz 1986; Cost and Salzberg 1993, with k = 1 and r = 2). Of two classes
    one share says it all, so it is doubled and the other left out.

    Parameters
    ----------
    codes : int array (n, c), levels 0..L-1 in each column
    y : int array (n,), class codes
    n_classes : int

    Returns
    -------
    float array (n, c, n_classes), or (n, c, 1) for two classes

    Examples
    --------
    >>> import numpy as np
    >>> class_shares(np.array([[0], [0], [1]]), np.array([0, 1, 1]), 2)[:, 0, 0].tolist()
    [1.0, 1.0, 0.0]
    """
    width = 1 if n_classes == 2 else n_classes
    shares = np.empty((*codes.shape, width))
    for c, column in enumerate(codes.T):
        levels = int(column.max()) + 1
        counts = np.bincount(column * n_classes + y, minlength=levels * n_classes).reshape(levels, n_classes)
        share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        shares[:, c] = (2.0 * share[:, :1] if n_classes == 2 else share)[column]
    return shares


@compiled
def _distance(left: np.ndarray, right: np.ndarray) -> float:
    total = 0.0
    for c in range(left.shape[0]):
        difference = 0.0
        for k in range(left.shape[1]):
            difference += abs(left[c, k] - right[c, k])
        total += difference * difference
    return total


@compiled
def _nearest(
    start: int,
    stop: int,
    points: np.ndarray,
    members: np.ndarray,
    starts: np.ndarray,
    distances: np.ndarray,
    rows: np.ndarray,
) -> None:
    """For each distinct point the nearest rows of the class, by (distance, row)."""
    last = rows.shape[1] - 1
    for g in range(start, stop):
        for h in range(points.shape[0]):
            distance = _distance(points[g], points[h])
            for at in range(starts[h], starts[h + 1]):
                row = members[at]
                if not is_nearer(distance, row, distances[g, last], rows[g, last]):
                    break  # members rise, so the others of this point are no nearer
                slot = last
                while slot > 0 and is_nearer(distance, row, distances[g, slot - 1], rows[g, slot - 1]):
                    distances[g, slot] = distances[g, slot - 1]
                    rows[g, slot] = rows[g, slot - 1]
                    slot -= 1
                distances[g, slot] = distance
                rows[g, slot] = row


@compiled
def _all_pairs(start: int, stop: int, points: np.ndarray, out: np.ndarray) -> None:
    for i in range(start, stop):
        for j in range(points.shape[0]):
            out[i, j] = _distance(points[i], points[j])


def value_differences(shares: np.ndarray) -> np.ndarray:
    """Distances of all pairs of rows (m, m) from their class shares (m, c, K)."""
    out = np.empty((shares.shape[0], shares.shape[0]))
    in_blocks(_all_pairs, shares.shape[0], np.ascontiguousarray(shares), out, block=64, small=64)
    return out


def nearest_by_value_difference(codes: np.ndarray, shares: np.ndarray, rows: np.ndarray, k: int) -> np.ndarray:
    """For each row itself and its `k` nearest others among `rows`; ties: the lower position.

    Rows with equal values are searched once.

    Parameters
    ----------
    codes : int array (n, c)
    shares : float array (n, c, K), of `class_shares`
    rows : int array (m,), rising
    k : int < m

    Returns
    -------
    int array (m, k + 1), positions in `codes`, each row itself first
    """
    _, first, group, sizes = np.unique(codes[rows], axis=0, return_index=True, return_inverse=True, return_counts=True)
    group = group.reshape(-1)
    members = rows[np.argsort(group, kind="stable")].astype(np.int64)
    starts = np.concatenate(([0], np.cumsum(sizes)))
    points = np.ascontiguousarray(shares[rows[first]])
    distances = np.full((sizes.size, k + 1), np.inf)
    nearest = np.full((sizes.size, k + 1), np.iinfo(np.int64).max, dtype=np.int64)
    in_blocks(_nearest, sizes.size, points, members, starts, distances, nearest, block=64, small=64)
    lists = nearest[group]
    keep = lists != rows[:, None]
    keep[keep.all(axis=1), -1] = False
    return np.column_stack((rows, lists[keep].reshape(rows.size, k)))
