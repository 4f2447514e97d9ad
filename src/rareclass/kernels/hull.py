"""Upper convex hull of operating points: the only ones that some cost ratio can prefer."""

import numpy as np
from numpy.typing import NDArray

from rareclass._types import Floats
from rareclass.kernels.compiled import compiled


@compiled
def _upper(x: np.ndarray, y: np.ndarray, kept: np.ndarray) -> int:  # pragma: no cover - compiled
    m = 0
    for i in range(x.shape[0]):
        while m >= 2:
            a, b = kept[m - 2], kept[m - 1]
            if (x[b] - x[a]) * (y[i] - y[a]) >= (y[b] - y[a]) * (x[i] - x[a]):
                m -= 1
            else:
                break
        kept[m] = i
        m += 1
    return m


def upper_hull(x: Floats, y: Floats) -> NDArray[np.intp]:
    """Indices of the upper convex hull of points sorted by x (ties: by y), from left to right.

    Notes
    -----
    Andrew (1979), Inf. Process. Lett. 9:216: one pass over sorted points.

    Examples
    --------
    >>> upper_hull(np.array([0.0, 0.0, 0.5, 1.0]), np.array([0.0, 0.5, 0.6, 1.0])).tolist()
    [0, 1, 3]
    """
    kept = np.empty(x.shape[0], dtype=np.intp)
    m = _upper(np.ascontiguousarray(x, np.float64), np.ascontiguousarray(y, np.float64), kept)
    return kept[:m]
