"""A row of weight zero is as good as absent: appended anywhere, it changes nothing."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from tests.fitting.small import points

from rareclass import RareClassifier, metrics
from rareclass.calibration import choose_calibration
from rareclass.decisions import AlertBudget, Maximize, ThresholdedClassifier
from rareclass.errors import TooFewEventsError
from rareclass.evaluation import compare, cross_fit
from rareclass.fitting.arm import make_arm


def padded(seed=0, n=700, more=300):
    """(rows with weights, the same among rows of weight zero that are unlike them, where the rows stand)."""
    X, y = points(n, seed)
    rng = np.random.default_rng(seed + 1)
    w = np.where(y, 1.0, rng.integers(1, 4, n))
    place = np.sort(rng.choice(n + more, n, replace=False))
    X_all, y_all, w_all = rng.normal(3, 5, (n + more, 2)), rng.random(n + more) < 0.6, np.zeros(n + more)
    X_all[place], y_all[place], w_all[place] = X, y, w
    return (X, y, w), (X_all, y_all, w_all), place


@pytest.mark.parametrize("given", ["plain", "groups", "times", "splits", "costs"])
def test_a_fit_is_the_same_with_rows_of_weight_zero(given):
    (X, y, w), (X_all, y_all, w_all), place = padded()
    n, cv = y.size, [3, 3]
    beside, beside_all = {}, {}
    if given == "splits":
        cv[0] = list(StratifiedKFold(3).split(X, y))
        rest = np.setdiff1d(np.arange(y_all.size), place)
        cv[1] = [(np.r_[rest[:50], place[a]], np.r_[place[b], rest[50:]]) for a, b in cv[0]]
    elif given == "costs":
        values = np.arange(n) % 9 + 1.0
        every = np.full(y_all.size, 1e6)
        every[place] = values
        beside, beside_all = {"costs": {"fp": 1.0, "fn": values}}, {"costs": {"fp": 1.0, "fn": every}}
    elif given != "plain":
        values = np.arange(n) // 4
        every = np.zeros(y_all.size, dtype=int)
        every[place] = values
        beside, beside_all = {given: values}, {given: every}
    one, other = (
        RareClassifier("logistic_regression", treatment="random_under", cv=c).fit(*rows, **more)
        for c, rows, more in zip(cv, ((X, y, w), (X_all, y_all, w_all)), (beside, beside_all), strict=True)
    )
    np.testing.assert_array_equal(other.predict_proba(X), one.predict_proba(X))
    assert other.summary() == one.summary()
    np.testing.assert_array_equal(other.model_.oof_row, place)
    np.testing.assert_array_equal(other.model_.oof_logit, one.model_.oof_logit)


def test_a_comparison_is_the_same_with_rows_of_weight_zero():
    rows, rows_all, place = padded(1, 900)
    how = {"learners": ["logistic_regression"], "treatments": ["none", "smote"], "decision": AlertBudget(rate=0.05)}
    one, other = (compare(X, y, sample_weight=w, n_jobs=1, **how) for X, y, w in (rows, rows_all))
    for mine, theirs in zip(one.results, other.results, strict=True):
        assert (mine.name, mine.judgement.intervals) == (theirs.name, theirs.judgement.intervals)
        assert (mine.verdict, mine.judgement.decision) == (theirs.verdict, theirs.judgement.decision)
    assert one.test == other.test
    assert one.figures == other.figures
    assert one.record().data.rows == other.record().data.rows == rows[1].size
    mine, theirs = one.oof_table(), other.oof_table()
    np.testing.assert_array_equal(place[mine["row"].to_numpy()], theirs["row"].to_numpy())


def test_labels_that_only_rows_of_weight_zero_have_are_no_classes():
    (X, y, w), (X_all, y_all, w_all), place = padded(2)
    label, label_all = np.where(y, "b", "a"), np.where(y_all, "b", "c")
    label_all[place] = label
    one = RareClassifier("logistic_regression").fit(X, label, w)
    other = RareClassifier("logistic_regression").fit(X_all, label_all, w_all)
    assert one.model_.pos_label == other.model_.pos_label == "b"
    np.testing.assert_array_equal(other.predict_proba(X), one.predict_proba(X))


@pytest.mark.parametrize("name", ["random_over", "random_under", "smote", "class_weight", "score_negatives"])
def test_a_treatment_neither_draws_nor_counts_them(name):
    (X, y, w), (X_all, y_all, w_all), _ = padded(3)
    one, other = (
        make_arm(f"logistic_regression+{name}").treatment.prepare(a, b, sample_weight=c, rng=np.random.default_rng(0))
        for a, b, c in ((X, y, w), (X_all, y_all, w_all))
    )
    np.testing.assert_array_equal(one.X, other.X)
    assert (one.shift, one.note) == (other.shift, other.note)
    if other.rows is not None:
        np.testing.assert_array_equal(X_all[other.rows], other.X)


def test_cross_fitted_scores_are_the_same_and_stand_where_the_rows_stood():
    (X, y, w), (X_all, y_all, w_all), place = padded(4)
    one, other = (
        cross_fit(LogisticRegression(), a, b, sample_weight=c) for a, b, c in ((X, y, w), (X_all, y_all, w_all))
    )
    np.testing.assert_array_equal(other.score[place], one.score)
    np.testing.assert_array_equal(other.fold[place], one.fold)
    assert np.isnan(np.delete(other.score, place)).all()


@pytest.mark.parametrize("own", [False, True])
def test_a_threshold_chosen_by_cross_fitting_is_the_same(own):
    (X, y, w), (X_all, y_all, w_all), place = padded(5)
    splits = list(StratifiedKFold(3).split(X, y))
    cvs = (splits, [(place[a], place[b]) for a, b in splits]) if own else (3, 3)
    one, other = (
        ThresholdedClassifier(LogisticRegression(), Maximize("f1"), cv=cv).fit(*rows[:2], sample_weight=rows[2])
        for cv, rows in zip(cvs, ((X, y, w), (X_all, y_all, w_all)), strict=True)
    )
    assert other.decision_ == one.decision_
    np.testing.assert_array_equal(other.oof_score_[place], one.oof_score_)


def test_calibration_and_intervals_are_the_same():
    (X, y, w), (X_all, y_all, w_all), _ = padded(6)
    z, z_all = X[:, 0] - 3, X_all[:, 0] - 3
    one, other = choose_calibration(z, y, sample_weight=w), choose_calibration(z_all, y_all, sample_weight=w_all)
    assert other.to_dict() == one.to_dict()
    for name in ("average_precision", "roc_auc", "precision", "f1"):
        more = {"threshold": -3.0} if name in ("precision", "f1") else {}
        left = metrics.confidence_interval(name, y, z, sample_weight=w, **more)
        assert metrics.confidence_interval(name, y_all, z_all, sample_weight=w_all, **more) == left


def test_events_that_all_have_weight_zero_are_an_error_that_says_so():
    X, y = points()
    for fit in (
        lambda w: RareClassifier("logistic_regression").fit(X, y, w),
        lambda w: compare(X, y, sample_weight=w),
        lambda w: ThresholdedClassifier(LogisticRegression()).fit(X, y, sample_weight=w),
    ):
        with pytest.raises(TooFewEventsError, match="weight zero"):
            fit(np.where(y, 0.0, 1.0))
