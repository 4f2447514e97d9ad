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
from rareclass.uncertainty import paired_difference

PAIR = (Arm("logistic_regression"), Arm("logistic_regression", RandomUnderSampling()))


def known_scores(n=20_000, noise=(0.0, 0.0), seed=0):
    """True log-odds blurred by noise, one column for each arm, with events that follow the truth, and five folds."""
    rng = np.random.default_rng(seed)
    truth = -5 + 1.5 * rng.normal(size=n)
    y = rng.random(n) < sigmoid(truth)
    return truth[:, None] + np.array(noise) * rng.normal(size=(n, len(noise))), y, Folds(np.arange(n) % 5)


def test_a_clearly_better_challenger_is_taken_and_a_worse_one_is_not():
    scores, y, folds = known_scores(noise=(2.0, 0.0))
    assert take_surely_better([PAIR], scores, y, folds)[0] == [1]
    kept, (said,) = take_surely_better([PAIR], scores[:, ::-1], y, folds)
    assert kept == [0]
    assert said.high < 0
    assert not said.taken


@pytest.mark.parametrize("count", [1, 5, 20])
def test_among_challengers_of_the_same_quality_one_is_taken_in_few_fits_however_many_there_are(count):
    arms, runs = [PAIR[0], *[PAIR[1]] * count], 60
    taken = 0
    for seed in range(runs):
        scores, y, folds = known_scores(4000, np.full(count + 1, 0.7), seed)
        taken += take_surely_better([arms], scores, y, folds, calibration="none")[0] != [0]
    # 2.5 % at most; four of 60 would be one chance in 16, five one in 60
    assert taken <= 4


def test_the_error_is_shared_by_the_challengers_of_all_groups():
    scores, y, folds = known_scores(noise=(1.0, 0.5))
    p = sigmoid(scores)
    _, told = take_surely_better([PAIR, PAIR], np.tile(scores, 2), y, folds, calibration="none")
    d = paired_difference("log_loss", y, p[:, 1], p[:, 0], level=0.975)
    for said in told:
        assert (said.low, said.high) == pytest.approx((-d.high / d.estimate_b, -d.low / d.estimate_b), rel=1e-6)


def test_a_gain_that_a_few_entities_made_is_not_sure():
    scores, y, folds = known_scores(4000, noise=(0.9, 0.5))
    each = 9
    same = (np.repeat(scores, each, axis=0), np.repeat(y, each), Folds(np.repeat(folds.fold, each)))
    rows, entities = (
        take_surely_better([PAIR], *same, calibration="none", groups=groups)[1][0]
        for groups in (None, np.repeat(np.arange(y.size), each))
    )
    assert entities.gain == pytest.approx(rows.gain)
    # entities of nine equal rows tell as much as one row each
    alone = take_surely_better([PAIR], scores, y, folds, calibration="none")[1][0]
    assert entities.high - entities.low == pytest.approx(alone.high - alone.low, rel=0.1)
    assert rows.high - rows.low == pytest.approx((entities.high - entities.low) / 3, rel=0.1)


def test_equal_weights_are_no_evidence():
    scores, y, folds = known_scores(3000, noise=(0.9, 0.5))
    one, other = (
        take_surely_better([PAIR], scores, y, folds, calibration="none", sample_weight=weight)[1][0]
        for weight in (np.full(y.size, 10.0), None)
    )
    assert (one.gain, one.low, one.high) == pytest.approx((other.gain, other.low, other.high), rel=1e-9)


def test_the_gain_is_the_difference_of_the_calibrated_log_losses():
    scores, y, folds = known_scores(noise=(1.0, 0.5))
    _, (said,) = take_surely_better([PAIR], scores, y, folds, calibration="none")
    loss = np.logaddexp(0, np.where(y[:, None], -scores, scores))
    gain = loss[:, 0] - loss[:, 1]
    assert said.gain == pytest.approx(gain.sum() / loss[:, 0].sum())
    # a normal interval, wider by the few events that carry the difference
    half = 1.96 * gain.std() * np.sqrt(y.size) / loss[:, 0].sum()
    assert half < said.high - said.gain < 1.1 * half


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
