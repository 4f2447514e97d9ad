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
DRAWS = np.random.default_rng(1)
OUTSIDE = [LogisticRegression().fit(X, Y)]


def plain(X_train, y_train, X_test):
    return LogisticRegression().fit(X_train, y_train).predict_proba(X_test)


def draws(X_train, y_train, X_test):
    """Honest, and not the same twice."""
    rows = DRAWS.choice(len(X_train), len(X_train))
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


@pytest.mark.parametrize("with_labels", [False, True])
@pytest.mark.parametrize("draw", ["rows", "models"])
def test_honest_functions_that_draw_at_random_are_clean(draw, with_labels):
    """20 runs of each; a probe may name one in 6,435. When three answers decided, most runs of `models` were named."""
    rng = np.random.default_rng(7)

    def rows(X_train, y_train, X_test):
        """A linear score whose weights vary as on a bootstrap."""
        return X_test @ (X_train[y_train == 1].mean(axis=0) + 0.1 * rng.standard_normal(4))

    def models(X_train, y_train, X_test):
        """One of two scores, each as good as the other."""
        return X_test @ (X_train[y_train == 1].mean(axis=0) + [0, 0.3 * rng.integers(2), 0, 0])

    function = {"rows": rows, "models": models}[draw]
    subject = function if not with_labels else lambda a, b, c, d: function(a, b, c)
    named = [f.code for seed in range(20) for f in audit_subject(Subject(subject, X, Y, random_state=seed))]
    assert named == []


def test_answers_of_another_length_are_named():
    found = audit_subject(Subject(lambda a, b, c: np.zeros(3), X, Y))
    assert {f.code for f in found} == {"probe-failed"}
    assert "finite scores were expected" in found[0].evidence
