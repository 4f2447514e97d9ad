"""Cluster centroids: soft and hard voting, types, order."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.cluster import KMeans, MiniBatchKMeans

from rareclass.errors import InputError
from rareclass.under_sampling import ClusterCentroids


def blobs():
    rng = np.random.default_rng(0)
    X = np.concatenate((rng.normal(0, 1, (60, 2)), rng.normal(6, 1, (60, 2)), rng.normal(3, 0.3, (15, 2))))
    return X, np.repeat([2, 0, 1], [60, 60, 15])


def test_soft_voting_returns_the_centres_class_by_class():
    X, y = blobs()
    sampler = ClusterCentroids(estimator=KMeans(random_state=0, n_init=1), random_state=0)
    X_res, y_res = sampler.fit_resample(X, y)
    assert y_res.tolist() == [0] * 15 + [1] * 15 + [2] * 15
    np.testing.assert_allclose(X_res[:15], KMeans(15, random_state=0, n_init=1).fit(X[y == 0]).cluster_centers_)
    np.testing.assert_array_equal(X_res[15:30], X[y == 1])
    assert sampler.synthetic_mask_.tolist() == [True] * 15 + [False] * 15 + [True] * 15


def test_hard_voting_never_takes_a_row_twice():
    # Three copies of one cluster's centre would otherwise all choose the same row.
    X, y = blobs()
    X_res, y_res = ClusterCentroids(voting="hard", random_state=0).fit_resample(np.round(X), y)
    np.testing.assert_array_equal(np.bincount(y_res), [15, 15, 15])
    rows = {tuple(row) for row in np.round(X)}
    assert all(tuple(row) in rows for row in X_res)


def test_hard_voting_takes_distinct_rows():
    X, y = blobs()
    X_res, _ = ClusterCentroids(voting="hard", random_state=0).fit_resample(X, y)
    assert np.unique(X_res, axis=0).shape == X_res.shape


def test_sparse_data_vote_hard_and_stay_sparse():
    X, y = blobs()
    sampler = ClusterCentroids(random_state=0)
    X_res, _ = sampler.fit_resample(sparse.csr_array(X), y)
    assert sparse.issparse(X_res)
    assert sampler.voting_ == "hard"


def test_centres_are_typed_like_their_columns():
    X, y = blobs()
    frame = pd.DataFrame({"whole": np.round(X[:, 0]).astype(np.int16), "real": X[:, 1]})
    X_res, _ = ClusterCentroids(random_state=0).fit_resample(frame, y)
    assert X_res.dtypes.tolist() == frame.dtypes.tolist()


def test_classes_have_their_own_stream():
    X, y = blobs()
    X[y == 2] = X[y == 0]
    X_res, y_res = ClusterCentroids(random_state=0, estimator=None).fit_resample(X, y)
    assert (X_res[y_res == 0] != X_res[y_res == 2]).any()


def test_any_clusterer_with_centres_is_taken():
    X, y = blobs()
    _, y_res = ClusterCentroids(estimator=MiniBatchKMeans(n_init=1, random_state=0)).fit_resample(X, y)
    assert np.bincount(y_res).tolist() == [15, 15, 15]


def test_a_clusterer_without_centres_is_refused():
    from sklearn.cluster import AgglomerativeClustering

    class Predicting(AgglomerativeClustering):
        def predict(self, X):
            return self.labels_

    X, y = blobs()
    with pytest.raises(InputError, match="cluster_centers_"):
        ClusterCentroids(estimator=Predicting()).fit_resample(X, y)
