"""A challenger takes over only when it is surely better, or surely not worse by more than is allowed."""

import numpy as np
import pytest
from tests.treatments.known import line

from rareclass import RareClassifier
from rareclass.artifact import Bundle
from rareclass.decisions import RecallAtLeast
from rareclass.errors import InputError, TooFewEventsError
from rareclass.lifecycle import challenge_champion


def table(X):
    return {"a": X[:, 0], "b": X[:, 1]}


@pytest.fixture(scope="module")
def champion():
    X, y, _ = line(8000)
    model = RareClassifier("logistic_regression", treatment="class_weight", decision=RecallAtLeast(0.7), cv=3)
    return Bundle(model.fit(table(X), y))


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


def test_labels_of_the_champion_are_compared_and_both_classes_are_needed(champion):
    X, y, _ = line(2000, seed=4)
    with pytest.raises(TooFewEventsError, match="both classes are needed"):
        challenge_champion(champion, champion, table(X), np.zeros(2000, dtype=bool))
    with pytest.raises(InputError, match="margin"):
        challenge_champion(champion, champion, table(X), y, margin=-0.1)
    X, y, _ = line(3000)
    words = np.where(y, "yes", "no")
    bundle = Bundle(RareClassifier("logistic_regression", cv=2).fit(table(X), words))
    found = challenge_champion(bundle, bundle, table(X), words)
    assert found.difference.estimate == 0
    assert f"{y.sum()} events" in found.sentence
