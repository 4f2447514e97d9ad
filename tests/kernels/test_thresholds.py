import numpy as np
import pytest

from rareclass.kernels.thresholds import threshold_counts


def brute_force(y, score, weight):
    weight = np.ones(y.size) if weight is None else weight
    cuts = np.concatenate([[np.inf], np.unique(score)[::-1]])
    tp = [weight[y & (score >= c)].sum() for c in cuts]
    fp = [weight[~y & (score >= c)].sum() for c in cuts]
    return cuts, np.array(tp), np.array(fp)


@pytest.mark.parametrize("weighted", [False, True])
def test_counts_equal_brute_force_on_small_cases_with_ties(weighted):
    rng = np.random.default_rng(0)
    for _ in range(300):
        n = int(rng.integers(1, 30))
        y = rng.random(n) < rng.random()
        score = rng.integers(-3, 4, n) / 2.0
        weight = rng.random(n) if weighted else None
        for got, expected in zip(threshold_counts(y, score, weight), brute_force(y, score, weight)):
            np.testing.assert_allclose(got, expected, rtol=1e-12, atol=0)


def test_counts_are_whole_numbers_without_weights_and_sums_with_them():
    y, score = np.array([True, False]), np.array([1.0, 0.0])
    _, tp, fp = threshold_counts(y, score)
    assert tp.dtype == fp.dtype == np.int64
    _, tp, fp = threshold_counts(y, score, np.array([0.5, 0.25]))
    assert (tp.tolist(), fp.tolist()) == ([0.0, 0.5, 0.5], [0.0, 0.0, 0.25])


def test_plus_and_minus_zero_are_one_threshold():
    cuts, tp, fp = threshold_counts(np.array([True, False]), np.array([0.0, -0.0]))
    assert (cuts.size, tp[-1], fp[-1]) == (2, 1, 1)


def test_sums_of_ten_million_weights_keep_their_digits():
    n = 2_000_000
    weight = np.full(n, 0.1)
    _, tp, _ = threshold_counts(np.ones(n, dtype=bool), np.arange(n, dtype=float), weight)
    assert tp[-1] == pytest.approx(n * 0.1, rel=1e-15)


def test_input_is_not_modified():
    y, score = np.array([True, False, True]), np.array([0.2, 0.9, 0.1])
    threshold_counts(y, score)
    assert score.tolist() == [0.2, 0.9, 0.1]
    assert y.tolist() == [True, False, True]
