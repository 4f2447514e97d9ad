"""Known ways to get wrong probabilities, and what happens here instead (those without a test beside their subject)."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from tests.treatments.known import cells, line

from rareclass import RareClassifier
from rareclass.calibration import estimate_prevalence
from rareclass.decisions import CostMatrix, MinimumCost
from rareclass.ensemble import BalancedRandomForestClassifier
from rareclass.errors import CalibrationWarning, InputError, TooFewEventsError
from rareclass.evaluation import compare
from rareclass.kernels.logits import logit, sigmoid
from rareclass.learners import FewEventsLogisticRegression, RareLGBMClassifier
from rareclass.losses import FocalLoss
from rareclass.metrics import average_precision_score, brier_skill_score, observed_to_expected
from rareclass.metrics.curve import ThresholdCurve
from rareclass.treatments import ClassWeights, NegativeSampling, RandomUnderSampling, make_arm


@pytest.mark.parametrize("treatment", ["random_under", "random_over", "class_weight", "smote", "score_negatives",
                                       "balanced_ensemble", "negative_sampling+class_weight"])  # fmt: skip
def test_whatever_is_done_in_training_expected_events_are_observed_ones(treatment):
    X, y, _ = line(30_000)
    unseen, y_unseen, _ = line(200_000, seed=1)
    p = RareClassifier("logistic_regression", treatment=treatment, cv=3).fit(X, y).predict_proba(unseen)[:, 1]
    # both sides are counts of events: three standard errors of their log-ratio
    error = np.sqrt(1 / y.sum() + 1 / y_unseen.sum())
    assert abs(np.log(observed_to_expected(y_unseen, p))) < 3 * error
    assert brier_skill_score(y_unseen, p) > 0


def test_the_shift_of_under_sampling_changes_no_ranking():
    X, y, _ = line(20_000)
    fitted = make_arm(("logistic_regression", RandomUnderSampling(5))).fit(X, y)
    raw = fitted.logit(X) - fitted.shift
    assert average_precision_score(y, fitted.logit(X)) == pytest.approx(average_precision_score(y, raw), rel=1e-12)
    s = sigmoid(raw)
    beta = np.exp(fitted.shift)
    np.testing.assert_allclose(sigmoid(fitted.logit(X)), beta * s / (beta * s - s + 1), rtol=1e-9)


@pytest.mark.parametrize(("gamma", "start"), [(1.0, -3.7547), (2.0, -2.5452)])
def test_a_focal_model_starts_where_the_prevalence_is_meant_and_not_at_its_logit(gamma, start):
    loss = FocalLoss(gamma)
    assert loss.start(0.001) == pytest.approx(start, abs=5e-5)
    assert loss.link(loss.start(0.001)) == pytest.approx(0.001)
    # a plain sigmoid of the same score overstates it: 72.7 times for gamma = 2
    assert sigmoid(loss.start(0.001)) / 0.001 == pytest.approx({1.0: 22.872, 2.0: 72.746}[gamma], rel=1e-3)
    z = np.linspace(logit(0.001) - 1, 3, 50)
    assert (loss.hessian(np.ones(50), z)[:2] < 0).all()
    assert (loss.curvature(np.ones(50), z) > 0).all()


def test_folds_without_events_are_refused_or_made_fewer():
    X, y, _ = line(600)
    y = np.zeros(600, dtype=bool)
    y[[10, 200, 400]] = True
    events, others = np.flatnonzero(y), np.flatnonzero(~y)
    bad = [(others, events), (np.r_[others[:300], events], others[300:])]
    with pytest.raises(TooFewEventsError, match="Split 0: the training part holds only one class"):
        RareClassifier("logistic_regression", cv=bad).fit(X, y)
    with pytest.warns(CalibrationWarning, match=r"3 event\(s\) are few"):
        model = RareClassifier("logistic_regression", cv=5).fit(X, y)  # three events: three folds
    assert model.model_.evidence["events"] == 3
    three = np.where(y, "rare", np.where(X[:, 0] + X[:, 1] > 0, "odd", "even"))
    with pytest.warns(CalibrationWarning, match=r"3 event\(s\) are few"):
        assert RareClassifier("logistic_regression", cv=5).fit(X, three).predict_proba(X).shape == (600, 3)


def test_a_balanced_forest_has_no_less_skill_than_the_plain_one():
    X, y, _ = line(12_000)
    unseen, y_unseen, _ = line(50_000, seed=1)
    ours = BalancedRandomForestClassifier(n_estimators=60, random_state=0).fit(X, y)
    plain = RandomForestClassifier(n_estimators=60, random_state=0).fit(X, y)
    skill = [brier_skill_score(y_unseen, m.predict_proba(unseen)[:, 1]) for m in (ours, plain)]
    assert skill[0] >= skill[1] - 0.002
    assert brier_skill_score(y_unseen, ours.balanced_proba(unseen)[:, 1]) < 0  # named for what it is


def test_balanced_weights_are_those_of_the_part_and_finite_at_any_ratio():
    rng = np.random.default_rng(0)
    X, y = cells(40_000)
    part = np.flatnonzero(np.arange(y.size) % 3 == 0)
    one = ClassWeights().prepare(X[part], y[part], rng=rng)
    assert one.shift == pytest.approx(-np.log((~y[part]).sum() / y[part].sum()))
    y = np.zeros(2_000_000, dtype=bool)
    y[0] = True
    many = ClassWeights().prepare(np.zeros((y.size, 1), dtype=np.float32), y, rng=rng)
    weight = many.sample_weight.astype(np.float32)
    assert np.isfinite(weight).all()
    assert weight.min() > 0
    assert many.shift == pytest.approx(-np.log(y.size - 1))
    with pytest.raises(TooFewEventsError, match="0 events"):
        ClassWeights().prepare(X, np.zeros(len(X), dtype=bool), rng=rng)


def test_a_new_prevalence_is_estimated_and_the_threshold_follows_it():
    rng = np.random.default_rng(0)

    def rows(prevalence, n):
        y = rng.random(n) < prevalence
        x = rng.normal(np.where(y, 2.0, 0.0))
        return y, 2 * x - 2  # the log-likelihood ratio of the two normal laws

    _, evidence = rows(0.01, 20_000)
    found = estimate_prevalence(evidence + logit(0.001), train_prevalence=0.001)
    assert found.low < 0.01 < found.high
    y, old = rows(0.001, 200_000)
    costs = CostMatrix(fp=1, fn=49)
    curve = ThresholdCurve.from_predictions(y, sigmoid(old + logit(0.001)))
    decision = MinimumCost(costs).choose(curve)
    moved = decision.at_prevalence(0.01)
    # the same scores as before: log-odds at the old prevalence reach 0.02 sooner, by the shift of the prior
    assert logit(moved.threshold) == pytest.approx(logit(0.02) - logit(0.01) + logit(y.mean()), abs=1e-6)


def test_clones_copies_and_generators_of_the_seed():
    X, y, _ = line(3000)
    model = RareClassifier("logistic_regression", cv=2, random_state=3)
    p = clone(model).fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(clone(model).fit(X, y).predict_proba(X), p)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(clone(model).fit(X, y))).predict_proba(X), p)
    frame = pd.DataFrame(X, columns=["a", "b"], index=np.arange(3000)[::-1])
    before = frame.copy()
    fitted = clone(model).fit(frame, y)
    assert fitted.feature_names_in_.tolist() == ["a", "b"]
    np.testing.assert_allclose(fitted.predict_proba(frame[["b", "a"]]), fitted.predict_proba(frame))
    pd.testing.assert_frame_equal(frame, before)


def test_labels_whose_index_is_not_that_of_the_rows_are_refused():
    X, y, _ = line(400)
    frame, target = pd.DataFrame(X, columns=["a", "b"]), pd.Series(y)
    for other, said in ((target[::-1], "another order"), (target.set_axis(np.arange(400) + 7), "other labels")):
        for use in (RareClassifier("logistic_regression", cv=2).fit, compare):
            with pytest.raises(InputError, match=said):
                use(frame, other)


def test_a_learner_for_few_events_is_finite_where_a_line_separates_them():
    X = np.r_[np.zeros((50, 1)), np.ones((6, 1))]
    model = FewEventsLogisticRegression().fit(X, X[:, 0] > 0)
    assert np.abs(model.coef_).max() < 20
    assert np.isfinite(model.decision_function(X)).all()


def test_few_negatives_by_inverse_probability_bias_the_intercept_and_offsets_do_not():
    # one negative per event: weighting gave an intercept 0.66 too low in the notes; offsets are the default for that
    X, y, z = line(150_000)
    fitted = make_arm(("logistic_regression", NegativeSampling(negatives_per_event=2, least_negatives=0))).fit(X, y)
    assert NegativeSampling().correction == "offset"
    assert abs(np.mean(fitted.logit(X) - z)) < 0.35
    assert RareLGBMClassifier.takes_offset
