"""A threshold that moves with every row, so that as many rows are taken as there is room for."""

import numpy as np

from rareclass._types import Flags, Floats
from rareclass.kernels.compiled import compiled


@compiled
def take_rows(
    tail: Floats, level: float, seen: float, taken: int, pace: tuple[float, float, float, float]
) -> tuple[Flags, float, float, int]:
    """Rows (n,) taken, one after the other, and the level, rows and takings of the period that they leave behind.

    A row is taken where its tail (n,), the log of the share of rows that score no lower, is at most the level, and the
    period still has room. Each row raises the level by the credit; one that reaches it, taken or not, lowers it by the
    step.

    Parameters
    ----------
    pace : (step, credit, rows a period, most rows taken in it)
    """
    step, credit, period, most = pace
    out = np.zeros(tail.shape[0], dtype=np.bool_)
    for i in range(tail.shape[0]):
        if seen >= period:
            seen, taken = seen - period, 0
        seen += 1.0
        level += credit
        if tail[i] <= level:
            level -= step
            if taken < most:
                out[i] = True
                taken += 1
        level = min(level, 0.0)
    return out, level, seen, taken
