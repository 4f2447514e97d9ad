"""NearMiss beside imbalanced-learn, and its memory."""

import tracemalloc

import numpy as np
import pytest

from rareclass.errors import ShortfallWarning
from rareclass.under_sampling import NearMiss
from rareclass.under_sampling.near_miss import smallest_first

peer = pytest.importorskip("imblearn.under_sampling")


def overlapping(n=600, number=2, seed=0, d=5):
    rng = np.random.default_rng(seed)
    y = rng.choice(number, n, p=[0.85] + [0.15 / (number - 1)] * (number - 1))
    X = rng.standard_normal((n, d)) + 0.5 * y[:, None]
    X[:3] *= 30  # far rows, of which version 2 must not be afraid
    return X, y


@pytest.mark.filterwarnings("ignore::rareclass.errors.ShortfallWarning")
@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize("number", [2, 3])
@pytest.mark.parametrize("k", [1, 3])
def test_rows_kept_and_their_order_equal_imbalanced_learn(version, number, k):
    for seed in range(3):
        X, y = overlapping(number=number, seed=seed)
        mine, theirs = (c(version=version, n_neighbors=k, n_neighbors_ver3=12) for c in (NearMiss, peer.NearMiss))
        mine.fit_resample(X, y)
        theirs.fit_resample(X, y)
        assert mine.sample_indices_.tolist() == theirs.sample_indices_.tolist()


@pytest.mark.parametrize("version", [1, 2])
def test_many_batches_choose_what_a_full_table_of_distances_says(version):
    X, y = overlapping(n=9_000, d=3)
    sampler = NearMiss(version=version, sampling_strategy={0: 40})
    sampler.fit_resample(X, y)
    rows, rare = np.flatnonzero(y == 0), X[y == 1]
    distance = np.sort(np.sqrt(((X[rows][:, None, :] - rare[None]) ** 2).sum(axis=2)), axis=1)
    mean = distance[:, :3].mean(axis=1) if version == 1 else distance[:, -3:].mean(axis=1)
    assert sampler.sample_indices_[:40].tolist() == rows[np.argsort(mean, kind="stable")[:40]].tolist()


def test_a_short_list_too_short_is_kept_whole_and_reported():
    X, y = overlapping()
    sampler = NearMiss(version=3, n_neighbors_ver3=1, sampling_strategy={0: 400})
    with pytest.warns(ShortfallWarning, match=r"version 3 shortlisted \d+ rows of class 0, 400 were asked for"):
        _, y_res = sampler.fit_resample(X, y)
    assert (y_res == 0).sum() < 400


def test_memory_does_not_grow_with_rows_times_minority():
    X, y = overlapping(n=40_000)
    small = NearMiss(version=2)
    small.fit_resample(X[:2000], y[:2000])
    tracemalloc.start()
    small.fit_resample(X, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20e6 < 8 * (y == 0).sum() * (y == 1).sum()


@pytest.mark.parametrize("number", [0, 1, 5, 60, 100])
def test_smallest_first_is_a_stable_sort(number):
    values = np.random.default_rng(0).integers(0, 10, 100).astype(float)
    assert smallest_first(values, number).tolist() == np.argsort(values, kind="stable")[:number].tolist()
