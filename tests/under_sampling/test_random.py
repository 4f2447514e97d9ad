"""Random under-sampling: counts, streams, probabilities."""

import numpy as np
import pandas as pd
import pytest

from rareclass.under_sampling import RandomUnderSampler
from rareclass.under_sampling.random import _rows_between


def table():
    return np.arange(100.0)[:, None], np.repeat([0, 1, 2], [60, 30, 10])


@pytest.mark.parametrize(
    ("strategy", "counts"),
    [("auto", [10, 10, 10]), ("majority", [10, 30, 10]), ({0: 7, 2: 3}, [7, 30, 3]), ("all", [10, 10, 10])],
)
def test_counts_are_those_asked_for(strategy, counts):
    _, y_res = RandomUnderSampler(sampling_strategy=strategy, random_state=0).fit_resample(*table())
    assert np.bincount(y_res).tolist() == counts


def test_a_ratio_is_minority_over_majority():
    X, y = np.zeros((100, 1)), np.repeat([0, 1], [90, 10])
    _, y_res = RandomUnderSampler(sampling_strategy=0.25, random_state=0).fit_resample(X, y)
    assert np.bincount(y_res).tolist() == [40, 10]


def test_inclusion_probability_is_the_share_kept():
    sampler = RandomUnderSampler(random_state=0)
    _, y_res = sampler.fit_resample(*table())
    np.testing.assert_allclose(sampler.inclusion_probability_, np.array([1 / 6, 1 / 3, 1])[y_res])


def test_every_row_is_equally_likely():
    X, y = np.arange(12.0)[:, None], np.repeat([0, 1], [9, 3])
    rng = np.random.default_rng(0)
    drawn = np.zeros(12)
    for _ in range(800):
        sampler = RandomUnderSampler(random_state=rng)
        sampler.fit_resample(X, y)
        drawn[sampler.sample_indices_] += 1
    # Standard error of a share of 1/3 in 800 draws is 0.0167; nine comparisons at four of them.
    assert np.abs(drawn[:9] / 800 - 1 / 3).max() < 4 * 0.0167


def test_classes_of_equal_size_are_not_drawn_alike():
    # imbalanced-learn restarts the stream of an integer seed for each class.
    X, y = np.arange(210.0)[:, None], np.repeat([0, 1, 2], [100, 100, 10])
    sampler = RandomUnderSampler(random_state=0)
    sampler.fit_resample(X, y)
    first, second = sampler.sample_indices_[:10], sampler.sample_indices_[10:20] - 100
    assert first.tolist() != second.tolist()


def test_replacement_repeats_rows():
    sampler = RandomUnderSampler(replacement=True, random_state=0)
    X, y = np.zeros((1000, 1)), np.repeat([0, 1], [510, 490])
    sampler.fit_resample(X, y)
    assert np.unique(sampler.sample_indices_).size < 1000 - 100


@pytest.mark.parametrize("seed", [0, np.random.RandomState(0), np.random.default_rng(0)], ids=str)
def test_any_seed_is_taken(seed):
    _, y_res = RandomUnderSampler(random_state=seed).fit_resample(*table())
    assert len(y_res) == 30


def test_missing_values_and_text_pass_through():
    frame = pd.DataFrame({"a": [1.0, None, 3.0, 4.0], "b": ["x", None, "z", "w"]})
    sampler = RandomUnderSampler(random_state=0, order="input")
    X_res, _ = sampler.fit_resample(frame, ["n", "n", "n", "p"])
    pd.testing.assert_frame_equal(X_res, frame.iloc[sampler.sample_indices_])


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.98])
def test_rows_of_a_class_are_counted_between_those_of_others(share):
    y = np.random.default_rng(1).random(500) < share
    positions = np.random.default_rng(2).permutation(int((~y).sum()))
    assert (_rows_between(np.flatnonzero(y), positions) == np.flatnonzero(~y)[positions]).all()
