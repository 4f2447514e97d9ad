"""Labels are compared in one place: numbers by value, texts by letters, a text and a number by what is written."""

import datetime
import itertools
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from rareclass import _check
from rareclass.decisions import CostMatrix
from rareclass.errors import InputError, TargetError
from rareclass.treatments.base import positive_number

ONE = ["1", 1, 1.0, np.int64(1), np.float32(1.0), True, np.bool_(True)]


@pytest.mark.parametrize(("left", "right"), list(itertools.combinations(ONE, 2)))
def test_spellings_of_one_are_one_label(left, right):
    assert _check.same_label(left, right)
    assert _check.same_label(right, left)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("1", "1.0"),
        ("001", "1"),
        ("a", "A"),
        (1, 2),
        (0, False + 1),
        ("yes", 1),
        (None, None),
        (float("nan"), "nan"),
        (2**53, 2**53 + 1),
        ("9007199254740993", 2**53),
    ],
)
def test_these_are_two_labels(left, right):
    assert not _check.same_label(left, right)
    assert not _check.same_label(right, left)


def test_dates_are_compared_as_they_are_and_as_they_are_written():
    day = datetime.date(2024, 5, 31)
    assert _check.same_label(day, datetime.date(2024, 5, 31))
    assert _check.same_label(day, "2024-05-31")
    assert not _check.same_label(day, "2024-06-01")


COLUMNS = [
    np.array([0, 1, 1, 7]),
    np.array([0.0, 1.0, np.nan, -1.0]),
    np.array([True, False]),
    np.array(["0", "1", "1.0", "yes"]),
    np.array(["1", 1, None, 1.0, "no", float("nan")], dtype=object),
    np.array(["2024-05-31", "NaT"], dtype="datetime64[D]"),
    np.array([2**53, 2**53 + 1]),
    np.array([], dtype=np.int64),
    np.array([], dtype="U1"),
]


@pytest.mark.parametrize("values", COLUMNS, ids=lambda v: f"{v.dtype}-{v.size}")
@pytest.mark.parametrize(
    "label", [*ONE, 0, "0", "yes", "no", "nan", False, "2024-05-31", 2**53 + 1, str(2**53 + 1), -1.0]
)
def test_columns_are_compared_as_their_values_are(values, label):
    expected = [_check.same_label(v, label) for v in values]
    np.testing.assert_array_equal(_check.is_label(values, label), np.array(expected, dtype=bool))
    if values.dtype.kind not in "UM":  # pandas has no such types
        np.testing.assert_array_equal(_check.is_label(pd.Series(values), label), np.array(expected, dtype=bool))


def test_a_label_of_the_same_type_is_found_first():
    assert _check.find_label([1, "1"], "1") == 1
    assert _check.find_label(["no", "yes"], "yes") == 1
    assert _check.find_label([0.0, 1.0], "1") == 1
    with pytest.raises(TargetError, match="not among the labels"):
        _check.find_label([0, 1], "2")


def test_a_label_that_booleans_do_not_hold_is_refused():
    truth = np.array([True, False, False])
    for label in (True, 1, "True", np.bool_(True)):
        np.testing.assert_array_equal(_check.binary_target(truth, label), truth)
    for label in (False, 0, "False"):
        np.testing.assert_array_equal(_check.binary_target(truth, label), ~truth)
    for label in ("nonsense", 2, "fraud"):
        with pytest.raises(TargetError, match="is not among the labels"):
            _check.binary_target(truth, label)


@pytest.mark.parametrize("value", ["0.5", b"0.5", True, np.True_, [0.5, 0.5], None, "half", 10**400], ids=repr)
@pytest.mark.parametrize(
    "check", [lambda v: _check.fraction(v, "share"), lambda v: positive_number(v, "share"), lambda v: CostMatrix(v, v)]
)
def test_what_is_no_number_is_refused_in_a_sentence(check, value):
    with pytest.raises(InputError, match=r"must be .*number"):
        check(value)


@pytest.mark.parametrize("value", [0.5, np.float32(0.5), Fraction(1, 2), Decimal("0.5"), np.array(0.5)], ids=repr)
def test_numbers_of_any_type_are_taken(value):
    assert _check.fraction(value, "share") == 0.5
