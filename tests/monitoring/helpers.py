"""Cohorts made by hand."""

import numpy as np

from rareclass.monitoring.chance import row_keys
from rareclass.monitoring.cohorts import Cohort


def cohort(day, y, *, alert=None, probability=None, weight=None, slices=None, distance=None, places=None, first=0):
    """A matured day of rows with these labels (1, 0, -1); ids, by which chance is dealt, count on from `first`."""
    y = np.asarray(y, dtype=np.int8)
    n = y.size

    def or_full(values, default):
        return np.full(n, default) if values is None else np.asarray(values)

    return Cohort(
        day=day,
        key=row_keys(range(first + day * 10_000, first + day * 10_000 + n)),
        probability=or_full(probability, 0.1),
        alert=or_full(alert, False),
        y=y,
        weight=or_full(weight, 1.0),
        slices=or_full(slices, "").astype(object),
        distance=or_full(distance, np.nan),
        places=np.empty((n, 0), dtype=np.uint8) if places is None else places,
    )
