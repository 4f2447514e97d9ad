"""Keys, the count test and the recursion."""

import hashlib

import numpy as np
import pytest
from scipy.stats import hypergeom, kstest, norm

from rareclass.monitoring.chance import added, count_z, normal_bets, row_keys, uniform


def test_keys_hang_on_the_id_only():
    whole = [0, 7, 10**18 - 1, 10**18, 2**63 - 1]
    keys = row_keys(np.array(whole)).tolist()
    assert keys == row_keys(whole).tolist() == row_keys(list(map(str, whole))).tolist()
    assert keys[:3] == row_keys(np.array(whole[:3], dtype=np.uint64)).tolist()
    assert row_keys(["7"])[0] == row_keys([7.0])[0] == row_keys(np.array(["7"]))[0]
    texts = ["007", "-7", "7 ", "\u0667", "\u00b2", "", "a7", "7"]
    assert len(set(row_keys(texts).tolist())) == len(texts)
    assert row_keys([-7])[0] == row_keys(np.array([-7]))[0] == row_keys(texts)[1]
    expected = int.from_bytes(hashlib.blake2b(b"a7", digest_size=8).digest(), "little")
    assert int(row_keys(["a7"])[0]) == expected
    assert row_keys([]).size == row_keys(np.array([], dtype=int)).size == 0


def test_numbers_are_mixed_as_splitmix64_does():
    # the first output of seed 0 is the mix of 0x9E3779B97F4A7C15 (Steele, Lea & Flood 2014; Vigna's splitmix64.c)
    assert uniform(np.array([0], dtype=np.uint64), 0)[0] == ((0xE220A8397B1DCDAF >> 11) + 0.5) / 2**53


def test_numbers_of_keys_are_uniform_and_differ_between_streams():
    keys = row_keys(range(4000))
    first, second = uniform(keys, 1), uniform(keys, 2)
    assert kstest(first, "uniform").pvalue > 0.01
    assert abs(np.corrcoef(first, second)[0, 1]) < 4 / np.sqrt(4000)


def test_the_count_score_is_the_randomised_hypergeometric_tail():
    law = hypergeom(120, 28, 20)
    for hits in (0, 4, 8, 15):
        tail = law.sf(hits) + 0.3 * law.pmf(hits)
        assert count_z(hits, 20, 28 - hits, 100, 0.3) == pytest.approx(-norm.ppf(tail), rel=1e-6)


def test_count_scores_of_days_that_join_the_pool_are_independent_and_normal():
    rng = np.random.default_rng(1)
    z = []
    for _ in range(150):
        pool = np.array([rng.binomial(100, 0.2), 100])
        for _ in range(20):
            n = int(rng.integers(1, 40))
            hits = int(rng.binomial(n, 0.2))
            z.append(count_z(hits, n, *pool, rng.random()))
            pool += hits, n
    assert kstest(z, "norm").pvalue > 0.01
    z = np.reshape(z, (150, 20))
    assert abs(np.mean(z[:, 1:] * z[:, :-1])) < 3 / np.sqrt(150 * 19)


def test_the_recursion_on_logarithms_is_that_of_the_paper():
    state, plain = np.full(2, -np.inf), np.zeros(2)
    for z in (0.3, -1.0, 2.0):
        log_e = normal_bets(z, np.array([0.5, 2.0]))
        state, plain = added(state, log_e), (1 + plain) * np.exp(log_e)
    assert np.exp(state) == pytest.approx(plain)


def test_false_alarms_within_a_year_keep_the_bound():
    # P(max S >= A within n days) <= n / A; the bets have mean 1
    rng = np.random.default_rng(2)
    sizes, runs, days, threshold = np.array([0.5, 1.0, 2.0]), 2000, 100, 1000.0
    state, alarm = np.full((runs, 3), -np.inf), np.zeros(runs, dtype=bool)
    for _ in range(days):
        z = rng.normal(size=(runs, 1))
        state = added(state, sizes * z - sizes**2 / 2)
        alarm |= np.exp(state).mean(axis=1) >= threshold
    assert alarm.mean() <= days / threshold + 2 * np.sqrt(0.1 * 0.9 / runs)
