"""Scoring with a bundle is what the model says: probability, alert and label of each row, whatever holds the rows."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from tests.treatments.known import line

from rareclass import RareClassifier
from rareclass.artifact import Bundle
from rareclass.errors import SchemaError
from rareclass.serving import score


@pytest.fixture(scope="module")
def bundle():
    X, y, _ = line(6000)
    shop = np.where(X[:, 0] > 0, "north", "south")
    costs = {"fp": 1.0, "fn": np.linspace(5, 500, y.size)}
    model = RareClassifier("logistic_regression", cv=2)
    return Bundle(model.fit({"a": X[:, 0], "b": X[:, 1], "shop": shop}, np.where(y, "fraud", "fair"), costs=costs))


def rows(n=200):
    X, _, _ = line(n, seed=5)
    return {"a": X[:, 0], "b": X[:, 1], "shop": np.where(X[:, 0] > 0, "north", "south")}


def test_probabilities_are_those_of_the_model_in_every_container(bundle):
    given = rows()
    fn = np.full(200, 100.0)
    expected = bundle.model.predict_proba(given)[:, list(bundle.model.classes_).index("fraud")]
    for container in (given, pd.DataFrame(given), pa.table(given)):
        found = score(bundle, container, costs={"fp": 1.0, "fn": fn})
        np.testing.assert_allclose(found.probability, expected)
        np.testing.assert_array_equal(found.alert, found.label == "fraud")


def test_alerts_follow_the_costs_of_each_row(bundle):
    fn = np.geomspace(1, 1e4, 200)
    found = score(bundle, rows(), costs={"fp": 1.0, "fn": fn})
    np.testing.assert_array_equal(found.alert, found.probability >= 1 / (1 + fn))


def test_scoring_one_row_equals_scoring_many(bundle):
    given, costs = rows(), {"fp": 1.0, "fn": np.array([50.0])}
    many = score(bundle, given, costs={"fp": 1.0, "fn": np.full(200, 50.0)})
    one = score(bundle, {k: v[7:8] for k, v in given.items()}, costs=costs)
    assert one.probability[0] == pytest.approx(many.probability[7], rel=1e-12)


def test_levels_that_training_never_saw_are_counted_and_missing_columns_refused(bundle):
    given = rows(5)
    given["shop"] = np.array(["north", "east", "east", "south", "west"])
    found = score(bundle, given, costs={"fp": 1.0, "fn": np.full(5, 9.0)})
    assert found.unknown["shop"] == 3
    assert np.isfinite(found.probability).all()
    del given["b"]
    with pytest.raises(SchemaError, match="'b'"):
        score(bundle, given)
