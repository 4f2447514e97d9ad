"""Tomek links: brute force, duplicates, symmetry."""

import numpy as np
import pytest

from rareclass.under_sampling import TomekLinks

peer = pytest.importorskip("imblearn.under_sampling")


def brute_links(X, y):
    """Pairs of different classes, each the other's nearest row by (distance, position)."""
    square = ((X[:, None, :] - X[None, :, :]) ** 2).sum(axis=2)
    np.fill_diagonal(square, np.inf)
    nearest = square.argmin(axis=1)  # the first of equals
    return [[i, int(j)] for i, j in enumerate(nearest) if i < j and nearest[j] == i and y[i] != y[j]]


@pytest.mark.filterwarnings("ignore::rareclass.errors.RareclassWarning")
@pytest.mark.parametrize("number", [2, 3, 5])
@pytest.mark.parametrize("kind", ["plain", "ties", "duplicates", "offset"])
def test_links_equal_brute_force(kind, number):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        X, y = rng.standard_normal((200, 3)), rng.integers(0, number, 200)
        if kind == "ties":
            X = np.round(X)
        elif kind == "duplicates":
            X = np.concatenate((X[:100], X[:100]))
        elif kind == "offset":
            X = X + 1e6
        sampler = TomekLinks(sampling_strategy="all")
        sampler.fit_resample(X, y)
        assert sampler.links_.tolist() == brute_links(X, y)


@pytest.mark.parametrize("strategy", ["auto", "all", "majority", "not majority", [0, 2]])
def test_rows_kept_equal_imbalanced_learn(strategy):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((400, 5)), rng.choice(3, 400, p=[0.6, 0.3, 0.1])
    mine, theirs = TomekLinks(sampling_strategy=strategy), peer.TomekLinks(sampling_strategy=strategy)
    mine.fit_resample(X, y)
    theirs.fit_resample(X, y)
    assert mine.sample_indices_.tolist() == theirs.sample_indices_.tolist()


def test_twins_of_opposite_classes_are_links():
    # imbalanced-learn finds none of these 20 (defect D5).
    X, y = np.repeat(np.arange(20.0), 2)[:, None], np.tile([0, 1], 20)
    sampler = TomekLinks(sampling_strategy="all")
    with pytest.warns(match="removed every row"):
        sampler.fit_resample(X, y)
    assert sampler.links_.tolist() == [[2 * i, 2 * i + 1] for i in range(20)]


def test_is_tomek_marks_the_ends_of_the_targeted_classes():
    y, nearest = np.array([0, 1, 0, 1]), np.array([1, 0, 3, 1])
    assert TomekLinks.is_tomek(y, nearest, [0]).tolist() == [True, False, False, False]
    assert TomekLinks.is_tomek(y, nearest, {0: 1, 1: 1}).tolist() == [True, True, False, False]
