"""A calibrator at another prevalence gives the same log-odds, all moved by one number."""

import numpy as np
import pytest

from rareclass.calibration import make_calibrator
from rareclass.errors import InputError
from rareclass.scoring.maps import calibration_map

rng = np.random.default_rng(0)
Z = np.r_[rng.normal(-3, 2, 2000), np.full(30, -27.6)]  # some probabilities were clipped
Y = rng.random(Z.size) < 1 / (1 + np.exp(-0.7 * Z - 0.5))


@pytest.mark.parametrize("kind", ["identity", "intercept", "sigmoid", "temperature", "beta", "isotonic", "histogram"])
def test_all_log_odds_move_by_one_number_in_the_compiled_map_too(kind):
    fitted = make_calibrator(kind).fit(Z, Y)
    before, other = fitted.predict_logit(Z), fitted.moved(-1.25)
    np.testing.assert_allclose(other.predict_logit(Z), before - 1.25, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(fitted.predict_logit(Z), before)
    compiled = Z.copy()
    assert calibration_map(other.to_dict()).apply(compiled, 0.0)
    np.testing.assert_allclose(compiled, before - 1.25, rtol=0, atol=1e-9)


def test_a_map_of_steps_is_refused():
    with pytest.raises(InputError, match="venn_abers calibration cannot be moved; fit it anew"):
        make_calibrator("venn_abers").fit(Z, Y).moved(0.5)
