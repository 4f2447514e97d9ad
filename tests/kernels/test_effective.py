"""How many rows weighted rows are worth: one rule for intervals, bands and bins."""

import numpy as np
import pytest

import rareclass.metrics
import rareclass.uncertainty
from rareclass.kernels.effective import Counted, share_limits, worth
from rareclass.kernels.intervals import clopper_pearson, wilson


def test_rows_are_counted_as_kish_has_it_and_never_as_repetitions():
    rows = Counted.of(np.array([1.0, 2.0, 4.0]))
    assert rows.rows == pytest.approx(49 / 21)
    assert rows.unit * rows.rows == pytest.approx(7)
    assert [Counted.of(np.full(9, c)).rows for c in (0.3, 1.0, 10.0)] == [9, 9, 9]
    assert Counted.of(np.zeros(0), np.array([3.0, 3.0])).unit == 3
    assert Counted.of(np.zeros(0)).rows == 0
    many = Counted(np.array([7.0, 0.0]), np.array([21.0, 0.0]), 2.0)
    np.testing.assert_allclose(many.rows, [49 / 21, 0.0])
    np.testing.assert_allclose(many.unit, [3.0, 2.0])


def test_equal_weights_within_each_kind_move_the_odds_of_the_rows_that_were_drawn():
    hits, misses = Counted.of(np.full(8, 1.0)), Counted.of(np.full(2, 10.0))
    low, high = share_limits(hits, misses, clopper_pearson)
    for found, plain in zip((low, high), clopper_pearson(8, 10), strict=True):
        assert found / (1 - found) == pytest.approx(plain / (1 - plain) / 10)
    plain = share_limits(Counted.of(np.ones(8)), Counted.of(np.ones(2)), wilson)
    assert plain == wilson(8, 10)
    assert share_limits(Counted.of(np.full(8, 3.0)), Counted.of(np.full(2, 3.0)), wilson) == pytest.approx(plain)
    assert share_limits(Counted.of(np.ones(0)), Counted.of(np.ones(0)), wilson) == (0, 1)


def test_trials_are_worth_what_the_linearised_variance_says():
    rng = np.random.default_rng(0)
    hit, weight = rng.random(400) < 0.2, rng.uniform(0.5, 8, 400)
    share = np.average(hit, weights=weight)
    variance = np.sum((weight * (hit - share)) ** 2) / weight.sum() ** 2
    found = worth(Counted.of(weight[hit]), Counted.of(weight[~hit]))
    assert share * (1 - share) / found == pytest.approx(variance)
    assert worth(Counted.of(np.ones(3)), Counted.of(np.ones(0))) == 3


def test_metrics_answers_to_the_names_of_this_room():
    for name in rareclass.uncertainty.__all__:
        assert getattr(rareclass.metrics, name) is getattr(rareclass.uncertainty, name)
