"""Scales for distances, so that a column measured in cents does not outweigh one measured in years."""

import numpy as np
from scipy import sparse

from rareclass._types import Matrix


def column_scale(view: Matrix, how: str, n_numeric: int | None = None) -> np.ndarray:
    """Divisor of each column (d,): inter-quartile range ("robust") or standard deviation ("standard").

    A column without spread keeps scale 1; columns from `n_numeric` on (one-hot) are left alone. The one-hot height was
    chosen for a unit spread times the median spread, so after scaling it is brought to 1/sqrt(2) as well.
    """
    if sparse.issparse(view):
        mean = np.asarray(view.mean(axis=0)).ravel()
        spread = np.sqrt(np.maximum(np.asarray(view.multiply(view).mean(axis=0)).ravel() - mean**2, 0.0))
    else:
        spread = view.std(axis=0, dtype=np.float64)
        if how == "robust":
            low, high = np.percentile(view, [25, 75], axis=0)
            spread = np.where(high > low, (high - low) / 1.349, spread)
    spread = np.where(spread > 0, spread, 1.0)
    if n_numeric is not None and n_numeric < spread.size:
        height = view[:, n_numeric:].max(axis=0)
        spread[n_numeric:] = np.where(height > 0, height * np.sqrt(2.0), 1.0)
    return spread
