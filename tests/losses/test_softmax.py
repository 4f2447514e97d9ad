"""Row losses of several classes."""

import numpy as np
import pytest

from rareclass.errors import InputError
from rareclass.losses import (
    AsymmetricLoss,
    ClassBalancedLoss,
    CrossEntropy,
    FocalLoss,
    LDAMLoss,
    LogitAdjustedLoss,
    PolyLoss,
    VectorScalingLoss,
    WeightedCrossEntropy,
)

LOSSES = {
    "ce": CrossEntropy(),
    "weighted": WeightedCrossEntropy((1.0, 2.0, 30.0)),
    "focal": FocalLoss(2.0),
    "focal g=0.5 weights": FocalLoss(0.5, (0.2, 0.3, 0.5)),
    "class-balanced poly": ClassBalancedLoss((1000, 100, 10), 0.99, PolyLoss(1.0, 1.0)),
    "ldam": LDAMLoss((1000, 100, 10), scale=3.0),
    "logit-adjusted": LogitAdjustedLoss(counts=(1000, 100, 10)),
    "vector scaling": VectorScalingLoss((1.0, 2.0, 4.0), (0.1, -0.3, 0.5), (0.7, 1.0, 1.4)),
    "poly": PolyLoss(2.0),
    "poly focal": PolyLoss(-1.0, 2.0),
}
every_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())


def rows(n=60, classes=3, spread=3.0):
    rng = np.random.default_rng(5)
    return rng.integers(0, classes, n), rng.normal(size=(n, classes)) * spread


@every_loss
def test_gradient_and_hessian_are_the_derivatives_of_the_value(loss):
    y, z = rows()
    step = 1e-5
    for k in range(3):
        e = np.zeros(3)
        e[k] = step
        slope = (loss.value(y, z + e) - loss.value(y, z - e)) / (2 * step)
        np.testing.assert_allclose(loss.gradient(y, z)[:, k], slope, rtol=1e-6, atol=1e-8)
        bend = (loss.gradient(y, z + e)[:, k] - loss.gradient(y, z - e)[:, k]) / (2 * step)
        np.testing.assert_allclose(loss.hessian(y, z)[:, k], bend, rtol=1e-5, atol=1e-7)


@every_loss
def test_expected_gradient_vanishes_at_the_linked_probabilities(loss):
    _, z = rows()
    eta = loss.link(z)
    np.testing.assert_allclose(eta.sum(axis=1), 1.0, rtol=1e-12)
    expected = sum(eta[:, [k]] * loss.gradient(np.full(60, k), z) for k in range(3))
    size = sum(eta[:, [k]] * np.abs(loss.gradient(np.full(60, k), z)) for k in range(3))
    assert (np.abs(expected) <= 1e-11 * size.max(axis=1, keepdims=True)).all()


@every_loss
@pytest.mark.parametrize("shares", [(0.98, 0.015, 0.005), (0.9999, 9e-5, 1e-5), (1 / 3, 1 / 3, 1 / 3)])
def test_start_means_the_class_shares(loss, shares):
    start = loss.start(shares)
    assert start.shape == (3,)
    np.testing.assert_allclose(loss.link(start[None, :])[0], shares, rtol=1e-6)


@every_loss
def test_everything_is_finite_far_out_and_curvature_positive(loss):
    z = np.array([[1e4, -1e4, 0.0], [-1e4, 1e4, 1e4], [0.0, 0.0, 0.0], [800.0, 0.0, -800.0]])
    for c in range(3):
        y = np.full(4, c)
        for got in (loss.value(y, z), loss.gradient(y, z), loss.hessian(y, z), loss.curvature(y, z), loss.link(z)):
            assert np.isfinite(got).all()
        assert (loss.curvature(y, z) > 0).all()


@every_loss
def test_curvature_dominates_the_hessian(loss):
    y, z = rows()
    assert (loss.curvature(y, z) >= loss.hessian(y, z) - 1e-15).all()


@pytest.mark.parametrize(
    "loss",
    [
        CrossEntropy(),
        WeightedCrossEntropy((1.0, 7.0)),
        FocalLoss(2.0),
        FocalLoss(0.7, 0.25),
        PolyLoss(1.0),
        PolyLoss(-1.0, 2.0),
        ClassBalancedLoss((100, 5), 0.99, FocalLoss(1.0)),
        LDAMLoss((100, 5), scale=2.0),
        LogitAdjustedLoss(counts=(100, 5)),
    ],
    ids=repr,
)
def test_two_class_scores_equal_the_binary_loss_of_their_difference(loss):
    y, z = rows(classes=2)
    d = z[:, 1] - z[:, 0]
    np.testing.assert_allclose(loss.value(y, z), loss.value(y, d), rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(loss.gradient(y, z)[:, 1], loss.gradient(y, d), rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(loss.hessian(y, z)[:, 1], loss.hessian(y, d), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(loss.link(z)[:, 1], loss.link(d), rtol=1e-11)


def test_focal_link_of_several_classes_is_the_published_map():
    # Charoenphakdee et al. 2021: eta is proportional to h(v); checked as stationarity in the knowledge base
    v, gamma = np.array([0.02, 0.28, 0.70]), 2.0
    h = v / ((1 - v) ** gamma - gamma * (1 - v) ** (gamma - 1) * v * np.log(v))
    np.testing.assert_allclose(FocalLoss(gamma).link(np.log(v)[None, :])[0], h / h.sum(), rtol=1e-12)


def test_renaming_classes_renames_the_results():
    y, z = rows()
    order = np.array([2, 0, 1])
    for a, b in [
        (WeightedCrossEntropy((1.0, 2.0, 30.0)), WeightedCrossEntropy((30.0, 1.0, 2.0))),
        (LDAMLoss((1000, 100, 10)), LDAMLoss((10, 1000, 100))),
    ]:
        renamed = np.argsort(order)[y]
        np.testing.assert_allclose(a.gradient(y, z)[:, order], b.gradient(renamed, z[:, order]), rtol=1e-12)


def test_the_pass_for_boosters_serves_several_classes():
    y, z = rows()
    weight = np.linspace(0.1, 2.0, 60)
    gradient, curvature = FocalLoss(2.0).newton(y, z, weight)
    np.testing.assert_allclose(gradient, FocalLoss(2.0).gradient(y, z) * weight[:, None], rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(curvature, FocalLoss(2.0).curvature(y, z) * weight[:, None], rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda y, z: AsymmetricLoss().value(y, z), "binary loss"),
        (lambda y, z: WeightedCrossEntropy(3.0).value(y, z), "one number a class"),
        (lambda y, z: FocalLoss(2.0, 0.25).value(y, z), "one weight a class"),
        (lambda y, z: LogitAdjustedLoss(0.1).value(y, z), "one number a class"),
        (lambda y, z: LDAMLoss((5, 5)).value(y, z), "2 numbers, the scores 3"),
        (lambda y, z: CrossEntropy().value(y + 1, z), "class codes 0..2"),
        (lambda y, z: CrossEntropy().value(y[:5], z), "must have shape"),
        (lambda y, z: CrossEntropy().start((0.5, 0.5, 0.0)), "finite positive"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(build, message):
    with pytest.raises(InputError, match=message):
        build(*rows())
