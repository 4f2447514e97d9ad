"""Condensed nearest neighbour and one-sided selection."""

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from rareclass.under_sampling import CondensedNearestNeighbour, OneSidedSelection, TomekLinks


def noisy(number=2, seed=0, n=300):
    rng = np.random.default_rng(seed)
    y = rng.choice(number, n, p=[0.8] + [0.2 / (number - 1)] * (number - 1))
    return rng.standard_normal((n, 3)) + 0.8 * y[:, None], y


def test_one_pass_is_harts_pass():
    X, y = noisy()
    sampler = CondensedNearestNeighbour(random_state=0)
    sampler.fit_resample(X, y)
    chosen = sampler.sample_indices_
    own = [i for i in chosen if y[i] == 0]
    rare = np.flatnonzero(y == 1)
    store = [own[0]]
    for i in np.flatnonzero(y == 0):
        if i in store:
            continue
        rows = np.concatenate((rare, store))
        if KNeighborsClassifier(1).fit(X[rows], y[rows]).predict(X[[i]])[0] == 1:
            store.append(i)
    assert own == store
    assert chosen[len(own) :].tolist() == rare.tolist()


@pytest.mark.parametrize("k", [1, 3])
def test_with_enough_passes_every_row_is_classified_rightly(k):
    # imbalanced-learn stops after one pass (defect D16).
    X, y = noisy(seed=1)
    sampler = CondensedNearestNeighbour(random_state=0, max_passes=50, n_neighbors=k, n_seeds_S=2)
    X_res, y_res = sampler.fit_resample(X, y)
    assert sampler.n_passes_[0] < 50
    rest = np.setdiff1d(np.flatnonzero(y == 0), sampler.sample_indices_)
    assert (KNeighborsClassifier(k).fit(X_res, y_res).predict(X[rest]) == 0).all()


@pytest.mark.parametrize("sampler", [CondensedNearestNeighbour, OneSidedSelection])
def test_seeds_are_different_rows(sampler):
    # imbalanced-learn draws seeds with replacement, and then returns rows twice (defect D16).
    X, y = noisy()
    for seed in range(5):
        chosen = sampler(n_seeds_S=60, random_state=seed)
        chosen.fit_resample(X, y)
        assert np.unique(chosen.sample_indices_).size == chosen.sample_indices_.size


@pytest.mark.parametrize("sampler", [CondensedNearestNeighbour, OneSidedSelection])
@pytest.mark.parametrize(
    "neighbours", [np.int64(1), NearestNeighbors(n_neighbors=1), KNeighborsClassifier(n_neighbors=1)], ids=str
)
def test_any_kind_of_neighbours_is_taken(sampler, neighbours):
    # NearestNeighbors fails in both of imbalanced-learn's classes, np.int64 in one (defect D15).
    X, y = noisy()
    plain, given = sampler(random_state=0), sampler(random_state=0, n_neighbors=neighbours)
    plain.fit_resample(X, y)
    given.fit_resample(X, y)
    assert given.sample_indices_.tolist() == plain.sample_indices_.tolist()


@pytest.mark.parametrize("sampler", [CondensedNearestNeighbour, OneSidedSelection])
@pytest.mark.parametrize("k", [1, 2, 3])
def test_another_metric_goes_through_the_classifier(sampler, k):
    X, y = noisy(n=120)
    near = KNeighborsClassifier(n_neighbors=k, metric="minkowski", p=2.0000001)
    fast, slow = (
        sampler(random_state=0, n_neighbors=k, n_seeds_S=3),
        sampler(random_state=0, n_neighbors=near, n_seeds_S=3),
    )
    fast.fit_resample(X, y)
    slow.fit_resample(X, y)
    assert fast.sample_indices_.tolist() == slow.sample_indices_.tolist()


@pytest.mark.parametrize("sampler", [CondensedNearestNeighbour, OneSidedSelection])
def test_each_class_is_compared_with_the_rare_one(sampler):
    X, y = noisy(number=3)
    chosen = sampler(random_state=0)
    _, y_res = chosen.fit_resample(X, y)
    rare = int(np.argmin(np.bincount(y)))
    assert (y_res == rare).sum() == (y == rare).sum()
    assert len(chosen.estimators_) == 2
    assert [set(e.classes_.tolist()) for e in chosen.estimators_] == [{c, rare} for c in range(3) if c != rare]


def test_one_sided_selection_keeps_what_the_seeds_misclassify_and_removes_links():
    X, y = noisy()
    sampler = OneSidedSelection(random_state=0, n_seeds_S=4)
    sampler.fit_resample(X, y)
    store = sampler.estimators_[0]._fit_X
    seeds = [i for i in np.flatnonzero(y == 0) if (X[i] == store).all(axis=1).any()]
    rest = np.setdiff1d(np.flatnonzero(y == 0), seeds)
    wrong = rest[sampler.estimators_[0].predict(X[rest]) == 1]
    before = np.sort(np.concatenate((seeds, wrong, np.flatnonzero(y == 1))))
    links = TomekLinks()
    links.fit_resample(X[before], y[before])
    assert sorted(sampler.sample_indices_.tolist()) == before[links.sample_indices_].tolist()


def test_targeting_the_rare_class_too_leaves_it_whole():
    X, y = noisy()
    sampler = CondensedNearestNeighbour(sampling_strategy="all", random_state=0)
    _, y_res = sampler.fit_resample(X, y)
    assert (y_res == 1).sum() == (y == 1).sum()
