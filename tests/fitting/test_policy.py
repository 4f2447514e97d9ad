"""The treatment "auto": tried out of fold, taken only where it is surely better, told in the summary."""

import re

import numpy as np
import pytest
from tests.treatments.known import line

from rareclass import RareClassifier
from rareclass.artifact import Bundle
from rareclass.crossfit import Folds
from rareclass.errors import InputError
from rareclass.fitting.policy import challengers, take_surely_better
from rareclass.kernels.logits import sigmoid
from rareclass.treatments import Arm, ClassWeights, RandomUnderSampling

PAIR = (Arm("logistic_regression"), Arm("logistic_regression", RandomUnderSampling()))


def known_scores(n=20_000, noise=(0.0, 0.0), seed=0):
    """True log-odds blurred by noise, one column for each arm, with events that follow the truth, and five folds."""
    rng = np.random.default_rng(seed)
    truth = -5 + 1.5 * rng.normal(size=n)
    y = rng.random(n) < sigmoid(truth)
    return truth[:, None] + np.array(noise) * rng.normal(size=(n, 2)), y, Folds(np.arange(n) % 5)


def test_a_clearly_better_challenger_is_taken_and_a_worse_one_is_not():
    scores, y, folds = known_scores(noise=(2.0, 0.0))
    assert take_surely_better([PAIR], scores, y, folds)[0] == [1]
    kept, (said,) = take_surely_better([PAIR], scores[:, ::-1], y, folds)
    assert kept == [0]
    assert said.high < 0
    assert not said.taken


def test_a_challenger_of_the_same_quality_is_taken_no_more_often_than_two_standard_errors_allow():
    taken = [take_surely_better([PAIR], *known_scores(4000, (0.7, 0.7), seed))[0] == [1] for seed in range(60)]
    # one tail of two standard errors is 2.3 %; five of 60 would be one chance in 70
    assert sum(taken) <= 4


def test_the_gain_is_the_difference_of_the_calibrated_log_losses():
    scores, y, folds = known_scores(noise=(1.0, 0.5))
    _, (said,) = take_surely_better([PAIR], scores, y, folds, calibration="none")
    loss = np.logaddexp(0, np.where(y[:, None], -scores, scores))
    gain = loss[:, 0] - loss[:, 1]
    assert said.gain == pytest.approx(gain.sum() / loss[:, 0].sum())
    assert said.high - said.gain == pytest.approx(2 * gain.std() * np.sqrt(y.size) / loss[:, 0].sum())


def test_each_group_keeps_one_column_and_rows_that_nobody_scored_do_not_count():
    scores, y, folds = known_scores(noise=(2.0, 0.0))
    folds = Folds(np.where(np.arange(y.size) < 500, -1, folds.fold))
    scores[:500] = np.nan
    three = np.column_stack([scores[:, 0], scores])
    assert take_surely_better([PAIR[:1], PAIR], three, y, folds)[0] == [0, 2]
    assert take_surely_better([PAIR], scores, y, Folds(np.full(y.size, -1))) == ([0], [])


def test_nothing_is_tried_where_it_could_not_be_told_apart_or_would_change_little():
    few, common = np.arange(10_000) < 49, np.arange(2000) < 60
    assert challengers([PAIR[0]], few) == (
        [(PAIR[0],)],
        "49 events are too few to choose between treatments (50 are needed)",
    )
    assert "fewer than 40 negatives" in challengers([PAIR[0]], common)[1]
    assert challengers([PAIR[0]], np.arange(10_000) < 50) == ([PAIR], "")


@pytest.fixture(scope="module")
def table():
    X, y, _ = line(12_000)
    return X, y


def test_the_summary_says_what_was_tried_and_a_bundle_keeps_it(table, tmp_path):
    X, y = table
    rare = y & (np.cumsum(y) <= 120)
    keep = rare | ~y
    model = RareClassifier("logistic_regression", cv=3).fit(X[keep], rare[keep])
    said = model.summary()
    assert "Treatment: the data as they are, unless another treatment is surely better." in said
    assert re.search(r"random_under with logistic_regression [+-]\d+\.\d% \[[+-]", said)
    assert model.model_.evidence["tried"][0]["low"] < model.model_.evidence["tried"][0]["high"]
    Bundle(model).save(tmp_path / "m")
    assert Bundle.load(tmp_path / "m").model.summary() == said


def test_a_treatment_of_the_users_own_choice_is_not_challenged(table):
    X, y = table
    model = RareClassifier("logistic_regression", treatment="none", cv=3).fit(X, y)
    assert "Treatment:" not in model.summary()
    assert "tried" not in model.model_.evidence


def test_few_events_are_given_as_the_reason(table):
    X, _ = table
    y = X[:, 0] > np.sort(X[:, 0])[-31]
    assert (
        "30 events are too few to choose between treatments"
        in RareClassifier("logistic_regression").fit(X, y).summary()
    )


def test_the_blend_takes_a_treatment(table):
    X, y = table
    model = RareClassifier(treatment="random_under", cv=2).fit(X[:4000], y[:4000])
    assert "blend+random_under" in model.summary()
    assert "negatives kept beside all" in model.summary()
    assert "Way back: log-odds shifted by the log of the share of negatives kept" in model.summary()
    assert model.predict_proba(X[:4000])[:, 1].mean() == pytest.approx(y[:4000].mean(), rel=0.2)
    with pytest.raises(InputError, match="`weight` must be a number above 0"):
        RareClassifier(treatment=ClassWeights(-1), cv=2).fit(X[:1000], y[:1000])
