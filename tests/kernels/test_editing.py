"""Edited nearest neighbours, nearest enemies and condensing against slow float64 references."""

import numpy as np
import pytest

from rareclass.kernels.condense import condense
from rareclass.kernels.editing import Editor, vote
from rareclass.kernels.nearest import nearest_in_panel
from rareclass.kernels.panel import Space

KINDS_OF_DATA = ("plain", "ties", "offset", "mixed scales", "duplicates", "far clusters", "one outlier", "float32")


def make(kind, rng, n=150, d=4):
    X = rng.standard_normal((n, d))
    if kind == "ties":
        X = np.round(X)
    elif kind == "offset":
        X += 1e6
    elif kind == "mixed scales":
        X *= 10.0 ** rng.integers(-6, 7, size=d)
    elif kind == "duplicates":
        X = np.vstack([X[: n // 2]] * 2)
    elif kind == "far clusters":
        X = X * 1e-3 + rng.integers(0, 3, size=(len(X), 1)) * 1e7
    elif kind == "one outlier":
        X[7] = 1e14
    elif kind == "float32":
        X = X.astype(np.float32)
    return X


def squares(X, i, rows):
    """Sum of squared differences in column order, as the definition says."""
    total = np.zeros(len(rows))
    for f in range(X.shape[1]):
        total += (X[rows, f].astype(np.float64) - np.float64(X[i, f])) ** 2
    return total


def reference_neighbours(X, candidates, i, k, farthest=False):
    rows = candidates[candidates != i]
    distance = squares(X, i, rows)
    return rows[np.lexsort((rows, -distance if farthest else distance))[:k]]


def reference_edit(X, codes, alive, targets, k, kind):
    rows = np.flatnonzero(alive)
    removed = []
    for i in rows[np.isin(codes[rows], targets)]:
        labels = codes[reference_neighbours(X, rows, i, k)]
        stays = (labels == codes[i]).all() if kind == "all" else np.argmax(np.bincount(labels)) == codes[i]
        if not stays:
            removed.append(i)
    return np.array(removed, dtype=np.int64)


@pytest.mark.parametrize("kind", KINDS_OF_DATA)
@pytest.mark.parametrize("farthest", [False, True])
def test_neighbours_equal_float64_brute_force(kind, farthest):
    rng = np.random.default_rng(1)
    X = make(kind, rng, n=400)
    space = Space.of(X)
    queries, candidates = np.arange(0, len(X), 3), np.arange(0, len(X), 2)
    found, rows = nearest_in_panel(
        space, space.panel(queries, negated=farthest), space.panel(candidates, negated=farthest), 5
    )
    for place, i in enumerate(queries):
        expected = reference_neighbours(X, candidates, i, 5, farthest)
        assert rows[place].tolist() == expected.tolist()
        np.testing.assert_allclose(np.abs(found[place]), squares(X, i, expected), rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_of_the_products_does_not_change_the_neighbours(dtype):
    X = make("far clusters", np.random.default_rng(2))
    space = Space.of(X, dtype=dtype)
    panel = space.panel(np.arange(len(X)))
    expected = [reference_neighbours(X, np.arange(len(X)), i, 3) for i in range(len(X))]
    np.testing.assert_array_equal(nearest_in_panel(space, panel, panel, 3)[1], expected)


def test_missing_neighbours_are_marked():
    X = np.arange(6.0)[:, None]
    space = Space.of(X)
    found, rows = nearest_in_panel(space, space.panel([0, 1]), space.panel([0, 2]), 3)
    assert rows.tolist() == [[2, 6, 6], [0, 2, 6]]
    assert found.tolist() == [[4, np.inf, np.inf], [1, 1, np.inf]]


@pytest.mark.parametrize("kind", KINDS_OF_DATA)
@pytest.mark.parametrize("vote_kind", ["all", "mode"])
@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("neighbours", [(3, 3, 3, 3), (1, 2, 3, 4)], ids=["repeated", "growing"])
def test_repeated_edits_equal_brute_force(kind, vote_kind, classes, neighbours):
    rng = np.random.default_rng(3)
    X = make(kind, rng)
    codes = rng.choice(classes, size=len(X), p=[0.6] + [0.4 / (classes - 1)] * (classes - 1))
    for targets in ([0], list(range(classes))):
        editor = Editor(Space.of(X), codes, max(neighbours))
        alive = np.ones(len(X), dtype=bool)
        for k in neighbours:
            expected = reference_edit(X, codes, alive, targets, k, vote_kind)
            assert editor.edit(targets, k, vote_kind).tolist() == expected.tolist()
            alive[expected] = False
        np.testing.assert_array_equal(editor.alive, alive)


def test_edits_do_not_depend_on_the_number_of_threads():
    rng = np.random.default_rng(4)
    X = rng.standard_normal((3000, 6))
    codes = (rng.random(3000) < 0.95).astype(np.int64)
    removed = []
    for threads in (1, 2, 3):
        editor = Editor(Space.of(X), codes, 3, threads=threads)
        removed.append([editor.edit([1], 3, "all").tolist() for _ in range(3)])
    assert removed[0] == removed[1] == removed[2]
    assert len(removed[0][0]) > 0


def test_a_tied_vote_goes_to_the_first_label():
    assert vote(np.array([[0, 2], [2, 3], [0, 4]]), np.array([0, 0, 1, 1])).tolist() == [0, 1, 0]


def reference_condense(X, own, others, seeds, k, ties_to_own):
    """Hart's pass with a k-nearest-neighbour vote over the rows stored so far."""
    stored = [own[s] for s in seeds]
    for i in own:
        if i in stored:
            continue
        store = np.array(sorted(stored + others.tolist()))
        near = reference_neighbours(X, store, i, k)
        mine = np.isin(near, own).sum()
        if not (mine * 2 > k or (mine * 2 == k and ties_to_own)):
            stored.append(i)
    return stored


@pytest.mark.parametrize("kind", KINDS_OF_DATA)
@pytest.mark.parametrize(("k", "ties_to_own"), [(1, False), (2, True), (2, False), (3, False)])
def test_condensing_equals_a_vote_after_every_addition(kind, k, ties_to_own):
    rng = np.random.default_rng(5)
    X = make(kind, rng, n=600)
    is_other = rng.random(len(X)) < 0.2
    own, others = np.flatnonzero(~is_other), np.flatnonzero(is_other)
    need = k // 2 if k % 2 == 0 and ties_to_own else k // 2 + 1
    space = Space.of(X)
    panel = space.panel(own)
    limits, rows = nearest_in_panel(space, panel, space.panel(others), k - need + 1)
    seeds = np.array([5, 2])
    stored, passes = condense(space, panel, seeds, limits[:, -1], rows[:, -1], need)
    assert own[stored].tolist() == reference_condense(X, own, others, seeds, k, ties_to_own)
    assert passes == 1
