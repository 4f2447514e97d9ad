"""Functions that fit and predict, by probes."""

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from rareclass.audit import Subject, audit_subject

RNG = np.random.default_rng(0)
X = RNG.normal(size=(900, 4))
Y = (RNG.random(900) < 1 / (1 + np.exp(2.4 - 1.5 * X[:, 0]))).astype(int)
OUTSIDE = [LogisticRegression().fit(X, Y)]


def plain(X_train, y_train, X_test):
    return LogisticRegression().fit(X_train, y_train).predict_proba(X_test)


def draws(X_train, y_train, X_test):
    """Honest, and not the same twice."""
    rows = np.random.default_rng().choice(len(X_train), len(X_train))
    rows = np.unique(np.r_[rows, np.flatnonzero(y_train)])
    return LogisticRegression().fit(X_train[rows], y_train[rows]).decision_function(X_test)


def on_both(X_train, y_train, X_test):
    scaler = StandardScaler().fit(np.vstack([X_train, X_test]))
    model = LogisticRegression(C=0.01).fit(scaler.transform(X_train), y_train)
    return model.predict_proba(scaler.transform(X_test))[:, 1]


def ranks(X_train, y_train, X_test):
    return np.argsort(np.argsort(plain(X_train, y_train, X_test)[:, 1]))


def from_outside(X_train, y_train, X_test):
    return OUTSIDE[0].predict_proba(X_test)[:, 1]


def with_labels(X_train, y_train, X_test, y_test):
    roc_auc_score(y_test, plain(X_train, y_train, X_test)[:, 1])
    return plain(X_train, y_train, X_test)


def calibrated(X_train, y_train, X_test, y_test):
    p = plain(X_train, y_train, X_test)[:, 1]
    return IsotonicRegression().fit(p, y_test).predict(p)


def cut(X_train, y_train, X_test, y_test):
    p = plain(X_train, y_train, X_test)[:, 1]
    return p >= max(np.unique(p), key=lambda t: f1_score(y_test, p >= t))


def best(X_train, y_train, X_test, y_test):
    trees = [
        DecisionTreeClassifier(max_depth=4, max_features=1, random_state=s).fit(X_train, y_train) for s in range(9)
    ]
    return max((t.predict_proba(X_test)[:, 1] for t in trees), key=lambda p: roc_auc_score(y_test, p))


@pytest.mark.parametrize(
    ("function", "codes"),
    [
        (plain, set()),
        (draws, set()),
        (with_labels, set()),
        (on_both, {"predictions-depend-on-test-rows"}),
        (ranks, {"predictions-depend-on-test-rows"}),
        (from_outside, {"model-fitted-outside"}),
        (calibrated, {"calibrated-on-judged-rows"}),
        (cut, {"threshold-on-judged-rows"}),
        (best, {"test-part-used-twice"}),
    ],
)
def test_what_predictions_depend_on_is_named(function, codes):
    assert {f.code for f in audit_subject(Subject(function, X, Y))} == codes


def test_answers_of_another_length_are_named():
    found = audit_subject(Subject(lambda a, b, c: np.zeros(3), X, Y))
    assert {f.code for f in found} == {"probe-failed"}
    assert "finite scores were expected" in found[0].evidence
