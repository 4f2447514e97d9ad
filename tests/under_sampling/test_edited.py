"""Edited nearest neighbours, once, repeated and growing, beside imbalanced-learn."""

import numpy as np
import pytest

from rareclass.errors import NoOpWarning
from rareclass.under_sampling import AllKNN, EditedNearestNeighbours, RepeatedEditedNearestNeighbours

peer = pytest.importorskip("imblearn.under_sampling")


def classes(number, seed, n=300, d=4):
    rng = np.random.default_rng(seed)
    y = rng.choice(number, n, p=rng.dirichlet(np.full(number, 3.0)))
    return rng.standard_normal((n, d)) + 0.4 * y[:, None], y


@pytest.mark.filterwarnings("ignore::rareclass.errors.RareclassWarning")
@pytest.mark.parametrize("strategy", ["auto", "all", "majority", "not majority"])
@pytest.mark.parametrize("number", [2, 3, 4])
@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("EditedNearestNeighbours", {}),
        ("EditedNearestNeighbours", {"kind_sel": "mode", "n_neighbors": 4}),
        ("RepeatedEditedNearestNeighbours", {}),
        ("RepeatedEditedNearestNeighbours", {"kind_sel": "mode", "max_iter": 2}),
        ("AllKNN", {"n_neighbors": 4}),
        ("AllKNN", {"kind_sel": "mode", "allow_minority": True}),
    ],
    ids=str,
)
def test_rows_kept_equal_imbalanced_learn(method, parameters, number, strategy):
    ours = {c.__name__: c for c in (AllKNN, EditedNearestNeighbours, RepeatedEditedNearestNeighbours)}[method]
    for seed in range(3):
        X, y = classes(number, seed)
        mine, theirs = (
            ours(sampling_strategy=strategy, **parameters),
            getattr(peer, method)(sampling_strategy=strategy, **parameters),
        )
        try:
            theirs.fit_resample(X, y)
        except (ValueError, IndexError):
            continue  # imbalanced-learn could not do it
        mine.fit_resample(X, y)
        assert mine.sample_indices_.tolist() == theirs.sample_indices_.tolist()
        if method == "RepeatedEditedNearestNeighbours":
            assert mine.n_iter_ == theirs.n_iter_


@pytest.mark.filterwarnings("ignore::rareclass.errors.NoOpWarning")
def test_repeated_editing_that_removes_nothing_still_names_the_right_rows():
    # imbalanced-learn applies the index twice here when y is not sorted (defect D6).
    X = np.array([[0.0], [9.0], [0.1], [9.1], [0.2], [9.2], [0.3], [9.3]])
    y = np.array([1, 0, 1, 0, 1, 0, 1, 0])
    sampler = RepeatedEditedNearestNeighbours(n_neighbors=2)
    X_res, y_res = sampler.fit_resample(X, y)
    np.testing.assert_array_equal(X_res, X[sampler.sample_indices_])
    assert y_res.tolist() == [0] * 4 + [1] * 4


def test_a_duplicate_of_another_class_is_the_nearest_neighbour():
    # 20 pairs of equal rows with opposite labels: each row's neighbour is its twin (defect D5).
    X = np.repeat(np.arange(20.0), 2)[:, None]
    y = np.tile([0, 1], 20)
    sampler = EditedNearestNeighbours(n_neighbors=1, sampling_strategy="majority")
    with pytest.warns(match="removed every row"):
        sampler.fit_resample(X, y)
    assert y[sampler.sample_indices_].tolist() == [1] * 20


@pytest.mark.parametrize("sampler", [EditedNearestNeighbours, RepeatedEditedNearestNeighbours, AllKNN])
def test_a_majority_vote_works_on_text_labels(sampler):
    # imbalanced-learn takes the mode of the labels themselves and fails (defect D9).
    X, y = classes(2, 0)
    with_numbers, with_text = sampler(kind_sel="mode"), sampler(kind_sel="mode")
    with_numbers.fit_resample(X, y)
    _, y_res = with_text.fit_resample(X, np.array(["no", "yes"])[y])
    assert with_text.sample_indices_.tolist() == with_numbers.sample_indices_.tolist()
    assert set(y_res) == {"no", "yes"}


def test_editing_that_removes_nothing_says_so():
    X, y = np.array([[0.0], [0.1], [0.2], [9.0], [9.1]]), [0, 0, 0, 1, 1]
    with pytest.warns(NoOpWarning, match="changed nothing"):
        EditedNearestNeighbours(n_neighbors=1).fit_resample(X, y)


def test_doubling_the_rows_costs_about_twice_the_distances():
    # Growth is judged by distances looked at (enemies, then friends), which noise of the machine does not touch.
    from rareclass.kernels.editing import Editor
    from rareclass.kernels.panel import Space

    visited = []
    for n in (10_000, 20_000):
        rng = np.random.default_rng(0)
        X, codes = rng.standard_normal((n, 30)), np.zeros(n, dtype=np.int64)
        codes[:400] = 1
        X[:400] += 0.5
        editor = Editor(Space.of(X), codes, 3)
        editor.edit([0], 3, "all")
        visited.append(n * 400 + sum(judged.closer.cursor.sum() for judged in editor._judged.values()))
    assert visited[1] < 2.3 * visited[0]
