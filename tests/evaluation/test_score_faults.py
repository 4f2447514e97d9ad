"""Scores that were calibrated on their own judges are told from honest ones."""

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from rareclass.evaluation.score_faults import fitted_to, score_findings


def rows(seed, n=800):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=n)
    return rng.random(n) < 1 / (1 + np.exp(2.5 - z)), z


def logistic(z, y):
    model = LogisticRegression(C=np.inf, tol=1e-8).fit(z[:, None], y)
    return lambda score: model.predict_proba(score[:, None])[:, 1]


@pytest.mark.parametrize(
    "fit", [lambda z, y: IsotonicRegression(out_of_bounds="clip").fit(z, y.astype(float)).predict, logistic]
)
def test_a_calibrator_of_the_judged_rows_is_exact_and_one_of_others_is_not(fit):
    for seed in range(20):
        (y, z), (other, w) = rows(seed), rows(100 + seed)
        assert fitted_to(y, fit(z, y)(z))
        assert not fitted_to(y, fit(w, other)(z))
    y, z = rows(0)
    assert "calibrated-on-judged-rows" in {f.code for f in score_findings(y, fit(z, y)(z))}


def test_true_probabilities_are_not_called_fitted():
    called = 0
    for seed in range(400):
        y, z = rows(seed)
        called += bool(fitted_to(y, 1 / (1 + np.exp(2.5 - z))))
    assert called <= 1  # about one in thirty thousand is expected
