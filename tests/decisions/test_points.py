"""Operating points: resampled and thinned."""

import numpy as np
import pytest

from rareclass.decisions import FalsePositiveRateAtMost, threshold_interval
from rareclass.decisions.points import OperatingPoints
from rareclass.metrics.curve import ThresholdCurve


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    p = rng.beta(0.1, 5, 30_000)
    return rng.random(p.size) < p, p


def test_resampled_counts_equal_a_row_bootstrap_in_distribution():
    rng = np.random.default_rng(0)
    y, s = rng.random(200) < 0.2, rng.integers(0, 5, 200) / 5
    points = OperatingPoints.from_curve(ThresholdCurve.from_predictions(y, s))
    drawn = points.resample(4000, rng)
    assert (drawn.tp[:, 0] == 0).all()
    assert (drawn.tp[:, -1] == y.sum()).all()
    share = points.tp / points.positives
    assert np.allclose(drawn.tp.mean(axis=0), points.tp, atol=4 * np.sqrt(y.sum() / 4 / 4000))
    assert np.allclose(drawn.tp.var(axis=0), y.sum() * share * (1 - share), rtol=0.15, atol=0.05)


def test_thinned_points_keep_the_interval(rows):
    y, p = rows
    curve = ThresholdCurve.from_predictions(y, p)
    points = OperatingPoints.from_curve(curve)
    assert points.thin(2000).thresholds.size <= 2001
    assert points.thin(2000).tp[-1] == y.sum()
    low, high = threshold_interval(curve, FalsePositiveRateAtMost(0.05))
    assert low < FalsePositiveRateAtMost(0.05).choose(curve).threshold < high
