import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from rareclass.kernels.bootstrap import bootstrap_average_precision, compress
from rareclass.kernels.thresholds import threshold_counts


def data(n=400, events=30, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) < events
    return y, np.round(rng.normal(size=n) + 1.5 * y, 1)


def test_compressing_keeps_average_precision():
    y, score = data()
    _, tp, fp = threshold_counts(y, score)
    gained, lost = compress(tp, fp)
    t, f = np.cumsum(gained), np.cumsum(lost)
    assert (t[-1], f[-1]) == (tp[-1], fp[-1])
    value = np.sum(gained[:-1] * t[:-1] / (t[:-1] + f[:-1])) / t[-1]
    assert value == pytest.approx(average_precision_score(y, score))


@pytest.mark.parametrize("stratified", [False, True])
def test_resampled_counts_have_the_distribution_of_resampled_rows(stratified):
    y, score = data()
    rng = np.random.default_rng(1)
    slow = []
    for _ in range(500):
        if stratified:
            rows = np.concatenate([rng.choice(np.flatnonzero(y), y.sum()), rng.choice(np.flatnonzero(~y), (~y).sum())])
        else:
            rows = rng.integers(y.size, size=y.size)
        slow.append(average_precision_score(y[rows], score[rows]))
    _, tp, fp = threshold_counts(y, score)
    fast, empty = bootstrap_average_precision(tp, fp, 4000, rng, stratified=stratified)
    assert empty == 0
    error = np.std(slow) * np.sqrt(1 / 500 + 1 / 4000)
    assert abs(np.mean(fast) - np.mean(slow)) < 4 * error
    assert np.std(fast) == pytest.approx(np.std(slow), rel=0.12)


def test_resamples_without_positives_are_counted():
    _, tp, fp = threshold_counts(np.arange(50) < 1, np.arange(50.0))
    values, empty = bootstrap_average_precision(tp, fp, 2000, np.random.default_rng(0))
    assert np.isnan(values).sum() == empty
    assert empty / 2000 == pytest.approx((1 - 1 / 50) ** 50, abs=0.04)


def test_the_seed_decides_the_resamples():
    _, tp, fp = threshold_counts(*data())
    one, two = (bootstrap_average_precision(tp, fp, 50, np.random.default_rng(3))[0] for _ in range(2))
    np.testing.assert_array_equal(one, two)
