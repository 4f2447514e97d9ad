"""Samples of fixed size: their number, and the probability of each row."""

import numpy as np
import pytest

from rareclass.kernels.inclusion import keep_factor, systematic


def test_systematic_sampling_has_a_fixed_size():
    rng = np.random.default_rng(0)
    chance = rng.random(50)
    chance *= 20 / chance.sum()
    chance = np.minimum(chance, 1)
    total = chance.sum()
    sizes = {systematic(np.arange(50), chance, rng).size for _ in range(200)}
    assert sizes <= {int(np.floor(total)), int(np.ceil(total))}


def test_a_whole_sum_is_the_number_of_rows():
    rng = np.random.default_rng(1)
    for wanted in (1, 7, 49):
        weight = rng.pareto(1.0, 50) + 0.01
        chance = np.minimum(1.0, weight * keep_factor(weight, wanted))
        assert {systematic(np.arange(50), chance, rng).size for _ in range(300)} == {wanted}


def test_each_row_comes_with_its_probability():
    """Each of 8 rows to 4.5 standard errors: a right sampler fails at 6e-5."""
    chance, rng = np.array([0.1, 0.9, 0.5, 1.0, 0.3, 0.2, 0.6, 0.4]), np.random.default_rng(2)
    came = sum(np.bincount(systematic(np.arange(8), chance, rng), minlength=8) for _ in range(4000)) / 4000
    assert (np.abs(came - chance) <= 4.5 * np.sqrt(chance * (1 - chance) / 4000)).all()


@pytest.mark.parametrize("wanted", [1.0, 7.5, 19.0, 20.0])
def test_the_factor_reaches_the_sum(wanted):
    weight = np.random.default_rng(0).pareto(1.0, 20) + 0.01
    assert np.minimum(1, weight * keep_factor(weight, wanted)).sum() == pytest.approx(wanted)
