"""The one cross-fitting routine, and what an estimator's output means."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, StratifiedKFold
from sklearn.pipeline import make_pipeline as sklearn_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from rareclass.crossfit import Folds, check_splits, cross_fit_scores, out_of_fold, own_splits, raw_logit, take_rows
from rareclass.errors import InputError, TooFewEventsError
from rareclass.evaluation import cross_fit
from rareclass.kernels.logits import logit, sigmoid
from rareclass.learners import FewEventsLogisticRegression
from rareclass.pipeline import make_pipeline


def _rows(n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    X = rng.normal(size=(n, 3))
    return X, rng.random(n) < sigmoid(X[:, 0] - 2)


@pytest.mark.filterwarnings("ignore:.*probability.*:FutureWarning")
def test_our_pipeline_around_a_support_vector_machine_is_read_like_the_one_of_scikit_learn():
    X, y = _rows()
    ours, theirs = (
        cross_fit(pipeline(StandardScaler(), SVC(probability=True, random_state=0)), X, y, folds=3).score
        for pipeline in (make_pipeline, sklearn_pipeline)
    )
    np.testing.assert_allclose(ours, theirs, atol=1e-12)
    assert 0.8 < y.sum() / sigmoid(ours).sum() < 1.25


def test_a_pipeline_says_of_its_scores_what_its_last_step_says():
    X, y = _rows()
    ours = make_pipeline(StandardScaler(), FewEventsLogisticRegression())
    assert ours.gives_logit
    assert not make_pipeline(StandardScaler(), LogisticRegression()).gives_logit
    fitted = ours.fit(X, y)
    np.testing.assert_array_equal(raw_logit(fitted, X), fitted.decision_function(X))


def test_classes_of_others_are_asked_for_probabilities_and_only_without_them_for_scores():
    X, y = _rows()
    logistic = LogisticRegression().fit(X, y)
    np.testing.assert_allclose(raw_logit(logistic, X), logit(logistic.predict_proba(X)[:, 1]))
    machine = SVC().fit(X, y)
    np.testing.assert_array_equal(raw_logit(machine, X), machine.decision_function(X))
    with pytest.raises(InputError, match="StandardScaler has neither"):
        raw_logit(StandardScaler(), X)


def test_scores_of_repeated_splits_are_averaged_for_one_and_for_many_models():
    splits = [(np.array([2, 3]), np.array([0, 1])), (np.array([0, 3]), np.array([1, 2]))]
    one = out_of_fold(4, splits, lambda train, test: test * 10.0 + train.sum())
    np.testing.assert_allclose(one.score, [5, (15 + 13) / 2, 23, np.nan])
    np.testing.assert_array_equal(one.fold, [0, 1, 1, -1])
    np.testing.assert_array_equal(one.tested, [True, True, True, False])
    two = out_of_fold(4, splits, lambda train, test: np.column_stack([test * 10.0 + train.sum(), test]))
    np.testing.assert_allclose(two.score[:, 0], one.score)
    np.testing.assert_allclose(two.score[:, 1], [0, 1, 2, np.nan])


@pytest.mark.parametrize("answer", [np.zeros(3), np.array([np.nan, 0.0]), 1.0])
def test_scores_that_are_not_one_finite_number_a_row_are_refused(answer):
    with pytest.raises(InputError, match="Split 0: the model returned scores that are not 2 finite numbers"):
        out_of_fold(4, [(np.array([0, 1]), np.array([2, 3]))], lambda train, test: answer)


def test_folds_leave_out_rows_of_no_part_and_forward_ones_learn_from_the_past_only():
    fold = np.array([0, 1, 2, -1, 1, 0])
    both = [(a.tolist(), b.tolist()) for a, b in Folds(fold).splits()]
    assert both == [([1, 2, 4], [0, 5]), ([0, 2, 5], [1, 4]), ([0, 1, 4, 5], [2])]
    ahead = [(a.tolist(), b.tolist()) for a, b in Folds(fold, forward=True).splits()]
    assert ahead == [([], [0, 5]), ([0, 5], [1, 4]), ([0, 1, 4, 5], [2])]


def test_splits_that_share_rows_or_lack_a_class_are_refused():
    y = np.array([True, False, False, True])
    with pytest.raises(InputError, match=r"Split 0: 1 row\(s\) are both fitted and tested"):
        check_splits([(np.array([0, 1]), np.array([1, 3]))], y)
    with pytest.raises(TooFewEventsError, match="training part holds only one class"):
        check_splits([(np.array([1, 2]), np.array([0, 3]))], y)
    with pytest.raises(TooFewEventsError, match="test part holds no event"):
        check_splits([(np.array([0, 1]), np.array([2]))], y)


def test_weights_go_with_their_rows_and_the_estimator_stays_as_it_was():
    X, y = _rows(60)
    weight = np.arange(60.0) + 1
    splits = list(Folds(np.arange(60) % 3).splits())
    estimator = LogisticRegression()
    found = cross_fit_scores(estimator, X, y, splits, sample_weight=weight)
    train, test = splits[1]
    by_hand = LogisticRegression().fit(X[train], y[train], sample_weight=weight[train])
    np.testing.assert_allclose(found[test], logit(by_hand.predict_proba(X[test])[:, 1]))
    assert not hasattr(estimator, "coef_")


def test_rows_are_taken_in_the_container_they_came_in():
    import pyarrow as pa

    index = np.array([2, 0])
    assert take_rows([1, 2, 3], index) == [3, 1]
    assert take_rows(pa.table({"a": [1, 2, 3]}), index).to_pydict() == {"a": [3, 1]}
    np.testing.assert_array_equal(take_rows(np.arange(3), index), index)


def test_labels_of_another_length_than_the_rows_are_refused():
    X, y = _rows()
    with pytest.raises(InputError, match="400"):
        cross_fit(LogisticRegression(), X, y[:100], folds=2)


def test_splits_of_ones_own_are_pairs_masks_or_a_splitter():
    y = np.repeat([True, False], [4, 8])
    half = np.arange(12) % 2 == 0
    by_mask = own_splits([(half, ~half)], y, n=12)
    by_number = own_splits(iter([(np.flatnonzero(half), np.flatnonzero(~half).tolist())]), y, n=12)
    for (a, b), (c, d) in zip(by_mask, by_number, strict=True):
        np.testing.assert_array_equal(a, c)
        np.testing.assert_array_equal(b, d)
    found = own_splits(StratifiedKFold(4), y)
    assert [int(y[test].sum()) for _, test in found] == [1, 1, 1, 1]
    groups = np.arange(12) % 3
    assert all(np.unique(groups[test]).size == 1 for _, test in own_splits(GroupKFold(3), y, groups))


@pytest.mark.parametrize(
    ("cv", "said"),
    [
        ([([0, 1, 5], [-1])], r"Split 0 of `cv` holds row number -1; rows are numbered from 0 to 11"),
        ([([0, 1, 5], [12])], r"Split 0 of `cv` holds row number 12; rows are numbered from 0 to 11"),
        ([([0.0, 1.5], [2])], "whole row numbers; got float64"),
        ([([True, False], [2])], "whole row numbers; got bool"),
        ([], "holds no split"),
        (5.0, "must be a number of folds, a splitter .*; got 5.0"),
        ("five", "must be a number of folds, a splitter .*; got 'five'"),
        ([1, 2], "must be a number of folds"),
    ],
)
def test_splits_that_cannot_be_meant_are_refused(cv, said):
    with pytest.raises(InputError, match=said):
        own_splits(cv, np.repeat([True, False], [4, 8]), n=12)
