"""The two-stage classifier: the gate keeps its promise, probabilities stay right, scikit-learn's checks pass."""

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks
from tests.treatments.known import line

from rareclass.cascade import CascadeClassifier
from rareclass.errors import InputError, TooFewEventsError
from rareclass.kernels.intervals import clopper_pearson


@parametrize_with_checks(
    # few events are enough for so modest a promise
    [CascadeClassifier("logistic_regression", "logistic_regression", gate_recall=0.5, confidence=0.6)]
)
@pytest.mark.filterwarnings("ignore::rareclass.errors.RareclassWarning")
def test_it_passes_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def fitted():
    X, y, z = line(40_000, seed=1)
    return CascadeClassifier(judge="logistic_regression", gate_recall=0.9, tiers=(0.02, 0.2)).fit(X, y), X, y, z


def test_the_gate_keeps_its_recall_on_new_rows(fitted):
    model = fitted[0]
    X, y, _ = line(100_000, seed=2)
    kept = model.gate_.positive_logit(X[y]) >= model.gate_threshold_
    # the promise holds with 95 % confidence; the new events are a sample, too
    assert clopper_pearson(kept.sum(), kept.size, 0.99)[1] >= 0.9
    assert model.gate_recall_ >= 0.9
    assert model.passed_ < 0.7


def test_probabilities_sum_to_the_events(fitted):
    model, X, y, _ = fitted
    p = model.positive_probability(X)
    assert p.sum() == pytest.approx(y.sum(), rel=4 / np.sqrt(y.sum()))
    assert model.gated_probability_ < y.mean()
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1)


def test_tiers_begin_at_their_probabilities(fitted):
    model, X, *_ = fitted
    p, tier = model.positive_probability(X), model.tier(X)
    np.testing.assert_array_equal(tier, (p >= 0.02).astype(int) + (p >= 0.2))
    assert set(tier) == {0, 1, 2}


def test_a_promise_that_the_events_cannot_keep_names_the_number_it_takes():
    X, y, _ = line(4000, seed=3)
    with pytest.raises(TooFewEventsError, match=r"149 events are needed"):  # ln 0.05 / ln 0.98
        CascadeClassifier().fit(X, y)


def test_a_perfect_gate_leaves_the_judge_negatives_to_learn_from():
    X = np.random.default_rng(0).normal(size=(3000, 1))
    model = CascadeClassifier("logistic_regression", "logistic_regression", gate_recall=0.9).fit(X, X[:, 0] > 2)
    passed = model.gate_.model_.oof_logit >= model.gate_threshold_
    assert (passed & (X[:, 0] <= 2)).sum() >= 10
    assert model.predict(X)[X[:, 0] > 2].mean() > 0.8


@pytest.mark.parametrize("bad", [{"gate_recall": 1.0}, {"gate_recall": 0}, {"confidence": 2}, {"tiers": (0.5, 1.5)}])
def test_impossible_parameters_are_refused(bad):
    X, y, _ = line(4000)
    with pytest.raises(InputError, match=next(iter(bad))):
        CascadeClassifier(**bad).fit(X, y)
