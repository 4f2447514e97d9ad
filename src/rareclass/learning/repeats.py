"""Means over repeats, with their intervals, and plain tables of them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from rareclass.errors import InputError
from rareclass.uncertainty.estimate import Interval
from rareclass.uncertainty.folds import corrected_t_test


def mean_interval(
    values: ArrayLike,
    *,
    test_share: float = 0.0,
    comparisons: int = 1,
    between: tuple[float, float] = (-np.inf, np.inf),
) -> Interval:
    """The mean over repeats with a 95 % interval (Student's t); infinitely wide for a single repeat.

    Parameters
    ----------
    values : array-like of shape (repeats,)
        One number a repeat; of two methods the difference, repeat by repeat.
    test_share : float in [0, 1), default=0.0
        0 where every repeat has new data. Where one table is split anew each time, the share of its rows that is
        tested: the repeats then share rows, and the interval is as much wider (Nadeau and Bengio 2003).
    comparisons : int, default=1
        How many such intervals are to hold together: each is given at 1 - 0.05 / comparisons.
    between : (low, high), default=without ends
        What the number can be, (0, 1) for a share: the interval is cut there, which leaves it as sure.

    Examples
    --------
    >>> shown(mean_interval([0.5, 0.6, 0.7]))
    '0.600 [0.352, 0.848]'
    """
    v = np.asarray(values, dtype=np.float64)
    if v.ndim != 1 or not v.size or not np.isfinite(v).all():
        raise InputError("`values` must be one finite number a repeat.")
    level, mean = 1 - 0.05 / comparisons, float(v.mean())
    if v.size == 1:
        return Interval(mean, *between, level, "one repeat")
    if test_share:
        test = corrected_t_test(v, test_share=test_share, level=level)
        low, high = np.clip((test.low, test.high), *between)
        return Interval(test.mean, float(low), float(high), level, "corrected t")
    half = float(stdtrit(v.size - 1, 0.5 + level / 2)) * float(v.std(ddof=1)) / np.sqrt(v.size)
    low, high = np.clip((mean - half, mean + half), *between)
    return Interval(mean, float(low), float(high), level, "t")


def crossed_interval(
    values: ArrayLike, draws: ArrayLike, *, comparisons: int = 1, between: tuple[float, float] = (-np.inf, np.inf)
) -> Interval:
    """The mean over seeds with a 95 % interval for other seeds *and* other test rows, where all share one test set.

    Parameters
    ----------
    values : array-like of shape (seeds,)
        One number a seed, at least two.
    draws : array-like of shape (seeds, resamples)
        The same number on resampled test rows; each column is one resample, used for all seeds.
    comparisons, between
        As in `mean_interval`.

    Notes
    -----
    The variance of the mean is that between seeds on these rows, over their number, and that of the mean over these
    seeds between resamples; what seeds and rows have in common is in both, so the sum is a little too large rather
    than too small. Student's t with the degrees of freedom of Satterthwaite (1946), Biometrics Bulletin 2:110: few
    where the seeds differ most, many where the rows do.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> row_luck = rng.normal(0, 0.1, 400)
    >>> shown(crossed_interval([0.5, 0.6, 0.7], np.array([[0.5], [0.6], [0.7]]) + row_luck))
    '0.600 [0.365, 0.835]'
    """
    v, resampled = (np.asarray(a, dtype=np.float64) for a in (values, draws))
    if v.ndim != 1 or v.size < 2 or resampled.ndim != 2 or resampled.shape[0] != v.size or resampled.shape[1] < 2:
        raise InputError("`values` needs two seeds or more, and `draws` one row a seed with two resamples or more.")
    if not (np.isfinite(v).all() and np.isfinite(resampled).all()):
        raise InputError("`values` and `draws` must be finite.")
    level, mean = 1 - 0.05 / comparisons, float(v.mean())
    seeds, rows = float(v.var(ddof=1)) / v.size, float(resampled.mean(axis=0).var(ddof=1))
    freedom = (seeds + rows) ** 2 / (seeds**2 / (v.size - 1)) if seeds else np.inf
    half = float(stdtrit(min(freedom, 1e6), 0.5 + level / 2)) * np.sqrt(seeds + rows)
    low, high = np.clip((mean - half, mean + half), *between)
    return Interval(mean, float(low), float(high), level, "seeds and rows")


def shown(value: Interval, digits: int = 3, *, sign: bool = False) -> str:
    """The estimate with its interval, as text.

    Examples
    --------
    >>> shown(Interval(0.5, 0.25, 0.75), 2, sign=True)
    '+0.50 [+0.25, +0.75]'
    """
    kind = f"{'+' if sign else ''}.{digits}f"
    return f"{value.estimate:{kind}} [{value.low:{kind}}, {value.high:{kind}}]"


def word(difference: Interval) -> str:
    """What an interval of a difference allows to say: "better", "worse" or "cannot tell".

    Examples
    --------
    >>> word(Interval(0.1, -0.1, 0.3))
    'cannot tell'
    """
    return "better" if difference.low > 0 else "worse" if difference.high < 0 else "cannot tell"


def text_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns of text, the first to the left, the others to the right.

    Examples
    --------
    >>> print(text_table(["way", "F1"], [["none", "0.5"]]))
    way    F1
    none  0.5
    """
    every = [head, *rows]
    widths = [max(len(row[i]) for row in every) for i in range(len(head))]
    sides = [str.ljust] + [str.rjust] * (len(head) - 1)
    return "\n".join("  ".join(f(c, w) for f, c, w in zip(sides, row, widths)).rstrip() for row in every)
