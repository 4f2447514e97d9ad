import math

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.datasets import make_blobs

from rareclass.errors import MethodError
from rareclass.over_sampling import SMOTE, KMeansSMOTE
from rareclass.over_sampling.kmeans import _RepeatedChoice, mean_distance


def groups():
    X, blob = make_blobs([30, 60, 400], centers=[(-20, 0), (20, 0), (0, 0)], cluster_std=[1, 4, 1], random_state=0)
    return X, (blob < 2).astype(int)


def test_numbers_of_clusters_follow_their_sparsity_exactly():
    X, y = groups()
    method = KMeansSMOTE(kmeans_estimator=KMeans(3, n_init=3, random_state=0), random_state=0)
    _, labels = method.fit_resample(X, y)
    assert (labels == 1).sum() == 400
    left, right = np.flatnonzero((y == 1) & (X[:, 0] < 0)), np.flatnonzero((y == 1) & (X[:, 0] > 0))
    sparsity = [pdist(X[r]).mean() ** (math.log(r.size, 1.6) ** 1.8 * 0.16) / r.size for r in (left, right)]
    wanted = 310 * sparsity[0] / sum(sparsity)
    assert abs(np.isin(method.parents_[:, 0], left).sum() - wanted) <= 1
    sides = np.isin(method.parents_, left)
    assert (sides[:, 0] == sides[:, 1]).all()


def test_one_cluster_is_smote():
    X, y = groups()
    one = KMeansSMOTE(kmeans_estimator=1, k_neighbors=5, random_state=42)
    assert (one.fit_resample(X, y)[0] == SMOTE(random_state=42).fit_resample(X, y)[0]).all()


def test_clusters_of_duplicates_share_instead_of_dividing_by_zero():
    X = np.repeat([[0.0, 0.0], [10.0, 10.0], [5.0, 5.0]], [8, 8, 60], axis=0)
    y = np.repeat([1, 1, 0], [8, 8, 60])
    method = KMeansSMOTE(kmeans_estimator=KMeans(3, n_init=3, random_state=0), random_state=0)
    out, labels = method.fit_resample(X, y)
    assert (labels == 1).sum() == 60
    assert np.isfinite(out).all()
    assert (out[76:, 0] == 0).sum() == (out[76:, 0] == 10).sum() == 22


def test_no_fitting_cluster_is_refused_with_the_share_of_the_class():
    X, y = groups()
    with pytest.raises(MethodError, match=r"a share of at least 10.*lowering the cluster_balance_threshold.*0\.184"):
        KMeansSMOTE(cluster_balance_threshold=10, kmeans_estimator=3, random_state=0).fit_resample(X, y)


@pytest.mark.parametrize("n", [2, 50, 1500])
def test_the_mean_distance_is_that_of_all_pairs(n):
    X = np.random.default_rng(0).normal(size=(n, 3)) + 1e4
    assert np.isclose(mean_distance(X, np.arange(n)), pdist(X).mean(), rtol=1e-6)
    assert mean_distance(X, np.arange(1)) == 0


def test_repeated_choices_are_those_of_numpy():
    first, second = np.random.default_rng(0).random((2, 300))
    first, second = first / first.sum(), second / second.sum()
    ours, theirs = _RepeatedChoice(7), np.random.RandomState(7)
    for p in (first, first, second, first, None):
        assert (ours.choice(300, 50, p=p) == theirs.choice(300, 50, p=p)).all()
    assert ours.choice(300, p=first) == theirs.choice(300, p=first)


def test_the_clusters_are_those_of_the_estimator_that_is_shown():
    X, y = groups()
    method = KMeansSMOTE(kmeans_estimator=3, cluster_balance_threshold=0.01, random_state=0)
    method.fit_resample(X, y)
    shown = method.kmeans_estimator_
    assert isinstance(shown.random_state, int)
    again = MiniBatchKMeans(3, random_state=shown.random_state).fit(X)
    assert (again.cluster_centers_ == shown.cluster_centers_).all()
