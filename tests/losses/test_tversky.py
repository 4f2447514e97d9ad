"""Tversky and focal Tversky losses against brute force and derivatives."""

import numpy as np
import pytest

from rareclass.errors import InputError
from rareclass.kernels.logits import sigmoid
from rareclass.losses import FocalTverskyLoss, TverskyLoss


def batch(n=40, seed=0):
    rng = np.random.default_rng(seed)
    return rng.random(n) < 0.3, rng.normal(size=n) * 3


def by_definition(y, z, a, b, s):
    p = sigmoid(z)
    tp, fp, fn = p[y].sum(), p[~y].sum(), (1 - p[y]).sum()
    return 1 - (tp + s) / (tp + a * fp + b * fn + s)


LOSSES = [TverskyLoss(), TverskyLoss(0.5, 0.5, 0.0), TverskyLoss(0.0, 1.0), FocalTverskyLoss(), FocalTverskyLoss(0.75)]


def test_value_is_the_definition():
    y, z = batch()
    assert TverskyLoss(0.3, 0.7, 1.0).value(y, z) == pytest.approx(by_definition(y, z, 0.3, 0.7, 1.0), rel=1e-13)
    dice = 1 - 2 * sigmoid(z)[y].sum() / (sigmoid(z).sum() + y.sum())
    assert TverskyLoss(0.5, 0.5, 0.0).value(y, z) == pytest.approx(dice, rel=1e-13)
    assert FocalTverskyLoss(2.0).value(y, z) == pytest.approx(np.sqrt(TverskyLoss().value(y, z)), rel=1e-13)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_gradient_is_the_derivative_of_the_value(loss):
    y, z = batch()
    weight = np.random.default_rng(1).random(40)
    gradient = loss.gradient(y, z, sample_weight=weight)
    for i in range(40):
        step = np.zeros(40)
        step[i] = 1e-6
        ahead = loss.value(y, z + step, sample_weight=weight)
        slope = (ahead - loss.value(y, z - step, sample_weight=weight)) / 2e-6
        assert gradient[i] == pytest.approx(slope, rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_everything_is_finite_far_out(loss):
    z = np.array([-1e4, -800.0, -40.0, 0.0, 40.0, 800.0, 1e4])
    for y in (np.array([0, 0, 0, 0, 1, 1, 1]), np.array([1, 1, 1, 0, 0, 0, 0])):
        assert np.isfinite(loss.value(y, z))
        assert np.isfinite(loss.gradient(y, z)).all()
        assert (loss.curvature(y, z) >= 0).all()
    right = np.array([-1e4, 1e4])
    assert np.isfinite(loss.gradient([0, 1], right)).all()


def test_weights_count_as_repeated_rows():
    y, z = batch()
    times = np.random.default_rng(2).integers(0, 4, 40)
    for loss in LOSSES:
        repeated = loss.value(np.repeat(y, times), np.repeat(z, times))
        assert loss.value(y, z, sample_weight=times) == pytest.approx(repeated, rel=1e-12)


def test_the_pass_for_boosters_is_scaled_by_the_number_of_rows():
    y, z = batch()
    gradient, curvature = TverskyLoss().newton(y, z)
    np.testing.assert_allclose(gradient, 40 * TverskyLoss().gradient(y, z), rtol=1e-6)
    assert (curvature > 0).all()


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: TverskyLoss(-0.1), "`fp_weight` must lie in"),
        (lambda: TverskyLoss(smooth=float("nan")), "`smooth` must lie in"),
        (lambda: TverskyLoss(0.0, 0.0), "no error would count"),
        (lambda: FocalTverskyLoss(0.0), "`gamma` must lie in"),
        (lambda: FocalTverskyLoss(fp_weight=0.0, fn_weight=0.0), "no error would count"),
        (lambda: TverskyLoss(0.0, 1.0, 0.0).value([0, 0], [0.0, 1.0]), "0 / 0"),
        (lambda: TverskyLoss().value([0, 1], [[0.0, 1.0]]), "needs scores"),
        (lambda: TverskyLoss().link([0.0]), "has no link"),
        (lambda: TverskyLoss().value([0, 1], [0.0, 1.0], sample_weight=[-1.0, 1.0]), "must not be negative"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(build, message):
    with pytest.raises(InputError, match=message):
        build()
