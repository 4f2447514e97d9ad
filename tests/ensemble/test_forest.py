"""Balanced random forest."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.tree import DecisionTreeClassifier

from rareclass.ensemble import BalancedRandomForestClassifier
from rareclass.ensemble._training import draw_rows
from rareclass.errors import InputError, ShortfallWarning
from rareclass.under_sampling import RandomUnderSampler


def simulated(n, intercept, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4))
    p = 1 / (1 + np.exp(-(intercept + 1.2 * X[:, 0] + X[:, 1] - 0.7 * X[:, 2])))
    return X, (rng.random(n) < p).astype(int), p


@pytest.mark.parametrize("bootstrap", [True, False])
@pytest.mark.parametrize("replacement", [True, False])
def test_out_of_bag_scores_of_noise_labels_are_at_chance(bootstrap, replacement):
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(4000, 5)), rng.random(4000) < 0.1
    model = BalancedRandomForestClassifier(
        60, oob_score=True, bootstrap=bootstrap, replacement=replacement, random_state=0, corrected=False
    )
    if not bootstrap and not replacement:
        with pytest.warns(ShortfallWarning, match="do not have OOB scores"):
            model.fit(X, y)
        assert np.isnan(model.oob_decision_function_[y]).all()
        return
    model.fit(X, y)
    # 400 events: the standard error of the area is 0.015
    assert abs(roc_auc_score(y, model.oob_decision_function_[:, 1]) - 0.5) < 0.05


def test_out_of_bag_rows_are_those_with_no_draw_at_all():
    X, y, _ = simulated(800, -2)
    model = BalancedRandomForestClassifier(8, oob_score=True, random_state=0, corrected=False)
    with pytest.warns(ShortfallWarning):
        model.set_params(n_estimators=1).fit(X, y)
    drawn = np.unique(model.samplers_[0].set_params().fit_resample(np.arange(800)[:, None], y)[0])
    assert set(np.flatnonzero(np.isnan(model.oob_decision_function_[:, 1]))) == set(drawn.ravel())


def test_draws_are_those_of_the_random_under_sampler():
    y = np.random.default_rng(0).integers(0, 3, 500)
    rows = [np.flatnonzero(y == k) for k in range(3)]
    for replacement in (True, False):
        sampler = RandomUnderSampler(sampling_strategy={0: 20, 2: 7}, random_state=11, replacement=replacement)
        sampler.fit_resample(y[:, None], y)
        np.testing.assert_array_equal(draw_rows(rows, {0: 20, 2: 7}, 11, replacement), sampler.sample_indices_)


def test_integer_weights_grow_the_same_tree_as_copied_rows():
    X, y, _ = simulated(2000, -3)
    model = BalancedRandomForestClassifier(3, random_state=0, max_features=None, max_depth=3).fit(X, y)
    for sampler, tree in zip(model.samplers_, model.estimators_):
        X_drawn, y_drawn = sampler.fit_resample(X.astype(np.float32), y)
        copied = DecisionTreeClassifier(max_depth=3, random_state=tree.random_state).fit(X_drawn, y_drawn)
        np.testing.assert_allclose(copied.predict_proba(X), tree.predict_proba(X.astype(np.float32)))


@pytest.mark.parametrize("intercept", [-5.5, -3.5])
def test_corrected_probabilities_sum_to_the_expected_events(intercept):
    X, y, _ = simulated(60_000, intercept)
    X_new, _, truth = simulated(20_000, intercept, seed=1)
    model = BalancedRandomForestClassifier(60, random_state=0, min_samples_leaf=3).fit(X, y)
    assert "out-of-bag" in model.correction_.how
    # what the training data can know: the number of events it happens to hold
    drift = y.sum() / (simulated(60_000, intercept)[2]).sum()
    assert 0.9 < drift * truth.sum() / model.predict_proba(X_new)[:, 1].sum() < 1.1


def test_without_rows_left_out_the_correction_is_cross_fitted():
    X, y, _ = simulated(8000, -4)
    model = BalancedRandomForestClassifier(20, replacement=False, random_state=0).fit(X, y)
    assert "cross-fitted" in model.correction_.how
    X_new, y_new, _ = simulated(8000, -4, seed=2)
    assert 0.75 < y_new.sum() / model.predict_proba(X_new)[:, 1].sum() < 1.33


def test_result_does_not_depend_on_the_number_of_threads():
    X, y, _ = simulated(2000, -3)
    one, two = (BalancedRandomForestClassifier(10, random_state=0, n_jobs=jobs).fit(X, y) for jobs in (1, 2))
    np.testing.assert_array_equal(one.predict_proba(X), two.predict_proba(X))


def test_warm_start_grows_the_forest_that_would_have_grown_at_once():
    X, y, _ = simulated(2000, -3)
    grown = BalancedRandomForestClassifier(5, random_state=0, warm_start=True).fit(X, y)
    grown.set_params(n_estimators=12).fit(X, y)
    once = BalancedRandomForestClassifier(12, random_state=0).fit(X, y)
    np.testing.assert_array_equal(grown.predict_proba(X), once.predict_proba(X))


def test_class_weight_is_undone_like_the_draw():
    X, y, _ = simulated(4000, -3)
    model = BalancedRandomForestClassifier(5, class_weight={0: 1, 1: 4}, corrected="shift", random_state=0).fit(X, y)
    drawn_odds = 4.0
    assert np.diff(model.prior_shift_)[0] == pytest.approx(np.log(y.mean() / (1 - y.mean()) / drawn_odds))


def test_max_samples_without_bootstrap_is_refused():
    X, y, _ = simulated(500, -2)
    with pytest.raises(InputError, match="bootstrap=True"):
        BalancedRandomForestClassifier(2, max_samples=10).fit(X, y)


def test_missing_values_carry_information():
    rng = np.random.default_rng(0)
    y = rng.random(3000) < 0.05
    X = rng.normal(size=(3000, 3))
    X[y, 1] = np.nan
    model = BalancedRandomForestClassifier(20, random_state=0).fit(X[:2000], y[:2000])
    assert roc_auc_score(y[2000:], model.predict_proba(X[2000:])[:, 1]) > 0.95
