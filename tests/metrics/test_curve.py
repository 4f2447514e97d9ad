import numpy as np
import pytest
from sklearn.metrics import precision_recall_curve, roc_curve

from rareclass.errors import InputError
from rareclass.metrics import ThresholdCurve


def data(seed=0, n=200):
    rng = np.random.default_rng(seed)
    y = rng.random(n) < 0.2
    return y, np.round(rng.normal(size=n) + y, 1)


def test_rates_agree_with_scikit_learn():
    y, score = data()
    curve = ThresholdCurve.from_predictions(y, score)
    fpr, tpr, cut = roc_curve(y, score, drop_intermediate=False)
    np.testing.assert_allclose(curve.false_positive_rate, fpr)
    np.testing.assert_allclose(curve.recall, tpr)
    np.testing.assert_array_equal(curve.thresholds, cut)
    precision, recall, cut = precision_recall_curve(y, score)
    np.testing.assert_allclose(curve.precision[1:][::-1], precision[:-1])
    np.testing.assert_allclose(curve.recall[1:][::-1], recall[:-1])


def test_merged_blocks_equal_the_whole():
    y, score = data()
    weight = np.random.default_rng(1).random(y.size)
    for w in (None, weight):
        whole = ThresholdCurve.from_predictions(y, score, sample_weight=w)
        merged = None
        for block in np.array_split(np.random.default_rng(2).permutation(y.size), 7):
            part = ThresholdCurve.from_predictions(
                y[block], score[block], sample_weight=None if w is None else w[block]
            )
            merged = part if merged is None else merged.merge(part)
        np.testing.assert_array_equal(merged.thresholds, whole.thresholds)
        np.testing.assert_allclose(merged.tp, whole.tp)
        np.testing.assert_allclose(merged.fp, whole.fp)
        assert merged.positives == pytest.approx(whole.positives)


def test_an_operating_point_is_found_for_any_threshold():
    y, score = data()
    curve = ThresholdCurve.from_predictions(y, score)
    for cut in [np.inf, -np.inf, *score[:20], *(score[:20] + 0.05)]:
        i = curve.at(cut)
        assert curve.tp[i] == np.sum(y & (score >= cut))
        assert curve.fp[i] == np.sum(~y & (score >= cut))
    with pytest.raises(InputError, match="NaN"):
        curve.at(np.nan)


def test_undefined_rates_are_nan():
    curve = ThresholdCurve.from_predictions([0, 0], [0.1, 0.2])
    assert np.isnan(curve.recall).all()
    assert np.isnan(curve.precision[0])
    assert curve.prevalence == 0
