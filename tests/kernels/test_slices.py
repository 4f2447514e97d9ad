import itertools

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import brentq

from rareclass.kernels.logits import sigmoid
from rareclass.kernels.slices import (
    LEAST_PRIOR,
    heterogeneity,
    holm,
    likelihood_ratio,
    prior_events,
    shrunk_shifts,
    slice_p_values,
    slices_differ,
)


def test_the_prior_is_that_of_the_negative_binomial_likelihood():
    rng = np.random.default_rng(0)
    expected = rng.uniform(2, 60, 40)
    observed = rng.poisson(expected * rng.gamma(2.0, 0.5, 40)).astype(float)
    found = prior_events(observed, expected)

    means = np.geomspace(0.5, 2, 400)[:, None]

    def likelihood(a):
        return stats.nbinom.logpmf(observed, a, a / (a + means * expected)).sum(axis=1).max()

    grid = np.geomspace(LEAST_PRIOR, 50, 600)
    assert found == pytest.approx(grid[np.argmax([likelihood(a) for a in grid])], rel=0.01)


def test_slices_are_alike_around_a_mean_of_their_own():
    """Sixty small slices that hold twice what is expected, beside one that holds less: they do not differ by 1."""
    observed, expected = np.append(np.full(60, 20.0), 400.0), np.append(np.full(60, 10.0), 1000.0)
    assert prior_events(observed, expected) > 20
    assert prior_events(2 * expected, expected) == np.inf


def test_slices_that_are_as_expected_vary_by_nothing():
    assert prior_events(np.full(20, 10.0), np.full(20, 10.0)) == np.inf
    assert shrunk_shifts(np.zeros(4), np.ones(4), np.array([0, 0, 1, 1]), np.ones(2), np.inf).tolist() == [0, 0]


@pytest.mark.parametrize("centre", [-7.0, -0.5])
def test_a_shift_solves_its_penalised_likelihood(centre):
    rng = np.random.default_rng(1)
    z, weight, number = rng.normal(centre, 1.5, 900), rng.uniform(0.5, 2, 900), rng.integers(0, 3, 900)
    observed, prior = np.array([0.0, 3.0, 150.0]), 1.7
    found = shrunk_shifts(z, weight, number, observed, prior)
    mean = np.exp(found).mean()
    assert weight @ sigmoid(z + found[number]) == pytest.approx(153)
    for s in range(3):
        rows = number == s

        def gap(b, rows=rows, s=s):
            return weight[rows] @ sigmoid(z[rows] + b) + prior * (np.exp(b) / mean - 1) - observed[s]

        assert found[s] == pytest.approx(brentq(gap, -30, 30, xtol=1e-12), abs=1e-6)


def test_where_events_are_rare_the_ratio_is_the_posterior_mean_of_a_gamma():
    z, number = np.full(40_000, -9.0), np.repeat([0, 1], 20_000)
    expected, observed, prior = 20_000 * sigmoid(np.array(-9.0)), np.array([0.0, 12.0]), 3.0
    found = np.exp(shrunk_shifts(z, np.ones(z.size), number, observed, prior))
    np.testing.assert_allclose(found, (observed + prior) / (expected + prior / found.mean()), rtol=2e-3)


@pytest.mark.parametrize("prior", [0.5, 30.0, 9e4])
@pytest.mark.parametrize("low", [-12.0, -1.0, 6.0])
def test_all_slices_together_expect_what_was_observed(prior, low):
    """However unequal in size, and however far the probabilities are off."""
    rng = np.random.default_rng(4)
    number = np.repeat(np.arange(40), np.geomspace(1, 3000, 40).astype(int))
    z, observed = rng.normal(low, 2, number.size), np.bincount(number, rng.random(number.size) < 0.1)
    found = shrunk_shifts(z, np.ones(z.size), number, observed, prior)
    assert sigmoid(z + found[number]).sum() == pytest.approx(observed.sum(), rel=1e-6)


def test_the_test_of_all_slices_is_that_of_every_possible_table():
    """Against the exact distribution: all ways in which six events can fall into three slices."""
    expected, observed = np.array([1.0, 2.0, 3.0]), np.array([4.0, 1.0, 1.0])
    ways = np.array([w for w in itertools.product(range(7), repeat=3) if sum(w) == 6], dtype=float)
    chance = stats.multinomial.pmf(ways, 6, expected / 6)
    far = likelihood_ratio(ways, expected) >= likelihood_ratio(observed, expected) - 1e-9
    assert heterogeneity(observed, expected, draws=20_000) == pytest.approx(chance[far].sum(), abs=0.01)


@pytest.mark.parametrize(("slices", "events"), [(2, 5), (10, 20), (300, 30)])
def test_the_test_of_all_slices_holds_its_level_with_few_events(slices, events):
    rng, runs = np.random.default_rng(2), 300
    expected = events * rng.dirichlet(np.ones(slices))
    found = [heterogeneity(rng.poisson(expected).astype(float), expected, draws=199, seed=s) for s in range(runs)]
    assert np.mean(np.array(found) <= 0.05) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / runs)


def test_p_values_of_slices_are_exact_binomial_ones_after_holm():
    observed, expected = np.array([9.0, 2.0, 0.0, 4.0]), np.array([3.0, 4.0, 5.0, 3.0])
    share = expected / expected.sum()
    tails = np.minimum(stats.binom.cdf(observed, 15, share), stats.binom.sf(observed - 1, 15, share))
    np.testing.assert_allclose(slice_p_values(observed, expected), holm(np.minimum(2 * tails, 1)), rtol=1e-9)


def test_one_slice_that_surely_differs_shows_in_the_test_of_all():
    """Among many others as expected, where the likelihood ratio of all does not see it."""
    observed, expected = np.append(np.tile([0.0, 1, 2], 100), 14.0), np.append(np.ones(300), 2.0)
    assert heterogeneity(observed, expected) > 0.05
    together, each = slices_differ(observed, expected)
    assert together < 0.01
    assert each[-1] < 0.01
    assert each.min() >= together


@pytest.mark.parametrize(("slices", "events"), [(3, 60), (40, 30)])
def test_both_tests_hold_their_level_together(slices, events):
    rng, runs = np.random.default_rng(5), 300
    expected = events * rng.dirichlet(np.ones(slices))
    found = [slices_differ(rng.poisson(expected).astype(float), expected)[0] for _ in range(runs)]
    assert np.mean(np.array(found) < 0.05) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / runs)


def test_one_slice_or_no_event_shows_no_difference():
    assert heterogeneity(np.array([3.0]), np.array([2.0])) == 1.0
    assert heterogeneity(np.zeros(3), np.ones(3)) == 1.0
    assert slice_p_values(np.zeros(2), np.ones(2)).tolist() == [1.0, 1.0]
