"""Bins that look at the events: cuts where the rare class lies, quantiles elsewhere.

Histogram boosters cut a feature at about 255 quantiles of all rows. With 30 events among 100,000 rows a bin then holds
400 rows, and a feature value that only events have stays invisible. Half of the cuts are therefore placed right below
and right above values that occur among the events. On `smtp` this alone lifts the out-of-fold average precision of
histogram boosting from 0.55 to 0.80 (benchmarks/collapse.py).
"""

import numpy as np

_SAMPLE = 200_000


def event_cuts(values: np.ndarray, y: np.ndarray, *, max_bins: int = 255, share: float = 0.5) -> np.ndarray:
    """Ascending cut points of one feature, at most `max_bins` - 1.

    Parameters
    ----------
    values : ndarray of shape (n,)
        NaN where missing.
    y : ndarray of shape (n,), Boolean
        True for the rare class.
    max_bins : int, default=255
    share : float in [0, 1], default=0.5
        Share of the cuts that is placed around the values of events.
    """
    known = ~np.isnan(values)
    distinct = np.unique(values[known])
    if distinct.size < 2:
        return np.empty(0)
    if distinct.size <= max_bins:
        return _between(distinct, np.arange(distinct.size - 1))
    of_events = np.unique(values[known & y])
    room = max(int(max_bins * share) // 2, 1)
    if of_events.size > room:
        of_events = np.unique(np.quantile(of_events, np.linspace(0, 1, room), method="nearest"))
    at = np.searchsorted(distinct, of_events)
    around = np.unique(np.concatenate([at - 1, at]))
    rest = max(max_bins - 1 - around.size, 1)
    spread = np.quantile(values[known], np.linspace(0, 1, rest + 2)[1:-1], method="nearest")
    below = np.unique(np.concatenate([around, np.searchsorted(distinct, spread)]))
    return _between(distinct, below[(below >= 0) & (below < distinct.size - 1)])


def _between(distinct: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Points halfway between `distinct[below]` and the next value; never equal to the lower one."""
    low, high = distinct[below], distinct[below + 1]
    with np.errstate(over="ignore"):
        middle = low / 2 + high / 2
    # an infinite or rounded middle must still separate the two values
    return np.unique(np.where((middle > low) & (middle <= high) & np.isfinite(middle), middle, high))


def fit_cuts(
    X: np.ndarray, y: np.ndarray, rng: np.random.Generator, *, skip: np.ndarray, max_bins: int = 255
) -> list[np.ndarray | None]:
    """Cut points of each column (None for the skipped ones), from all events and at most 200,000 other rows."""
    rare = y if np.count_nonzero(y) * 2 <= y.size else ~y
    others = np.flatnonzero(~rare)
    if others.size > _SAMPLE:
        rows = np.concatenate([np.flatnonzero(rare), rng.choice(others, size=_SAMPLE, replace=False)])
        X, rare = X[rows], rare[rows]
    return [None if skip[j] else event_cuts(X[:, j], rare, max_bins=max_bins) for j in range(X.shape[1])]


def apply_cuts(X: np.ndarray, cuts: list[np.ndarray | None]) -> np.ndarray:
    """Number of the bin of each value, float32 (n, d), NaN where missing; columns without cuts are copied."""
    binned = np.empty(X.shape, dtype=np.float32)
    for j, points in enumerate(cuts):
        column = X[:, j]
        if points is None:
            binned[:, j] = column
            continue
        binned[:, j] = np.searchsorted(points, column, side="right")
        missing = np.isnan(column)
        if missing.any():
            binned[missing, j] = np.nan
    return binned
