"""The smooth average-precision loss against its definition over all pairs."""

import numpy as np
import pytest

from rareclass.errors import InputError, TooFewEventsError
from rareclass.losses import SmoothAveragePrecisionLoss


def by_definition(y, z, weight, margin):
    reach = np.maximum(0.0, 1 - (z[y][:, None] - z[None, :]) / margin) ** 2 * weight[None, :]
    same, everyone = reach[:, y].sum(axis=1), reach.sum(axis=1)
    return 1 - np.average(same / everyone, weights=weight[y])


def batch(n, seed, scale=2.0):
    rng = np.random.default_rng(seed)
    y = rng.random(n) < 0.3
    y[:2] = [True, False]
    return y, rng.normal(size=n) * scale, rng.random(n) + 0.01


@pytest.mark.parametrize("margin", [0.5, 1.0, 4.0])
def test_value_is_the_definition_over_all_pairs(margin):
    loss = SmoothAveragePrecisionLoss(margin)
    for seed, n in enumerate((2, 5, 60, 400)):
        y, z, weight = batch(n, seed)
        for scores in (z, np.round(z)):  # with and without ties
            wanted = by_definition(y, scores, weight, margin)
            assert loss.value(y, scores, sample_weight=weight) == pytest.approx(wanted, rel=1e-11, abs=1e-14)


@pytest.mark.parametrize("margin", [0.5, 3.0])
def test_gradient_is_the_derivative_of_the_value(margin):
    loss = SmoothAveragePrecisionLoss(margin)
    y, z, weight = batch(40, 3)
    gradient = loss.gradient(y, z, sample_weight=weight)
    for i in range(40):
        step = np.zeros(40)
        step[i] = 1e-6
        slope = (by_definition(y, z + step, weight, margin) - by_definition(y, z - step, weight, margin)) / 2e-6
        assert gradient[i] == pytest.approx(slope, rel=1e-5, abs=1e-8)


def test_ranking_all_positives_above_by_the_margin_costs_nothing():
    loss = SmoothAveragePrecisionLoss()
    assert loss.value([0, 0, 1, 1], [-5.0, 0.0, 1.0, 7.0]) == 0
    assert loss.value([1, 1, 0, 0], [-5.0, 0.0, 1.0, 7.0]) > 0.9


def test_moving_all_scores_changes_nothing_and_far_scores_stay_finite():
    loss = SmoothAveragePrecisionLoss()
    y, z, _ = batch(100, 4)
    assert loss.value(y, z + 50) == pytest.approx(loss.value(y, z), rel=1e-11)
    np.testing.assert_allclose(loss.gradient(y, z).sum(), 0.0, atol=1e-13)
    for far in (np.where(y, -1e4, 1e4), np.where(y, 1e4, -1e4)):
        assert np.isfinite(loss.value(y, far))
        assert np.isfinite(loss.gradient(y, far)).all()
        assert (loss.newton(y, far)[1] > 0).all()


def test_weights_count_as_repeated_rows():
    loss = SmoothAveragePrecisionLoss()
    y, z, _ = batch(40, 5)
    times = np.random.default_rng(6).integers(1, 4, 40)
    repeated = loss.value(np.repeat(y, times), np.repeat(z, times))
    assert loss.value(y, z, sample_weight=times) == pytest.approx(repeated, rel=1e-11)


def test_descending_the_gradient_raises_average_precision():
    rng = np.random.default_rng(7)
    y = rng.random(300) < 0.1
    X = rng.normal(size=(300, 5)) + y[:, None] * np.array([1.5, 0.5, 0, 0, 0])
    loss, beta = SmoothAveragePrecisionLoss(), np.zeros(5)
    first = loss.value(y, X @ beta)
    for _ in range(200):
        beta -= 2.0 * X.T @ loss.gradient(y, X @ beta)
    assert loss.value(y, X @ beta) < 0.75 * first
    assert beta[0] > np.abs(beta[2:]).max()


def test_bad_input_is_refused_in_one_sentence():
    with pytest.raises(InputError, match="`margin` must lie in"):
        SmoothAveragePrecisionLoss(-1.0)
    with pytest.raises(TooFewEventsError, match="only negatives"):
        SmoothAveragePrecisionLoss().value([0, 0], [0.0, 1.0])
    with pytest.raises(InputError, match="has no link"):
        SmoothAveragePrecisionLoss().link(0.0)
