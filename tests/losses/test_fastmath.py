"""The polynomial exp and log1p against the C library."""

import numpy as np
from numba import njit

from rareclass.losses._fastmath import exp_negative, log1p_ratio, log_positive


@njit
def _fill(x, out, which):
    for i in range(x.shape[0]):
        if which == 0:
            out[i] = exp_negative(x[i])
        elif which == 1:
            out[i] = log1p_ratio(x[i])
        else:
            out[i] = log_positive(x[i])


def test_exp_is_right_to_a_few_units_in_the_last_place():
    x = -np.concatenate([np.random.default_rng(0).random(20_000) * 700, np.logspace(-20, 2.8, 2000), [0.0]])
    out = np.empty_like(x)
    _fill(x, out, 0)
    np.testing.assert_allclose(out, np.exp(x), rtol=5e-16)


def test_exp_of_a_huge_negative_number_is_tiny_and_finite():
    out = np.empty(2)
    _fill(np.array([-1e4, -1e300]), out, 0)
    assert (out > 0).all()
    assert (out < 1e-307).all()


def test_log1p_ratio_is_right_and_has_no_hole_at_zero():
    e = np.concatenate([np.random.default_rng(1).random(20_000), np.logspace(-300, 0, 2000)])
    out = np.empty_like(e)
    _fill(e, out, 1)
    np.testing.assert_allclose(out, np.log1p(e) / e, rtol=1e-15)
    _fill(np.zeros(1), out, 1)
    assert out[0] == 1.0


def test_log_is_right_over_all_magnitudes():
    x = np.concatenate(
        [np.random.default_rng(2).random(20_000), np.logspace(-300, 300, 5000), 1 + np.logspace(-16, -1)]
    )
    out = np.empty_like(x)
    _fill(x, out, 2)
    np.testing.assert_allclose(out, np.log(x), rtol=5e-16, atol=5e-16)
