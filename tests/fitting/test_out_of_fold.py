"""Arms scored on the same parts: as a loop by hand would, on any number of threads, and nothing they say is lost."""

import threading
import time
import warnings

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from tests.fitting.small import Failing, Talkative, design_of, points

from rareclass.crossfit import Folds
from rareclass.data import make_splits
from rareclass.fitting.arm import Arm
from rareclass.fitting.blend import blend_out_of_fold
from rareclass.fitting.heard import Heard
from rareclass.fitting.out_of_fold import Watch, blend_scores, fit_side_by_side, folds_of, matrix_of, score_arms
from rareclass.treatments import ClassWeights, RandomUnderSampling

LOGISTIC, BAYES = Arm(LogisticRegression()), Arm(GaussianNB())
DRAWN = Arm(RandomForestClassifier(5), RandomUnderSampling(2))


@pytest.fixture(scope="module")
def design():
    X, y = points()
    weight = np.random.default_rng(1).uniform(0.5, 2, y.size)
    return design_of(X, y, 3, fit_rows=300, sample_weight=weight)


def test_scores_are_those_of_a_loop_over_the_parts(design):
    arms = [LOGISTIC, DRAWN]
    for arm, found in zip(arms, score_arms(design, arms), strict=True):
        by_hand = np.full(design.y.size, np.nan)
        for part, (_, test) in zip(design.parts(), design.split.parts, strict=True):
            fitted = part.fit(arm)
            by_hand[test] = part.score(fitted)
        np.testing.assert_array_equal(found.oof.score, by_hand)
        assert np.isfinite(by_hand).all()
        assert (found.arm, found.note, found.restoration) == (arm, fitted.note, fitted.restoration)
        assert (found.rows, found.exact) == (fitted.rows, True)


def test_every_random_choice_is_the_same_for_any_number_of_threads(design):
    arms = [DRAWN, LOGISTIC, Arm(LogisticRegression(), RandomUnderSampling(1)), BAYES]
    one, two = (score_arms(design, arms, n_jobs=n) for n in (1, 2))
    assert [s.arm for s in one] == [s.arm for s in two] == arms
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a.oof.score, b.oof.score)
        np.testing.assert_array_equal(a.oof.fold, b.oof.fold)


def test_repeated_splits_score_a_row_once_for_each_test():
    X, y = points()
    once, again = (make_splits(y, folds=3, seed=seed) for seed in (0, 1))
    design = design_of(X, y, [*once, *again])
    (both,) = score_arms(design, [LOGISTIC])
    each = [score_arms(design_of(X, y, cv), [LOGISTIC])[0].oof.score for cv in (once, again)]
    second = np.argsort(design.split.scored[y.size :])
    np.testing.assert_allclose(both.oof.score[: y.size], each[0], rtol=1e-12)
    np.testing.assert_allclose(both.oof.score[y.size :][second], each[1], rtol=1e-12)
    np.testing.assert_array_equal(design.weight, 0.5)
    np.testing.assert_array_equal(design.groups, design.split.scored)


def test_no_member_is_weighted_by_another_test_of_the_same_row():
    X, y = points()
    design = design_of(X, y, [part for seed in (0, 1) for part in make_splits(y, folds=3, seed=seed)])
    (scores,) = score_arms(design, [LOGISTIC])
    for train, test in folds_of(design, scores).splits():
        assert not np.intersect1d(design.split.scored[train], design.split.scored[test]).size


def test_in_time_order_the_first_rows_have_no_score():
    X, y = points()
    design = design_of(X, y, 3, times=np.arange(y.size))
    (found,) = score_arms(design, [LOGISTIC])
    first = design.split.parts[0][1].min()
    np.testing.assert_array_equal(np.isfinite(found.oof.score), np.arange(y.size) >= first)
    folds = folds_of(design, found)
    assert folds.forward
    np.testing.assert_array_equal(folds.fold, found.oof.fold)
    np.testing.assert_array_equal(found.oof.tested, folds.fold >= 0)


def test_warnings_stand_once_at_the_arm_that_made_them_and_others_go_where_they_went(design):
    def progress(arm, seconds):
        warnings.warn(f"{arm.name} is done", UserWarning, stacklevel=2)

    arms = [LOGISTIC, Arm(Talkative()), BAYES]
    with warnings.catch_warnings(record=True) as elsewhere:
        warnings.simplefilter("always")
        found = score_arms(design, arms, n_jobs=2, watch=Watch(ends=progress))
    assert [s.warnings for s in found] == [(), (Heard(UserWarning, Talkative.said),), ()]
    assert [str(w.message) for w in elsewhere] == [f"{arm.name} is done" for arm in arms]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_what_a_fit_raises_ends_the_run_and_leaves_nothing_behind(design, n_jobs):
    started = []

    def starts(arm):
        started.append(arm)
        return True

    arms = [Arm(Failing()), LOGISTIC, BAYES, DRAWN]
    before, shown, threads = list(warnings.filters), warnings.showwarning, threading.active_count()
    with pytest.raises(ArithmeticError, match="nothing to be learnt"):
        score_arms(design, arms, n_jobs=n_jobs, watch=Watch(starts))
    assert (warnings.filters, warnings.showwarning, threading.active_count()) == (before, shown, threads)
    assert started == arms[:2]  # at most one arm waits behind the one that runs


def test_an_arm_that_is_refused_is_never_fitted_and_the_others_are_told_in_order(design):
    ended = []
    watch = Watch(lambda arm: not isinstance(arm.learner, Failing), lambda arm, seconds: ended.append((arm, seconds)))
    found = score_arms(design, [BAYES, Arm(Failing()), LOGISTIC], n_jobs=2, watch=watch)
    assert [s.arm for s in found] == [arm for arm, _ in ended] == [BAYES, LOGISTIC]
    # told is the time of all fits, kept is that of one
    np.testing.assert_allclose([s.seconds * len(design.split.parts) for s in found], [s for _, s in ended])


def test_a_blend_is_made_of_the_scores_of_its_members_without_a_fit(design):
    members = score_arms(design, [LOGISTIC, BAYES])
    blend = Arm("blend")
    found = blend_scores(design, blend, members)
    folds = Folds(members[0].oof.fold)
    assert matrix_of(members).shape == (design.y.size, 2)
    by_hand = blend_out_of_fold(matrix_of(members), design.y, folds, sample_weight=design.weight)
    np.testing.assert_array_equal(found.oof.score, by_hand)
    np.testing.assert_array_equal(found.oof.fold, members[0].oof.fold)
    assert found.arm is blend
    assert found.seconds == sum(m.seconds for m in members)
    assert found.note == "weighted mean of the log-odds of LogisticRegression, GaussianNB"


def test_scores_of_a_treated_arm_are_at_the_real_prevalence():
    X, y = points(4000)
    design = design_of(X, y, 3)
    for treatment in (ClassWeights(), RandomUnderSampling(1)):
        (found,) = score_arms(design, [Arm(LogisticRegression(), treatment)])
        p = 1 / (1 + np.exp(-found.oof.score))
        # both sides are counts of events: three standard errors of their log-ratio, generously those of two samples
        assert abs(np.log(p.sum() / y.sum())) < 3 * np.sqrt(2 / y.sum())


COUNT = []


class Counting(LogisticRegression):
    def fit(self, X, y, sample_weight=None):
        COUNT.append(1)
        time.sleep(0.1)
        return super().fit(X, y, sample_weight)


def test_after_a_fit_has_failed_no_other_starts():
    COUNT.clear()
    X, y = points()
    with pytest.raises(ArithmeticError):
        score_arms(design_of(X, y, 5), [Arm(Failing()), Arm(Counting()), Arm(Counting(C=2.0))])
    assert len(COUNT) <= 2  # of ten: what was under way when the others were called off


def test_after_progress_was_interrupted_no_other_fit_starts():
    COUNT.clear()
    X, y = points()

    def ends(arm, seconds):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score_arms(
            design_of(X, y, 5),
            [Arm(LogisticRegression()), Arm(Counting()), Arm(Counting(C=2.0))],
            watch=Watch(ends=ends),
        )
    assert len(COUNT) <= 2  # of ten: what was under way when the others were called off


def test_arms_on_one_part_are_fitted_side_by_side_as_one_after_the_other(design):
    arms = [Arm(GaussianNB()), Arm(RandomForestClassifier(5)), Arm(LogisticRegression(), ClassWeights())]
    part = design.whole()
    X = np.asarray(part.X)
    alone, together = (fit_side_by_side(part, arms, n_jobs=jobs) for jobs in (1, 3))
    for one, other, arm in zip(alone, together, arms, strict=True):
        assert (one.arm, other.arm) == (arm, arm)
        np.testing.assert_array_equal(one.logit(X), other.logit(X))


def test_what_a_fit_side_by_side_says_is_said_again(design):
    with pytest.warns(UserWarning, match=Talkative.said) as said:
        fit_side_by_side(design.whole(), [Arm(Talkative()), Arm(Talkative(), ClassWeights())], n_jobs=2)
    assert len(said) == 1
