"""A challenger takes over only when it is surely better, or surely not worse by more than is allowed."""

import numpy as np
import pytest
from sklearn.base import clone
from tests.treatments.known import line

from rareclass import RareClassifier
from rareclass.artifact import Bundle
from rareclass.decisions import RecallAtLeast
from rareclass.errors import InputError, TooFewEventsError
from rareclass.learners import FewEventsLogisticRegression
from rareclass.lifecycle import challenge_champion
from rareclass.uncertainty import paired_difference


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


def test_among_many_challengers_one_has_to_be_surer_and_the_sentence_says_so(champion):
    fresh, labels, _ = line(40_000, seed=3)
    X, y, _ = line(6000, seed=2)
    blurred = X + np.random.default_rng(1).normal(size=X.shape)
    rival = Bundle(RareClassifier("logistic_regression", cv=2).fit(table(blurred), y))
    alone = challenge_champion(rival, champion, table(fresh), labels)
    many = challenge_champion(rival, champion, table(fresh), labels, challengers=20)
    new, old = (b.model.positive_logit(table(fresh)) for b in (champion, rival))
    by_hand = paired_difference("average_precision", labels, new, old, level=1 - 0.05 / 20)
    assert (many.difference.low, many.difference.high) == (by_hand.low, by_hand.high)
    assert many.difference.low < alone.difference.low
    assert "; judged at 0.9975 as one of 20 challengers." in many.sentence
    assert "challengers" not in alone.sentence
    with pytest.raises(InputError, match="`challengers`"):
        challenge_champion(rival, champion, table(fresh), labels, challengers=0)


def test_eight_challengers_of_equal_merit_seldom_bring_one_that_takes_over():
    rng = np.random.default_rng(0)
    truth = -3 + 1.5 * rng.normal(size=3000)
    X, y = truth[:, None] + rng.normal(size=(3000, 9)), rng.random(3000) < 1 / (1 + np.exp(-truth))
    learner = RareClassifier(FewEventsLogisticRegression(), treatment="none", cv=2)
    # each ranks by a column of its own, and the columns are exchangeable
    models = [Bundle(clone(learner).fit({f"x{k}": X[:, k]}, y)) for k in range(9)]
    taken = {1: 0, 8: 0}
    for _ in range(24):
        truth = -3 + 1.5 * rng.normal(size=1000)
        X, y = truth[:, None] + rng.normal(size=(1000, 9)), rng.random(1000) < 1 / (1 + np.exp(-truth))
        fresh = {f"x{k}": X[:, k] for k in range(9)}
        for count in taken:
            found = (challenge_champion(models[0], m, fresh, y, challengers=count).promote for m in models[1:])
            taken[count] += any(found)
    assert taken[8] <= 2  # 2.5 % at most; three of 24 would be one chance in 43
    assert taken[1] > taken[8]
