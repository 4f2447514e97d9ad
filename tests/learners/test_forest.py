"""Rare forests: honest out-of-bag scores, undone sampling, smoothed leaves."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import average_precision_score, roc_auc_score

from rareclass.errors import InputError
from rareclass.learners import RareForestClassifier


@pytest.mark.parametrize("kind", ["random_forest", "extra_trees"])
def test_noise_labels_give_an_out_of_bag_auc_of_one_half(kind):
    # imbalanced-learn's balanced forest reports 0.95 here with replacement
    rng = np.random.default_rng(0)
    area = []
    for seed in range(3):
        X, y = rng.normal(size=(3000, 5)), rng.uniform(size=3000) < 0.1
        forest = RareForestClassifier(n_estimators=60, kind=kind, random_state=seed, max_negatives=600).fit(X, y)
        area.append(roc_auc_score(y, forest.oob_decision_function_))
    # standard error of one area with 300 events is near 0.018; of the mean of three, 0.010
    assert abs(np.mean(area) - 0.5) < 3 * 0.0105


def test_copies_of_an_event_do_not_make_out_of_bag_scores_too_good():
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(4000, 4)), np.zeros(4000, dtype=bool)
    # every event is there four times, at places without meaning
    X[:200] = np.repeat(rng.normal(size=(50, 4)), 4, axis=0)
    y[:200] = True
    forest = RareForestClassifier(n_estimators=60, random_state=0, min_samples_leaf=1, max_features="sqrt").fit(X, y)
    score = forest.oob_decision_function_
    assert roc_auc_score(y, np.nan_to_num(score, nan=float(np.nanmean(score)))) < 0.62


def test_out_of_bag_scores_agree_with_scores_of_fresh_rows():
    rng = np.random.default_rng(2)

    def draw(n):
        X = rng.normal(size=(n, 3))
        return X, rng.uniform(size=n) < expit(-4 + 2 * X[:, 0])

    X, y = draw(12_000)
    fresh, target = draw(12_000)
    forest = RareForestClassifier(n_estimators=80, random_state=0).fit(X, y)
    inside = average_precision_score(y, np.nan_to_num(forest.oob_decision_function_, nan=-20))
    outside = average_precision_score(target, forest.decision_function(fresh))
    assert abs(inside - outside) < 0.06


def test_left_out_rows_are_undone_exactly_in_the_leaves():
    # one feature that says nothing: every probability is the prevalence, however few rows a tree draws
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(20_000, 1)), rng.uniform(size=20_000) < 0.02
    forest = RareForestClassifier(n_estimators=40, max_negatives=800, min_samples_leaf=200, random_state=0).fit(X, y)
    node = [probability[0] for probability in forest.leaf_probability_]
    assert np.mean(node) == pytest.approx(y.mean(), rel=0.02)


def test_the_sampled_forest_is_calibrated_on_fresh_rows():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(30_000, 3))
    truth = expit(-5 + 1.5 * X[:, 0])
    y = rng.uniform(size=30_000) < truth
    fresh = rng.normal(size=(30_000, 3))
    forest = RareForestClassifier(n_estimators=60, max_negatives=4000, random_state=0).fit(X, y)
    expected = forest.predict_proba(fresh)[:, 1].sum()
    # about 500 events: 4.5 % is one standard error of the intercept
    assert expected == pytest.approx(expit(-5 + 1.5 * fresh[:, 0]).sum(), rel=3 * 0.05)


def test_threads_do_not_change_the_forest():
    rng = np.random.default_rng(5)
    X, y = rng.normal(size=(1500, 4)), rng.uniform(size=1500) < 0.05
    one = RareForestClassifier(n_estimators=16, random_state=0, n_jobs=1).fit(X, y)
    two = RareForestClassifier(n_estimators=16, random_state=0, n_jobs=2).fit(X, y)
    np.testing.assert_array_equal(one.decision_function(X), two.decision_function(X))


def test_huge_values_and_bad_parameters_are_handled():
    rng = np.random.default_rng(6)
    X, y = rng.normal(size=(800, 2)) * 1e300, rng.uniform(size=800) < 0.1
    assert np.isfinite(RareForestClassifier(n_estimators=5, random_state=0).fit(X, y).decision_function(X)).all()
    for bad in ({"n_estimators": 0}, {"kind": "oak"}, {"max_negatives": 0}, {"smoothing": -1.0}):
        with pytest.raises(InputError, match=next(iter(bad))):
            RareForestClassifier(**bad).fit(X, y)
