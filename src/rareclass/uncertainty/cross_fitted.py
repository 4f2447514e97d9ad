"""Intervals of a ranking whose scores come from several fits on the same rows."""

from dataclasses import replace

import numpy as np
from scipy.special import expit, logit

from rareclass.uncertainty.estimate import Interval

DIRECTIONS = 10.0
"""In how many independent directions a learner is taken to look for the signal (`benchmarks/noise.py`)."""


def cross_fitted(interval: Interval) -> Interval:
    """The interval of an area under the ROC curve, made wide enough for scores that are out of fold.

    Cross-fitting uses each pair of rows twice: one trains what scores the other, and the other way round. A learner
    that has found nothing shows the same product in both, so that the area varies twice as much as a fixed scorer's;
    for one that has found the signal, training hardly matters. With a signal of S squared standard errors, found
    among p directions, a share ``r = p / (S + p)`` of the variance counts twice, and what testing shows is
    ``z^2 = S (1 - r) = p (1 - r)^2 / r``, which gives r.

    Parameters
    ----------
    interval : Interval
        As of a fixed scorer, at the same scores.
    """
    centre, low, high = logit(np.clip([interval.estimate, interval.low, interval.high], 1e-9, 1 - 1e-9))
    half = (high - low) / 2
    if not half > 0:
        return interval
    z = max(centre, 0.0) / (half / 2)
    a = 1 + z**2 / (2 * DIRECTIONS)
    more = np.sqrt(1 + a - np.sqrt(a**2 - 1))
    ends = expit([centre - more * (centre - low), centre + more * (high - centre)])
    return replace(interval, low=float(ends[0]), high=float(ends[1]), method=f"{interval.method}, cross-fitted")
