"""Log-odds made honest: intercept and slope, floor, and the flattery of fitted rows."""

import numpy as np
import pytest
from scipy.special import expit

from rareclass.kernels.logits import floored_logit
from rareclass.learners._recalibrate import fade, recalibrate


def test_recalibration_finds_a_known_intercept_and_slope():
    rng = np.random.default_rng(7)
    truth = rng.normal(-3, 2, size=60_000)
    y = rng.uniform(size=60_000) < expit(truth)
    found = recalibrate(truth / 0.7 + 1.0, y, weight=np.ones(60_000), offset=0.0)
    # the prior of the slope is worth a few events of several thousand
    assert found.slope == pytest.approx(0.7, abs=0.03)
    assert found.intercept == pytest.approx(-0.7, abs=0.12)
    flipped = recalibrate(-truth, y, weight=np.ones(60_000), offset=0.0)
    assert flipped.slope == 0.0


def test_floored_votes_are_finite_and_keep_the_order():
    votes = np.array([0.0, 1e-9, 0.3, 1.0])
    score = floored_logit(votes, 1e-4)
    assert np.isfinite(score).all()
    assert (np.diff(score) > 0).all()


def test_fading_is_the_ratio_of_unseen_to_seen_means_scaled_to_the_rows():
    unseen, weight = np.array([0.2, 0.4]), np.array([1.0, 3.0])
    seen = np.array([[0.5, np.nan], [np.nan, 0.6], [0.7, 0.8]])
    ratio = (0.2 + 3 * 0.4) / 4 / ((0.5 + 0.7 + 3 * (0.6 + 0.8)) / 8)
    assert fade(unseen, seen, weight=weight, share=1.0) == pytest.approx(ratio)
    assert fade(unseen, seen, weight=weight, share=0.5) == pytest.approx(ratio**0.5)
