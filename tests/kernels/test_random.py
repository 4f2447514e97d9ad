import numpy as np
from scipy import stats

from rareclass.kernels.random import normal_from_key, normal_rows, seed_from, splitmix64, uniform_from_key


def test_uniform_numbers_are_the_published_splitmix64_stream():
    # Reference outputs of SplitMix64 started at 1234567 (Vigna's C code, Rosetta Code).
    outputs = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821]
    expected = [(value >> 11) * 2.0**-53 for value in outputs]
    assert uniform_from_key(1234567, np.arange(5)).tolist() == expected


def test_splitmix64_is_one_to_one_on_a_range():
    keys = np.arange(100_000, dtype=np.uint64)
    assert np.unique(splitmix64(keys)).size == keys.size


def test_numbers_depend_on_the_place_and_not_on_the_cut():
    whole = uniform_from_key(9, np.arange(1000))
    assert (uniform_from_key(9, np.array([7, 999, 0])) == whole[[7, 999, 0]]).all()
    rows = normal_rows(9, 0, 100, 3)
    assert (normal_rows(9, 40, 70, 3) == rows[40:70]).all()


def test_uniform_and_normal_numbers_follow_their_laws():
    # Kolmogorov-Smirnov at n = 200,000; each p-value below 1e-3 has that probability by chance.
    index = np.arange(200_000)
    assert stats.kstest(uniform_from_key(3, index), "uniform").pvalue > 1e-3
    assert stats.kstest(normal_from_key(4, index), "norm").pvalue > 1e-3


def test_streams_of_neighbouring_seeds_are_uncorrelated():
    a, b = uniform_from_key(10, np.arange(100_000)), uniform_from_key(11, np.arange(100_000))
    assert abs(np.corrcoef(a, b)[0, 1]) < 4 / np.sqrt(100_000)


def test_a_seed_from_a_generator_is_reproducible():
    assert seed_from(np.random.default_rng(1)) == seed_from(np.random.default_rng(1))
