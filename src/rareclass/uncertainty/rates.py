"""Limits of a rate: exact binomial ones at the effective numbers of hits and of misses."""

import numpy as np
from scipy.special import ndtri, stdtrit

from rareclass.kernels.effective import share_limits, worth
from rareclass.kernels.intervals import blaker, clopper_pearson, logit_interval, wilson
from rareclass.uncertainty.named import Estimate
from rareclass.uncertainty.sample import Sample
from rareclass.uncertainty.spread import ends_on_scale, metric_spread

# design effect from which a rate is a mean over groups rather than a share of rows: then its t interval on the log-odds
# covers where binomial limits at the effective number of trials do not (precision in benchmarks/intervals.py)
_MOSTLY_BETWEEN = 2.0


def binomial_limits(sample: Sample, estimate: Estimate, level: float, method: str) -> tuple[float, float]:
    """Limits over independent rows by the `method` of a single proportion; Blaker's need whole numbers."""
    assert estimate.trials is not None
    hits, misses = estimate.trials.counted(sample)
    if method == "blaker" and hits.rows == round(hits.rows) and misses.rows == round(misses.rows):
        low, high = share_limits(hits, misses, lambda *counts: blaker(*(int(np.asarray(c)) for c in counts), level))
    else:
        one = {"wilson": wilson, "logit": lambda k, n, c: logit_interval(k / n, n, c)}.get(method, clopper_pearson)
        low, high = share_limits(hits, misses, lambda k, n: one(k, n, level))
    return float(low), float(high)


def grouped_limits(sample: Sample, estimate: Estimate, level: float) -> tuple[float, float]:
    """Limits over groups: Clopper and Pearson's at the counts divided by the design effect (Korn and Graubard)."""
    assert estimate.trials is not None
    assert sample.groups is not None
    among, p = estimate.trials.among, estimate.value
    hits, misses = estimate.trials.counted(sample)
    trials = worth(hits, misses)
    wide = (1.0, 0.0)
    if 0 < p < 1:
        spread = metric_spread(sample, estimate.influence, among=among)
        if spread.inflation > _MOSTLY_BETWEEN:
            wide = ends_on_scale(p, float(np.sqrt(spread.variance)), spread.quantile(level), estimate.scale)
        # the spread of rates over groups is near normal; the few-group correction is in the variance already
        freedom = int(sample.groups.max())
        ratio = (float(ndtri(0.5 + level / 2)) / float(stdtrit(freedom, 0.5 + level / 2))) ** 2
        left = min(p * (1 - p) / spread.variance, trials) * ratio
    else:
        left = min(trials, float(np.unique(sample.groups[among]).shape[0]))
    low, high = share_limits(hits, misses, lambda k, n: clopper_pearson(k, n, level), trials / left)
    return min(float(low), wide[0]), max(float(high), wide[1])
