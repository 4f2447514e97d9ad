"""How many events a fit expects on rows that it does not know, read from what it says of the rows that it knows."""

from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq

_FARTHEST = 5.0
Means = tuple[float, float]
"""Mean probability of events and of other rows, or what else there is of each."""


def class_means(probability: np.ndarray, y: np.ndarray, weight: np.ndarray) -> Means:
    """Mean probabilities of the rows (n,) that are events, and of the others; both kinds have weight."""
    events, others = (float(np.average(probability[rows], weights=weight[rows])) for rows in (y, ~y))
    return events, others


def expected_as_observed(means: Callable[[float], Means], *, fades: Means, weights: Means, wanted: float) -> float:
    """What to add to log-odds of a fit so that on new rows it expects `wanted` events.

    What other fits learnt of the intercept is off for a fit on more rows, which is surer or less wild: by up to a
    factor of 1.9 where a user asked for large trees without a penalty (`benchmarks/standalone.py`), by 5 to 20 % for
    arms whose calibration comes from the fits of the folds (`benchmarks/expected_events.py`).

    Parameters
    ----------
    means : callable
        Mean probabilities of the rows that the fit was fitted on, by class, when so much (nats) is added. They flatter:
        events get too much, the others too little.
    fades : (float, float)
        Mean probability of rows that a fit does not know over that of rows that it was fitted on, by class.
    weights : (float, float)
        Weight of each class in the rows on which `wanted` are expected.

    Returns
    -------
    float
        0 where nothing within 5 nats brings it about.
    """

    def too_many(shift: float) -> float:
        return sum(n * f * m for n, f, m in zip(weights, fades, means(shift), strict=True)) - wanted

    if too_many(-_FARTHEST) >= 0 or too_many(_FARTHEST) <= 0:
        return 0.0
    return float(brentq(too_many, -_FARTHEST, _FARTHEST, xtol=1e-6))
