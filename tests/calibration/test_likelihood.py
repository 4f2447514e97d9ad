"""The likelihood of a prevalence: its maximum and interval by brute force, alone and averaged over calibrations."""

import numpy as np
import pytest
from scipy.special import expit, ndtr
from scipy.stats import chi2

from rareclass.calibration.likelihood import FAR, PrevalenceLikelihood, pooled

SHARES = expit(np.linspace(-9, 3, 4001))


@pytest.fixture(scope="module")
def ratios():
    rng = np.random.default_rng(0)
    return 2.0 * (rng.normal(size=400) + 2.0 * (rng.random(400) < 0.1)) - 2.0


def curve(ratios):
    return np.log(SHARES[:, None] * np.exp(ratios) + 1 - SHARES[:, None]).sum(axis=1)


def test_maximum_and_interval_are_those_of_a_fine_grid(ratios):
    found, values = PrevalenceLikelihood(ratios[None], np.ones(400)), curve(ratios)
    assert expit(found.most_likely()[0]) == pytest.approx(SHARES[values.argmax()], rel=4e-3)
    inside = SHARES[values >= values.max() - chi2.ppf(0.9, 1) / 2]
    assert expit(found.interval(0.9)) == pytest.approx([inside[0], inside[-1]], rel=4e-3)


def test_several_calibrations_average_their_distributions(ratios):
    shifts = np.array([-0.5, 0.1, 0.4])
    low, high = PrevalenceLikelihood(ratios + shifts[:, None], np.ones(400)).interval(0.8)
    mean = np.zeros(SHARES.size)
    for s in shifts:
        values = curve(ratios + s)
        root = np.sqrt(2 * (values.max() - values)) * np.sign(SHARES - SHARES[values.argmax()])
        mean += ndtr(root) / 3
    assert expit([low, high]) == pytest.approx(np.interp([0.1, 0.9], mean, SHARES), rel=4e-3)


def test_rows_without_any_positive_reach_the_end():
    none = PrevalenceLikelihood(np.full((1, 50), -4.0), np.ones(50))
    assert none.most_likely()[0] == none.interval(0.95)[0] == -FAR
    assert PrevalenceLikelihood(np.full((1, 50), 4.0), np.ones(50)).most_likely()[0] == FAR


def test_pooled_rows_keep_weight_and_mean_and_nearly_the_answer(ratios):
    rng = np.random.default_rng(1)
    many, weight = rng.choice(ratios, 20_000) + rng.normal(0, 0.1, 20_000), rng.random(20_000)
    z, size = pooled(many, weight)
    assert z.size <= 100
    assert size.sum() == pytest.approx(weight.sum())
    assert size @ z == pytest.approx(weight @ many)
    whole, less = (PrevalenceLikelihood(v[None], w).most_likely()[0] for v, w in ((many, weight), (z, size)))
    assert less == pytest.approx(whole, abs=0.01)
