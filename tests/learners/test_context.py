"""The values that a fit is given."""

from dataclasses import replace

import numpy as np

from rareclass.learners._context import Rows


def test_taken_rows_carry_weights_and_the_shift_in_their_offset():
    rows = Rows(np.arange(6.0).reshape(3, 2), np.array([True, False, True]), weight=np.array([1.0, 2.0, 3.0]))
    part = rows.take(np.array([2, 0]), shift=0.5)
    np.testing.assert_array_equal(part.X, [[4, 5], [0, 1]])
    np.testing.assert_array_equal(part.weights, [3, 1])
    np.testing.assert_array_equal(part.offsets, [0.5, 0.5])
    np.testing.assert_array_equal(part.take(np.array([1]), shift=1.0).offsets, [1.5])
    assert rows.take(np.array([0])).offset is None
    np.testing.assert_array_equal(rows.offsets, np.zeros(3))


def test_the_rarer_class_is_the_positive_one_where_both_are_equal():
    assert Rows(np.zeros((4, 1)), np.array([1, 0, 0, 1], bool)).rare.tolist() == [True, False, False, True]
    assert Rows(np.zeros((3, 1)), np.array([1, 1, 0], bool)).rare.tolist() == [False, False, True]


def test_scaled_weights_count_rare_rows_as_the_rows_that_they_are_worth_whatever_the_scale():
    y = np.arange(12) < 3
    weight = np.where(y, 0.0, 7.0)
    weight[:3] = [1.0, 2.0, 3.0]
    plain = Rows(np.zeros((12, 1)), y)
    # 36 / 14 rows: (sum of w)^2 / sum of w^2
    expected = (weight * 6 / 14).astype(np.float32)
    for scale in (1.0, 1024.0, 1e-6, 1e4, 1e-200, 1e200):
        assert np.array_equal(replace(plain, weight=weight * scale).scaled().weight, expected)
        assert replace(plain, weight=np.full(12, scale / 12)).scaled().weight is None
    assert plain.scaled() is plain
    flipped = replace(plain, y=~y, weight=weight).scaled()
    assert np.array_equal(flipped.weight, expected)
