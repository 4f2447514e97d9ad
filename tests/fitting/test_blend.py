"""The blend of arms: weights from scores out of fold, each fold by the others."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from tests.fitting.small import points

from rareclass.crossfit import Folds
from rareclass.fitting.arm import Arm
from rareclass.fitting.blend import blend_members, blend_out_of_fold, join_arms
from rareclass.kernels.logits import log_loss_from_logits
from rareclass.learners import blend
from rareclass.learners.blend import MEMBERS
from rareclass.learners.combination import fit_combination
from rareclass.treatments import ClassWeights, NoTreatment, RandomUnderSampling


@pytest.fixture(scope="module")
def scored():
    """Log-odds of two members, the first one better, events, and three folds."""
    X, y = points()
    rng = np.random.default_rng(3)
    z = 1.5 * X[:, 0] - X[:, 1] - 3
    return np.column_stack([z + 0.3 * rng.normal(size=y.size), 2 * z + 3 * rng.normal(size=y.size)]), y


FOLDS = Folds(np.arange(600) % 3)


def test_each_fold_is_blended_by_a_combination_of_the_others(scored):
    scores, y = scored
    weight = np.random.default_rng(1).uniform(0.5, 2, y.size)
    found = blend_out_of_fold(scores, y, FOLDS, sample_weight=weight)
    for k in range(3):
        own, others = FOLDS.fold == k, FOLDS.fold != k
        worth = weight[others] / (np.square(weight[others & y]).sum() / weight[others & y].sum())
        how = fit_combination(scores[others], y[others], sample_weight=worth)
        np.testing.assert_array_equal(found[own], how.apply(scores[own]))


def test_labels_and_weights_of_a_fold_do_not_reach_its_own_scores(scored):
    scores, y = scored
    own = FOLDS.fold == 1
    row = np.flatnonzero(own & ~y)[0]
    other, heavy = y.copy(), np.ones(y.size)
    other[row], heavy[row] = True, 30.0
    before = blend_out_of_fold(scores, y, FOLDS)
    for after in (blend_out_of_fold(scores, other, FOLDS), blend_out_of_fold(scores, y, FOLDS, sample_weight=heavy)):
        np.testing.assert_array_equal(before[own], after[own])
        assert (before[~own] != after[~own]).all()


def test_folds_unlike_each_other_teach_the_blend_nothing_false():
    """Folds with as many events each, one of them with fewer rows that look like events: stratified folds by chance."""
    rng = np.random.default_rng(0)
    y = np.arange(3000) % 100 < 3
    fold = np.arange(3000) // 3 % 3
    truth = np.where(y, 4.0, -6.0) + rng.normal(size=y.size)
    # in fold 0 two events in five look like other rows, in the others one in twenty
    hidden = y & (rng.random(y.size) < np.where(fold == 0, 0.4, 0.05))
    truth[hidden] -= 9
    scores = np.column_stack([truth + 0.3 * rng.normal(size=y.size) for _ in range(3)])
    loss = log_loss_from_logits(y, blend_out_of_fold(scores, y, Folds(fold)))
    assert loss < 1.1 * log_loss_from_logits(y, scores.mean(axis=1))


def test_in_time_order_the_past_decides_and_the_first_part_is_blended_evenly(scored):
    scores, y = scored
    ahead = Folds(FOLDS.fold, forward=True)
    found = blend_out_of_fold(scores, y, ahead)
    np.testing.assert_array_equal(found[FOLDS.fold == 0], scores[FOLDS.fold == 0].mean(axis=1))
    changed = np.where(FOLDS.fold == 2, ~y, y)
    np.testing.assert_array_equal(blend_out_of_fold(scores, changed, ahead), found)
    past = FOLDS.fold < 2
    how = fit_combination(scores[past], y[past])
    np.testing.assert_array_equal(found[~past], how.apply(scores[~past]))


def test_rows_that_nobody_scored_are_neither_used_nor_blended(scored):
    scores, y = scored
    fold = np.where(np.arange(y.size) < 60, -1, FOLDS.fold)
    holes = np.where(fold[:, None] < 0, np.nan, scores)
    found = blend_out_of_fold(holes, y, Folds(fold))
    np.testing.assert_array_equal(np.isnan(found), fold < 0)
    np.testing.assert_array_equal(found[60:], blend_out_of_fold(scores[60:], y[60:], Folds(fold[60:])))


def test_weights_equal_repeated_rows(scored):
    scores, y = scored
    often = 1 + (np.arange(y.size) % 2)
    rows = np.repeat(np.arange(y.size), often)
    repeated = fit_combination(scores[rows], y[rows])
    weighted = fit_combination(scores, y, sample_weight=often.astype(float))
    np.testing.assert_allclose(repeated.apply(scores), weighted.apply(scores), atol=1e-4)


@pytest.fixture(scope="module")
def fitted():
    X, y = points()
    arms = [Arm(LogisticRegression(), RandomUnderSampling(2)), Arm(GaussianNB(), RandomUnderSampling(2))]
    return X, y, [arm.fit(X, y) for arm in arms]


def test_joined_arms_are_combined_by_their_scores_out_of_fold(fitted, scored):
    X, y, members = fitted
    scores, _ = scored
    holes = scores.copy()
    holes[:50, 1] = np.nan
    weight = np.random.default_rng(1).uniform(0.5, 2, y.size)
    joined = join_arms(Arm("blend", RandomUnderSampling(2)), members, holes, y, sample_weight=weight)
    how = fit_combination(scores[50:], y[50:], sample_weight=weight[50:])
    own = np.column_stack([m.logit(X) for m in members])  # with the shifts of the members
    np.testing.assert_allclose(joined.logit(X), how.apply(own), rtol=1e-12)
    assert joined.shift == 0
    assert joined.name == "blend+random_under(negatives_per_event=2)"
    said = f"weights LogisticRegression {how.weight[0]:.2f}, GaussianNB {how.weight[1]:.2f}; "
    assert joined.note == said + members[0].note  # what both did is said once
    assert joined.restoration == RandomUnderSampling.restoration
    assert joined.rows == members[0].rows
    assert joined.seconds == sum(m.seconds for m in members)
    assert joined.exact


def test_members_under_another_treatment_are_named_with_it(fitted, scored):
    X, y, (first, _) = fitted
    plain = Arm(GaussianNB()).fit(X, y)
    joined = join_arms(Arm("blend"), [first, plain], scored[0], y)
    assert "weights LogisticRegression+random_under(negatives_per_event=2) " in joined.note
    assert ", GaussianNB 0." in joined.note
    assert joined.restoration == f"{first.restoration}; {plain.restoration}"
    assert joined.rows == y.size


@pytest.mark.parametrize("hidden", ["scores", "events"])
def test_without_scored_events_members_count_the_same(fitted, scored, hidden):
    X, y, members = fitted
    scores = np.full((y.size, 2), np.nan) if hidden == "scores" else scored[0]
    joined = join_arms(Arm("blend"), members, scores, y if hidden == "scores" else np.zeros(y.size, dtype=bool))
    np.testing.assert_allclose(joined.logit(X), np.mean([m.logit(X) for m in members], axis=0))


def test_the_members_are_guarded_learners_under_the_treatment_that_is_asked_for(monkeypatch):
    assert [a.learner for a in blend_members()] == list(MEMBERS)
    assert all(isinstance(a.treatment, NoTreatment) for a in blend_members())
    assert [a.treatment for a in blend_members(ClassWeights(3.0))] == [ClassWeights(3.0)] * 5
    monkeypatch.setattr(blend, "available", lambda package: f"{package} does not load")
    assert [a.learner for a in blend_members()] == [m for m in MEMBERS if m != "catboost"]


def test_the_scale_of_weights_changes_no_blend():
    X, y = points(500)
    scores = np.column_stack([X[:, 0] - 3, X[:, 1], 2 * X[:, 0] - 3])
    folds = Folds(np.arange(y.size) % 4)
    plain = blend_out_of_fold(scores, y, folds)
    for scale in (0.01, 20.0):
        np.testing.assert_allclose(blend_out_of_fold(scores, y, folds, sample_weight=np.full(y.size, scale)), plain)
