"""The guarded boosters and the blend: drop-in, finite with few events, weights undone, offsets, alarm, calibration."""

import warnings

import numpy as np
import pytest
from scipy.special import expit
from sklearn.base import clone
from sklearn.metrics import average_precision_score, log_loss
from sklearn.utils.estimator_checks import parametrize_with_checks

from rareclass.errors import CollapseWarning, InputError, RareclassError
from rareclass.learners import (
    RareBlendClassifier,
    RareCatBoostClassifier,
    RareHistGradientBoostingClassifier,
    RareLGBMClassifier,
    RareXGBClassifier,
)
from rareclass.learners._alarm import collapse_message, event_precision
from rareclass.learners._recalibrate import expected_as_observed, fade

BOOSTERS = (RareLGBMClassifier, RareXGBClassifier, RareCatBoostClassifier, RareHistGradientBoostingClassifier)
WITH_OFFSETS = BOOSTERS[:3]
QUIET = {"collapse_alarm": False, "random_state": 0}


def bumps(n: int, seed: int = 0, base: float = -5.0):
    """A problem that trees like: two steps and an interaction; X (n, 3), y, true log-odds."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    z = base + 2.5 * (X[:, 0] > 1) + 2.5 * (np.abs(X[:, 1]) > 1.5) + 2.0 * ((X[:, 0] > 0) & (X[:, 2] > 1))
    return X, rng.random(n) < expit(z), z


def make(kind, **options):
    pytest.importorskip(
        {"RareXGBClassifier": "xgboost", "RareCatBoostClassifier": "catboost"}.get(kind.__name__, "numpy")
    )
    return kind(**{**QUIET, **options})


@pytest.mark.parametrize("kind", BOOSTERS)
def test_probabilities_are_those_of_the_real_prevalence(kind):
    X, y, _ = bumps(20_000)
    unseen, y_unseen, z_unseen = bumps(40_000, seed=1)
    guard = "steady" if kind is RareCatBoostClassifier else "auto"  # fewer of its slow fits
    p = make(kind, guard=guard).fit(X, y).predict_proba(unseen)[:, 1]
    assert y_unseen.sum() / p.sum() == pytest.approx(1.0, abs=0.15)
    truth = log_loss(y_unseen, expit(z_unseen))
    chance = log_loss(y_unseen, np.full(y_unseen.size, y.mean()))
    assert log_loss(y_unseen, p) < truth + 0.25 * (chance - truth)


@pytest.mark.parametrize("kind", BOOSTERS)
def test_class_weights_are_used_in_training_and_undone_in_the_probabilities(kind):
    X, y, _ = bumps(8_000)
    unseen, y_unseen, _ = bumps(30_000, seed=1)
    weight = {
        RareXGBClassifier: {"scale_pos_weight": 50.0},
        RareCatBoostClassifier: {"class_weights": [1.0, 50.0]},
    }.get(kind, {"class_weight": {False: 1.0, True: 50.0}})
    plain, weighted = make(kind, guard="steady"), make(kind, guard="steady", **weight)
    p, q = (model.fit(X, y).predict_proba(unseen)[:, 1] for model in (plain, weighted))
    assert not np.allclose(p, q)
    assert y_unseen.sum() / q.sum() == pytest.approx(1.0, abs=0.25)


@pytest.mark.parametrize("kind", WITH_OFFSETS)
def test_a_constant_offset_is_learnt_away_and_its_negative_added(kind):
    X, y, _ = bumps(6_000)
    plain = make(kind, guard="steady", calibrate=False).fit(X, y).decision_function(X)
    moved = make(kind, guard="steady", calibrate=False).fit(X, y, offset=np.full(y.size, 2.0)).decision_function(X)
    # starts and sums of trees agree but for rounding at the cuts
    assert np.median(plain - moved) == pytest.approx(2.0, abs=0.1)
    with pytest.raises(RareclassError, match="offset"):
        make(kind).fit(X, y, offset=np.zeros(3))


def test_a_learner_without_offsets_names_those_that_take_them():
    X, y, _ = bumps(300, base=-2.0)
    with pytest.raises(InputError, match="cannot take offsets"):
        make(RareHistGradientBoostingClassifier).fit(X, y, offset=np.zeros(y.size))


@pytest.mark.parametrize("kind", BOOSTERS)
def test_parameters_of_the_library_go_through_and_are_cloned(kind):
    trees = {RareCatBoostClassifier: "iterations", RareHistGradientBoostingClassifier: "max_iter"}.get(
        kind, "n_estimators"
    )
    model = make(kind, **{trees: 7})
    assert clone(model).get_params()[trees] == 7
    X, y, _ = bumps(2_000)
    fitted = model.fit(X, y)
    assert fitted.parameters_[trees] == 7
    # a tuned model is left alone: nothing to choose
    assert fitted.guard_ == "steady"


@pytest.mark.parametrize("kind", BOOSTERS)
def test_missing_values_and_codes_are_native(kind):
    rng = np.random.default_rng(3)
    n = 6_000
    code = rng.integers(0, 12, n).astype(float)
    x = rng.normal(size=n)
    z = -4 + 3 * np.isin(code, [1, 6, 11]) + 2.5 * (x > 2)
    x[rng.random(n) < 0.2] = np.nan
    z = np.where(np.isnan(x), -1.5, z)
    y = rng.random(n) < expit(z)
    X = np.column_stack([code, x])
    score = make(kind, categorical_features=[0], guard="steady").fit(X, y).decision_function(X)
    assert average_precision_score(y, score) > 0.8 * average_precision_score(y, z)
    assert np.isfinite(make(kind, guard="steady").fit(X, y).decision_function([[99.0, np.nan]])).all()


def test_monotone_constraints_hold_after_binning_and_calibration():
    X, y, _ = bumps(5_000)
    grid = np.zeros((200, 3))
    grid[:, 0] = np.linspace(-3, 3, 200)
    for model in (make(RareLGBMClassifier, monotone_constraints=[-1, 0, 0]),
                  make(RareHistGradientBoostingClassifier, monotonic_cst=[-1, 0, 0]),
                  make(RareXGBClassifier, monotone_constraints=(-1, 0, 0))):  # fmt: skip
        steps = np.diff(model.fit(X, y).decision_function(grid))
        assert (steps <= 1e-9).all()


@pytest.mark.parametrize("events", [3, 10])
@pytest.mark.parametrize("kind", BOOSTERS)
def test_few_separable_events_stay_finite_and_ranked(kind, events):
    rng = np.random.default_rng(4)
    X = rng.normal(size=(3_000, 2))
    y = np.zeros(3_000, bool)
    y[:events] = True
    X[y, 0] += 8
    p = make(kind).fit(X, y).predict_proba(X)[:, 1]
    assert np.isfinite(p).all()
    assert average_precision_score(y, p) > 0.9
    assert (p < 1).all()
    assert p[~y].mean() < 0.01


def test_early_stopping_judges_on_rows_of_the_real_prevalence():
    X, y, _ = bumps(6_000)
    unseen, y_unseen, _ = bumps(6_000, seed=1)
    model = make(RareLGBMClassifier, n_estimators=2000, early_stopping_rounds=20)
    model.fit(X, y, eval_set=[(unseen, y_unseen)])
    assert 1 <= model.model_.best_iteration_ < 2000
    assert y_unseen.sum() / model.predict_proba(unseen)[:, 1].sum() == pytest.approx(1.0, abs=0.05)
    with pytest.raises(RareclassError, match="one class only"):
        make(RareLGBMClassifier, early_stopping_rounds=5).fit(X, y, eval_set=[(unseen, np.zeros(6_000, bool))])
    with pytest.raises(InputError, match="offset"):
        make(RareLGBMClassifier).fit(X, y, init_score=np.zeros(y.size))


def test_precision_at_each_event_averages_to_the_average_precision_with_ties_and_weights():
    rng = np.random.default_rng(5)
    y, s, w = rng.random(200) < 0.2, rng.integers(0, 12, 200).astype(float), rng.random(200)
    found = np.average(event_precision(y, s, w), weights=w[y])
    assert found == pytest.approx(average_precision_score(y, s, sample_weight=w))


def test_the_alarm_sounds_at_chance_and_below_a_linear_model_and_is_quiet_otherwise():
    rng = np.random.default_rng(6)
    y = np.arange(5_000) < 40
    good, noise, w = y + 0.1 * rng.normal(size=5_000), rng.normal(size=5_000), np.ones(5_000)
    assert "hardly better than chance" in collapse_message("X", y, noise, noise, w)
    middling = y + 0.5 * rng.normal(size=5_000)
    assert "below a linear model" in collapse_message("X", y, middling, good, w)
    assert collapse_message("X", y, good, middling, w) is None
    assert collapse_message("X", y[:5] | True, noise[:5], noise[:5], w[:5]) is None


def test_a_booster_that_cannot_see_the_signal_says_so():
    rng = np.random.default_rng(7)
    X, y = rng.normal(size=(4_000, 3)), np.arange(4_000) < 30
    with pytest.warns(CollapseWarning, match="hardly better than chance"):
        RareLGBMClassifier(random_state=0).fit(X, y)


def test_the_blend_is_better_than_its_worst_member_and_calibrated():
    X, y, _ = bumps(8_000)
    unseen, y_unseen, _ = bumps(30_000, seed=1)
    blend = RareBlendClassifier(random_state=0).fit(X, y)
    assert blend.weights_.sum() == pytest.approx(1.0)
    assert blend.member_names_ == ["lightgbm", "hist_gradient_boosting", "random_forest", "logistic_regression"]
    found = average_precision_score(y_unseen, blend.decision_function(unseen))
    members = [average_precision_score(y_unseen, m.decision_function(unseen)) for m in blend.blend_.members]
    assert found > 0.95 * max(members)
    assert y_unseen.sum() / blend.predict_proba(unseen)[:, 1].sum() == pytest.approx(1.0, abs=0.15)


def test_a_blend_refuses_members_it_does_not_know():
    X, y, _ = bumps(300, base=-2.0)
    for members in ("all", ["lightgbm", "lightgbm"], ["svm"], []):
        with pytest.raises(InputError, match="members"):
            RareBlendClassifier(members=members).fit(X, y)


SMALL = [
    RareLGBMClassifier(n_estimators=10, collapse_alarm=False),
    RareHistGradientBoostingClassifier(max_iter=10, collapse_alarm=False),
    RareBlendClassifier(members=["hist_gradient_boosting", "logistic_regression"]),
]


def expected_failures(estimator):
    """Checks that do not fit what these learners are for, with the reason."""
    found = {
        "check_sample_weight_equivalence_on_dense_data": "bins, bootstraps and inner folds are drawn by row",
        "check_class_weight_classifiers": "class weights are undone in the log-odds, on purpose",
    }
    if isinstance(estimator, RareLGBMClassifier):
        found["check_no_attributes_set_in_init"] = "further parameters are kept and passed on, as LightGBM's class does"
    return found


@parametrize_with_checks(SMALL, expected_failed_checks=expected_failures)
def test_sklearn_conventions_hold(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CollapseWarning)
        check(estimator)


def many_columns(seed=0, n=30_000):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 12))
    truth = expit(-5.5 + 0.8 * X[:, :5].sum(axis=1))
    return X, rng.random(n) < truth, truth


@pytest.mark.parametrize("options", [{}, {"scale_pos_weight": 30, "n_estimators": 60}], ids=["default", "weights"])
@pytest.mark.parametrize("swapped", [False, True])
def test_as_many_events_are_expected_on_new_rows_as_there_are(options, swapped):
    X, y, truth = many_columns()
    new, _, true = many_columns(seed=1)
    if swapped:  # the positive class is the common one
        options = {k: 1 / v if k == "scale_pos_weight" else v for k, v in options.items()}
    model = RareLGBMClassifier(random_state=0, collapse_alarm=False, **options).fit(X, y != swapped)
    p = model.predict_proba(new)[:, 0 if swapped else 1]
    assert p.mean() == pytest.approx(true.mean() * y.mean() / truth.mean(), rel=0.06)


def test_offsets_and_row_weights_leave_the_mean_right():
    X, y, _ = many_columns()
    kept = y | (np.random.default_rng(0).random(y.size) < 0.3)
    model = RareLGBMClassifier(random_state=0, collapse_alarm=False)
    by_offset = model.fit(X[kept], y[kept], offset=np.full(kept.sum(), -np.log(0.3))).predict_proba(X)[:, 1].mean()
    weight = np.where(y[kept], 1.0, 1 / 0.3)
    by_weight = model.fit(X[kept], y[kept], weight).predict_proba(X)[:, 1].mean()
    assert by_offset == pytest.approx(y.mean(), rel=0.08)
    assert by_weight == pytest.approx(y.mean(), rel=0.08)


def test_the_mean_is_put_right_with_the_flattery_of_inner_folds_taken_off():
    rng = np.random.default_rng(0)
    y = np.arange(2000) < 100
    score = rng.normal(size=2000) + 2 * y
    given = {"fades": (0.7, 1.1), "events": 100.0, "others": 1900.0}
    moved = expected_as_observed(score, y, weight=np.ones(2000), **given)
    p = expit(score + moved)
    assert 0.7 * p[y].sum() + 1.1 * p[~y].sum() == pytest.approx(100, rel=1e-4)
    # a sample of the other rows stands for all of them
    part = y | (np.arange(2000) % 2 == 0)
    again = expected_as_observed(score[part], y[part], weight=np.ones(part.sum()), **given)
    assert again == pytest.approx(moved, abs=0.1)
    assert expected_as_observed(np.full(2000, -900.0), y, weight=np.ones(2000), **given) == 0


def test_fading_is_the_ratio_of_unseen_to_seen_means_scaled_to_the_rows():
    unseen, weight = np.array([0.2, 0.4]), np.array([1.0, 3.0])
    seen = np.array([[0.5, np.nan], [np.nan, 0.6], [0.7, 0.8]])
    ratio = (0.2 + 3 * 0.4) / 4 / ((0.5 + 0.7 + 3 * (0.6 + 0.8)) / 8)
    assert fade(unseen, seen, weight=weight, share=1.0) == pytest.approx(ratio)
    assert fade(unseen, seen, weight=weight, share=0.5) == pytest.approx(ratio**0.5)
