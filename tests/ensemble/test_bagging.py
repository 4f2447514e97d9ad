"""Balanced bagging and EasyEnsemble."""

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris
from sklearn.ensemble import AdaBoostClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from rareclass.ensemble import BalancedBaggingClassifier, EasyEnsembleClassifier
from rareclass.ensemble._scores import member_proba
from rareclass.errors import InputError, TooFewEventsError
from rareclass.over_sampling import SMOTE, RandomOverSampler
from rareclass.under_sampling import ClusterCentroids, RandomUnderSampler


def simulated(n, intercept, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4))
    p = 1 / (1 + np.exp(-(intercept + 1.2 * X[:, 0] + X[:, 1] - 0.7 * X[:, 2])))
    return X, (rng.random(n) < p).astype(int), p


def test_out_of_bag_scores_of_noise_labels_are_at_chance():
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(3000, 4)), rng.random(3000) < 0.12
    model = BalancedBaggingClassifier(n_estimators=30, oob_score=True, corrected=False, random_state=0).fit(X, y)
    assert abs(roc_auc_score(y, model.oob_decision_function_[:, 1]) - 0.5) < 0.05


def test_exact_shift_recovers_the_probabilities_of_a_right_model():
    X, y, _ = simulated(100_000, -5)
    X_new, _, truth = simulated(20_000, -5, seed=1)
    model = BalancedBaggingClassifier(LogisticRegression(), 10, corrected="shift", random_state=0).fit(X, y)
    probability = model.predict_proba(X_new)[:, 1]
    drift = y.sum() / simulated(100_000, -5)[2].sum()
    assert 0.9 < drift * truth.sum() / probability.sum() < 1.1
    assert np.corrcoef(np.log(truth), np.log(probability))[0, 1] > 0.98


@pytest.mark.parametrize(
    "model",
    [
        BalancedBaggingClassifier(n_estimators=20, random_state=0),
        BalancedBaggingClassifier(LogisticRegression(), sampler=SMOTE(), random_state=0),
        EasyEnsembleClassifier(3, AdaBoostClassifier(n_estimators=10), random_state=0),
    ],
    ids=["trees", "smote", "easy"],
)
def test_corrected_probabilities_sum_to_the_expected_events(model):
    X, y, _ = simulated(30_000, -3.5)
    X_new, _, truth = simulated(10_000, -3.5, seed=1)
    drift = y.sum() / simulated(30_000, -3.5)[2].sum()
    assert 0.9 < drift * truth.sum() / model.fit(X, y).predict_proba(X_new)[:, 1].sum() < 1.1


def test_member_refitted_on_its_bootstrap_is_the_member():
    X, y, _ = simulated(1000, -1.5)
    model = BalancedBaggingClassifier(LogisticRegression(), 3, max_features=0.5, random_state=1).fit(X, y)
    for rows, columns, member in zip(model.estimators_samples_, model.estimators_features_, model.estimators_):
        before = member[-1].coef_.copy()
        member.fit(X[rows][:, columns], y[rows])
        np.testing.assert_allclose(member[-1].coef_, before)


class Counting(DecisionTreeClassifier):
    """A tree that remembers how many rows of each class it was fitted on."""

    def fit(self, X, y, sample_weight=None):
        self.counts_ = np.unique(y, return_counts=True)[1]
        return super().fit(X, y, sample_weight=sample_weight)


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
@pytest.mark.parametrize(
    ("sampler", "size"),
    [
        (None, min),
        (RandomUnderSampler(), min),
        (ClusterCentroids(estimator=KMeans(n_init=1)), min),
        (RandomOverSampler(), max),
        (SMOTE(), max),
    ],
)
def test_each_member_is_fitted_on_as_many_rows_of_every_class_of_its_bootstrap(sampler, size):
    X, y = load_iris(return_X_y=True)
    rows = np.r_[0:20, 50:75, 100:150]
    model = BalancedBaggingClassifier(Counting(), 2, sampler=sampler, random_state=0).fit(X[rows], y[rows])
    for bag, member in zip(model.estimators_samples_, model.estimators_):
        held = np.bincount(y[rows][bag])
        assert member[-1].counts_.tolist() == [size(held)] * 3


def test_fast_draw_trains_on_the_rows_that_the_sampler_would_keep():
    class Own(RandomUnderSampler):
        """Not the class itself, so that the general way is taken."""

    X, y, _ = simulated(2000, -2)
    fast = BalancedBaggingClassifier(LogisticRegression(), 3, corrected=False, random_state=1).fit(X, y)
    slow = BalancedBaggingClassifier(LogisticRegression(), 3, corrected=False, random_state=1, sampler=Own()).fit(X, y)
    np.testing.assert_allclose(fast.predict_proba(X), slow.predict_proba(X))


def test_strategy_speaks_of_the_users_labels():
    X, y, _ = simulated(2000, -2)
    y = np.where(y == 1, "fraud", "good")
    for strategy in ({"good": 300}, lambda labels: {"good": 300}):
        model = BalancedBaggingClassifier(n_estimators=2, sampling_strategy=strategy, random_state=0, corrected="shift")
        events = np.mean([(y[rows] == "fraud").sum() for rows in model.fit(X, y).estimators_samples_])
        odds = (y == "fraud").sum() / (y == "good").sum()
        shift = dict(zip(model.classes_, model.prior_shift_))
        assert shift["fraud"] - shift["good"] == pytest.approx(np.log(odds * 300 / events))


def test_strategy_of_a_given_sampler_is_kept():
    X, y, _ = simulated(3000, -3)
    model = BalancedBaggingClassifier(n_estimators=2, sampler=RandomUnderSampler(sampling_strategy=0.5), random_state=0)
    assert model.fit(X, y).sampler_.sampling_strategy == 0.5


def test_bootstraps_without_an_event_are_drawn_again():
    X, y, _ = simulated(3000, -5)
    model = BalancedBaggingClassifier(n_estimators=5, max_samples=300, random_state=0).fit(X, y)
    assert all(len(np.unique(y[rows])) == 2 for rows in model.estimators_samples_)
    rare = np.zeros(3000, dtype=int)
    rare[:2] = 1
    with pytest.raises(TooFewEventsError, match="one class only"):
        BalancedBaggingClassifier(n_estimators=2, max_samples=2, random_state=0).fit(X, rare)


def test_members_without_probabilities_vote():
    X, y, _ = simulated(2000, -2)
    model = BalancedBaggingClassifier(LinearSVC(), 4, corrected=False, random_state=0).fit(X, y)
    assert set(np.unique(model.predict_proba(X)[:, 1] * 4).round(9)) <= {0.0, 1.0, 2.0, 3.0, 4.0}


def test_boosted_member_enters_with_the_log_odds_of_its_votes():
    X, y, _ = simulated(2000, 0)
    boosted = AdaBoostClassifier(n_estimators=7, random_state=0).fit(X, y)
    signs = np.array([2.0 * stump.predict(X) - 1 for stump in boosted.estimators_])
    log_odds = boosted.estimator_weights_ @ signs  # Friedman, Hastie, Tibshirani 2000: weights are log((1 - e) / e)
    p = member_proba(boosted, X, 2)
    np.testing.assert_allclose(np.log(p[:, 1] / p[:, 0]), log_odds)


def test_warm_start_and_out_of_bag_scores_exclude_each_other():
    X, y, _ = simulated(500, -1)
    with pytest.raises(InputError, match="warm_start=False"):
        BalancedBaggingClassifier(warm_start=True, oob_score=True).fit(X, y)


def test_too_many_features_or_rows_are_refused():
    X, y, _ = simulated(500, -1)
    with pytest.raises(InputError, match="n_features=4"):
        BalancedBaggingClassifier(max_features=9).fit(X, y)
    with pytest.raises(InputError, match="n_samples=500"):
        BalancedBaggingClassifier(max_samples=900, bootstrap=False).fit(X, y)
