"""Power sums of what labels differ from probabilities by, and their mean against a pool's."""

import numpy as np

from rareclass.kernels.logits import logit

ROWS, EVENTS, LEVEL, LEAN = 0, 1, [0, 2, 3, 4], [0, 5, 6, 7]
"""Where rows, events, and (rows, sum, squares, cubes) of the residual and of its product with the log-odds stand."""


def residual_sums(p: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """Rows, events, and the first three power sums of y - p and of its product with the log-odds (within 8): (8,)."""
    w = np.ones(p.size) if weight is None else weight
    r = y - p
    lean = r * np.clip(logit(np.clip(p, 1e-9, 1 - 1e-9)), -8, 8)
    return np.array([w.sum(), w @ y, *(w @ r**k for k in (1, 2, 3)), *(w @ lean**k for k in (1, 2, 3))])


def mean_z(day: np.ndarray, pool: np.ndarray) -> float:
    """Score of the mean of a day against that of day and pool, from (rows, sum, squares, cubes) of each.

    The first term of the skewness is taken off (Edgeworth); the score is cut at 6.

    Examples
    --------
    >>> mean_z(np.array([4.0, 2.0, 4.0, 2.0]), np.array([100.0, 0.0, 100.0, 0.0])) > 0.9
    True
    """
    n, total = day[0], day + pool
    m1, m2, m3 = total[1:] / total[0]
    variance = max(m2 - m1**2, 1e-12)
    skewness = (m3 - 3 * m1 * m2 + 2 * m1**3) / variance**1.5
    z = (day[1] / n - m1) / np.sqrt(variance / n * max(1 - n / total[0], 1e-9))
    return float(np.clip(z - skewness / np.sqrt(n) * (z**2 - 1) / 6, -6, 6))
