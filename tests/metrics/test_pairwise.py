import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from rareclass.errors import InputError
from rareclass.metrics.pairwise import ValueDifferenceMetric

peer = pytest.importorskip("imblearn.metrics.pairwise")


@pytest.mark.parametrize(("k", "r"), [(1, 1), (1, 2), (2, 1), (2, 2)])
def test_distances_are_those_of_imbalanced_learn(k, r):
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 5, (60, 3)), rng.integers(0, 3, 60)
    ours = ValueDifferenceMetric(k=k, r=r).fit(X, y)
    theirs = peer.ValueDifferenceMetric(k=k, r=r).fit(X, y)
    np.testing.assert_allclose(ours.pairwise(X), theirs.pairwise(X), atol=1e-12)
    np.testing.assert_allclose(ours.pairwise(X[:4], X), theirs.pairwise(X[:4], X), atol=1e-12)


def test_unknown_codes_and_other_columns_are_refused():
    metric = ValueDifferenceMetric().fit([[0], [1], [1]], [0, 1, 1])
    with pytest.raises(InputError, match="codes outside"):
        metric.pairwise([[7]])
    with pytest.raises(ValueError, match="features"):
        metric.pairwise([[0, 1]])
    with pytest.raises(NotFittedError):
        ValueDifferenceMetric().pairwise([[0]])
    with pytest.raises(InputError, match="n_categories"):
        ValueDifferenceMetric(n_categories=[1]).fit([[0], [1]], [0, 1])
    with pytest.raises(InputError, match="n_categories"):
        ValueDifferenceMetric(n_categories=[1, 2]).fit([[0], [1]], [0, 1])
    with pytest.raises(InputError, match="Negative"):
        ValueDifferenceMetric().fit([[-1], [1]], [0, 1])
