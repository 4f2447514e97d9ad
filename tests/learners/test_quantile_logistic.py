"""Quantile logistic regression: its solver, its features, and that raw heavy tails do not hurt it."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.preprocessing import StandardScaler

from rareclass.errors import InputError
from rareclass.kernels.newton import Logistic, Steps
from rareclass.learners import QuantileLogisticRegression


def test_the_solver_equals_scikit_learn_and_takes_offsets_and_weights():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 4))
    y = rng.uniform(size=2000) < expit(-2 + X[:, 0])
    w, offset = rng.uniform(0.2, 3, size=2000), rng.normal(size=2000)
    Z = np.column_stack([np.ones(2000), X])
    precision = np.array([0, 2.0, 2.0, 2.0, 2.0])
    beta, _, converged = Logistic(Z, y, w, precision=precision, single=True).minimise(np.zeros(5))
    other = LogisticRegression(C=0.5, tol=1e-10, max_iter=1000).fit(X, y, sample_weight=w)
    assert converged
    np.testing.assert_allclose(beta, np.r_[other.intercept_, other.coef_[0]], atol=1e-5)

    def objective(b):
        u = Z @ b + offset
        return w @ (np.logaddexp(0, u) - y * u) + np.sum(b[1:] ** 2)

    best = minimize(objective, np.zeros(5), method="BFGS", options={"gtol": 1e-8}).x
    mine = Logistic(Z, y, w, offset, precision=precision, single=True).minimise(np.zeros(5)).coefficients
    np.testing.assert_allclose(mine, best, atol=1e-4)


def test_separable_data_with_a_penalty_converge():
    Z = np.column_stack([np.ones(40), np.r_[np.zeros(38), 1, 1]])
    model = Logistic(Z, Z[:, 1], np.ones(40), precision=np.array([0.0, 1e-3]), single=True)
    beta, _, converged = model.minimise(np.zeros(2), Steps(tol=1e-8, longest=np.inf))
    assert converged
    assert np.isfinite(beta).all()


def test_raw_heavy_tails_do_not_hurt_the_ranking():
    rng = np.random.default_rng(3)
    Z = rng.normal(size=(20_000, 3))
    y = rng.uniform(size=20_000) < expit(-5 + 1.5 * Z[:, 0] + Z[:, 1])
    X = np.exp(4 * Z)
    half = 10_000
    mine = QuantileLogisticRegression(random_state=0).fit(X[:half], y[:half]).decision_function(X[half:])
    scaler = StandardScaler().fit(X[:half])
    plain = LogisticRegression(max_iter=500).fit(scaler.transform(X[:half]), y[:half])
    theirs = plain.decision_function(scaler.transform(X[half:]))
    true = average_precision_score(y[half:], 1.5 * Z[half:, 0] + Z[half:, 1])
    assert average_precision_score(y[half:], mine) > 0.9 * true
    assert average_precision_score(y[half:], mine) > average_precision_score(y[half:], theirs)


def test_the_penalty_follows_the_signal():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(6000, 12))
    noise = rng.uniform(size=6000) < 0.02
    signal = rng.uniform(size=6000) < expit(-5 + 2.5 * X[:, 0])
    weak = QuantileLogisticRegression(random_state=0).fit(X, noise)
    strong = QuantileLogisticRegression(random_state=0).fit(X, signal)
    assert weak.C_ <= strong.C_
    assert weak.C_ <= 0.3


def test_a_bad_penalty_is_refused():
    with pytest.raises(InputError, match="C"):
        QuantileLogisticRegression(C=0.0).fit(np.eye(4), [0, 1, 0, 1])


def test_offsets_that_leave_no_curvature_do_not_overflow():
    rng = np.random.default_rng(9)
    X, y = rng.normal(size=(300, 3)), np.arange(300) < 5
    for offset in (np.full(300, 1e6), np.where(y, -900.0, 900.0)):
        assert np.isfinite(QuantileLogisticRegression().fit(X, y, offset=offset).decision_function(X)).all()
