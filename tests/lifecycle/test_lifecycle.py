"""Replaying a recipe gives the same model on the same rows; a challenger takes over only when it is surely better."""

import numpy as np
import pytest
from tests.treatments.known import line

from rareclass import RareClassifier
from rareclass.artifact import Bundle
from rareclass.decisions import RecallAtLeast
from rareclass.errors import BundleError, InputError
from rareclass.lifecycle import challenge_champion, replay


@pytest.fixture(scope="module")
def champion():
    X, y, _ = line(8000)
    model = RareClassifier("logistic_regression", treatment="class_weight", decision=RecallAtLeast(0.7), cv=3)
    # replay takes the classifier's own number of folds
    model.set_params(cv=5).fit({"a": X[:, 0], "b": X[:, 1]}, y)
    return Bundle(model, recipe={"arm": "logistic_regression+class_weight"})


def table(X, **more):
    return {"a": X[:, 0], "b": X[:, 1], **more}


def test_a_replay_on_the_same_rows_is_the_same_model(champion):
    X, y, _ = line(8000)
    again = replay(champion, table(X), y)
    np.testing.assert_allclose(again.model.predict_proba(table(X)), champion.model.predict_proba(table(X)))
    assert again.model.decision_.threshold == champion.model.decision_.threshold
    assert again.recipe["replayed"]
    assert again.recipe["events"] == y.sum()


def test_a_replay_ignores_columns_that_the_champion_did_not_know_and_needs_those_it_did(champion):
    X, y, _ = line(4000, seed=1)
    assert replay(champion, table(X, extra=np.zeros(len(X))), y).model.n_features_in_ == 2
    with pytest.raises(InputError, match="'b'"):
        replay(champion, {"a": X[:, 0]}, y)


def test_a_bundle_without_a_recipe_cannot_be_replayed(champion):
    X, y, _ = line(1000)
    with pytest.raises(BundleError, match="no recipe"):
        replay(Bundle(champion.model), table(X), y)


def test_a_challenger_takes_over_only_when_it_is_surely_better(champion):
    X, y, _ = line(6000, seed=2)
    worse = Bundle(RareClassifier("logistic_regression", cv=2).fit(table(np.c_[X[:, 0] * 0, X[:, 1]]), y))
    fresh, labels, _ = line(40_000, seed=3)
    refused = challenge_champion(champion, worse, table(fresh), labels)
    assert not refused.promote
    assert "is refused" in refused.sentence
    assert challenge_champion(worse, champion, table(fresh), labels).promote
    equal = challenge_champion(champion, champion, table(fresh), labels)
    assert not equal.promote
    assert equal.difference.estimate == 0
    assert challenge_champion(champion, champion, table(fresh), labels, margin=0.05).promote
