import numpy as np
import pytest
from sklearn import metrics as sk
from sklearn.linear_model import LogisticRegression

import rareclass.metrics as m
from rareclass.errors import UndefinedWarning


def data(n=3000, seed=0):
    rng = np.random.default_rng(seed)
    z = rng.normal(-3, 1.5, n)
    y = rng.random(n) < 1 / (1 + np.exp(-z))
    return y, 1 / (1 + np.exp(-(0.5 + 1.3 * z))), z


def test_values_agree_with_scikit_learn():
    y, p, _ = data()
    weight = np.random.default_rng(1).random(y.size)
    for more in ({}, {"sample_weight": weight}):
        assert m.brier_score(y, p, **more) == pytest.approx(sk.brier_score_loss(y, p, **more))
        assert m.log_loss(y, p, **more) == pytest.approx(sk.log_loss(y, p, **more))
        assert m.brier_skill_score(y, p, **more) == pytest.approx(sk.d2_brier_score(y, p, **more))
        assert m.log_loss_skill_score(y, p, **more) == pytest.approx(sk.d2_log_loss_score(y, p, **more))
    known = sk.log_loss(y, np.full(y.size, 0.1))
    assert m.log_loss_skill_score(y, p, reference=0.1) == pytest.approx(1 - sk.log_loss(y, p) / known)


def test_calibration_line_equals_unpenalised_logistic_regression():
    y, p, _ = data()
    z = np.log(p / (1 - p))
    line = m.calibration_line(y, p)
    fit = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(z[:, None], y)
    assert line.slope == pytest.approx(fit.coef_[0, 0], rel=1e-5)
    assert line.intercept == pytest.approx(fit.intercept_[0], rel=1e-4)
    # the data were made with p = sigmoid(0.5 + 1.3 z), so the right line has slope 1/1.3
    assert line.slope == pytest.approx(1 / 1.3, abs=0.12)


def test_calibration_intercept_makes_observed_equal_expected():
    y, p, _ = data()
    shift = m.calibration_intercept(y, p)
    z = np.log(p / (1 - p))
    assert m.observed_to_expected(y, 1 / (1 + np.exp(-(z + shift)))) == pytest.approx(1)


def test_true_probabilities_are_calibrated():
    y, _, z = data(n=60_000)
    p = 1 / (1 + np.exp(-z))
    assert m.observed_to_expected(y, p) == pytest.approx(1, abs=0.05)
    assert m.calibration_slope(y, p) == pytest.approx(1, abs=0.05)
    assert m.brier_skill_score(y, p) > 0.1


def test_a_constant_has_no_slope_rather_than_a_perfect_one():
    with pytest.warns(UndefinedWarning, match="all probabilities are equal"):
        assert np.isnan(m.calibration_slope([0, 1, 0, 0], [0.25] * 4))
    with pytest.warns(UndefinedWarning, match="separate"):
        assert np.isnan(m.calibration_slope([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4]))


def test_certain_and_wrong_is_finite_and_large():
    assert 30 < m.log_loss([1, 1], [0.0, 0.0]) < 37
    assert m.brier_skill_score([0, 0, 0, 1], [0.25] * 4) == 0
    assert m.brier_skill_score([0, 0, 0, 1], [1, 1, 1, 0]) < 0
    assert m.brier_skill_score([0, 0, 0, 1], [0.1] * 4, reference=0.1) == pytest.approx(0)


def test_observed_to_expected_shows_an_overstated_prevalence():
    y, p, _ = data()
    assert m.observed_to_expected(y, np.minimum(10 * p, 1)) < 0.5
    with pytest.warns(UndefinedWarning, match="sum to zero"):
        assert np.isnan(m.observed_to_expected([0, 1], [0.0, 0.0]))
