import warnings

import numpy as np
import pytest
from imblearn.over_sampling import SMOTE as PeerSMOTE
from sklearn.neighbors import NearestNeighbors

from rareclass.errors import ShortfallWarning, TooFewEventsError
from rareclass.over_sampling import SMOTE


def gaussian(n=300, rare=40, d=5, seed=0):
    rng = np.random.default_rng(seed)
    y = np.repeat([1, 0], [rare, n - rare])
    return rng.normal(size=(n, d)) + y[:, None], y


def test_rows_lie_between_a_rare_row_and_one_of_its_k_nearest():
    X, y = gaussian()
    method = SMOTE(random_state=0, k_neighbors=3)
    out, _ = method.fit_resample(X, y)
    a, b, gap = *X[method.parents_].transpose(1, 0, 2), method.interpolation_weight_[:, None]
    assert np.allclose(out[300:], a + gap * (b - a))
    assert ((gap >= 0) & (gap < 1)).all()
    near = NearestNeighbors(n_neighbors=4).fit(X[:40]).kneighbors(X[:40], return_distance=False)[:, 1:]
    assert all(second in near[first] for first, second in method.parents_)
    # every base row and every rank of neighbour is used
    assert np.unique(method.parents_[:, 0]).size == 40


def test_base_rows_ranks_and_gaps_are_uniform():
    X, y = gaussian(n=20_000, rare=50)
    method = SMOTE(random_state=0)
    method.fit_resample(X, y)
    counts = np.bincount(method.parents_[:, 0])
    expected = len(method.parents_) / 50
    assert (np.abs(counts - expected) < 5 * np.sqrt(expected)).all()
    assert abs(method.interpolation_weight_.mean() - 0.5) < 5 * np.sqrt(1 / 12 / len(method.parents_))


def test_new_rows_follow_the_law_of_imbalanced_learns():
    X, y = gaussian(n=4000, rare=30, d=3)
    ours = SMOTE(random_state=0).fit_resample(X, y)[0][4000:]
    peer = PeerSMOTE(random_state=0).fit_resample(X, y)[0][4000:]
    error = X[:30].std(axis=0) / np.sqrt(len(ours))
    assert (np.abs(ours.mean(axis=0) - peer.mean(axis=0)) < 6 * error).all()
    assert np.allclose(np.cov(ours.T), np.cov(peer.T), atol=0.1)


def test_few_new_rows_search_neighbours_of_drawn_rows_only():
    X, y = gaussian(n=300, rare=140)
    method = SMOTE(random_state=1)
    method.fit_resample(X, y)
    near = NearestNeighbors(n_neighbors=6).fit(X[:140]).kneighbors(X[:140], return_distance=False)[:, 1:]
    assert len(method.parents_) == 20
    assert all(second in near[first] for first, second in method.parents_)


def test_copies_are_no_partners_while_the_class_has_other_points():
    # 15 of 20 rare rows identical: with copies as partners only a quarter of the new rows would be new points.
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 4))
    X[5:20] = X[4]
    y = np.repeat([1, 0], [20, 180])
    method = SMOTE(random_state=0)
    out, _ = method.fit_resample(X, y)
    assert (out[200:] != X[method.parents_[:, 0]]).any(axis=1).all()
    assert np.unique(out[200:], axis=0).shape[0] == 160


def test_a_class_of_identical_rows_gets_copies():
    X, y = np.ones((30, 2)), np.repeat([1, 0], [10, 20])
    X[10:] = np.arange(40).reshape(20, 2)
    assert (SMOTE(random_state=0).fit_resample(X, y)[0][30:] == 1).all()


@pytest.mark.parametrize("shift", [0.0, 1e6])
def test_neighbours_survive_an_offset(shift):
    X, y = gaussian()
    near = SMOTE(random_state=0)
    near.fit_resample(X, y)
    far = SMOTE(random_state=0)
    far.fit_resample(X + shift, y)
    assert (near.parents_ == far.parents_).all()


def test_scaling_makes_neighbours_independent_of_the_unit():
    X, y = gaussian()
    for scaling in ("standard", "robust"):
        plain, large = SMOTE(random_state=0, scaling=scaling), SMOTE(random_state=0, scaling=scaling)
        plain.fit_resample(X, y)
        out, _ = large.fit_resample(X * [1e6, 1, 1, 1, 1], y)
        assert (plain.parents_ == large.parents_).all()
        assert np.abs(out[300:, 0]).max() > 1e5
    unscaled = SMOTE(random_state=0)
    unscaled.fit_resample(X * [1e6, 1, 1, 1, 1], y)
    assert (unscaled.parents_ != plain.parents_).any()


def test_auto_lowers_the_number_of_neighbours_and_says_so():
    X, y = gaussian(rare=4)
    with pytest.warns(
        ShortfallWarning, match='`k_neighbors="auto"` was lowered from 5 to 3, because class 1 has only 4'
    ):
        out, labels = SMOTE(k_neighbors="auto", random_state=0).fit_resample(X, y)
    assert (labels == 1).sum() == 296
    with pytest.warns(ShortfallWarning, match="from 5 to 0"):
        out, _ = SMOTE(k_neighbors="auto").fit_resample(X[3:], y[3:])
    assert (out[297:] == X[3]).all()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        SMOTE(k_neighbors="auto").fit_resample(*gaussian())


def test_one_row_of_a_class_cannot_be_interpolated():
    X, y = gaussian(rare=1)
    with pytest.raises(TooFewEventsError, match=r'got 1\. Set `k_neighbors="auto"` or collect more rows'):
        SMOTE().fit_resample(X, y)


def test_a_neighbours_object_is_asked_and_drops_the_row_itself():
    X, y = gaussian()
    given = NearestNeighbors(n_neighbors=6)
    ours, theirs = SMOTE(random_state=0), SMOTE(random_state=0, k_neighbors=given)
    ours.fit_resample(X, y)
    theirs.fit_resample(X, y)
    assert (ours.parents_ == theirs.parents_).all()
    assert ours.nn_k_.n_neighbors == theirs.nn_k_.n_neighbors == 6
    assert theirs.nn_k_ is not given
    X[5:10] = X[4]
    theirs.fit_resample(X, y)
    assert (theirs.parents_[:, 0] != theirs.parents_[:, 1]).all()
    manhattan = SMOTE(random_state=0, k_neighbors=NearestNeighbors(n_neighbors=6, metric="manhattan"))
    manhattan.fit_resample(*gaussian())
    near = NearestNeighbors(n_neighbors=6, metric="manhattan").fit(gaussian()[0][:40])
    near = near.kneighbors(gaussian()[0][:40], return_distance=False)
    assert all(second in near[first] for first, second in manhattan.parents_)


def test_rows_of_other_classes_do_not_matter():
    X, y = gaussian()
    a, b = SMOTE(random_state=0), SMOTE(random_state=0)
    a.fit_resample(X, y)
    b.fit_resample(np.where(y[:, None] == 1, X, 7 * X), y)
    assert (a.parents_ == b.parents_).all()
