"""The values that a fit is given."""

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
