import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from rareclass.errors import InputError, MethodError
from rareclass.over_sampling import ADASYN


def test_offspring_is_in_proportion_to_foreign_neighbours_and_exact():
    rng = np.random.default_rng(0)
    y = np.repeat([1, 0], [60, 540])
    X = rng.normal(size=(600, 4)) + y[:, None]
    method = ADASYN(random_state=0, n_neighbors=7)
    _, labels = method.fit_resample(X, y)
    assert (labels == 1).sum() == 540
    near = NearestNeighbors(n_neighbors=8).fit(X).kneighbors(X[:60], return_distance=False)[:, 1:]
    foreign = (y[near] == 0).sum(axis=1)
    counts = np.bincount(method.parents_[:, 0], minlength=60)
    assert (np.abs(counts - foreign / foreign.sum() * 480) <= 1).all()
    own = NearestNeighbors(n_neighbors=8).fit(X[:60]).kneighbors(X[:60], return_distance=False)[:, 1:]
    assert all(second in own[first] for first, second in method.parents_)


def test_separable_data_are_refused_with_the_class_and_its_size():
    X, y = (
        np.vstack((np.random.default_rng(0).normal(size=(180, 2)), np.full((20, 2), 50.0))),
        np.repeat([0, 1], [180, 20]),
    )
    X[180:] += np.random.default_rng(1).normal(size=(20, 2))
    with pytest.raises(MethodError, match="none of the 20 rows of class 1 has a row of another class") as caught:
        ADASYN().fit_resample(X, y)
    assert isinstance(caught.value, InputError | RuntimeError)
