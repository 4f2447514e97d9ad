"""What monitoring compares new rows with: quantiles and counts of every feature, and some of the events themselves."""

import numpy as np

from rareclass.kernels.evenly import evenly

EVENTS = "events"
MOST_EVENTS = 600
SHARES = np.concatenate([[0.0, 0.001, 0.01], np.linspace(0.02, 0.98, 49), [0.99, 0.999, 1.0]])
"""Of the values that are not missing, below which each quantile lies."""


def sketched(X: np.ndarray, y: np.ndarray, categorical: tuple[int, ...] = ()) -> dict[str, np.ndarray]:
    """Sketches of encoded training rows.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        NaN where missing.
    y : ndarray of shape (n,), bool
    categorical : tuple of int
        Columns of codes.

    Returns
    -------
    dict of arrays
        ``events`` (m, d) at most 600 events, spread evenly over the rows; ``shares`` (q,); ``quantiles`` and
        ``event_quantiles`` (d, q), NaN for columns of codes and without values; ``missing`` and ``event_missing`` (d,)
        shares; ``codes`` (c,) columns of codes, and ``code_begin`` (c + 1,), ``code_counts`` and ``event_code_counts``
        (l,) how often each code occurs; ``rows`` (2,) numbers of rows and of events.

    Examples
    --------
    >>> found = sketched(np.array([[0.0], [1.0], [np.nan]]), np.array([False, True, False]))
    >>> found["events"].tolist(), found["missing"].round(2).tolist()
    ([[1.0]], [0.33])
    """
    rows = np.flatnonzero(y)
    rows = rows[evenly(rows.size, MOST_EVENTS)]
    found = {EVENTS: X[rows], "shares": SHARES, "rows": np.array([y.size, np.count_nonzero(y)])}
    codes = np.array(categorical, dtype=np.int64)
    sizes = [int(np.nanmax(X[:, j], initial=-1)) + 1 for j in codes]
    found |= {"codes": codes, "code_begin": np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)}
    for mark, part in (("", X), ("event_", X[y])):
        found[f"{mark}quantiles"] = np.array(
            [np.full(SHARES.size, np.nan) if j in categorical else _quantiles(part[:, j]) for j in range(X.shape[1])]
        )
        found[f"{mark}missing"] = np.isnan(part).mean(axis=0) if part.size else np.full(X.shape[1], np.nan)
        counts = [_counts(part[:, j], size) for j, size in zip(codes, sizes)]
        found[f"{mark}code_counts"] = np.concatenate([np.empty(0, np.int64), *counts])
    return found


def _quantiles(values: np.ndarray) -> np.ndarray:
    known = values[~np.isnan(values)]
    # in order first: a partition by so many quantiles takes three times as long
    return np.quantile(np.sort(known), SHARES) if known.size else np.full(SHARES.size, np.nan)


def _counts(codes: np.ndarray, size: int) -> np.ndarray:
    return np.bincount(codes[~np.isnan(codes)].astype(np.int64), minlength=size)
