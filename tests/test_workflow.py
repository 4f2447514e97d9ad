"""The verbs as functions: what a problem holds reaches the fit, and what is written can be read again."""

from dataclasses import replace

import numpy as np
import pyarrow.csv
import pyarrow.parquet
import pytest
from tests.fitting.small import points

from rareclass.artifact import Bundle
from rareclass.data.problem import Roles, read_problem
from rareclass.decisions import AlertBudget, RecallAtLeast
from rareclass.errors import InputError, ReadError, SchemaError
from rareclass.workflow import evaluate_table, predict_table, redraw, train_table, with_period_rows, write_table

DAY = np.datetime64("2024-05-01T00:00")


@pytest.fixture(scope="module")
def table():
    X, y = points()
    hours = DAY + np.arange(y.size) * np.timedelta64(1, "h")
    return {"a": X[:, 0], "b": X[:, 1], "when": hours, "amount": np.linspace(2, 40, y.size), "fraud": y}


@pytest.fixture(scope="module")
def trained(table, tmp_path_factory):
    problem = read_problem(table, "fraud", Roles(cost_columns={"fn": "amount"}, drop=["when"]))
    problem = replace(problem, costs={**problem.costs, "fp": 1.0})
    out = tmp_path_factory.mktemp("m") / "bundle"
    return train_table(problem, out=out, estimator="logistic_regression", treatment="none", cv=3), out


def test_a_budget_by_period_is_told_how_many_rows_a_period_holds(table):
    problem = read_problem(table, "fraud", Roles(time="when"))
    days = 600 / 24
    for per, periods in (("hour", 600), ("day", days), ("month", 1)):
        told = with_period_rows(AlertBudget(3, per=per), problem)
        assert (told.rows_per_period, told.per) == (pytest.approx(600 / periods), per)
    given = AlertBudget(3, per="day", rows_per_period=7.0)
    for rule in (given, AlertBudget(3), RecallAtLeast(0.5), None):
        assert with_period_rows(rule, problem) is rule


def test_a_budget_by_period_needs_dates(table):
    for problem in (read_problem(table, "fraud"), read_problem(table, "fraud", Roles(time="amount"))):
        with pytest.raises(InputError, match="A budget per day needs a column of dates"):
            with_period_rows(AlertBudget(3, per="day"), problem)


def test_a_bundle_decides_each_row_by_the_costs_it_comes_with(table, trained):
    bundle, out = trained
    assert Bundle.load(out).recipe == bundle.recipe
    assert bundle.recipe["rows"] == 600
    assert set(bundle.model.feature_names_in_) == {"a", "b"}
    cheap, dear = ({**table, "amount": np.full(600, v)} for v in (0.01, 1e6))
    costs = {"fp": "one", "fn": "amount"}
    alerts = [
        predict_table(bundle, {**t, "one": np.ones(600)}, cost_columns=costs).table["alert"].to_numpy()
        for t in (cheap, dear)
    ]
    assert not alerts[0].any()
    assert alerts[1].all()
    with pytest.raises(SchemaError, match="no cost column 'price'"):
        predict_table(bundle, table, cost_columns={"fn": "price"})


def test_columns_that_a_model_does_not_use_are_named(table, trained):
    said = predict_table(trained[0], {**table, "one": np.ones(600)}, cost_columns={"fp": "one", "fn": "amount"}).notes
    assert said == ["1 column(s) are not used by the model: when."]


def test_a_bundle_is_judged_on_labelled_rows(table, trained):
    costs = {"fp": "one", "fn": "amount"}
    said = evaluate_table(trained[0], {**table, "one": np.ones(600)}, cost_columns=costs)
    assert (said["rows"], said["events"]) == (600, table["fraud"].sum())
    with pytest.raises(InputError, match="both classes are needed"):
        evaluate_table(trained[0], {**table, "one": np.ones(600), "fraud": np.zeros(600, bool)}, cost_columns=costs)


def test_tables_are_written_by_the_ending_of_the_name(table, trained, tmp_path):
    found = predict_table(trained[0], {**table, "one": np.ones(600)}, cost_columns={"fp": "one", "fn": "amount"}).table
    write_table(found, tmp_path / "p.csv")
    write_table(found, tmp_path / "p.parquet")
    assert pyarrow.parquet.read_table(tmp_path / "p.parquet").equals(found)
    again = pyarrow.csv.read_csv(tmp_path / "p.csv")
    np.testing.assert_allclose(again["probability"], found["probability"])


def test_a_folder_without_a_run_cannot_be_drawn(tmp_path):
    with pytest.raises(ReadError, match=r"results\.json is missing"):
        redraw(tmp_path)
