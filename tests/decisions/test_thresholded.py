"""The scikit-learn classifier that decides by a rule."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import make_classification
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, f1_score, make_scorer
from sklearn.model_selection import StratifiedKFold, TunedThresholdClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from rareclass.calibration import SigmoidCalibration
from rareclass.decisions import (
    AlertBudget,
    CostMatrix,
    FalsePositiveRateAtMost,
    Maximize,
    MinimumCost,
    RowCosts,
    ThresholdedClassifier,
    best_threshold,
)
from rareclass.errors import CostError, InputError, TargetError
from rareclass.metrics import expected_cost


@pytest.fixture(scope="module")
def rows():
    return make_classification(4000, n_features=8, weights=[0.97], flip_y=0.01, class_sep=0.8, random_state=0)


EXPECTED_TO_FAIL = {
    "check_classifiers_train": "labels follow the decision rule, not a score of zero; so do those of "
    "scikit-learn's own TunedThresholdClassifierCV"
}


@parametrize_with_checks(
    [ThresholdedClassifier(LogisticRegression(), cv=2)], expected_failed_checks=lambda _: EXPECTED_TO_FAIL
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # raised inside the checks themselves
@pytest.mark.filterwarnings("ignore::rareclass.errors.RareclassWarning")
def test_sklearn_conventions_hold(estimator, check):
    check(estimator)


class Known(ClassifierMixin, BaseEstimator):
    """Probabilities are the only feature."""

    def fit(self, X, y):
        self.classes_ = np.array([False, True])
        return self

    def predict_proba(self, X):
        return np.column_stack([1 - X[:, 0], X[:, 0]])


def test_pooled_exact_search_is_at_least_as_good_as_the_grid_on_its_own_scores(rows):
    X, y = rows
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    ours = ThresholdedClassifier(LogisticRegression(), Maximize("f1"), cv=folds).fit(X, y)
    theirs = TunedThresholdClassifierCV(
        LogisticRegression(), scoring=make_scorer(f1_score), cv=folds, response_method="predict_proba"
    ).fit(X, y)
    p = 1 / (1 + np.exp(-ours.oof_score_))
    assert f1_score(y, p >= ours.decision_.threshold) >= f1_score(y, p >= theirs.best_threshold_)


def test_a_grid_of_a_hundred_is_too_coarse_for_dear_misses():
    """A missed event as dear as 2,000 false alarms: the grid's lowest step flags nearly every row."""
    rng = np.random.default_rng(0)
    z = rng.normal(-8, 1.8, 60_000)
    p = 1 / (1 + np.exp(-z))
    y = rng.random(p.size) < p
    costs = CostMatrix(fp=1, fn=2000)

    def saved(y_true, y_pred):
        return -expected_cost(y_true, y_pred.astype(bool), costs)

    known = Known().fit(p[:, None], y)
    grid = TunedThresholdClassifierCV(known, scoring=make_scorer(saved), cv="prefit", refit=False).fit(p[:, None], y)
    fresh = rng.normal(-8, 1.8, 300_000)
    q = 1 / (1 + np.exp(-fresh))
    drawn = rng.random(q.size) < q
    ours, theirs = (expected_cost(drawn, q >= t, costs) for t in (costs.threshold, grid.best_threshold_))
    assert theirs > 1.2 * ours
    searched = best_threshold(y, p, MinimumCost(costs, search="empirical"))
    assert searched.expected_cost <= expected_cost(y, p >= grid.best_threshold_, costs)


def test_threshold_comes_from_rows_that_the_model_did_not_see(rows):
    X, y = rows
    model = ThresholdedClassifier(LogisticRegression(), cv=4).fit(X, y)
    for train, test in StratifiedKFold(4, shuffle=True, random_state=0).split(X, y):
        fold = LogisticRegression().fit(X[train], y[train])
        assert np.allclose(fold.decision_function(X[test]), model.oof_score_[test], atol=1e-6)


def test_labels_follow_the_decision(rows):
    X, y = rows
    model = ThresholdedClassifier(LogisticRegression(), FalsePositiveRateAtMost(0.02, confidence=0.9)).fit(X, y)
    assert np.array_equal(model.predict(X), (model.predict_proba(X)[:, 1] >= model.decision_.threshold).astype(int))


def test_calibrator_makes_probabilities_of_any_score(rows):
    X, y = rows
    model = ThresholdedClassifier(
        LinearSVC(), MinimumCost(CostMatrix(1, 30)), calibrator=SigmoidCalibration()
    ).fit(X, y)  # fmt: skip
    assert model.calibrator_.predict(np.array([0.0])).shape == (1,)
    p = 1 / (1 + np.exp(-model.positive_score(X)))
    assert p.sum() / y.sum() == pytest.approx(1, abs=0.1)
    assert not hasattr(model, "predict_proba")


def test_strings_and_a_rare_first_class(rows):
    X, y = rows
    labels = np.where(y == 1, "a fraud", "honest")
    model = ThresholdedClassifier(LogisticRegression()).fit(X, labels)
    plain = ThresholdedClassifier(LogisticRegression()).fit(X, y)
    assert model.classes_.tolist() == ["a fraud", "honest"]
    assert np.array_equal(model.predict(X) == "a fraud", plain.predict(X) == 1)
    assert np.allclose(model.predict_proba(X)[:, 0], plain.predict_proba(X)[:, 1])
    other = ThresholdedClassifier(LogisticRegression(), pos_label="honest").fit(X, labels)
    assert other.decision_.prevalence > 0.9


def test_pandas_frames_and_pipelines(rows):
    pd = pytest.importorskip("pandas")
    X, y = rows
    frame = pd.DataFrame(X, columns=[f"c{i}" for i in range(X.shape[1])])
    model = ThresholdedClassifier(make_pipeline(StandardScaler(), LogisticRegression())).fit(frame, pd.Series(y))
    assert model.feature_names_in_.tolist() == list(frame.columns)
    assert balanced_accuracy_score(y, model.predict(frame)) > 0.7
    assert clone(model).fit(frame, y).decision_.threshold == model.decision_.threshold


def test_costs_by_row_and_budgets_pass_through(rows):
    X, y = rows
    costs = RowCosts(fp=1.0, fn=np.random.default_rng(0).uniform(1, 100, y.size))
    model = ThresholdedClassifier(LogisticRegression(), MinimumCost(None)).fit(X, y, costs=costs)
    assert model.score(X, y, costs=costs) == np.mean(model.predict(X, costs=costs) == y)
    with pytest.raises(CostError, match="pass those of these rows as `costs`"):
        model.score(X, y)
    day = np.arange(y.size) // 500
    model = ThresholdedClassifier(LogisticRegression(), AlertBudget(7, per="day")).fit(X, y, periods=day)
    flagged = model.predict(X, periods=day)
    assert all(flagged[day == d].sum() == 7 for d in range(8))
    one_by_one = [model.predict(X[i : i + 1]) for i in range(100)]
    assert np.array_equal(np.concatenate(one_by_one), model.predict(X)[:100])


def test_integer_weights_change_the_fit_and_the_choice(rows):
    X, y = rows
    w = np.where(y == 1, 3, 1)
    model = ThresholdedClassifier(LogisticRegression()).fit(X, y, sample_weight=w)
    assert model.decision_.events == 3 * y.sum()


@pytest.mark.parametrize(
    ("cv", "match"), [(1, "cv"), (10_000, "needs at least 10000 rows"), ("five", "cv")]
)  # fmt: skip
def test_unusable_folds_raise(cv, match, rows):
    with pytest.raises(ValueError, match=match):
        ThresholdedClassifier(LogisticRegression(), cv=cv).fit(*rows)


def test_targets_that_cannot_be_used_raise(rows):
    X, _ = rows
    with pytest.raises(TargetError, match="2 classes"):
        ThresholdedClassifier(LogisticRegression()).fit(X, np.zeros(len(X)))
    with pytest.raises(TargetError, match="expected_cost_decision"):
        ThresholdedClassifier(LogisticRegression()).fit(X, np.arange(len(X)) % 3)
    with pytest.raises(InputError, match="must be a classifier"):
        ThresholdedClassifier(StandardScaler()).fit(*rows)


@pytest.mark.parametrize("container", [np.array, list, "series"])
def test_texts_are_rows_for_a_vectorizer_as_in_scikit_learns_wrapper(container):
    rng = np.random.default_rng(0)
    y = rng.random(200) < 0.2
    words = [f"{'refund' if rare else 'hello'} {rng.integers(50)} {rng.choice(['now', 'later'])}" for rare in y]
    texts = pytest.importorskip("pandas").Series(words) if container == "series" else container(words)
    pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression())
    assert TunedThresholdClassifierCV(pipeline).fit(texts, y).predict(texts).shape == (200,)
    model = ThresholdedClassifier(pipeline).fit(texts, y)
    assert (model.predict(texts) == y).mean() > 0.95
    with pytest.raises(InputError, match="must be two-dimensional"):
        ThresholdedClassifier(pipeline).fit(np.arange(200.0), y)
