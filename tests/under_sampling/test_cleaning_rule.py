"""Neighbourhood cleaning rule beside imbalanced-learn."""

import numpy as np
import pytest

from rareclass.under_sampling import EditedNearestNeighbours, NeighbourhoodCleaningRule, TomekLinks

peer = pytest.importorskip("imblearn.under_sampling")


def noisy(number=2, seed=0, n=300):
    rng = np.random.default_rng(seed)
    y = rng.choice(number, n, p=[0.7] + [0.3 / (number - 1)] * (number - 1))
    return rng.standard_normal((n, 3)) + 0.5 * y[:, None], y


@pytest.mark.filterwarnings("ignore::rareclass.errors.RareclassWarning")
@pytest.mark.parametrize("number", [2, 3])
@pytest.mark.parametrize("strategy", ["auto", "all", "majority"])
@pytest.mark.parametrize(
    "parameters", [{}, {"n_neighbors": 5}, {"threshold_cleaning": 3.0}, {"n_neighbors": 1}], ids=str
)
def test_rows_kept_equal_imbalanced_learn(number, strategy, parameters):
    for seed in range(3):
        X, y = noisy(number, seed)
        mine = NeighbourhoodCleaningRule(sampling_strategy=strategy, **parameters)
        theirs = peer.NeighbourhoodCleaningRule(sampling_strategy=strategy, **parameters)
        mine.fit_resample(X, y)
        theirs.fit_resample(X, y)
        assert mine.sample_indices_.tolist() == theirs.sample_indices_.tolist()
        assert sorted(mine.classes_to_clean_) == sorted(theirs.classes_to_clean_)


def test_text_labels_work_with_the_defaults():
    # imbalanced-learn fails here (defect D9).
    X, y = noisy()
    numbers, text = NeighbourhoodCleaningRule(), NeighbourhoodCleaningRule()
    numbers.fit_resample(X, y)
    text.fit_resample(X, np.array(["no", "yes"])[y])
    assert text.sample_indices_.tolist() == numbers.sample_indices_.tolist()
    assert text.classes_to_clean_ == ["no"]


@pytest.mark.parametrize("step", [EditedNearestNeighbours(kind_sel="mode"), TomekLinks()], ids=str)
def test_any_cleaning_may_be_the_first_step(step):
    X, y = noisy()
    sampler = NeighbourhoodCleaningRule(edited_nearest_neighbours=step)
    sampler.fit_resample(X, y)
    first = set(range(300)) - set(sampler.edited_nearest_neighbours_.sample_indices_.tolist())
    assert not first & set(sampler.sample_indices_.tolist())
