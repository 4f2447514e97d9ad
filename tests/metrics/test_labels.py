import numpy as np
import pytest
from sklearn import metrics as sk

import rareclass.metrics as m
from rareclass.errors import InputError, TargetError, UndefinedWarning


def test_values_agree_with_scikit_learn_for_two_and_more_classes():
    rng = np.random.default_rng(0)
    for _ in range(25):
        n, k = int(rng.integers(6, 40)), int(rng.integers(2, 5))
        y, p = rng.integers(0, k, n), rng.integers(0, k, n)
        y[:k] = np.arange(k)
        for more in ({}, {"sample_weight": rng.integers(1, 4, n)}):
            for name in ("matthews_corrcoef", "balanced_accuracy_score", "cohen_kappa_score"):
                assert getattr(m, name)(y, p, **more) == pytest.approx(getattr(sk, name)(y, p, **more)), name
            if k == 2:
                for name in ("precision_score", "recall_score", "f1_score", "jaccard_score"):
                    expected = getattr(sk, name)(y, p, zero_division=0, **more)
                    assert getattr(m, name)(y, p, zero_division=0, **more) == pytest.approx(expected), name
                assert m.fbeta_score(y, p, beta=2, zero_division=0, **more) == pytest.approx(
                    sk.fbeta_score(y, p, beta=2, zero_division=0, **more)
                )
                assert m.accuracy_score(y, p, **more) == pytest.approx(sk.accuracy_score(y, p, **more))


def test_likelihood_ratios_agree_with_scikit_learn():
    y, p = [0, 1, 1, 0, 1, 0, 0], [1, 1, 0, 0, 1, 0, 0]
    assert tuple(m.likelihood_ratios(y, p)) == pytest.approx(sk.class_likelihood_ratios(y, p))


def test_undefined_is_nan_with_a_reason_and_zero_division_says_otherwise():
    with pytest.warns(UndefinedWarning, match="no row is flagged"):
        assert np.isnan(m.precision_score([0, 1], [0, 0]))
    assert m.precision_score([0, 1], [0, 0], zero_division=0.0) == 0
    with pytest.warns(UndefinedWarning, match="neither positives nor alerts"):
        assert np.isnan(m.f1_score([0, 0], [0, 0]))
    assert m.f1_score([0, 1], [0, 0]) == 0
    assert m.matthews_corrcoef([0, 1], [0, 0]) == 0


def test_counts_are_whole_numbers_and_boolean_decisions_mean_flagged():
    counts = m.confusion_counts(np.array(["ok", "fraud", "ok"]), np.array([True, True, False]), pos_label="fraud")
    assert counts == (1, 1, 0, 1)
    assert all(isinstance(c, int) for c in counts)


def test_one_class_against_the_rest():
    y, p = ["a", "b", "c", "c"], ["c", "b", "c", "a"]
    assert m.recall_score(y, p, pos_label="c") == 0.5
    with pytest.raises(TargetError, match="pos_label"):
        m.recall_score(y, p)


def test_labels_that_the_truth_does_not_know_are_refused():
    with pytest.raises(InputError, match="does not"):
        m.precision_score(["ok", "fraud"], ["ok", "frued"], pos_label="fraud")


def test_f_beta_needs_a_positive_beta():
    with pytest.raises(InputError, match="beta"):
        m.fbeta_score([0, 1], [0, 1], beta=0)
