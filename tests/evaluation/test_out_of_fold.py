"""Out-of-fold scores of any classifier: the splits are those of the data room, the scores those of a loop by hand."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from tests.fitting.small import points

from rareclass.data import make_splits
from rareclass.errors import TooFewEventsError
from rareclass.evaluation import cross_fit
from rareclass.pipeline import make_pipeline
from rareclass.under_sampling import RandomUnderSampler


@pytest.mark.parametrize("kind", ["stratified", "group", "time"])
def test_scores_are_those_of_a_loop_over_the_splits_of_that_kind(kind):
    X, y = points()
    weight = np.random.default_rng(1).uniform(0.5, 2, y.size)
    beside = {"stratified": {}, "group": {"groups": np.arange(600) // 3}, "time": {"times": np.arange(600)[::-1]}}[kind]
    found = cross_fit(LogisticRegression(), X, y, folds=3, sample_weight=weight, random_state=4, **beside)
    splits = make_splits(y, folds=3, kind=kind, seed=4, **beside)
    score, fold = np.full(600, np.nan), np.full(600, -1)
    for k, (train, test) in enumerate(splits):
        model = LogisticRegression().fit(X[train], y[train], sample_weight=weight[train])
        score[test], fold[test] = model.decision_function(X[test]), k
    np.testing.assert_allclose(found.score, score, rtol=1e-9)
    np.testing.assert_array_equal(found.fold, fold)
    assert found.tested.all() == (kind != "time")


def test_words_are_labels_and_the_rare_one_may_be_named():
    X, y = points()
    words = np.where(y, "fraud", "fine")
    rare = cross_fit(LogisticRegression(), X, words, folds=3).score
    np.testing.assert_array_equal(rare, cross_fit(LogisticRegression(), X, y, folds=3).score)
    common = cross_fit(LogisticRegression(), X, words, folds=3, pos_label="fine").score
    np.testing.assert_array_equal(common, cross_fit(LogisticRegression(), X, ~y, folds=3).score)


def test_a_sampler_in_a_pipeline_sees_the_training_rows_only():
    X, y = points()
    sampled = make_pipeline(RandomUnderSampler(random_state=0), LogisticRegression())
    found = cross_fit(sampled, X, y, folds=3)
    train, test = make_splits(y, folds=3)[0]
    Xs, ys = RandomUnderSampler(random_state=0).fit_resample(X[train], y[train].astype(int))
    by_hand = LogisticRegression().fit(Xs, ys)
    np.testing.assert_allclose(found.score[test], by_hand.decision_function(X[test]), rtol=1e-9)
    assert np.isfinite(found.score).all()  # every row is scored, none was dropped


def test_folds_that_would_hold_no_event_are_refused():
    X, _ = points(50)
    with pytest.raises(TooFewEventsError, match="2 event"):
        cross_fit(LogisticRegression(), X, np.arange(50) < 2, folds=3)
