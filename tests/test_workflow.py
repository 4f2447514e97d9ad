"""The verbs as functions: what a problem holds reaches the fit, and what is written can be read again."""

from dataclasses import replace

import numpy as np
import pyarrow.csv
import pyarrow.parquet
import pytest
from tests.fitting.small import points

from rareclass.artifact import Bundle
from rareclass.cli.options import KeepOptions
from rareclass.data.problem import Roles, read_problem
from rareclass.data.read import read_table
from rareclass.decisions import AlertBudget, RecallAtLeast
from rareclass.errors import InputError, ReadError, SchemaError
from rareclass.fitting.arm import Arm
from rareclass.scale import sample_negatives
from rareclass.workflow import (
    PeriodColumns,
    compare_table,
    evaluate_table,
    predict_table,
    redraw,
    train_table,
    write_table,
)

DAY = np.datetime64("2024-05-01T00:00")


@pytest.fixture(scope="module")
def table():
    X, y = points()
    hours = DAY + np.arange(y.size) * np.timedelta64(60, "m")
    return {"a": X[:, 0], "b": X[:, 1], "when": hours, "amount": np.linspace(2, 40, y.size), "fraud": y}


@pytest.fixture(scope="module")
def trained(table, tmp_path_factory):
    problem = read_problem(table, "fraud", Roles(cost_columns={"fn": "amount"}, drop=["when"]))
    problem = replace(problem, costs={**problem.costs, "fp": 1.0})
    out = tmp_path_factory.mktemp("m") / "bundle"
    return train_table(problem, out=out, estimator="logistic_regression", treatment="none", cv=3), out


@pytest.fixture(scope="module")
def budgeted(table, tmp_path_factory):
    problem = read_problem(table, "fraud", Roles(time="when", drop=["amount"]))
    out = tmp_path_factory.mktemp("b") / "bundle"
    return train_table(problem, out=out, decision=AlertBudget(3, per="day"), estimator="logistic_regression", cv=3)


def test_a_budget_by_day_is_trained_from_the_times(budgeted):
    rule = budgeted.model.decision_.rule
    assert (rule.alerts, rule.per, rule.rows_per_period) == (3, "day", 24.0)
    assert 0.5 < budgeted.model.decision_.alert_rate / (3 / 24) <= 1


@pytest.mark.parametrize(("time", "budget"), [(None, "day"), ("amount", "day"), ("when", "fortnight")])
def test_a_budget_by_period_needs_times_that_tell_it_before_anything_is_fitted(
    table, tmp_path, time, budget, monkeypatch
):
    monkeypatch.setattr(Arm, "fit", lambda *_, **__: pytest.fail("an arm was fitted"))
    problem = read_problem(table, "fraud", Roles(time=time))
    for verb in (train_table, compare_table):
        how = {"estimator": "lightgbm"} if verb is train_table else {"learners": ["lightgbm"]}
        with pytest.raises(InputError, match=rf"A budget .*{budget}"):
            verb(problem, out=tmp_path / "m", decision=AlertBudget(3, per=budget), **how)


def test_a_budget_is_kept_by_the_threshold_or_exactly_in_each_period(table, budgeted):
    given = {k: v for k, v in table.items() if k != "fraud"}
    whole = predict_table(budgeted, given)
    assert "The budget is kept by the stored threshold" in whole.notes[-1]
    flagged = whole.table["alert"].to_numpy()
    for size in (1, 40):
        parts = [
            predict_table(budgeted, {k: v[i : i + size] for k, v in given.items()}).table["alert"].to_numpy()
            for i in range(0, 120, size)
        ]
        assert np.array_equal(np.concatenate(parts), flagged[:120])
    daily = predict_table(budgeted, given, periods=PeriodColumns(time="when"))
    assert not any("budget" in note or "when" in note for note in daily.notes)
    assert set(daily.table["alert"].to_numpy().reshape(25, 24).sum(axis=1)) == {3}
    named = {**given, "day": np.repeat([f"day {k}" for k in range(25)], 24), "id": np.arange(600)[::-1]}
    by_name = predict_table(budgeted, named, periods=PeriodColumns(period="day", key="id"))
    assert by_name.table["alert"].equals(daily.table["alert"])
    assert predict_table(budgeted, given, periods=PeriodColumns(one_period=True)).table["alert"].to_numpy().sum() == 3


def test_periods_that_mean_nothing_are_refused(table, budgeted, trained):
    with pytest.raises(InputError, match="one of --time, --period and --one-period"):
        predict_table(budgeted, table, periods=PeriodColumns(time="when", one_period=True))
    with pytest.raises(SchemaError, match="no --period column 'shop'"):
        predict_table(budgeted, table, periods=PeriodColumns(period="shop"))
    with pytest.raises(InputError, match="this bundle decides by the least expected cost"):
        predict_table(trained[0], table, periods=PeriodColumns(time="when"))


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


def test_rows_that_a_bundle_was_trained_on_are_told(table, trained, tmp_path):
    bundle, out = trained
    table = {**table, "one": np.ones(600)}
    costs = {"fp": "one", "fn": "amount"}
    (finding,) = evaluate_table(Bundle.load(out), table, cost_columns=costs)["findings"]
    assert (finding["code"], finding["severity"]) == ("evaluated-on-training-rows", "error")
    assert "trained on" in finding["title"]
    assert finding["remedy"]
    mixed = {k: np.concatenate([v[:300], v[:300]]) for k, v in table.items()}
    mixed["a"] = np.r_[table["a"][:300], np.random.default_rng(5).normal(size=300)]
    pyarrow.csv.write_csv(read_table(mixed), tmp_path / "mixed.csv")  # other file, other types, other order
    (finding,) = evaluate_table(bundle, tmp_path / "mixed.csv", cost_columns=costs)["findings"]
    share = int(finding["title"].split("%")[0].split()[-1])
    assert 40 <= share <= 60
    X, y = points(seed=9)
    new = {**table, "a": X[:, 0], "b": X[:, 1], "fraud": y}
    assert evaluate_table(bundle, new, cost_columns=costs)["findings"] == []


def test_rows_that_repeat_by_nature_are_not_called_training_rows(tmp_path):
    rng = np.random.default_rng(0)
    tables = [{"a": (x := rng.integers(0, 5, 2000)), "fraud": rng.random(2000) < 0.02 + 0.05 * x} for _ in "ab"]
    bundle = train_table(read_problem(tables[0], "fraud"), out=tmp_path / "b", estimator="logistic_regression",
                         decision=RecallAtLeast(0.5))  # fmt: skip
    assert evaluate_table(bundle, tables[1])["findings"] == []


def test_a_sample_says_what_the_whole_table_says(tmp_path):
    X, y = points(40_000, seed=3)
    y &= np.random.default_rng(4).random(y.size) < 0.15  # two events in a hundred
    whole = pyarrow.table({"a": X[:, 0], "b": X[:, 1], "y": y})
    pyarrow.parquet.write_table(whole, tmp_path / "whole.parquet")
    few = sample_negatives(tmp_path / "whole.parquet", target="y", negatives_per_event=10).table
    problems = [read_problem(t, "y") for t in (whole, few)]
    assert problems[1].features.column_names == ["a", "b"]
    assert "stand for" in problems[1].notes[0]
    # the share of events among so many rows is known to within one standard error of its own
    assert abs(problems[1].prevalence - y.mean()) < np.sqrt(y.mean() / y.sum())
    bundles = [
        train_table(p, out=tmp_path / f"b{i}", estimator="logistic_regression", cv=3, decision=RecallAtLeast(0.5))
        for i, p in enumerate(problems)
    ]
    fresh_X, fresh_y = points(20_000, seed=5)
    fresh_y &= np.random.default_rng(6).random(fresh_y.size) < 0.15
    fresh = {"a": fresh_X[:, 0], "b": fresh_X[:, 1], "y": fresh_y}
    told = [evaluate_table(b, fresh) for b in bundles]
    ap, other = (t["metrics"]["average_precision"] for t in told)
    error = (ap["high"] - ap["low"]) / 3.92
    assert abs(ap["estimate"] - other["estimate"]) < error
    ratios = [t["calibration"]["observed_to_expected"] for t in told]
    assert abs(ratios[0] - ratios[1]) < 1 / np.sqrt(y.sum())
    # the sample judges the model of the whole table as the whole table does
    judged = [evaluate_table(bundles[0], t) for t in (whole, few)]
    assert abs(judged[1]["prevalence"] - judged[0]["prevalence"]) < np.sqrt(y.mean() / y.sum())
    two = [j["metrics"]["average_precision"] for j in judged]
    assert abs(two[0]["estimate"] - two[1]["estimate"]) < (two[1]["high"] - two[1]["low"]) / 3.92


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


def test_a_bundle_keeps_the_learner_on_request_and_no_training_event_where_none_is_to_be_kept(table, tmp_path):
    problem = read_problem(table, "fraud")
    options = {"estimator": "logistic_regression", "treatment": "none", "cv": 3}
    for name, asked in (("plain", KeepOptions()), ("more", KeepOptions(keep_learner=True, no_reference_rows=True))):
        train_table(problem, out=tmp_path / name, kept=asked.kept(), **options)
    plain, more = (Bundle.load(tmp_path / name) for name in ("plain", "more"))
    files = {name: {p.name for p in (tmp_path / name).iterdir()} for name in ("plain", "more")}
    assert files["plain"] == {"manifest.json", "model.json", "scorer.npz", "reference.npz", "card.md"}
    assert files["more"] - files["plain"] == {"learner.skops"}
    assert 0 < len(plain.sketches["events"]) <= 600
    assert "events" not in more.sketches
    np.testing.assert_array_equal(plain.scorer.logit(problem.features), more.scorer.logit(problem.features))
