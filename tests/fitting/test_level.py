"""The fit on all rows expects on new rows what the fits of the folds did, whatever more rows have done to it."""

from dataclasses import replace

import numpy as np
import pytest
from lightgbm import LGBMClassifier
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from tests.fitting.small import design_of, points

from rareclass import RareClassifier
from rareclass.artifact import Bundle
from rareclass.calibration import choose_calibration
from rareclass.fitting.arm import Arm
from rareclass.fitting.assemble import Wanted, fit_model
from rareclass.fitting.blend import join_arms, join_known
from rareclass.fitting.level import level_of_whole
from rareclass.fitting.out_of_fold import matrix_of, score_arms
from rareclass.fitting.part import Known
from rareclass.treatments import ClassWeights


def said(probability, y, weight=None) -> Known:
    return Known(logit(probability), y, np.ones(y.size) if weight is None else weight)


def test_a_fit_that_is_off_by_a_shift_is_brought_back_exactly_and_an_equal_one_stays():
    rng = np.random.default_rng(0)
    truth = rng.normal(-3, 1.5, size=4000)
    y = rng.random(4000) < expit(truth)
    held, weight = Known(truth, y, np.ones(y.size)), np.ones(y.size)
    flattered = truth + np.where(y, 1.0, -0.1)  # what any fit says of its own rows
    known = [Known(flattered[k::5], y[k::5], weight[k::5]) for k in range(5)]
    for method in ("intercept", "sigmoid", "beta", "isotonic"):
        calibrator = choose_calibration(truth, y, method=method)
        assert level_of_whole(Known(flattered, y, weight), held, known, calibrator) == pytest.approx(0, abs=0.02)
        found = level_of_whole(Known(flattered + 0.3, y, weight), held, known, calibrator)
        assert found == pytest.approx(-0.3, abs=0.02)


def test_what_is_expected_of_new_rows_is_the_sum_over_classes_of_what_the_fit_says_less_its_flattery():
    y = np.array([True, True, False, False, False, False])
    weight = np.array([1.0, 2.0, 1.0, 1.0, 1.0, 3.0])
    unseen = said(np.array([0.3, 0.6, 0.2, 0.1, 0.05, 0.3]), y, weight)
    known = [said(np.array([0.8, 0.9, 0.1, 0.1]), y[:4]), said(np.array([0.7, 0.05]), y[1:3], weight[1:3])]
    whole = said(np.array([0.9, 0.8, 0.2, 0.2, 0.1, 0.1]), y, weight)
    moved = level_of_whole(whole, unseen, known, choose_calibration(np.zeros(2), np.arange(2) > 0, method="none"))
    p = expit(whole.logit + moved)
    # by hand: means of each class, weighted
    fade = (0.3 + 1.2) / 3 / ((0.8 + 0.9 + 2 * 0.7) / 4), (0.2 + 0.1 + 0.05 + 0.9) / 6 / ((0.1 + 0.1 + 0.05) / 3)
    expects = fade[0] * (p[:2] @ weight[:2]) + fade[1] * (p[2:] @ weight[2:])
    assert expects == pytest.approx(0.3 + 1.2 + 0.2 + 0.1 + 0.05 + 0.9, rel=1e-5)


def test_of_flattery_as_much_is_taken_as_a_fit_of_a_fold_has_of_the_rows():
    y = np.arange(8) < 2
    identity = choose_calibration(np.zeros(2), np.arange(2) > 0, method="none")
    unseen, known = said(np.where(y, 0.3, 0.1), y), said(np.where(y, 0.9, 0.04), y)
    whole = said(np.where(y, 0.7, 0.05), y)
    p = expit(whole.logit + level_of_whole(whole, unseen, [known], identity, share=2 / 3))
    # by hand: (1/3) ** (2/3) and 2.5 ** (2/3) of what the fit says of its own rows are the 1.2 events of the folds
    assert 0.48074986 * p[y].sum() + 1.84201575 * p[~y].sum() == pytest.approx(2 * 0.3 + 6 * 0.1, rel=1e-5)


def test_nothing_is_moved_where_a_class_is_missing_or_nothing_is_left_of_it():
    y = np.arange(6) < 2
    fine = said(np.full(6, 0.3), y)
    identity = choose_calibration(np.zeros(2), np.arange(2) > 0, method="none")
    none = Known(fine.logit, np.zeros(6, dtype=bool), fine.weight)
    weightless = replace(fine, weight=np.where(y, 0.0, 1.0))
    never = replace(fine, logit=np.where(y, 0.0, -np.inf))
    for whole, unseen, known in (
        (none, fine, fine),
        (fine, none, fine),
        (fine, fine, none),
        (fine, weightless, fine),
        (fine, fine, never),
    ):
        assert level_of_whole(whole, unseen, [known], identity) == 0.0


def test_a_part_says_all_events_and_as_many_other_rows_as_it_scores():
    X, y = points(1200)
    weight = np.random.default_rng(2).uniform(0.5, 2, y.size)
    design = design_of(X, y, 4, sample_weight=weight)
    first, whole = design.parts()[0], design.whole()
    arm = first.fit(Arm(LogisticRegression()))
    known = first.known(arm)
    assert known.y.sum() == first.y.sum()
    assert first.expand.size <= (~known.y).sum() <= 2 * first.expand.size
    np.testing.assert_allclose(np.sort(known.weight[known.y]), np.sort(first.weight[first.y]))
    everything = whole.known(arm)
    assert everything.y.size == y.size
    half = np.arange(0, y.size, 2)
    some = whole.known(arm, half)
    assert (some.y.size, some.y.sum()) == (half.size, y[half].sum())
    np.testing.assert_array_equal(np.sort(some.logit), np.sort(arm.logit(whole.X[half])))


def test_a_blend_says_of_known_rows_what_its_weights_make_of_its_members():
    X, y = points(900)
    design = design_of(X, y, 3)
    scores = score_arms(design, [Arm(LogisticRegression()), Arm(GaussianNB(), ClassWeights(4.0))])
    part = design.parts()[0]
    fitted = [part.fit(s.arm) for s in scores]
    blend = join_arms(Arm("blend"), fitted, matrix_of(scores), y)
    joined = join_known(blend, [s.known for s in scores])
    assert len(joined) == 3
    np.testing.assert_allclose(joined[0].logit, part.known(blend).logit)


def crowded(seed: int, rows: int = 3000):
    """Features (rows, 6) and events at about one in fifty."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 6))
    truth = 1.2 * X[:, 0] + 0.8 * X[:, 1] * (X[:, 2] > 0) - 5
    return X, rng.random(rows) < expit(truth), expit(truth)


@pytest.mark.parametrize("treatment", ["none", "class_weight"])
def test_an_unguarded_booster_expects_as_many_events_on_new_rows_as_there_are(treatment):
    learner = LGBMClassifier(n_estimators=60, verbose=-1, n_jobs=1, random_state=0)
    now, before = [], []
    for seed in range(6):
        X, y, _ = crowded(seed)
        fresh, _, truth = crowded(100 + seed, 20_000)
        model = RareClassifier(learner, treatment=treatment, random_state=seed).fit(X, y)
        # against the share of events in training, which is all that a model can know of the prevalence
        observed = truth.mean() * y.mean() / crowded(seed)[2].mean()
        now.append(np.log(observed / expit(model.positive_logit(fresh)).mean()))
        model.model_ = replace(model.model_, arm=replace(model.model_.arm, level=0.0))
        before.append(np.log(observed / expit(model.positive_logit(fresh)).mean()))
    assert abs(np.mean(now)) < 0.04 + 2 * np.std(now) / np.sqrt(6)
    assert np.mean(before) < np.mean(now) - 0.05
    assert np.mean(before) < -0.05


def test_a_linear_model_of_many_rows_is_hardly_moved():
    X, y = points(20_000)
    model = fit_model(design_of(X, y, 5), Wanted(arm=Arm(LogisticRegression())))
    assert abs(model.arm.level) < 0.01


def test_scores_that_are_wanted_as_they_are_stay():
    X, y = points(900)
    assert fit_model(design_of(X, y, 3), Wanted(arm=Arm(GaussianNB()), calibration="none")).arm.level == 0.0
    assert fit_model(design_of(X, y, 3), Wanted(arm=Arm(GaussianNB()))).arm.level != 0.0


def test_only_rows_that_were_tested_count_in_time_order():
    X, y = points(2000)
    model = RareClassifier(GaussianNB(), calibration="sigmoid").fit(X, y, times=np.arange(2000))
    tested = np.isfinite(model.model_.oof_logit)
    assert 0 < tested.sum() < 2000
    assert model.model_.arm.level != 0.0
    # of the tested time as many events are expected as observed, but for flattery, which is small here
    assert expit(model.positive_logit(X[tested])).sum() == pytest.approx(y[tested].sum(), rel=0.05)


def test_a_bundle_keeps_the_level(tmp_path):
    X, y = points(900)
    model = RareClassifier(GaussianNB(), calibration="sigmoid").fit(X, y)
    assert model.model_.arm.level != 0.0
    Bundle(model).save(tmp_path / "m")
    np.testing.assert_array_equal(Bundle.load(tmp_path / "m").model.positive_logit(X), model.positive_logit(X))
