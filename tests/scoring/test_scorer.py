"""The compiled scorer says what the model says, for rows in any form, and needs no training library."""

import copy
import datetime as dt
import functools
import pickle
import subprocess
import sys
import textwrap
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.linear_model import LogisticRegression

from rareclass import RareClassifier
from rareclass.artifact import Bundle
from rareclass.data import read_table
from rareclass.decisions import AlertBudget, CostMatrix, Maximize, MinimumCost
from rareclass.errors import CostError, InputError, SchemaError
from rareclass.learners import FewEventsLogisticRegression
from rareclass.learners.table import LEARNERS
from rareclass.scoring import Scorer, checking
from rareclass.scoring.contributions import contributions
from rareclass.scoring.maps import SliceMap
from rareclass.treatments.registry import TREATMENTS

N = 700


def table(n=N, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    columns = {
        "x": np.where(rng.random(n) < 0.1, np.nan, x),
        "big": rng.integers(2**53, 2**60, n),
        "shop": np.array(["a", "b", "c", "d", "e"])[np.minimum(rng.geometric(0.5, n), 5) - 1],
        "code": pa.array([str(c) if c else None for c in rng.integers(0, 4, n)]),
        "ok": rng.random(n) < 0.5,
        "at": [dt.datetime(2024, 1, 1) + dt.timedelta(minutes=int(m)) for m in rng.integers(0, 300_000, n)],
        "note": [" ".join(rng.choice(["win", "cash", "Hi!", "the", "of"], 4)) + f" {i}" for i in range(n)],
    }
    return pa.table(columns), x + (columns["shop"] == "a") + rng.normal(size=n) > 2.0


def fitted(learner, features=None, **options):
    """A model and its rows; what is named by words alone is fitted once, and copied for each test."""
    features = tuple(table()[0].column_names if features is None else features)
    words = isinstance(learner, str) and all(isinstance(option, str) for option in options.values())
    model, data = (fitted_once if words else fitted_once.__wrapped__)(learner, features, **options)
    return copy.copy(model), data


@functools.cache
def fitted_once(learner, features, costs=None, **options):
    data, y = table()
    data = data.select(features)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return RareClassifier(learner, **{"treatment": "none", "cv": 2, **options}).fit(data, y, costs=costs), data


@pytest.fixture(scope="module")
def model():
    return fitted("logistic_regression", costs=CostMatrix(fp=1, fn=9), calibration="isotonic")


@pytest.fixture(scope="module")
def scorer(model):
    found = Scorer.from_model(*model)
    assert found.exact, found.why_not
    return found


def equal_but_for_rounding(scorer, model, data):
    assert scorer.exact, scorer.why_not
    np.testing.assert_allclose(scorer.logit(data), model.positive_logit(data), rtol=0, atol=1e-9)
    np.testing.assert_array_equal(scorer.decide(data), model.flag(scorer.probability(data)))
    X = scorer.encoder.matrix(data)
    given, logit = contributions(scorer.member, X), scorer.member.logit(X)
    assert (np.abs(given.sum(axis=1) - logit) <= 1e-9 * np.maximum(1, np.abs(logit))).all()
    assert (given[:, -1] == given[0, -1]).all()
    np.testing.assert_array_equal(given[:2], np.vstack([contributions(scorer.member, x[None]) for x in X[:2]]))
    np.testing.assert_allclose(scorer.contributions(data).sum(axis=1), scorer.logit(data), rtol=0, atol=1e-8)


MIXED = ["x", "big", "shop", "code", "ok", "at"]


# the net needs torch: tests/learners/test_net.py
@pytest.mark.parametrize("learner", [*(name for name in LEARNERS if name != "net"), "auto"])
def test_every_learner_is_the_same_compiled_and_read_again(learner, tmp_path):
    if learner in ("xgboost", "catboost"):
        pytest.importorskip(learner)
    model, data = fitted(learner, MIXED)
    Bundle(model, rows=data).save(tmp_path / "m")
    scorer = Scorer.load(tmp_path / "m")
    fresh, _ = table(400, seed=1)
    equal_but_for_rounding(scorer, model, fresh.select(data.column_names))
    some = fresh.slice(0, 40)
    np.testing.assert_array_equal(scorer.logit(some.to_pylist()), scorer.logit(some))


FEW_BAGS = "balanced_ensemble(bags=3)"
EVERY_TREATMENT = [t for t in TREATMENTS if t not in ("none", "cost_weights", "balanced_ensemble")]


@pytest.mark.parametrize("treatment", [*EVERY_TREATMENT, FEW_BAGS])
@pytest.mark.parametrize("learner", ["lightgbm", "logistic_regression"])
def test_every_treatment_is_the_same_compiled(learner, treatment):
    try:
        features = ["shop"] if treatment == "smoten" else ["x", "shop", "ok"]
        model, data = fitted(learner, features, treatment=treatment)
    except InputError as error:
        pytest.skip(str(error))
    equal_but_for_rounding(Scorer.from_model(model, data), model, data)


@pytest.mark.parametrize("learner", ["random_forest", "hist_gradient_boosting", "auto"])
@pytest.mark.parametrize("treatment", [FEW_BAGS, "random_under", "smote"])
def test_learners_without_offsets_are_the_same_compiled_under_a_treatment(learner, treatment):
    model, data = fitted(learner, ["x", "big", "ok"], treatment=treatment)
    equal_but_for_rounding(Scorer.from_model(model, data), model, data)


def test_one_row_alone_equals_the_row_in_a_batch_in_every_form(scorer, model):
    data, rows = model[1], model[1].to_pylist()
    wanted = scorer.logit(data)
    np.testing.assert_array_equal(scorer.logit(rows), wanted)
    np.testing.assert_array_equal([scorer.logit(row)[0] for row in rows[:99]], wanted[:99])
    assert scorer.logit(rows[0]).shape == scorer.probability(rows[0]).shape == scorer.decide(rows[0]).shape == (1,)
    for frame in (data.to_pandas(), pl.from_arrow(data), data.to_batches()[0]):
        np.testing.assert_array_equal(scorer.logit(frame), wanted)
    shuffled = data.select(data.column_names[::-1]).append_column("extra", data["x"])
    np.testing.assert_array_equal(scorer.logit(shuffled), wanted)
    np.testing.assert_array_equal(scorer.logit(dict(reversed([*rows[3].items(), ("extra", object())]))), wanted[3:4])
    np.testing.assert_array_equal(scorer.decide(data), model[0].predict(data))


def test_any_number_of_threads_gives_the_same():
    model, data = fitted("auto", MIXED)
    scorer = Scorer.from_model(model)
    X = np.repeat(scorer.encoded(data).matrix, 20, axis=0)
    once = scorer.logit_of(X)
    np.testing.assert_array_equal(scorer.logit_of(X, threads=3), once)
    np.testing.assert_array_equal(once[::20], scorer.logit(data))


def test_numbers_only_also_come_as_arrays():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 3))
    model = RareClassifier("logistic_regression", cv=2).fit(X, X[:, 0] > 1.2)
    scorer = Scorer.from_model(model)
    X[5, 1], X[6, 2], X[7, 0] = np.nan, np.inf, -np.inf
    wanted = model.positive_logit(np.where(np.isinf(X), np.nan, X))
    np.testing.assert_allclose(scorer.logit(X), wanted, rtol=0, atol=1e-12)
    for i in range(8):
        named = {"x2": X[i, 2], "x0": X[i, 0], "x1": X[i, 1]}
        for row in (X[i], X[i].tolist(), named, X[i : i + 1]):
            np.testing.assert_array_equal(scorer.logit(row), scorer.logit(X)[i : i + 1])
    np.testing.assert_array_equal(scorer.logit(np.asfortranarray(X)), scorer.logit(X))
    whole = np.arange(9).reshape(3, 3)
    np.testing.assert_array_equal(scorer.logit(whole), scorer.logit(whole.astype(float)))
    frozen = X.copy()
    frozen.flags.writeable = False
    np.testing.assert_array_equal(scorer.logit(frozen), scorer.logit(X))
    assert np.isinf(X[6, 2])  # the caller's array stays as it is


def test_rows_with_gaps_and_rows_of_pandas_are_read():
    X = np.random.default_rng(0).normal(size=(300, 3))
    scorer = Scorer.from_model(RareClassifier("lightgbm", cv=2).fit(X, X[:, 0] > 1.2))
    wanted = scorer.logit(np.array([1.0, np.nan, 2.0]))
    for row in (
        [1.0, None, 2],
        [[1.0, None, 2.0]],
        np.array([1, None, 2.0], dtype=object),
        pd.Series({"x2": 2.0, "x0": 1.0, "x1": None}),
    ):
        np.testing.assert_array_equal(scorer.logit(row), wanted)
    one = Scorer.from_model(RareClassifier("lightgbm", cv=2).fit(pa.table({"v": X[:, 0]}), X[:, 0] > 1.2))
    wanted = one.logit(X[:5, :1])
    for column in (pd.Series(X[:5, 0], name="v"), pl.Series("v", X[:5, 0])):
        np.testing.assert_array_equal(one.logit(column), wanted)
    for threads in ("a", 0, 1.5):
        with pytest.raises(InputError, match="threads"):
            one.logit(X[:5, :1], threads=threads)


@pytest.mark.parametrize("kind", [float, int])
def test_what_is_masked_is_missing_to_scorer_and_model(kind):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 3))
    model = RareClassifier("lightgbm", cv=2).fit(X, X[:, 0] + rng.normal(size=400) > 1.5)
    scorer, rows, mask = Scorer.from_model(model), (3 * X[:20]).astype(kind), rng.random((20, 3)) < 0.4
    masked, wanted = np.ma.masked_array(rows, mask), scorer.logit(np.where(mask, np.nan, rows))
    assert (wanted != scorer.logit(rows)).any()
    for data in (masked, list(masked)):
        for found in (scorer.logit(data), model.positive_logit(data), model.model_.logit(read_table(data))[0]):
            np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-9)
    columns = {f"x{j}": masked[:, j] for j in range(3)}
    np.testing.assert_allclose(model.positive_logit(columns), wanted, rtol=0, atol=1e-9)
    with pytest.raises(InputError, match="`y` holds masked values"):
        RareClassifier("lightgbm", cv=2).fit(X, np.ma.masked_array(X[:, 0] > 1, X[:, 1] > 2))


def test_a_scorer_travels_to_another_process(scorer, model):
    again = pickle.loads(pickle.dumps(scorer))
    np.testing.assert_array_equal(again.logit(model[1]), scorer.logit(model[1]))


def test_no_rows_give_no_answers(scorer, model):
    assert scorer.logit([]).shape == scorer.logit(model[1].slice(0, 0)).shape == (0,)


@pytest.mark.parametrize(
    ("rows", "kind", "said"),
    [
        ({}, SchemaError, "The row lacks the column 'x'"),
        ([{"x": 1.0}], SchemaError, "The row lacks the column 'big'"),
        ("rows.csv", InputError, "A str is no row of data"),
        (5, InputError, "A int is no row of data"),
        (None, InputError, "A NoneType is no row of data"),
        (np.zeros(7), InputError, "the column 'shop' is of the kind category"),
        ([{"x": 1.0}, 3], InputError, "mappings and other values"),
    ],
)
def test_rows_of_no_known_form_are_refused_in_one_sentence(scorer, rows, kind, said):
    with pytest.raises(kind, match=said):
        scorer.logit(rows)


def test_a_row_of_a_batch_that_lacks_a_column_is_numbered(scorer, model):
    rows = model[1].slice(0, 3).to_pylist()
    del rows[2]["ok"]
    with pytest.raises(SchemaError, match="Row 3 lacks the column 'ok'"):
        scorer.logit(rows)
    rows[2][" OK"] = True
    with pytest.raises(SchemaError, match="It has ' OK'"):
        scorer.logit(rows)


def test_a_table_that_lacks_a_column_or_holds_another_kind_is_refused(scorer, model):
    data = model[1]
    with pytest.raises(SchemaError, match="lacks the column 'shop'"):
        scorer.logit(data.drop_columns("shop"))
    with pytest.raises(SchemaError, match="'x' was number in training but now holds string"):
        scorer.logit(data.set_column(0, "x", pa.array(["low"] * data.num_rows)))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (np.zeros(2), r"shape \(3,\) or \(n, 3\) is expected, with the columns 'x0', 'x1', 'x2'"),
        (np.zeros((4, 100_000)), r"got the shape \(4, 100000\)"),
        (np.zeros((1, 1, 3)), r"got the shape \(1, 1, 3\)"),
        (np.array(["a", "b", "c"]), "An array of numbers is expected"),
        (np.zeros(3, dtype=complex), "An array of numbers is expected"),
        (np.array([1.0, "2", 2.0], dtype=object), "An array of numbers is expected"),
        (np.array([1.0, 10**400, 2.0], dtype=object), "An array of numbers is expected"),
        (pl.Series([1.0, 2.0, 3.0]), "A Series is one row where its index names the columns"),
        (pd.Series([1.0, 2.0, 3.0]), "A Series is one row where its index names the columns"),
        ([[1.0, 2.0, 3.0], [1.0]], "differ in length"),
    ],
)
def test_arrays_of_another_shape_or_type_are_refused(rows, said):
    X = np.random.default_rng(0).normal(size=(300, 3))
    scorer = Scorer.from_model(RareClassifier("logistic_regression", cv=2).fit(X, X[:, 0] > 1.2))
    with pytest.raises(InputError, match=said):
        scorer.logit(rows)


def test_a_row_with_very_many_columns_is_scored_by_those_it_needs(scorer, model):
    row = model[1].slice(0, 1).to_pylist()[0]
    wide = {f"other {i}": object() for i in range(100_000)} | row
    np.testing.assert_array_equal(scorer.logit(wide), scorer.logit(row))


def test_a_model_that_takes_no_missing_values_says_which_column_lacks_one():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 3))
    model = RareClassifier(FewEventsLogisticRegression(), cv=2).fit(X, X[:, 0] + rng.normal(size=400) > 2)
    scorer = Scorer.from_model(model)
    equal_but_for_rounding(scorer, model, X)
    for gone in (np.nan, np.inf, None):
        with pytest.raises(InputError, match=r"Column 'x1' holds no value .* in row 1"):
            scorer.logit({"x0": 0.1, "x1": gone, "x2": 0.0})


def test_texts_that_only_other_rows_explain_keep_no_model_from_being_compiled():
    rng = np.random.default_rng(0)
    x = rng.normal(size=400)
    amounts = [f"{abs(v) * 3 + 1:.{2 + i % 2}f}".replace(".", ",") for i, v in enumerate(x)]  # 1,234 may be a thousand
    huge = pa.array([2**63 + i for i in range(400)], pa.uint64())
    data = pa.table({"amount": amounts, "x": x, "huge": huge})
    model = RareClassifier("logistic_regression", cv=2).fit(data, x > 1)
    equal_but_for_rounding(Scorer.from_model(model, data), model, data)


def test_what_cannot_be_compiled_is_scored_by_the_learner_and_says_so(tmp_path):
    model, data = fitted(LogisticRegression(), ["big"])
    Bundle(model, rows=data).save(tmp_path / "m")
    for scorer in (Scorer.from_model(model), Scorer.load(tmp_path / "m"), Bundle.load(tmp_path / "m").scorer):
        assert not scorer.exact
        assert scorer.why_not == "a LogisticRegression is none of rareclass's learners"
        np.testing.assert_array_equal(scorer.logit(data), model.positive_logit(data))


def test_a_model_that_differs_keeps_the_slow_path_and_says_how(monkeypatch):
    from rareclass.learners import QuantileLogisticRegression

    model, data = fitted("logistic_regression", ["x"])
    as_it_is = QuantileLogisticRegression._logit
    monkeypatch.setattr(QuantileLogisticRegression, "_logit", lambda self, X: as_it_is(self, X) + 2e-9)
    scorer = Scorer.from_model(model, data)
    assert not scorer.exact
    assert "log-odds differ in" in scorer.why_not


def test_decisions_are_those_of_the_rule():
    for rule in (Maximize("f1"), AlertBudget(50), MinimumCost(CostMatrix(fp=1, fn=30))):
        model, data = fitted("logistic_regression", ["x", "ok"], decision=rule)
        np.testing.assert_array_equal(Scorer.from_model(model).decide(data), model.predict(data))


def test_costs_by_row_are_asked_for_and_used():
    rng = np.random.default_rng(1)
    costs = {"fp": np.full(N, 1.0), "fn": rng.uniform(2, 50, N)}
    model, data = fitted("logistic_regression", ["x", "ok"], costs=costs)
    scorer = Scorer.from_model(model)
    with pytest.raises(CostError, match="its own costs, which were not given"):
        scorer.decide(data)
    np.testing.assert_array_equal(scorer.decide(data, costs=costs), model.predict(data, costs=costs))
    settled, row = {"fp": 0.0, "fn": 200.0}, data.slice(0, 1)
    assert scorer.decide(row, costs=settled).tolist() == [True]
    assert model.predict(row, costs={"fp": [0.0], "fn": [200.0]}).tolist() == model.labels_of([True]).tolist()
    plain = Scorer.from_model(fitted("logistic_regression", ["x"])[0])
    with pytest.raises(CostError, match="leave the costs out"):
        plain.decide(data, costs=costs)


def test_a_changed_decision_is_the_only_one_in_every_form(tmp_path):
    model, data = fitted("logistic_regression", ["x", "ok"], costs=CostMatrix(fp=1, fn=9))
    before = model.predict(data)
    moved = model.decision_.at_prevalence(0.01)
    for k in range(2):
        if k == 0:
            model.decision_ = moved
        else:
            moved = replace(moved, threshold=moved.threshold / 2)
            model.model_ = replace(model.model_, decision=moved)
        assert model.decision_ is model.model_.decision is moved
        Bundle(model).save(tmp_path / f"{k}")
        wanted = moved.apply(model.predict_proba(data)[:, 1])
        assert (wanted != (before == 1)).any()
        for found in (
            model.predict(data) == 1,
            Scorer.from_model(model).decide(data),
            Scorer.load(tmp_path / f"{k}").decide(data),
            Bundle.load(tmp_path / f"{k}").model.predict(data) == 1,
        ):
            np.testing.assert_array_equal(found, wanted)


def test_scoring_from_a_bundle_imports_no_training_library(tmp_path):
    pytest.importorskip("lightgbm")
    model, data = fitted("auto")
    Bundle(model, rows=data).save(tmp_path / "m")
    row = data.slice(0, 1).to_pylist()[0]
    row["at"] = row["at"].isoformat(" ")
    code = f"""
        import sys
        from rareclass.scoring import Scorer
        scorer = Scorer.load({str(tmp_path / "m")!r})
        print(scorer.logit({row!r})[0], scorer.decide([{row!r}])[0])
        parts = ("linalg", "special", "optimize", "sparse", "stats", "spatial")
        heavy = {{"sklearn", "lightgbm", "skops", "narwhals", "pyarrow", "pandas", "polars", "joblib"}}
        print(sorted((heavy | {{f"scipy.{{part}}" for part in parts}}) & set(sys.modules)))
    """
    said = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True)
    answer, imported = said.stdout.splitlines()
    assert imported == "[]"
    np.testing.assert_allclose(float(answer.split()[0]), model.positive_logit(data.slice(0, 1))[0], rtol=0, atol=1e-9)


def test_only_a_fitted_model_of_one_rare_class_is_compiled():
    with pytest.raises(InputError, match="Only a fitted model of one rare class"):
        Scorer.from_model(RareClassifier())


def test_the_ten_lines_of_the_documentation_run(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    amount = rng.lognormal(4, 1, 600)
    data = pa.table({"amount": amount, "country": rng.choice(["CH", "DE", "FR"], 600)})
    model = RareClassifier("logistic_regression", cv=2).fit(data, amount > 250)
    Bundle(model).save(tmp_path / "run" / "champion")
    monkeypatch.chdir(tmp_path)
    text = (Path(__file__).resolve().parents[2] / "docs" / "scoring.md").read_text(encoding="utf-8")
    said: dict = {}
    exec(text.split("```python\n")[1].split("```")[0], said)
    assert said["scorer"].exact
    np.testing.assert_array_equal(
        said["scorer"].logit(said["row"]), said["scorer"].logit({"amount": 129.9, "country": "CH"})
    )


def test_of_a_wide_table_fewer_rows_are_compared(monkeypatch):
    model, data = fitted("logistic_regression", ["x", "ok"])
    seen = []
    score = type(model.model_.arm).logit
    monkeypatch.setattr(type(model.model_.arm), "logit", lambda self, X: (seen.append(len(X)), score(self, X))[1])
    many = pa.concat_tables([data] * 6)
    assert Scorer.from_model(model, many).exact
    monkeypatch.setattr(checking, "MOST_VALUES", 2 * 3000)
    assert Scorer.from_model(model, many).exact
    assert (seen[0], seen[3]) == (4200, 3000)


def test_the_shift_of_a_slice_stands_in_the_baseline_and_leaves_the_reasons():
    model, rows = fitted("lightgbm", ["x", "shop", "ok"])
    scorer = Scorer.from_model(model, rows)
    rows = rows.select(scorer.columns).slice(0, 50)
    before = scorer.contributions(rows)
    scorer.slices = SliceMap(1, np.array([0.0, 1.0]), np.array([0.7, -0.3]), 0.2)
    after = scorer.contributions(rows)
    np.testing.assert_allclose(after.sum(axis=1), scorer.logit(rows), rtol=0, atol=1e-9)
    np.testing.assert_array_equal(after[:, :-1], before[:, :-1])
    assert set((after - before)[:, -1].round(9)) == {0.7, -0.3, 0.2}
