"""A table as a problem: every named column away from the features, and sentences where one is missing."""

import numpy as np
import pyarrow as pa
import pytest

from rareclass.data.problem import Problem, Roles, read_problem
from rareclass.errors import InputError, SchemaError

TABLE = pa.table(
    {
        "a": [1.0, 2.0, 3.0],
        "code": [1, 2, 1],
        "who": ["x", "x", "y"],
        "day": [1, 2, 3],
        "fp": [1, 1, 2],
        "fn": [5, 6, 7],
        "y": [0, 1, 0],
    }
)


def test_without_roles_everything_but_the_target_is_a_feature():
    problem = read_problem(TABLE, "y")
    assert problem.features.column_names == ["a", "code", "who", "day", "fp", "fn"]
    assert problem == Problem(features=problem.features, y=problem.y, target="y")


def test_columns_with_a_role_are_no_features():
    roles = Roles(
        pos_label=1, groups="who", time="day", cost_columns={"fp": "fp", "fn": "fn"}, categorical=["code", "who"]
    )
    problem = read_problem(TABLE, "y", roles)
    assert problem.features.column_names == ["a", "code"]
    assert problem.groups.tolist() == ["x", "x", "y"]
    np.testing.assert_array_equal(problem.times, [1, 2, 3])
    assert {k: v.tolist() for k, v in problem.costs.items()} == {"fp": [1, 1, 2], "fn": [5, 6, 7]}
    assert problem.categorical == ("code",)
    assert problem.dropped == ("day", "fn", "fp", "who")


def test_what_is_given_goes_before_what_is_not():
    given, usual = Roles(drop=["a"], time_ordered=True), Roles(drop=["b"], groups="who", pos_label=1)
    assert given.or_else(usual) == Roles(drop=["a"], time_ordered=True, groups="who", pos_label=1)


@pytest.mark.parametrize(
    ("roles", "word"),
    [
        (Roles(groups="WHO"), "Did you mean 'who'"),
        (Roles(drop=["b"]), "--drop b"),
        (Roles(cost_columns={"fp": "c"}), "the cost fp"),
    ],
)
def test_a_column_that_is_not_there_is_named(roles, word):
    with pytest.raises(SchemaError, match=word):
        read_problem(TABLE, "y", roles)


def test_costs_are_numbers_under_known_names():
    with pytest.raises(InputError, match="named fp, fn, tp and tn"):
        read_problem(TABLE, "y", Roles(cost_columns={"miss": "fn"}))
    with pytest.raises(InputError, match="'who' must hold numbers"):
        read_problem(TABLE, "y", Roles(cost_columns={"fn": "who"}))


def test_a_column_of_weights_is_no_feature_and_holds_numbers():
    problem = read_problem(TABLE, "y", Roles(weights="fp"))
    assert "fp" not in problem.features.column_names
    np.testing.assert_array_equal(problem.weights, [1.0, 1.0, 2.0])
    with pytest.raises(InputError, match="The column of weights 'who' must hold numbers"):
        read_problem(TABLE, "y", Roles(weights="who"))
    with pytest.raises(SchemaError, match=r"no column 'w' \(--weights\)"):
        read_problem(TABLE, "y", Roles(weights="w"))
