"""Pairwise losses against all pairs."""

import time

import numpy as np
import pytest

from rareclass.errors import InputError, TooFewEventsError
from rareclass.losses import PairwiseSquaredHingeLoss, PairwiseSquareLoss


def all_pairs(y, z, weight, margin, hinge):
    """(value, gradient, diagonal second derivative) from the n_1 x n_0 matrix of pairs."""
    gap = margin - z[y][:, None] + z[~y][None, :]
    active = gap > 0 if hinge else np.ones_like(gap, dtype=bool)
    share = np.outer(weight[y], weight[~y])
    share /= share.sum()
    slope = 2 * share * gap * active
    gradient, bend = np.zeros_like(z), np.zeros_like(z)
    gradient[y], gradient[~y] = -slope.sum(axis=1), slope.sum(axis=0)
    bend[y], bend[~y] = (2 * share * active).sum(axis=1), (2 * share * active).sum(axis=0)
    return (share * active * gap**2).sum(), gradient, bend


@pytest.mark.parametrize(
    "loss", [PairwiseSquareLoss(), PairwiseSquareLoss(2.5), PairwiseSquaredHingeLoss(0.7)], ids=repr
)
@pytest.mark.parametrize("scale", [0.3, 3.0, 300.0])
def test_value_and_derivatives_equal_all_pairs(loss, scale):
    rng = np.random.default_rng(0)
    for n in (2, 3, 50, 300):
        y = rng.random(n) < 0.3
        y[:2] = [True, False]
        z, weight = np.round(rng.normal(size=n) * scale, 1), rng.random(n)  # rounded: ties
        value, gradient, bend = all_pairs(y, z, weight, loss.margin, isinstance(loss, PairwiseSquaredHingeLoss))
        assert loss.value(y, z, sample_weight=weight) == pytest.approx(value, rel=1e-11, abs=1e-15)
        got = loss.gradient(y, z, sample_weight=weight)
        np.testing.assert_allclose(got, gradient, rtol=1e-10, atol=1e-13 * np.abs(gradient).max())
        curvature = loss.curvature(y, z, sample_weight=weight)
        if isinstance(loss, PairwiseSquareLoss):
            np.testing.assert_allclose(curvature, bend, rtol=1e-12)
        else:  # pairs exactly on the hinge have no second derivative; either side is right
            _, _, low = all_pairs(y, z, weight, loss.margin - 1e-9, True)
            _, _, high = all_pairs(y, z, weight, loss.margin + 1e-9, True)
            assert (curvature >= low - 1e-12).all()
            assert (curvature <= high + 1e-12).all()


def test_published_square_decomposition():
    # project knowledge base: (m - mean_pos + mean_neg)^2 + var_pos + var_neg
    y = np.array([True, True, False, False, False])
    z = np.array([2.0, 0.0, -1.0, 0.0, 1.0])
    assert PairwiseSquareLoss(1.0).value(y, z) == pytest.approx((1 - 1 + 0) ** 2 + 1.0 + 2 / 3)


@pytest.mark.parametrize("loss", [PairwiseSquareLoss(), PairwiseSquaredHingeLoss()], ids=repr)
def test_moving_all_scores_changes_nothing_and_far_scores_stay_finite(loss):
    rng = np.random.default_rng(1)
    y, z = rng.random(100) < 0.2, rng.normal(size=100)
    assert loss.value(y, z + 50) == pytest.approx(loss.value(y, z), rel=1e-12)
    np.testing.assert_allclose(loss.gradient(y, z).sum(), 0.0, atol=1e-15)
    far = np.where(y, -1e4, 1e4)
    assert loss.value(y, far) == pytest.approx((2e4 + 1) ** 2, rel=1e-12)
    assert np.isfinite(loss.gradient(y, far)).all()


def test_perfect_ranking_by_the_margin_costs_nothing():
    loss = PairwiseSquaredHingeLoss()
    assert loss.value([0, 0, 1], [-1.0, 0.0, 1.0]) == 0
    assert (loss.gradient([0, 0, 1], [-1.0, 0.0, 1.0]) == 0).all()
    assert (loss.newton(np.array([False, True]), np.array([-1.0, 1.0]))[1] > 0).all()


def test_a_million_rows_take_seconds_not_hours():
    rng = np.random.default_rng(2)
    y, z = rng.random(1_000_000) < 0.3, rng.normal(size=1_000_000)
    loss = PairwiseSquaredHingeLoss()
    loss.value(y[:10], z[:10])
    start = time.process_time()
    loss.value(y, z)
    assert time.process_time() - start < 10  # 2.1e11 pairs


@pytest.mark.parametrize("loss", [PairwiseSquareLoss(), PairwiseSquaredHingeLoss()], ids=repr)
def test_bad_input_is_refused_in_one_sentence(loss):
    with pytest.raises(TooFewEventsError, match="only negatives"):
        loss.value([0, 0], [0.0, 1.0])
    with pytest.raises(TooFewEventsError, match="only positives"):
        loss.value([1, 1], [0.0, 1.0])
    with pytest.raises(InputError, match="has no link"):
        loss.link([0.0])
    with pytest.raises(InputError, match="`margin` must lie in"):
        type(loss)(0.0)
