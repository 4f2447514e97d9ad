import numpy as np
import pytest
from sklearn import metrics as sk

import rareclass.metrics as m


def cases(count=25):
    rng = np.random.default_rng(0)
    for _ in range(count):
        n = int(rng.integers(5, 60))
        y = rng.random(n) < 0.4
        y[:2] = [True, False]
        weight = rng.integers(0, 4, n).astype(float)
        weight[:2] = 1
        yield y, rng.integers(0, 8, n) / 8, weight


def test_values_agree_with_scikit_learn_with_ties_and_weights():
    for y, score, weight in cases():
        for more in ({}, {"sample_weight": weight}):
            assert m.average_precision_score(y, score, **more) == pytest.approx(
                sk.average_precision_score(y, score, **more)
            )
            assert m.roc_auc_score(y, score, **more) == pytest.approx(sk.roc_auc_score(y, score, **more))
            for limit in (0.05, 0.3, 1.0):
                expected = sk.roc_auc_score(y, score, max_fpr=limit, **more)
                assert m.partial_roc_auc_score(y, score, max_fpr=limit, **more) == pytest.approx(expected)


def test_average_precision_is_never_the_trapezoid():
    y = np.arange(1000) < 10
    assert m.average_precision_score(y, np.full(1000, 0.3)) == 0.01
    half = np.zeros(1000)
    half[:5] = 1
    assert m.average_precision_score(y, half) == pytest.approx(0.505)


def test_average_precision_at_another_prevalence_equals_reweighting_the_negatives():
    for y, score, _ in cases(20):
        wanted = 0.02
        odds = (1 - wanted) / wanted * y.sum() / (~y).sum()
        expected = m.average_precision_score(y, score, sample_weight=np.where(y, 1.0, odds))
        assert m.average_precision_at_prevalence(y, score, prevalence=wanted) == pytest.approx(expected)
        own = m.average_precision_at_prevalence(y, score, prevalence=float(y.mean()))
        assert own == pytest.approx(m.average_precision_score(y, score))


def test_weights_undo_the_sampling_of_negatives():
    rng = np.random.default_rng(3)
    n = 200_000
    y = rng.random(n) < 0.004
    score = rng.normal(size=n) + 2 * y
    truth = m.average_precision_score(y, score)
    kept = y | (rng.random(n) < 0.05)
    weight = np.where(y, 1.0, 20.0)[kept]
    unweighted = m.average_precision_score(y[kept], score[kept])
    weighted = m.average_precision_score(y[kept], score[kept], sample_weight=weight)
    assert unweighted > 2 * truth
    assert weighted == pytest.approx(truth, rel=0.1)


def test_unstandardised_partial_area_is_the_mean_recall():
    assert m.partial_roc_auc_score([0, 1], [0.1, 0.9], max_fpr=0.1, standardized=False) == 1.0
    chance = m.partial_roc_auc_score([0, 1] * 10, [0.5] * 20, max_fpr=0.1, standardized=False)
    assert chance == pytest.approx(0.05)
    assert m.partial_roc_auc_score([0, 1] * 10, [0.5] * 20, max_fpr=0.1) == pytest.approx(0.5)
