"""Several classes: one calibrator a class, or one temperature with a bias a class."""

import json

import numpy as np
import pytest

from rareclass.calibration import ClasswiseCalibration, TemperatureCalibration, calibrator_from_dict
from rareclass.calibration.classwise import against_the_rest
from rareclass.errors import InputError, TargetError
from rareclass.kernels.logits import sigmoid


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def draw(n, seed):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, 3)) * 2 + np.log([0.9, 0.08, 0.02])
    p = softmax(z)
    return z, (rng.random((n, 1)) > np.cumsum(p, axis=1)).sum(axis=1), p


def loss(p, y):
    return -np.log(p[np.arange(y.size), y]).mean()


@pytest.mark.parametrize("make", [ClasswiseCalibration, TemperatureCalibration])
def test_distorted_logits_are_mended_on_new_rows(make):
    z, y, _ = draw(20_000, 0)
    bent = 1.8 * z + np.array([0.0, 2.0, 3.0])
    fitted = make().fit(bent, y)
    new, label, true = draw(20_000, 1)
    p = fitted.predict(1.8 * new + np.array([0.0, 2.0, 3.0]))
    assert p.sum(axis=1) == pytest.approx(1.0)
    assert loss(p, label) - loss(true, label) < 0.005
    assert loss(softmax(1.8 * new + np.array([0.0, 2.0, 3.0])), label) - loss(true, label) > 0.1


@pytest.mark.parametrize("make", [ClasswiseCalibration, TemperatureCalibration])
def test_each_class_is_expected_as_often_as_it_was_seen(make):
    z, y, _ = draw(5000, 2)
    assert make().fit(z, y).predict(z).sum(axis=0) == pytest.approx(np.bincount(y), rel=1e-4)


def test_temperature_finds_its_own_parameters():
    z, y, _ = draw(40_000, 3)
    fitted = TemperatureCalibration().fit(2 * z + np.array([1.0, 0.0, -1.0]), y)
    assert fitted.temperature_ == pytest.approx(2.0, rel=0.03)
    assert fitted.bias_ == pytest.approx([-0.5, 0.0, 0.5], abs=0.08)


def test_temperature_of_two_columns_equals_that_of_log_odds():
    rng = np.random.default_rng(0)
    z = rng.normal(-2, 2, 4000)
    y = rng.random(4000) < sigmoid(z)
    one = TemperatureCalibration().fit(2 * z, y)
    two = TemperatureCalibration().fit(np.column_stack([np.zeros(4000), 2 * z]), y.astype(int))
    assert one.temperature_ == pytest.approx(two.temperature_, rel=1e-4)
    assert one.predict(2 * z) == pytest.approx(two.predict(np.column_stack([np.zeros(4000), 2 * z]))[:, 1], abs=1e-5)


def test_log_odds_against_the_rest_are_those_of_the_softmax():
    z = np.random.default_rng(0).normal(size=(50, 4)) * 5
    assert sigmoid(against_the_rest(z)) == pytest.approx(softmax(z))


@pytest.mark.parametrize("make", [ClasswiseCalibration, TemperatureCalibration])
def test_saved_form(make):
    z, y, _ = draw(3000, 4)
    fitted = make().fit(z, y)
    again = calibrator_from_dict(json.loads(json.dumps(fitted.to_dict(), allow_nan=False)))
    assert np.array_equal(again.predict(z), fitted.predict(z))


@pytest.mark.parametrize("make", [ClasswiseCalibration, TemperatureCalibration])
def test_integer_weights_are_repeated_rows(make):
    z, y, _ = draw(2000, 5)
    w = np.random.default_rng(0).integers(1, 4, 2000)
    weighted = make().fit(z, y, sample_weight=w).predict(z)
    assert weighted == pytest.approx(make().fit(np.repeat(z, w, axis=0), np.repeat(y, w)).predict(z), abs=1e-6)


@pytest.mark.parametrize("make", [ClasswiseCalibration, TemperatureCalibration])
def test_unusable_input_raises(make):
    z, y, _ = draw(500, 6)
    with pytest.raises(TargetError, match="class numbers"):
        make().fit(z, y + 1)
    with pytest.raises(TargetError, match="no row of class 2"):
        make().fit(z, np.minimum(y, 1))
    with pytest.raises(InputError, match="finite"):
        make().fit(np.where(z > 0, np.nan, z), y)
    with pytest.raises(InputError, match="same number"):
        make().fit(z, y[:-1])
    with pytest.raises(InputError, match="not fitted"):
        make().predict(z)
    with pytest.raises(InputError, match="columns"):
        make().fit(z, y).predict(z[:, :2])
