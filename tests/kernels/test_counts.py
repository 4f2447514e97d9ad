from fractions import Fraction

import numpy as np
import pytest
from sklearn import metrics as sk

from rareclass.kernels import counts


def test_matthews_does_not_overflow_where_integers_do():
    assert float(counts.matthews(90_000, 100_000, 80_000, 100_000_000)) == pytest.approx(0.499878375718920, abs=1e-14)
    huge = np.array([5 * 10**8], dtype=np.int64)
    assert float(counts.matthews(huge, huge, huge, huge)[0]) == 0.0
    assert float(counts.matthews(10**9, 0, 0, 10**12)) == pytest.approx(1.0)


def test_values_agree_with_scikit_learn_over_all_small_tables():
    pairs = {
        "precision": lambda y, p: sk.precision_score(y, p, zero_division=np.nan),
        "recall": lambda y, p: sk.recall_score(y, p, zero_division=np.nan),
        "specificity": lambda y, p: sk.recall_score(1 - y, 1 - p, zero_division=np.nan),
        "f1": lambda y, p: sk.f1_score(y, p, zero_division=np.nan),
        "accuracy": sk.accuracy_score,
        "matthews_corrcoef": sk.matthews_corrcoef,
        "kappa": sk.cohen_kappa_score,
    }
    for tp in (0, 1, 3):
        for fp in (0, 2):
            for fn in (0, 1, 4):
                for tn in (1, 5):
                    if tp + fn == 0:
                        continue
                    y = np.repeat([1, 0, 1, 0], [tp, fp, fn, tn])
                    p = np.repeat([1, 1, 0, 0], [tp, fp, fn, tn])
                    for name, expected in pairs.items():
                        got = float(counts.OF_COUNTS[name](tp, fp, fn, tn))
                        assert got == pytest.approx(expected(y, p), nan_ok=True, abs=1e-12), (name, tp, fp, fn, tn)


def test_undefined_is_nan_without_a_warning():
    for function in (counts.precision, counts.recall, counts.f_beta):
        assert np.isnan(function(0, 0, 0, 5))
    assert np.isnan(counts.matthews(0, 1, 0, 5))
    assert counts.matthews(0, 0, 3, 5) == 0


def test_g_mean_and_youden_have_their_definitions():
    assert float(counts.geometric_mean(8, 10, 2, 90)) == pytest.approx(np.sqrt(0.8 * 0.9))
    assert float(counts.youden(8, 10, 2, 90)) == pytest.approx(0.7)
    assert float(counts.balanced_accuracy(8, 10, 2, 90)) == pytest.approx(0.85)


def test_scores_of_a_hundred_million_rows_keep_their_digits():
    """Against exact fractions; sums in float32 would stop counting at 16,777,216."""
    tp, fp, fn, tn = 90_001, 100_003, 80_007, 100_000_019
    n = Fraction(tp + fp + fn + tn)
    chance = Fraction((tp + fn) * (tp + fp) + (tn + fp) * (tn + fn)) / n**2
    kappa = (Fraction(tp + tn) / n - chance) / (1 - chance)
    f_two = Fraction(5 * tp, 5 * tp + 4 * fn + fp)
    g_squared = Fraction(tp, tp + fn) * Fraction(tn, tn + fp)
    assert float(counts.kappa(tp, fp, fn, tn)) == pytest.approx(float(kappa), rel=1e-9)
    assert float(counts.f_beta(tp, fp, fn, tn, beta=2.0)) == pytest.approx(float(f_two), rel=1e-12)
    assert float(counts.geometric_mean(tp, fp, fn, tn)) == pytest.approx(float(g_squared) ** 0.5, rel=1e-12)
