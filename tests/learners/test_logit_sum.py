"""Sums of the log-odds of fitted learners."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from rareclass.errors import InputError
from rareclass.learners.logit_sum import LogitSum


def test_log_odds_are_added_with_their_factors():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 2))
    y = np.where(X[:, 0] + rng.normal(size=200) > 1, "yes", "no")
    members = [LogisticRegression().fit(X, y), LogisticRegression(C=0.01).fit(X, y)]
    one, other = (member.decision_function(X) for member in members)
    np.testing.assert_allclose(LogitSum(members).decision_function(X), one + other, rtol=1e-6)
    model = LogitSum(members, [0.25, 0.75])
    np.testing.assert_allclose(model.decision_function(X), 0.25 * one + 0.75 * other, rtol=1e-6)
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1.0)
    np.testing.assert_array_equal(model.predict(X), np.where(0.25 * one + 0.75 * other > 0, "yes", "no"))
    with pytest.raises(InputError, match="2 numbers"):
        LogitSum(members, [1.0]).predict(X)
    with pytest.raises(InputError, match="fitted learners"):
        model.fit(X, y)
