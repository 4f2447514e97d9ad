import warnings

import numpy as np
import pytest

import rareclass.metrics as m
from rareclass.errors import InputError, UndefinedWarning

imblearn = pytest.importorskip("imblearn.metrics")


def test_values_agree_with_imbalanced_learn_where_it_is_right():
    rng = np.random.default_rng(0)
    for _ in range(15):
        n, k = int(rng.integers(8, 40)), int(rng.integers(2, 4))
        y, p = rng.integers(0, k, n), rng.integers(0, k, n)
        y[:k] = p[:k] = np.arange(k)
        weight = rng.integers(1, 4, n).astype(float)
        for average in (None, "macro", "weighted", "micro"):
            for more in ({}, {"labels": [1, 0]}):
                ours = m.sensitivity_specificity_support(y, p, average=average, **more)
                theirs = imblearn.sensitivity_specificity_support(y, p, average=average, **more)
                for left, right in zip(ours, theirs):
                    np.testing.assert_allclose(np.asarray(left, float), np.asarray(right, float))
            ours = m.sensitivity_score(y, p, average=average, sample_weight=weight)
            np.testing.assert_allclose(ours, imblearn.sensitivity_score(y, p, average=average, sample_weight=weight))
        for average in (None, "micro", "multiclass"):
            np.testing.assert_allclose(
                m.geometric_mean_score(y, p, average=average), imblearn.geometric_mean_score(y, p, average=average)
            )
        for iba in (True, False):
            ours = m.make_index_balanced_accuracy(alpha=0.3, squared=iba)(m.geometric_mean_score)
            theirs = imblearn.make_index_balanced_accuracy(alpha=0.3, squared=iba)(imblearn.geometric_mean_score)
            assert ours(y, p) == pytest.approx(theirs(y, p))
        ours = m.macro_averaged_mean_absolute_error(y, p, sample_weight=weight)
        assert ours == pytest.approx(imblearn.macro_averaged_mean_absolute_error(y, p, sample_weight=weight))


def test_weighted_specificity_counts_weights_not_rows():
    y, p = [0, 0, 1, 1], [0, 1, 1, 0]
    assert m.specificity_score(y, p, sample_weight=[2, 1, 1, 1]) == pytest.approx(2 / 3)
    assert m.specificity_score(y, p, sample_weight=[0.1] * 4) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("y_pred", "weight", "labels", "average", "expected"),
    [
        ([0, 2, 1, 0, 0, 1], None, None, "macro", 0.8660254 / 3),
        ([0, 2, 1, 0, 0, 1], None, None, "weighted", 0.8660254 / 3),
        ([0, 1, 1, 0, 0, 1], [1, 2, 1, 1, 2, 1], [0, 1], "weighted", 0.6055),
    ],
)
def test_averaged_g_mean_is_the_mean_of_the_g_means_of_the_classes(y_pred, weight, labels, average, expected):
    value = m.geometric_mean_score([0, 1, 2, 0, 1, 2], y_pred, sample_weight=weight, labels=labels, average=average)
    assert value == pytest.approx(expected, abs=1e-4)


def test_g_mean_of_a_missed_class_is_zero_or_the_correction():
    y, p = [0, 1, 2, 0, 1, 2], [0, 2, 1, 0, 0, 1]
    assert m.geometric_mean_score(y, p) == 0
    assert m.geometric_mean_score(y, p, correction=0.001) == pytest.approx((0.001**2) ** (1 / 3))


def test_a_predicted_class_without_rows_is_left_out_of_the_macro_error():
    assert m.macro_averaged_mean_absolute_error([1, 1, 2], [1, 3, 2]) == pytest.approx(0.5)


def test_undefined_values_follow_the_peers_rule_and_can_be_nan():
    with pytest.warns(UndefinedWarning, match="Specificity is ill-defined"):
        assert m.specificity_score([1, 1], [1, 1]) == 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(m.specificity_score([1, 1], [1, 1], zero_division=np.nan))


def test_balanced_accuracy_index_of_our_own_metrics_of_labels():
    iba = m.make_index_balanced_accuracy(alpha=0.5, squared=False)(m.matthews_corrcoef)
    y, p = [0, 0, 0, 1, 1], [0, 0, 1, 1, 1]
    assert iba(y, p) == pytest.approx((1 + 0.5 * (1 - 2 / 3)) * m.matthews_corrcoef(y, p))
    with pytest.raises(TypeError, match="scores"):
        m.make_index_balanced_accuracy()(m.average_precision_score)(y, p)


def test_bad_arguments_give_one_error():
    for call in (
        lambda: m.sensitivity_specificity_support([0, 1], [0, 1], average="binary", pos_label=2),
        lambda: m.sensitivity_score([0, 1, 2], [0, 1, 2]),
        lambda: m.sensitivity_score([0, 1], [0, 1], average="samples"),
        lambda: m.specificity_score([0, 1], [0.2, 0.7]),
        lambda: m.specificity_score([0, 1], ["a", "b"]),
    ):
        with pytest.raises(InputError):
            call()
