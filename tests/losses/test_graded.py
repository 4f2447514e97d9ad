"""Value and gradient without the Hessian are those of the kernels with it; smoothing and its way back."""

import numpy as np
import pytest

from rareclass import losses
from rareclass.losses._power import PowerForm
from rareclass.losses._smoothing import count_between_and_outside, restored, restored_log_odds, smoothed

BINARY = [
    losses.CrossEntropy(),
    losses.WeightedCrossEntropy(5.0),
    losses.FocalLoss(2.0, 0.25),
    losses.FocalLoss(3.0),
    losses.FocalLoss(1.7, (2.0, 3.0)),
    losses.FocalLoss(0.5),
    losses.LDAMLoss((1000, 10), scale=5.0),
    losses.LogitAdjustedLoss(0.01),
    losses.VectorScalingLoss((2.0, 3.0), (0.4, -0.1), (0.7, 1.2)),
    losses.AsymmetricLoss(1.0, 4.0, 0.05),
    losses.AsymmetricLoss(0.0, 4.0, 0.0),
    losses.PolyLoss(-1.0, 2.0),
]


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("loss", BINARY, ids=repr)
def test_value_and_gradient_are_those_with_the_hessian(loss, kind):
    z = np.concatenate([np.linspace(-30, 30, 601), [-1e4, -800.0, 800.0, 1e4]]).astype(kind)
    for label in (0.0, 1.0):
        value, gradient = np.empty_like(z), np.empty_like(z)
        loss._form().graded(np.full(z.shape, label, dtype=kind), z, value, gradient)
        limit = 1e-13 if kind is np.float64 else 2e-7
        for found, wanted in ((value, loss.value(np.full(z.shape, label), z)), (gradient, loss.gradient(label, z))):
            assert np.abs(found - wanted).max() <= limit * np.abs(wanted).max()


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("loss", [loss for loss in BINARY if isinstance(loss._form(), PowerForm)], ids=repr)
def test_a_target_between_has_both_losses_times_their_shares(loss, kind):
    z = np.concatenate([np.linspace(-30, 30, 601), [-1e4, -800.0, 800.0, 1e4]]).astype(kind)
    share = np.linspace(0, 1, z.size).astype(kind)
    rest, moved = (1 - share) * 3, 0.5
    value, gradient = np.full_like(z, np.nan), np.full_like(z, np.nan)
    loss._form().mixed(share, rest, z, moved, value, gradient)
    limit = 1e-13 if kind is np.float64 else 2e-7
    at = z.astype(np.float64) + moved
    for found, method in ((value, loss.value), (gradient, loss.gradient)):
        wanted = share * method(np.ones(z.size), at) + rest * method(np.zeros(z.size), at)
        assert np.abs(found - wanted).max() <= limit * np.abs(wanted).max()


def test_a_score_that_is_no_number_gives_a_loss_that_is_none():
    for loss in BINARY:
        value, gradient = np.zeros(2), np.zeros(2)
        loss._form().graded(np.array([0.0, 1.0]), np.full(2, np.nan), value, gradient)
        assert np.isnan(value).all()
        if isinstance(loss._form(), PowerForm):
            value = np.zeros(2)
            loss._form().mixed(np.full(2, 0.3), np.full(2, 0.7), np.full(2, np.nan), 0.0, value, gradient)
            assert np.isnan(value).all()


def test_smoothing_and_back():
    shares = np.array([[0.2, 0.5, 0.3], [0.0, 0.1, 0.9]])
    np.testing.assert_allclose(restored(smoothed(shares, 0.1, 3), 0.1), shares, atol=1e-15)
    assert restored(np.array([[0.01, 0.99]]), 0.1).tolist() == [[0.0, 1.0]]
    p = np.array([1e-9, 1e-4, 0.3, 0.5, 0.9, 1 - 1e-6])
    inner = smoothed(p, 0.2)
    np.testing.assert_allclose(
        restored_log_odds(np.log(inner / (1 - inner)), 0.2)[1:], np.log(p / (1 - p))[1:], rtol=1e-8
    )
    assert restored_log_odds(np.array([-5.0, 5.0]), 0.2).tolist() == [-np.inf, np.inf]


@pytest.mark.parametrize("kind", [np.float32, np.int64, np.uint8, bool])
def test_targets_between_and_outside_are_counted(kind):
    assert count_between_and_outside(np.array([0, 1, 1, 0], dtype=kind)) == (0, 0)


def test_targets_that_are_no_labels_are_counted():
    assert count_between_and_outside(np.array([0.5, 1.0, np.nan, -1.0, 2.0])) == (4, 3)
    assert count_between_and_outside(np.array([0, 1, -1, 255])) == (2, 2)
