import numpy as np
import pytest

from rareclass.calibration.slices import LEAST_EXPECTED, clumping_of, fit_slices
from rareclass.kernels.logits import sigmoid
from rareclass.kernels.slices import heterogeneity


def drawn(effects, n=20_000, seed=0):
    rng = np.random.default_rng(seed)
    number = rng.integers(0, len(effects), n)
    z = rng.normal(-4, 1, n)
    return z, rng.random(n) < sigmoid(z + np.asarray(effects)[number]), number


def test_shifts_of_slices_with_many_events_are_the_true_ones():
    effects = [-1.1, 0.0, 1.1]
    z, y, number = drawn(effects, n=150_000)
    np.testing.assert_allclose(fit_slices(z, y, number, 3).shift, effects, atol=0.12)


def test_slices_with_few_events_are_drawn_to_the_whole():
    z, y, number = drawn([-1.1, 0.0, 1.1], n=150_000)
    some = np.concatenate([np.flatnonzero(number < 2), np.flatnonzero(number == 2)[:60]])
    found = fit_slices(z[some], y[some], number[some], 3)
    alone = np.log(found.observed / found.expected)
    assert abs(found.shift[2]) < 0.7 * abs(alone[2])
    assert found.shift[0] == pytest.approx(alone[0], abs=0.05)


def test_slices_that_differ_by_chance_alone_are_hardly_shifted():
    spread = [np.abs(fit_slices(*drawn(np.zeros(8), seed=s), 8).shift).max() for s in range(20)]
    assert np.median(spread) < 0.05


def test_rows_of_no_slice_are_one_more():
    z, y, number = drawn([-1.0, 1.0, 0.6], n=60_000)
    third, without = fit_slices(z, y, number, 3), fit_slices(z, y, np.where(number == 2, -1, number), 2)
    np.testing.assert_allclose([*without.shift, without.rest], third.shift, atol=1e-9)
    assert without.rest == pytest.approx(0.6, abs=0.12)
    assert without.apply(np.array([-3.0, -3.0]), np.array([-1, 1])).tolist() == [
        -3 + without.rest,
        -3 + without.shift[1],
    ]


def test_where_all_rows_have_a_slice_others_stay():
    found = fit_slices(*drawn([-1.0, 1.0]), 2)
    assert found.rest == 0.0
    assert found.apply(np.array([-3.0]), np.array([-1])).tolist() == [-3.0]


def test_small_slices_that_are_pooled_are_shifted_together():
    z, y, number = drawn([-1.0, 1.0], n=40_000)
    small = np.where(np.arange(y.size) < 2000, 2 + np.arange(y.size) // 2, number)
    found = fit_slices(z, y | (small > 1) & (np.arange(y.size) % 4 == 0), small, 1002)
    assert not found.own[2:].all()
    assert set(found.shift[~found.own]) == {found.rest}
    assert found.rest > 1


def test_slices_of_unequal_size_keep_the_total():
    """A slice of half the rows below the others, which are small and alike: their mean is not that of the rows."""
    rng = np.random.default_rng(6)
    number = np.where(rng.random(20_000) < 0.5, 0, rng.integers(1, 81, 20_000))
    z = rng.normal(-3.4, 1, number.size)
    y = rng.random(number.size) < sigmoid(z + np.where(number == 0, -0.5, 0.45))
    z += np.log(y.sum() / sigmoid(z).sum())
    found = fit_slices(z, y, number, 81)
    assert y.sum() / sigmoid(found.apply(z, number)).sum() == pytest.approx(1, abs=1e-6)
    small = number > 0
    assert y[small].sum() / sigmoid(found.apply(z, number))[small].sum() == pytest.approx(1, abs=0.05)


def test_integer_weights_are_repeated_rows():
    z, y, number = drawn([-1.0, 0.5, 0.5], n=4000)
    often = np.random.default_rng(3).integers(1, 4, z.size)
    weighed = fit_slices(z, y, number, 3, weight=often.astype(float))
    repeated = fit_slices(*(np.repeat(v, often) for v in (z, y, number)), 3)
    np.testing.assert_allclose(weighed.shift, repeated.shift, atol=1e-7)


def test_slices_of_which_hardly_an_event_is_expected_belong_to_the_whole():
    z, y, number = drawn([-1.0, 1.0])
    z, y, number = np.append(z, np.full(5, -8.0)), np.append(y, [True] * 5), np.append(number, np.full(5, 2))
    found = fit_slices(z, y, number, 3)
    assert found.expected[2] < LEAST_EXPECTED
    assert (found.own.tolist(), found.shift[2]) == ([True, True, False], 0.0)


def test_a_slice_without_events_is_lowered_and_stays_finite():
    z, y, number = drawn([-1.5, 0.0, 1.5])
    found = fit_slices(z, y & (number != 0), number, 3)
    assert -8 < found.shift[0] < -1


def test_events_that_come_together_tell_less():
    residual = np.array([0.9, 0.9, -0.1, -0.1])
    assert clumping_of(residual) == clumping_of(residual, np.arange(4)) == 1.0
    assert clumping_of(residual, np.array([0, 0, 1, 1])) == pytest.approx(2.0)
    z, y, number = drawn([-0.6, 0.6], n=3000)
    alone, together = (fit_slices(z, y, number, 2, clumping=c) for c in (1.0, 10.0))
    assert np.abs(together.shift).max() < np.abs(alone.shift).max()
    # a row that is tested twice at half its weight is no group of two
    assert clumping_of(np.tile(residual, 2) / 2, np.tile(np.arange(4), 2), np.tile(np.arange(4), 2)) == 1.0


def test_the_test_of_all_slices_holds_its_level_where_events_come_in_groups():
    """Four rows of a group have their events together; counted as single rows, slices differ in four of ten tables."""
    rng, runs, found = np.random.default_rng(0), 200, []
    group = np.repeat(np.arange(500), 4)
    for seed in range(runs):
        number, y = rng.integers(0, 3, 500)[group], (rng.random(500) < 0.06)[group] & (rng.random(2000) < 0.8)
        clumping = clumping_of(y - y.mean(), group)
        counts = [np.bincount(number, v, minlength=3) / clumping for v in (y, np.full(2000, y.mean()))]
        found.append(heterogeneity(*counts, draws=199, seed=seed) <= 0.05)
    assert np.mean(found) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / runs)
