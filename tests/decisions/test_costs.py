"""Costs: orientation, thresholds, and every way in which they cannot be used."""

from fractions import Fraction

import numpy as np
import pytest

from rareclass.decisions import CostMatrix, FieldCosts, MinimumCost, RowCosts, as_costs
from rareclass.decisions.costs import as_choice, costs_of_rows
from rareclass.errors import CostError


def test_threshold_with_a_benefit_is_elkans():
    # c10 = 5, c00 = 0, c01 = 100, c11 = -20 in Elkan's c(predicted, actual): t = 5 / (5 + 100 + 20)
    assert CostMatrix(fp=5, fn=100, tp=-20).threshold == pytest.approx(0.04)


def test_threshold_of_two_hundred_to_one():
    assert CostMatrix(fp=1, fn=200).threshold == pytest.approx(0.00497512437811, rel=1e-11)


def test_rows_of_the_matrix_are_the_truth():
    costs = CostMatrix.from_matrix([[0, 5], [100, -20]])
    assert (costs.fp, costs.fn, costs.tp, costs.tn) == (5, 100, -20, 0)
    assert np.array_equal(costs.matrix, [[0, 5], [100, -20]])


def test_flagging_at_the_threshold_costs_as_much_as_not_flagging():
    costs = CostMatrix(fp=3, fn=40, tp=2, tn=-1)
    t = costs.threshold
    assert t * costs.tp + (1 - t) * costs.fp == pytest.approx(t * costs.fn + (1 - t) * costs.tn)


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"fp": 0, "fn": 5}, "Flagging every row is always right"),
        ({"fp": 1, "fn": 5, "tn": 1}, "Flagging every row is always right"),
        ({"fp": 1, "fn": 0}, "Flagging no row is always right"),
        ({"fp": 1, "fn": 2, "tp": 3}, "Flagging no row is always right"),
        ({"fp": -1, "fn": -5}, "reward wrong decisions"),
        ({"fp": float("nan"), "fn": 5}, "finite"),
        ({"fp": 1, "fn": float("inf")}, "finite"),
        ({"fp": "much", "fn": 5}, "one number"),
    ],
)
def test_class_costs_that_decide_nothing_raise(given, match):
    with pytest.raises(CostError, match=match):
        CostMatrix(**given)


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"fp": [1.0, np.nan], "fn": 5.0}, r"1 missing value\(s\) \(NaN\), the first in row 2"),
        ({"fp": [1.0, np.inf], "fn": 5.0}, "not finite"),
        ({"fp": [1.0, 2.0], "fn": [1.0, 2.0, 3.0]}, "same number of rows"),
        ({"fp": 1.0, "fn": 5.0}, "at least one array"),
        ({"fp": [[1.0, 2.0], [1.0, 2.0]], "fn": 5.0}, "one-dimensional"),
        ({"fp": ["a", "b"], "fn": 5.0}, "numbers"),
        ({"fp": [], "fn": 5.0}, "empty"),
        ({"fp": 1.0, "fn": [0.0, 0.0]}, "Flagging no row is always right"),
        ({"fp": [0.0, -1.0], "fn": 5.0}, "Flagging every row is always right"),
        ({"fp": [-1.0, 1.0], "fn": [-2.0, 5.0]}, "1 row.* both wrong decisions"),
    ],
)
def test_row_costs_that_cannot_be_used_raise(given, match):
    with pytest.raises(CostError, match=match):
        RowCosts(**given)


def test_costs_as_large_as_numbers_go_decide_by_their_ratio():
    fp, fn = [1e308, 1.7e308, 1.0, 1e308, 1e308], [1e308, 1e-300, 1.7e308, 3.0, 1.7e308]
    tn = [0.0, 0.0, 0.0, 0.0, -1e308]
    with np.errstate(all="raise", under="ignore"):
        found = RowCosts(fp=fp, fn=fn, tn=tn).threshold
        one = CostMatrix(fp=1.7e308, fn=1.7e308, tn=-1.7e308).threshold
    stakes = [(Fraction(a) - Fraction(c), Fraction(b)) for a, b, c in zip(fp, fn, tn, strict=True)]
    exact = [float(alarm / (alarm + catch)) for alarm, catch in stakes]
    np.testing.assert_allclose(found, exact, rtol=1e-15)
    assert abs(one - 2 / 3) < 1e-15


def test_single_rows_may_leave_no_choice():
    costs = RowCosts(fp=[2.0, 2.0, 0.0, 0.0], fn=[0.0, 6.0, 5.0, 0.0])
    assert costs.threshold.tolist() == [np.inf, 0.25, -np.inf, np.inf]


def test_costs_are_read_from_mappings_and_matrices():
    assert as_costs({"fp": 1, "fn": 3}) == CostMatrix(1, 3)
    assert as_costs([[0, 1], [3, 0]]) == CostMatrix(1, 3)
    rows = as_costs({"fp": 1.0, "fn": np.array([3.0, 9.0]), "tp": None})
    assert rows.threshold.tolist() == [0.25, 0.1]
    assert as_costs(rows) is rows


@pytest.mark.parametrize(
    ("given", "match"),
    [
        (None, "must be a CostMatrix"),
        (5.0, "must be a CostMatrix"),
        ({"fp": 1}, "cost fn must be given"),
        ({}, "costs fp and fn must be given"),
        ({"fp": 1, "fn": 2, "missed": 3}, "Unknown cost 'missed'"),
        ([[0, 1, 2], [1, 2, 3]], r"shape \(2, 2\)"),
        ([["a", "b"], ["c", "d"]], "numbers"),
    ],
)
def test_unreadable_costs_raise(given, match):
    with pytest.raises(CostError, match=match):
        as_costs(given)


def test_row_costs_of_the_wrong_length_raise():
    with pytest.raises(CostError, match="2 rows, the data 3"):
        as_costs({"fp": 1.0, "fn": [1.0, 2.0]}, n=3)


def test_costs_of_rows_follow_truth_and_decision():
    costs = RowCosts(fp=[1.0, 2.0, 3.0, 4.0], fn=[10.0, 20.0, 30.0, 40.0], tp=0.5, tn=0.1)
    y, flagged = np.array([True, True, False, False]), np.array([True, False, True, False])
    assert costs.of(y, flagged).tolist() == [0.5, 20.0, 3.0, 0.1]


def test_users_arrays_are_not_kept():
    fn = np.array([3.0, 9.0])
    costs = RowCosts(fp=1.0, fn=fn)
    fn[:] = 0
    assert costs.threshold.tolist() == [0.25, 0.1]


@pytest.mark.parametrize(("costs", "threshold"), [({"fp": [0.0], "fn": 9}, -np.inf), ({"fp": 1, "fn": [0.0]}, np.inf)])
def test_rows_that_are_decided_may_all_leave_no_choice(costs, threshold):
    assert costs_of_rows(costs, 1).threshold.tolist() == [threshold]
    assert costs_of_rows({k: float(np.mean(v)) for k, v in costs.items()}, 2).threshold.tolist() == [threshold] * 2
    with pytest.raises(CostError, match="is always right"):
        as_costs(costs)
    with pytest.raises(CostError, match="The costs have 1 rows, the data 3"):
        costs_of_rows(costs, 3)
    with pytest.raises(CostError, match="both wrong decisions cost less"):
        costs_of_rows({"fp": [-1.0], "fn": -1}, 1)


def test_costs_of_rows_that_leave_no_choice_are_no_reason_to_choose():
    settled = FieldCosts(fp=1.0, fn="amount").of({"amount": [0.0, 0.0]})
    assert settled.threshold.tolist() == [np.inf, np.inf]
    for choose in (as_choice, MinimumCost):
        with pytest.raises(CostError, match="Flagging no row is always right"):
            choose(settled)
