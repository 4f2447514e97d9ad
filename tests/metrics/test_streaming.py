import json

import numpy as np
import pytest

import rareclass.metrics as m
from rareclass.errors import InputError, UndefinedWarning


def data(n=20_000, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.random(n) < 0.01
    return y, rng.normal(size=n) + 2.5 * y - 5


def test_bounds_hold_the_exact_value_and_are_narrow():
    for seed in range(5):
        y, z = data(seed=seed)
        curve = m.StreamingCurve()
        curve.update(y, logit=z)
        for bounded, exact in (
            (curve.average_precision(), m.average_precision_score(y, z)),
            (curve.roc_auc(), m.roc_auc_score(y, z)),
        ):
            assert bounded.low - 1e-12 <= exact <= bounded.high + 1e-12
            assert bounded.low <= bounded.value <= bounded.high
            assert bounded.high - bounded.low < 0.02


def test_bounds_are_the_best_and_worst_order_within_bins():
    rng = np.random.default_rng(1)
    y = rng.random(200) < 0.3
    z = rng.normal(size=200)
    curve = m.StreamingCurve(bins_per_unit=1)
    curve.update(y, logit=z)
    bins = np.floor(z)
    bounded = curve.average_precision()
    assert bounded.high == pytest.approx(m.average_precision_score(y, bins + 0.5 * y))
    one_by_one = bins - y * (0.2 + 0.6 * np.argsort(np.argsort(z)) / 200)
    assert bounded.low == pytest.approx(m.average_precision_score(y, one_by_one))
    assert bounded.value == pytest.approx(m.average_precision_score(y, bins))


@pytest.mark.parametrize("fractional", [False, True])
def test_weights_are_counted_and_bounds_still_hold(fractional):
    y, z = data(4000)
    weight = np.random.default_rng(2).integers(1, 5, y.size) * (0.3 if fractional else 1)
    curve = m.StreamingCurve(bins_per_unit=8)
    curve.update(y, logit=z, sample_weight=weight)
    bounded = curve.average_precision()
    exact = m.average_precision_score(y, z, sample_weight=weight)
    assert bounded.low <= exact <= bounded.high
    assert bounded.high - bounded.low < 0.15
    assert curve.positives == pytest.approx(weight[y].sum())


def test_merging_equals_one_pass_and_survives_json():
    y, z = data()
    whole = m.StreamingCurve()
    whole.update(y, logit=z)
    merged = m.StreamingCurve()
    for block in np.array_split(np.arange(y.size), 9):
        part = m.StreamingCurve()
        part.update(y[block], logit=z[block])
        merged = merged.merge(m.StreamingCurve.from_dict(json.loads(json.dumps(part.to_dict()))))
    assert merged.to_dict() == whole.to_dict()
    with pytest.raises(InputError, match="different bins"):
        whole.merge(m.StreamingCurve(bins_per_unit=3))


def test_counts_at_bin_edges_are_exact():
    y, z = data()
    curve = m.StreamingCurve(bins_per_unit=4)
    curve.update(y, logit=z)
    points = curve.curve()
    for i in (1, 5, 20):
        assert points.tp[i] == np.sum(y & (z >= points.thresholds[i]))
        assert points.fp[i] == np.sum(~y & (z >= points.thresholds[i]))


def test_probabilities_of_zero_and_one_stay_in_the_outermost_bins():
    curve = m.StreamingCurve()
    curve.update([0, 1, 1], [0.0, 1.0, 1 - 1e-16])
    assert (curve.positives, curve.negatives) == (2, 1)
    assert curve.roc_auc().value == 1


def test_without_positives_the_metrics_are_nan_and_bad_input_is_refused():
    curve = m.StreamingCurve()
    with pytest.warns(UndefinedWarning, match="no positive"):
        assert np.isnan(curve.average_precision().value)
    with pytest.raises(InputError, match="either"):
        curve.update([0, 1])
    with pytest.raises(InputError, match="outside"):
        curve.update([0, 1], [0.2, 1.7])
