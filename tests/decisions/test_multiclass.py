"""Least expected cost among several classes, against brute force."""

import numpy as np
import pytest

from rareclass.decisions import CostMatrix, expected_cost_decision
from rareclass.errors import CostError, InputError


def test_three_classes_equal_brute_force():
    rng = np.random.default_rng(0)
    for _ in range(200):
        p, cost = rng.dirichlet(np.full(3, 0.5), 20), rng.uniform(0, 10, (3, 3))
        np.fill_diagonal(cost, 0)
        brute = [min(range(3), key=lambda j: sum(row[i] * cost[i, j] for i in range(3))) for row in p]
        assert expected_cost_decision(p, cost).tolist() == brute


def test_two_classes_are_the_threshold_of_the_cost_matrix():
    costs = CostMatrix(fp=3, fn=40, tp=1)
    p = np.random.default_rng(0).random(500)
    chosen = expected_cost_decision(np.column_stack([1 - p, p]), costs.matrix)
    assert np.array_equal(chosen == 1, p > costs.threshold)


def test_dividing_by_one_versus_rest_thresholds_decides_otherwise():
    cost = np.array([[0, 1, 9], [5, 0, 1], [20, 9, 0]])
    p = np.random.default_rng(1).dirichlet(np.ones(3), 2000)
    ours = expected_cost_decision(p, cost)
    cut = np.array([cost[:, k].sum() / (cost[:, k].sum() + cost[k].sum()) for k in range(3)])
    theirs = np.argmax(p / cut, axis=1)
    expected = p @ cost
    assert (ours != theirs).mean() > 0.02
    assert expected[np.arange(2000), ours].sum() < expected[np.arange(2000), theirs].sum()


def test_costs_of_each_row_and_a_decision_that_is_no_class():
    p = np.array([[0.5, 0.5], [0.9, 0.1]])
    cost = np.array([[[0.0, 4, 1], [4, 0, 1]], [[0.0, 4, 1], [4, 0, 1]]])
    assert expected_cost_decision(p, cost, classes=["no", "yes", "look"]).tolist() == ["look", "no"]


@pytest.mark.parametrize(
    ("p", "cost", "error", "match"),
    [
        ([[0.5, 0.6]], np.eye(2), InputError, "sum to 1"),
        ([[0.5, np.nan]], np.eye(2), InputError, "missing"),
        ([0.5, 0.5], np.eye(2), InputError, "shape"),
        ([[0.5, 0.5]], np.eye(3), CostError, "shape"),
        ([[0.5, 0.5]], [[0, np.nan], [1, 0]], CostError, "no finite"),
        ([[0.5, 0.5]], [[0, 1], [0, 1]], CostError, "cheapest whatever the truth"),
        ([[0.5, 0.5]], [["a", "b"], ["c", "d"]], CostError, "numbers"),
    ],
)
def test_unusable_input_raises(p, cost, error, match):
    with pytest.raises(error, match=match):
        expected_cost_decision(p, cost)


def test_labels_of_the_wrong_number_raise():
    with pytest.raises(InputError, match="one label"):
        expected_cost_decision([[0.5, 0.5]], [[0, 1], [1, 0]], classes=["a"])
