"""The logistic solver and the intercept against general optimisers and root finders."""

import numpy as np
import pytest
from scipy.optimize import brentq, minimize
from scipy.special import expit

from rareclass.kernels.newton import Logistic, Steps, fit_intercept, solve_positive


def rows(n=300, seed=0, shift=-2.0):
    rng = np.random.default_rng(seed)
    Z = np.column_stack([np.ones(n), rng.normal(size=(n, 2))])
    y = (rng.random(n) < expit(shift + Z[:, 1])).astype(float)
    return Z, y, rng.uniform(0.2, 3.0, n), rng.normal(size=n)


PRIORS = {
    "none": {},
    "ridge": {"precision": np.array([0.0, 2.0, 0.5])},
    "centre": {"precision": np.array([0.0, 4.0, 4.0]), "centre": np.array([0.0, 1.0, -1.0])},
    "firth": {"firth": True},
    "log_f": {"log_f": np.array([False, True, True])},
}


def penalised(Z, y, weight, offset, prior):
    """The loss, written out once more."""

    def loss(beta):
        u = Z @ beta + offset
        value = weight @ (np.logaddexp(0, u) - y * u)
        value += 0.5 * np.sum(prior.get("precision", 0.0) * (beta - prior.get("centre", 0.0)) ** 2)
        if "log_f" in prior:  # half a row with outcome 1 and half a row with outcome 0
            b = beta[prior["log_f"]]
            value += np.sum(0.5 * np.logaddexp(0, b) + 0.5 * np.logaddexp(0, -b))
        if "firth" in prior:
            p = expit(u)
            value -= 0.5 * np.linalg.slogdet((Z * (weight * p * (1 - p))[:, None]).T @ Z)[1]
        return value

    return loss


def gradient_of(loss, at, h=1e-5):
    """By central differences of fourth order."""
    steps = np.eye(at.size) * h
    return np.array([
        (8 * (loss(at + s) - loss(at - s)) - (loss(at + 2 * s) - loss(at - 2 * s))) / (12 * h) for s in steps
    ])  # fmt: skip


@pytest.mark.parametrize("prior", PRIORS.values(), ids=PRIORS.keys())
def test_coefficients_equal_those_of_a_general_optimiser(prior):
    Z, y, weight, offset = rows()
    loss = penalised(Z, y, weight, offset, prior)
    model = Logistic(Z, y, weight, offset, **prior)
    found = model.minimise(np.zeros(3), Steps(tol=1e-20, max_iter=200))
    assert model.loss(found.coefficients) == pytest.approx(loss(found.coefficients), rel=1e-12)
    other = minimize(loss, np.zeros(3), jac=lambda b: gradient_of(loss, b), method="BFGS", options={"gtol": 1e-9}).x
    np.testing.assert_allclose(found.coefficients, other, atol=1e-8)
    np.testing.assert_allclose(gradient_of(loss, found.coefficients), 0, atol=1e-8)


@pytest.mark.parametrize("prior", PRIORS.values(), ids=PRIORS.keys())
def test_gradient_equals_its_finite_difference(prior):
    Z, y, weight, offset = rows(seed=1)
    model = Logistic(Z, y, weight, offset, **prior)
    at = np.array([-1.0, 0.7, 0.3])
    np.testing.assert_allclose(model.slope(at)[0], gradient_of(model.loss, at), rtol=1e-7)


@pytest.mark.parametrize("prior", PRIORS.values(), ids=PRIORS.keys())
def test_weights_equal_repeated_rows(prior):
    Z, y, _, offset = rows(seed=2)
    times = np.random.default_rng(3).integers(1, 4, y.size)
    once = Logistic(Z, y, times.astype(float), offset, **prior).minimise(np.zeros(3))
    again = [np.repeat(a, times, axis=0) for a in (Z, y, offset)]
    repeated = Logistic(again[0], again[1], np.ones(times.sum()), again[2], **prior).minimise(np.zeros(3))
    np.testing.assert_allclose(once.coefficients, repeated.coefficients, atol=1e-10)


def test_a_fixed_coefficient_stays_and_the_others_are_best():
    Z, y, weight, offset = rows()
    found = Logistic(Z, y, weight, offset, firth=True).minimise(np.array([0.0, 0.4, 0.0]), Steps(tol=1e-20), fixed=1)
    loss = penalised(Z, y, weight, offset, {"firth": True})
    slope = gradient_of(loss, found.coefficients)
    assert found.coefficients[1] == 0.4
    np.testing.assert_allclose(slope[[0, 2]], 0, atol=1e-8)
    assert abs(slope[1]) > 1


def test_single_precision_products_reach_the_same_minimum():
    Z, y, weight, offset = rows(n=70_000)
    model = {s: Logistic(Z, y, weight, offset, precision=np.array([0.0, 1.0, 1.0]), single=s) for s in (True, False)}
    found = {s: m.minimise(np.zeros(3), Steps(longest=np.inf)) for s, m in model.items()}
    assert found[True].converged
    np.testing.assert_allclose(found[True].coefficients, found[False].coefficients, atol=1e-9)


def test_separation_is_finite_with_a_prior_and_said_without():
    Z = np.column_stack([np.ones(40), np.r_[-np.ones(20), np.ones(20)]])
    y = Z[:, 1] > 0
    for prior in ({"firth": True}, {"log_f": np.array([False, True])}, {"precision": np.array([0.0, 0.1])}):
        found = Logistic(Z, y, np.ones(40), **prior).minimise(np.zeros(2))
        assert found.converged
        assert np.abs(found.coefficients).max() < 20
    assert not Logistic(Z, y, np.ones(40)).minimise(np.zeros(2), Steps(max_iter=10)).converged


def test_evidence_equals_the_integral_where_the_posterior_is_narrow():
    rng = np.random.default_rng(4)
    y = (rng.random(4000) < expit(0.3)).astype(float)
    Z, weight = np.ones((4000, 1)), np.ones(4000)
    at = np.linspace(-0.5, 1.0, 4001)
    rows_ = y.sum() * at - 4000 * np.logaddexp(0, at)
    prior = np.log(2.0 / (2 * np.pi)) / 2 - at**2
    top = rows_.max()
    integral = top + np.log(np.trapezoid(np.exp(rows_ - top + prior), at))
    model = Logistic(Z, y, weight, precision=2.0)
    assert model.evidence(model.minimise(np.zeros(1)).coefficients) == pytest.approx(integral, abs=2e-3)


def test_no_free_coefficient_is_no_step():
    found = Logistic(np.ones((3, 1)), np.array([0.0, 1, 1]), np.ones(3)).minimise(np.array([0.3]), fixed=0)
    assert (found.coefficients.tolist(), found.iterations, found.converged) == ([0.3], 0, True)


@pytest.mark.parametrize("shift", [-1500.0, -300.0, -20.0, -5.0, 0.0, 8.0, 400.0, 1500.0])
@pytest.mark.parametrize("events", [1e-3, 1.0, 99.0, 1999.0])
def test_intercept_equals_a_bracketed_root(shift, events):
    rng = np.random.default_rng(0)
    z, weight = shift + 3 * rng.normal(size=2000), rng.uniform(0, 2, 2000)
    target = events * weight.sum() / 2000

    def gap(b):
        return weight @ expit(z + b) - target

    found = fit_intercept(z, target, weight)
    assert found == pytest.approx(brentq(gap, -shift - 60, -shift + 60, xtol=1e-14, rtol=1e-14), abs=1e-9)


def test_intercept_of_rows_in_blocks_and_without_weights_is_the_same():
    z = np.random.default_rng(0).normal(-6, 2, 150_000)
    b = fit_intercept(z, 300.0)
    assert expit(z + b).sum() == pytest.approx(300, rel=1e-12)
    assert b == pytest.approx(fit_intercept(z, 300.0, np.ones(z.size)), abs=1e-12)


def test_intercept_of_equal_scores_is_the_log_odds_of_the_share():
    assert fit_intercept(np.full(10, 0.7), 1.0) == pytest.approx(np.log(1 / 9) - 0.7, abs=1e-12)


def test_singular_systems_are_solved():
    matrix = np.array([[1.0, 1.0], [1.0, 1.0]])
    x = solve_positive(matrix, np.array([2.0, 2.0]))
    np.testing.assert_allclose(matrix @ x, [2.0, 2.0], atol=1e-6)
