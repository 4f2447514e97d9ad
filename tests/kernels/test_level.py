"""The number of events that a fit expects on new rows, put right from what it says of its own."""

import numpy as np
import pytest
from scipy.special import expit

from rareclass.kernels.level import class_means, expected_as_observed


def test_the_mean_is_put_right_with_the_flattery_of_inner_folds_taken_off():
    rng = np.random.default_rng(0)
    y = np.arange(2000) < 100
    score = rng.normal(size=2000) + 2 * y
    given = {"fades": (0.7, 1.1), "weights": (100.0, 1900.0), "wanted": 100.0}

    def moved_of(score, y):
        return expected_as_observed(lambda shift: class_means(expit(score + shift), y, np.ones(y.size)), **given)

    moved = moved_of(score, y)
    p = expit(score + moved)
    assert 0.7 * p[y].sum() + 1.1 * p[~y].sum() == pytest.approx(100, rel=1e-4)
    # a sample of the other rows stands for all of them
    part = y | (np.arange(2000) % 2 == 0)
    assert moved_of(score[part], y[part]) == pytest.approx(moved, abs=0.1)
    assert moved_of(np.full(2000, -900.0), y) == 0


def test_means_are_weighted_within_each_class():
    p, y = np.array([0.2, 0.8, 0.1, 0.3]), np.array([True, True, False, False])
    assert class_means(p, y, np.array([1.0, 3.0, 1.0, 1.0])) == pytest.approx((0.65, 0.2))
