"""Places spread evenly over rows."""

import numpy as np


def evenly(n: int, most: int) -> np.ndarray:
    """At most so many places among n, ascending and all different, the first and (of two or more) the last among them.

    Examples
    --------
    >>> evenly(9, 3).tolist(), evenly(2, 3).tolist()
    ([0, 4, 8], [0, 1])
    """
    return np.linspace(0, n - 1, min(n, most)).astype(np.int64)
