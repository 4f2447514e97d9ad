from decimal import Decimal, localcontext

import numpy as np
import pytest

from rareclass.kernels.logits import log_loss_from_logits, log_sigmoid, logit, sigmoid, softplus

EXTREME = np.array([-1e4, -800.0, -745.0, -50.0, -1e-12, 0.0, 1e-12, 36.0, 50.0, 800.0, 1e4])


def test_all_functions_are_finite_and_silent_far_out():
    with np.errstate(all="raise", under="ignore"):
        for function in (sigmoid, log_sigmoid, softplus):
            assert np.isfinite(function(EXTREME)).all()


@pytest.mark.parametrize("z", [-700.0, -40.0, -3.0, -1e-9, 0.0, 1e-9, 2.5, 30.0])
def test_values_agree_with_exact_arithmetic(z):
    with localcontext(prec=400):  # digits enough for 1 + exp(-700)
        exact = 1 / (1 + (-Decimal(z)).exp())
        log, soft = exact.ln(), (1 + Decimal(z).exp()).ln()
    assert float(sigmoid(z)) == pytest.approx(float(exact), rel=1e-14, abs=0)
    assert float(log_sigmoid(z)) == pytest.approx(float(log), rel=1e-14, abs=0)
    assert float(softplus(z)) == pytest.approx(float(soft), rel=1e-14, abs=0)


def test_logit_inverts_sigmoid_for_tiny_probabilities():
    z = np.linspace(-700, 5, 500)
    np.testing.assert_allclose(logit(sigmoid(z)), z, rtol=1e-10, atol=1e-9)
    assert logit([0.0, 1.0]).tolist() == [-np.inf, np.inf]


def test_log_loss_from_logits_does_not_clip():
    y = np.array([True, False])
    assert log_loss_from_logits(y, [-1000.0, -1000.0]) == 500.0
    assert log_loss_from_logits(y, [-1000.0, -1000.0], [1.0, 3.0]) == 250.0
