"""Ranking intervals of out-of-fold scores: as wide as refitting makes the numbers vary."""

import numpy as np
import pytest
from scipy.special import logit

from rareclass.data import make_splits
from rareclass.metrics import confidence_interval
from rareclass.uncertainty.cross_fitted import cross_fitted
from rareclass.uncertainty.estimate import Interval


def half(interval):
    return (logit(interval.high) - logit(interval.low)) / 2


def test_the_variance_doubles_at_chance_and_below_and_stays_where_the_signal_is_found():
    for estimate in (0.5, 0.42):
        plain = Interval(estimate, estimate - 0.1, estimate + 0.1)
        assert half(cross_fitted(plain)) == pytest.approx(np.sqrt(2) * half(plain))
    strong = Interval(0.9, 0.89, 0.91)
    assert half(cross_fitted(strong)) == pytest.approx(half(strong), rel=0.01)
    # z^2 = 10 (1 - r)^2 / r at r = 1/2: z^2 = 5, half of the variance counts twice
    centre, z = 0.4, np.sqrt(5)
    medium = Interval(*(1 / (1 + np.exp(-v)) for v in (centre, centre - 2 * centre / z, centre + 2 * centre / z)))
    assert half(cross_fitted(medium)) == pytest.approx(np.sqrt(1.5) * half(medium))


def test_an_undefined_interval_stays():
    unknown = Interval(np.nan, np.nan, np.nan, method="undefined")
    assert cross_fitted(unknown) is unknown


@pytest.mark.parametrize("events", [15, 60])
def test_it_covers_one_half_where_there_is_nothing_to_learn(events):
    # the direction between the class means, in five folds; a fixed scorer's interval holds one half in 0.85 to 0.87
    rows, held, wider = 25 * events, 0, 0
    runs = 300
    for seed in range(runs):
        rng = np.random.default_rng([events, seed])
        y, X = np.arange(rows) < events, rng.normal(size=(rows, 4))
        score = np.empty(rows)
        for train, test in make_splits(y, folds=5, seed=seed):
            score[test] = X[test] @ (X[train][y[train]].mean(axis=0) - X[train][~y[train]].mean(axis=0))
        plain = confidence_interval("roc_auc", y, score)
        held += 0.5 in plain
        wider += 0.5 in cross_fitted(plain)
    assert held / runs < 0.9
    assert wider / runs >= 0.95 - 2 * np.sqrt(0.95 * 0.05 / runs)  # nominal less two standard errors
