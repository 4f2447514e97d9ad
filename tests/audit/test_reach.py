"""What functions reach beside their arguments."""

import functools

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from rareclass.audit.reach import is_fitted, memorises, reach_findings, reached, saw_all_rows

RNG = np.random.default_rng(0)
X = RNG.normal(size=(600, 4))
EVENT = RNG.random(600) < 1 / (1 + np.exp(2 - X[:, 0]))
Y = EVENT.astype(int)


@pytest.mark.parametrize(
    "estimator", [StandardScaler(), PCA(2), SelectKBest(k=2), make_pipeline(StandardScaler(), LogisticRegression())]
)
def test_an_object_that_saw_all_rows_differs_from_one_that_saw_some(estimator):
    assert not is_fitted(estimator)
    assert saw_all_rows(estimator.fit(X, Y), X, Y) is True
    assert saw_all_rows(estimator.fit(X[:400], Y[:400]), X, Y) is False


def test_what_has_nothing_to_fit_is_never_fitted():
    assert not is_fitted(FunctionTransformer().fit(X))
    assert not is_fitted("text")


def test_a_scaler_of_some_columns_is_tried_on_them():
    frame = pd.DataFrame(X, columns=list("abcd")).assign(shop="s")
    assert saw_all_rows(StandardScaler().fit(frame[["a", "b"]]), frame, Y) is True
    assert saw_all_rows(StandardScaler().fit(frame[list("abcd")].to_numpy()), frame, Y) is True


def test_a_forest_betrays_the_rows_that_it_was_fitted_on():
    mine = RandomForestClassifier(20).fit(X, Y)
    assert memorises(mine, X, Y, EVENT)
    other = np.random.default_rng(1).normal(size=(600, 4))
    labels = np.random.default_rng(1).random(600) < 1 / (1 + np.exp(2 - other[:, 0]))
    assert not memorises(mine, other, labels.astype(int), labels)


def codes(function):
    return {f.code for f in reach_findings(function, X, Y, EVENT, "f")}


def test_closures_partials_methods_and_defaults_are_looked_into():
    scaler = StandardScaler().fit(X)
    y = Y

    class Holder:
        def __init__(self):
            self.scaler = scaler

        def __call__(self, rows):
            return self.scaler.transform(rows)

    def by_default(rows, scaler=scaler):
        return scaler.transform(rows)

    for function in (lambda r: scaler.transform(r), functools.partial(by_default, scaler=scaler), scaler.transform,
                     Holder(), by_default):  # fmt: skip
        assert codes(function) == {"fitted-outside-the-fold"}, function
    assert codes(lambda rows: y[: len(rows)]) == {"labels-within-reach"}
    assert codes(np.log) == set()


def test_what_a_function_fits_itself_is_its_own_affair():
    scaler = StandardScaler().fit(X)

    def refits(rows):
        return scaler.fit(rows).transform(rows)

    assert list(reached(refits)) == []


def test_a_table_of_shares_by_level_is_found():
    frame = pd.DataFrame({"shop": np.array(list("pqrs"))[np.arange(600) % 4], "x": X[:, 0]})
    shares = pd.Series(Y).groupby(frame["shop"]).mean()

    def encode(rows):
        return rows["shop"].map(shares)

    found = reach_findings(encode, frame, Y, EVENT, "f")
    assert [f.code for f in found] == ["encoded-before-split"]
    assert "'shop'" in found[0].evidence
