"""What was chosen among equals owes its lead to luck; what is surely the best owes it nothing."""

import numpy as np
import pytest

from rareclass.uncertainty import paired_difference
from rareclass.uncertainty.luck import joint_gains, luck_of_choice


def best(gains):
    return gains.argmax(axis=1)


def test_among_equals_the_whole_lead_of_the_best_is_luck_on_average():
    rng = np.random.default_rng(0)
    # four scorers whose gains have a common error of the default in them
    covariance = 0.01**2 * (np.eye(4) + 0.5)
    found = np.array(
        [
            (luck_of_choice(gains, covariance, best), gains.max())
            for gains in rng.multivariate_normal(np.zeros(4), covariance, size=300)
        ]
    )
    # the largest of four normal errors of standard deviation 0.01: 1.0294 of it
    assert found[:, 1].mean() == pytest.approx(0.010294, abs=3 * 0.0122 / np.sqrt(300))
    gap = found[:, 0] - found[:, 1]
    # a luck below 0 is shown as 0, so the mean may lie a little above
    assert -3 * gap.std() / np.sqrt(300) < gap.mean() < 0.002 + 3 * gap.std() / np.sqrt(300)


def test_two_rivals_have_a_closed_form():
    g, s = 0.8, 1.0  # a gain over the default, and its standard error; the best of two is taken

    def better(gains):
        return np.where(gains[:, 0] > 0, 0, -1)

    # left out: E[(g - d) 1(g + d > 0)] = g Phi(g/s) - s phi(g/s)
    phi, Phi = np.exp(-g * g / 2) / np.sqrt(2 * np.pi), 0.7881446
    expected = g - (g * Phi - s * phi)
    assert luck_of_choice(np.array([g]), np.array([[s * s]]), better) == pytest.approx(expected, abs=0.02)


def test_a_sure_winner_and_a_default_that_nobody_threatens_have_no_luck():
    small = np.eye(2) * 1e-6
    assert luck_of_choice(np.array([0.3, 0.1]), small, best) < 1e-4
    assert luck_of_choice(np.array([-0.3, -0.1]), small, lambda g: np.full(len(g), -1)) == 0.0


def test_the_covariance_of_gains_is_that_of_the_paired_differences():
    rng = np.random.default_rng(1)
    y = np.arange(6000) < 300
    scores = [rng.normal(size=6000) + k * y for k in (1.0, 1.2, 1.5)]
    gains, covariance = joint_gains("roc_auc", y, scores[0], scores[1:])
    for k in (0, 1):
        d = paired_difference("roc_auc", y, scores[k + 1], scores[0])
        assert gains[k] == pytest.approx(d.estimate, abs=1e-12)
        assert np.sqrt(covariance[k, k]) == pytest.approx((d.high - d.low) / 2 / 1.97, rel=0.02)
    assert covariance[0, 1] > 0  # both hold the error of the default


def test_groups_count_once_and_weights_only_against_each_other():
    rng = np.random.default_rng(2)
    y = np.arange(800) < 90
    scores = [rng.normal(size=800) + y, rng.normal(size=800) + 1.3 * y]
    alone = joint_gains("average_precision", y, scores[0], scores[1:])
    doubled = joint_gains("average_precision", y, scores[0], scores[1:], sample_weight=np.full(800, 2.0))
    for one, other in zip(alone, doubled, strict=True):
        np.testing.assert_allclose(one, other)
    thrice = [np.repeat(v, 3) for v in (y, *scores)]
    grouped = joint_gains("average_precision", thrice[0], thrice[1], thrice[2:], groups=np.arange(800).repeat(3))
    np.testing.assert_allclose(grouped[1], alone[1], rtol=0.03)  # ties are broken into steps: nearly the same
