"""The check at the end of a lesson: what was built by hand beside what the package says."""

import numpy as np
from numpy.typing import ArrayLike

from rareclass.errors import LessonError


def agree(what: str, by_hand: ArrayLike, other: ArrayLike, *, within: float = 0.0, of: str = "rareclass") -> float:
    """Print and return the largest difference between two numbers or arrays; two NaN in one place agree.

    Parameters
    ----------
    what : str
        What is compared, as the printed line calls it.
    by_hand, other : number or array, of one shape
    within : float, default=0.0
        Largest absolute difference that passes.
    of : str, default="rareclass"
        Where the other number comes from.

    Raises
    ------
    LessonError
        They differ by more, or have different shapes.

    Examples
    --------
    >>> agree("recall", 0.75, 3 / 4, within=1e-12)
    check: recall, by hand and in rareclass: largest difference 0, allowed 1e-12
    0.0
    """
    a, b = (np.asarray(v, dtype=np.float64) for v in (by_hand, other))
    if a.shape != b.shape:
        raise LessonError(f"{what}: by hand it has the shape {a.shape}, in {of} {b.shape}.")
    off = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0.0, np.abs(a - b))
    worst = float(np.max(off, initial=0.0))
    if not worst <= within:
        raise LessonError(
            f"{what}: by hand and in {of} differ by {worst:.3g}, allowed are {within:g}. If you changed the file, look "
            "there first; else report this as a fault of rareclass, with the command that you ran."
        )
    print(f"check: {what}, by hand and in {of}: largest difference {worst:.2g}, allowed {within:.2g}")
    return worst
