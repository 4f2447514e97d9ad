"""Observed over expected and the slope, with their intervals."""

import numpy as np
import pytest

from rareclass.calibration import check_calibration
from rareclass.kernels.logits import sigmoid


def draw(events, prevalence=0.05, seed=0):
    rng = np.random.default_rng(seed)
    z = rng.normal(-4.5, 1.7, int(events / prevalence))
    z += np.log(prevalence) - np.log(sigmoid(z).mean())
    return z, rng.random(z.size) < sigmoid(z)


def test_interval_of_observed_to_expected_and_slope_cover():
    large = slope = 0
    for seed in range(200):
        z, y = draw(40, seed=seed)
        found = check_calibration(z, y)
        large += found.in_the_large
        slope += found.in_the_slope
    assert large >= 184
    assert slope >= 184


def test_slope_of_overconfident_scores_is_the_inverse_of_the_stretch():
    z, y = draw(3000)
    assert check_calibration(2 * z, y).slope == pytest.approx(0.5, abs=0.03)
    assert np.isnan(check_calibration(np.zeros(10), np.arange(10) == 0).slope)
    assert check_calibration(np.zeros(10), np.arange(10) == 0).in_the_slope


def test_check_counts_weights_as_rows():
    z, y = draw(40)
    z = z.round(1)
    w = np.random.default_rng(0).integers(1, 4, z.size)
    weighted, repeated = check_calibration(z, y, sample_weight=w), check_calibration(np.repeat(z, w), np.repeat(y, w))
    for name, value in weighted.to_dict().items():
        assert value == pytest.approx(repeated.to_dict()[name], rel=1e-9)
