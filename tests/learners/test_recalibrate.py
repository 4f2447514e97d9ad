"""Log-odds made honest: intercept and slope, floor, and the flattery of fitted rows."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit

from rareclass.kernels.logits import floored_logit
from rareclass.learners._recalibrate import fade, own_scale, recalibrate


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


def test_a_scale_is_found_whatever_factor_it_takes_and_nothing_is_made_of_noise():
    rng = np.random.default_rng(8)
    truth = rng.normal(-3, 1.5, size=4000)
    y = rng.uniform(size=4000) < expit(truth)
    about, ones = truth + 3, np.ones(4000)
    for factor in (0.02, 0.1, 1.0, 5.0):
        found = own_scale(factor * about, y, weight=ones, offset=np.full(4000, 0.7))
        # about 300 events: the slope is known to 5 %
        assert factor * found == pytest.approx(1.0, abs=0.2)
    few = slice(0, 150)
    noise = own_scale(0.05 * rng.normal(size=150), y[few], weight=ones[few], offset=np.zeros(150))
    assert 0.3 < noise < 3
    # an order upside down is no order
    assert 0 < own_scale(-about, y, weight=ones, offset=np.zeros(4000)) < 0.1


def test_a_scale_is_the_most_likely_one_under_its_prior():
    rng = np.random.default_rng(9)
    z = rng.normal(size=120)
    y = rng.uniform(size=120) < expit(2 * z - 2)
    weight, offset = rng.uniform(0.5, 2, size=120), rng.normal(size=120)

    def loss(at):
        u = at[0] + np.exp(at[1]) * z + offset
        return float(weight @ (np.logaddexp(0, u) - y * u)) + at[1] ** 2 / 2

    best = minimize(loss, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12}).x
    assert own_scale(z, y, weight=weight, offset=offset) == pytest.approx(np.exp(best[1]), rel=1e-4)
