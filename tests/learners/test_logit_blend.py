"""The stored form of a blend."""

import numpy as np

from rareclass.learners.logit_blend import LogitBlend


class Column:
    """Scores rows by one of their columns."""

    gives_logit = True

    def __init__(self, number):
        self.number = number

    def decision_function(self, X):
        return X[:, self.number]


def test_members_are_shifted_scaled_and_weighted_and_the_weightless_not_asked():
    X = np.random.default_rng(0).normal(size=(20, 2))
    blend = LogitBlend(
        [Column(0), Column(1), None], [0.5, 0.0, 9.0], [1.0, -1.0, 9.0], [2.0, 1.0, 9.0], [0.25, 0.75, 0]
    )
    expected = 0.25 * (2 * (X[:, 0] + 0.5) + 1) + 0.75 * (X[:, 1] - 1)
    np.testing.assert_allclose(blend.decision_function(X), expected)
