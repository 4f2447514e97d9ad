from types import SimpleNamespace

import numpy as np
import pytest

import rareclass.metrics as m
from rareclass.errors import CostError, UndefinedWarning

Y, P = np.array([0, 1, 1, 0]), np.array([1, 1, 0, 0])


def test_every_way_to_say_costs_gives_the_same_value():
    expected = (10 + -3 + 500 + 1) / 4
    for costs in (
        {"fp": 10, "fn": 500, "tp": -3, "tn": 1},
        SimpleNamespace(fp=10, fn=500, tp=-3, tn=1),
        [[1, 10], [500, -3]],
        {"fp": [10] * 4, "fn": np.full(4, 500), "tp": -3, "tn": 1},
    ):
        assert m.expected_cost(Y, P, costs) == expected


def test_per_row_costs_use_each_rows_own_cost():
    costs = {"fp": [1, 2, 3, 4], "fn": [10, 20, 30, 40]}
    assert m.expected_cost(Y, P, costs) == (1 + 30) / 4
    assert m.expected_cost(Y, P, costs, sample_weight=[1, 1, 0, 2]) == 1 / 4


def test_savings_are_relative_to_the_best_trivial_rule():
    costs = {"fp": 10, "fn": 500, "tp": 10}
    perfect = m.savings_score(Y, Y, costs)
    trivial = min(1000, 40) / 4
    assert perfect == pytest.approx(1 - 5 / trivial)
    assert m.savings_score(Y, np.ones(4), costs) == 0
    assert m.savings_score(Y, np.zeros(4), costs) < 0
    with pytest.warns(UndefinedWarning, match="costs nothing"):
        assert np.isnan(m.savings_score(Y, P, {"fp": 0, "fn": 500}))


def test_savings_with_benefits_grow_with_the_money_saved():
    costs = {"fp": 5, "fn": 0, "tp": -50}
    assert m.savings_score(Y, Y, costs) > m.savings_score(Y, np.ones(4), costs) == 0


@pytest.mark.parametrize(
    ("costs", "message"),
    [
        ({"fp": 1}, "false negative"),
        ({"fp": 1, "fn": np.nan}, "NaN or infinite"),
        ({"fp": 1, "fn": [1, 2]}, "2 rows"),
        ({"fp": 1, "fn": "many"}, "number"),
        ({"fp": 1, "fn": 2, "fnn": 3}, "fnn"),
        (7, "mapping"),
        (np.ones((3, 3)), "2 x 2"),
    ],
)
def test_bad_costs_give_one_sentence(costs, message):
    with pytest.raises(CostError, match=message):
        m.expected_cost(Y, P, costs)
