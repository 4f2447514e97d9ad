import numpy as np
import pytest
from scipy import stats

import rareclass.metrics as m
from rareclass.errors import InputError

FOLDS = np.array([0.03, 0.01, 0.04, 0.02, 0.05, 0.0, 0.01, 0.03, 0.02, 0.04])


def test_corrected_t_test_inflates_the_variance_as_published():
    test = m.corrected_t_test(FOLDS, test_share=0.1)
    expected = FOLDS.mean() / np.sqrt((1 / 10 + 1 / 9) * FOLDS.var(ddof=1))
    assert test.statistic == pytest.approx(expected)
    assert test.p_value == pytest.approx(2 * stats.t.sf(expected, 9))
    assert test.low < test.mean < test.high
    plain = stats.ttest_1samp(FOLDS, 0)
    assert test.p_value > plain.pvalue


def test_bayesian_t_test_is_the_corrected_t_test_seen_the_other_way():
    verdict = m.bayesian_correlated_t_test(FOLDS, test_share=0.1)
    assert verdict.below == pytest.approx(m.corrected_t_test(FOLDS, test_share=0.1).p_value / 2)
    assert sum(verdict) == pytest.approx(1)
    rope = m.bayesian_correlated_t_test(FOLDS, test_share=0.1, rope=0.02)
    scale = np.sqrt((1 / 10 + 1 / 9) * FOLDS.var(ddof=1))
    posterior = stats.t(9, FOLDS.mean(), scale)
    assert rope == pytest.approx((posterior.cdf(-0.02), posterior.cdf(0.02) - posterior.cdf(-0.02), posterior.sf(0.02)))


def test_equal_differences_leave_no_doubt():
    assert m.bayesian_correlated_t_test([0.1, 0.1], test_share=0.5) == (0, 0, 1)
    assert m.bayesian_correlated_t_test([0.0, 0.0], test_share=0.5, rope=0.01) == (0, 1, 0)


def test_signed_rank_is_symmetric_and_decides_clear_cases():
    z = np.array([0.02, 0.05, 0.01, 0.04, 0.03, -0.01, 0.06, 0.02])
    up, down = m.bayesian_signed_rank(z), m.bayesian_signed_rank(-z)
    assert up.above > 0.95
    assert up.above == pytest.approx(down.below, abs=0.01)
    assert m.bayesian_signed_rank(z, rope=0.2).within > 0.99
    assert sum(m.bayesian_signed_rank(z, rope=0.02)) == pytest.approx(1)


def test_signed_rank_equals_a_direct_simulation():
    z = np.array([0.3, -0.1, 0.2, 0.5])
    rng = np.random.default_rng(1)
    padded = np.concatenate([[0], z])
    wins = 0
    for _ in range(4000):
        w = rng.dirichlet([0.5, 1, 1, 1, 1])
        above = sum(w[i] * w[j] for i in range(5) for j in range(5) if padded[i] + padded[j] > 0.2)
        below = sum(w[i] * w[j] for i in range(5) for j in range(5) if padded[i] + padded[j] < -0.2)
        wins += above > max(below, 1 - above - below)
    assert m.bayesian_signed_rank(z, rope=0.1).above == pytest.approx(wins / 4000, abs=0.03)


def test_false_alarms_of_the_corrected_test_stay_near_nominal_when_folds_overlap():
    # two noise learners on 10 folds whose differences correlate by 0.1 (the test share): 2,000 simulations,
    # nominal 5 %; the uncorrected test fires far more often
    rng = np.random.default_rng(0)
    shared = np.sqrt(0.1) * rng.normal(size=(2000, 1)) + np.sqrt(0.9) * rng.normal(size=(2000, 10))
    fired = np.mean([m.corrected_t_test(d, test_share=0.1).p_value < 0.05 for d in shared])
    plain = np.mean(stats.ttest_1samp(shared, 0, axis=1).pvalue < 0.05)
    assert fired < 0.05 + 2 * np.sqrt(0.05 * 0.95 / 2000)
    assert plain > 0.1


def test_bad_input_is_refused():
    for call in (
        lambda: m.corrected_t_test([0.1], test_share=0.1),
        lambda: m.corrected_t_test([0.1, np.nan], test_share=0.1),
        lambda: m.corrected_t_test([0.1, 0.2], test_share=1.0),
        lambda: m.bayesian_signed_rank([0.1, 0.2], rope=-1),
    ):
        with pytest.raises(InputError):
            call()
