"""Contributions of trees against Shapley values summed over all subsets of columns, and against closed forms."""

from itertools import combinations
from math import factorial

import numpy as np
import pytest
from tests.kernels.test_trees import goes_left, random_trees, rows

from rareclass.errors import InputError
from rareclass.kernels import tree_reasons
from rareclass.kernels.trees import FlatTrees


def covered(trees: FlatTrees, seed: int, empty: float = 0.0, **rest: object) -> FlatTrees:
    """The trees with random covers, a share of the leaves without any row."""
    rng = np.random.default_rng(seed)
    cover = np.zeros(trees.feature.size)

    def fill(node: int) -> float:
        if trees.left[node] < 0:
            cover[node] = 0.0 if rng.random() < empty else float(rng.integers(1, 50))
        else:
            cover[node] = fill(trees.left[node]) + fill(trees.right[node])
        return float(cover[node])

    for root in trees.root:
        fill(root)
    return FlatTrees.from_arrays({**trees.arrays(), "cover": cover, **rest})


def expected(trees: FlatTrees, node: int, x: np.ndarray, known: frozenset[int]) -> float:
    """Mean leaf of a row of which these columns are known."""
    if trees.left[node] < 0:
        return float(trees.value[node])
    low, high = trees.left[node], trees.right[node]
    if trees.feature[node] in known:
        return expected(trees, low if goes_left(trees, node, x[trees.feature[node]]) else high, x, known)
    both = trees.cover[low] + trees.cover[high]
    share = trees.cover[low] / both if both else 0.5
    return share * expected(trees, low, x, known) + (1 - share) * expected(trees, high, x, known)


def over_all_subsets(trees: FlatTrees, x: np.ndarray) -> np.ndarray:
    """Shapley values of one row by their definition, the baseline last."""
    d = trees.n_features
    subsets = [frozenset(s) for k in range(d + 1) for s in combinations(range(d), k)]
    worth = {s: sum(expected(trees, root, x, s) for root in trees.root) for s in subsets}
    found = np.zeros(d + 1)
    for i in range(d):
        for s in subsets:
            if i not in s:
                weight = factorial(len(s)) * factorial(d - len(s) - 1) / factorial(d)
                found[i] += weight * (worth[s | {i}] - worth[s])
    found[d] = trees.bias + worth[frozenset()]
    return found / trees.divisor


def said(trees: FlatTrees, X: np.ndarray) -> np.ndarray:
    return np.column_stack([trees.contributions(X), np.full(len(X), trees.baseline)])


@pytest.mark.parametrize(
    ("seed", "sizes", "d", "empty"),
    [(0, [7, 1, 12], 4, 0.0), (1, [40], 3, 0.0), (2, [25, 9], 6, 0.3), (3, [2, 3], 5, 0.6), (4, [1], 2, 0.0)],
)
def test_contributions_are_shapley_values(seed, sizes, d, empty):
    trees = covered(random_trees(seed, sizes, d=d), seed, empty, bias=np.array(0.7), divisor=np.array(3.0))
    X = rows(seed, 40, d=d)
    wanted = np.array([over_all_subsets(trees, x) for x in X])
    np.testing.assert_allclose(said(trees, X), wanted, atol=1e-12)


def by_level(seed: int, levels: list[int], d: int) -> FlatTrees:
    """Complete trees that ask one question a level, columns and cuts drawn with repetition."""
    rng = np.random.default_rng(seed)
    parts: dict[str, list[np.ndarray]] = {name: [] for name in ("feature", "threshold", "left", "right", "value")}
    root, first = [], 0
    for depth in levels:
        n, inner = 2 ** (depth + 1) - 1, np.arange(2**depth - 1)
        level = np.frexp(inner + 1.0)[1] - 1
        padded = np.zeros(n)
        parts["feature"].append(np.r_[rng.integers(0, d, depth)[level], np.full(2**depth, -1)])
        padded[inner] = rng.normal(size=depth)[level]
        parts["threshold"].append(padded)
        for side, name in ((1, "left"), (2, "right")):
            parts[name].append(np.r_[first + 2 * inner + side, np.full(2**depth, -1)])
        parts["value"].append(np.r_[np.zeros(inner.size), rng.normal(size=2**depth)])
        root.append(first)
        first += n
    arrays = {name: np.concatenate(found) for name, found in parts.items()}
    whole = {name: arrays[name].astype(np.int32) for name in ("feature", "left", "right")}
    rest = {"missing_left": np.zeros(first, bool), "root": np.array(root, np.int32), "n_features": np.array(d)}
    return FlatTrees.from_arrays({**arrays, **whole, **rest})


@pytest.mark.parametrize(("seed", "levels", "empty"), [(11, [6, 3, 1], 0.0), (12, [5, 5, 2], 0.3), (13, [9, 4], 0.1)])
def test_contributions_that_are_kept_for_each_leaf_are_shapley_values(seed, levels, empty):
    trees = covered(by_level(seed, levels, 4), seed, empty, bias=np.array(0.2), divisor=np.array(2.0))
    X = rows(seed, 15, d=4)
    np.testing.assert_allclose(said(trees, X), [over_all_subsets(trees, x) for x in X], atol=1e-12)


def test_what_is_kept_is_bounded_and_changes_nothing(monkeypatch):
    trees = covered(by_level(14, [4, 6, 5], 5), 14)
    X = rows(14, 40, d=5)
    kept = trees.contributions(X)
    width = [np.unique(trees.feature[r : r + 2**k - 1]).size << k for r, k in zip(trees.root, (4, 6, 5))]
    assert trees.covers.kept.size == sum(width)
    monkeypatch.setattr(tree_reasons, "_MOST_KEPT", width[0] + width[2])
    del trees.__dict__["covers"]
    np.testing.assert_allclose(trees.contributions(X), kept, atol=1e-14)
    assert trees.covers.kept.size == width[0] + width[2]


def test_values_that_count_as_missing_are_missing_to_reasons():
    gap = np.array([[-0.5, 0.5], [np.inf, -np.inf], [0.0, 0.0], [-1.0, 3.0]])
    trees = covered(random_trees(8, [9, 15]), 8, gap=gap)
    X = rows(8, 40)
    wanted = np.array([over_all_subsets(trees, x) for x in X])
    np.testing.assert_allclose(said(trees, X), wanted, atol=1e-12)


def test_covers_of_zero_everywhere_count_all_children_alike():
    trees = covered(random_trees(5, [11]), 5, empty=1.0)
    X = rows(5, 20)
    np.testing.assert_allclose(said(trees, X), [over_all_subsets(trees, x) for x in X], atol=1e-12)


def test_contributions_and_baseline_sum_to_the_score_of_deep_trees():
    for d in (1, 40, 150):
        trees = covered(random_trees(d, [300, 700, 1], d=d), d, 0.1)
        X = rows(d, 30, d=d)
        np.testing.assert_allclose(said(trees, X).sum(axis=1), trees.score(X), rtol=1e-12, atol=1e-10)


def chain(columns: int) -> FlatTrees:
    """One leaf below `columns` splits, each on its own column: value 1 where all are at most 0, else 0."""
    inner, m = np.arange(columns), 2 * columns + 1
    left = np.full(m, -1, np.int32)
    right = left.copy()
    left[inner], right[inner] = inner + 1, columns + 1 + inner
    value = np.zeros(m)
    value[columns] = 1.0
    cover = np.ones(m)
    cover[: columns + 1] = np.arange(columns + 1, 0, -1)
    return FlatTrees.from_arrays(
        {
            "n_features": np.array(columns),
            "root": np.zeros(1, np.int32),
            "feature": np.where(left >= 0, np.arange(m), -1).astype(np.int32),
            "threshold": np.zeros(m),
            "left": left,
            "right": right,
            "missing_left": np.zeros(m, dtype=bool),
            "value": value,
            "cover": cover,
        }
    )


def test_a_path_of_ninety_columns_is_exact():
    """Where all answers are yes the column with the least share gains most, and all gains sum to 1 less the mean."""
    trees = chain(90)
    X = np.zeros((2, 90))
    X[1, 5] = 1.0
    found = trees.contributions(X)
    shares = 1 - 1 / np.arange(91, 1, -1)
    # by the definition, with the mean over orders as an integral on a fine grid of points
    t, w = np.polynomial.legendre.leggauss(200)
    factors = shares[:, None] + (t + 1) / 2 * (1 - shares[:, None])
    wanted = ((1 - shares[:, None]) * np.prod(factors, axis=0) / factors * w / 2).sum(axis=1)
    np.testing.assert_allclose(found[0], wanted, rtol=1e-12)
    assert found[0].sum() + trees.baseline == pytest.approx(1.0, abs=1e-12)
    assert found[1].sum() + trees.baseline == pytest.approx(0.0, abs=1e-12)
    assert found[1, 5] < 0 < found[1, 4]


def test_columns_that_no_split_reads_get_exactly_zero():
    trees = random_trees(6, [20, 30], d=3)
    wide = covered(FlatTrees.from_arrays({**trees.arrays(), "n_features": np.array(6)}), 6)
    assert (wide.contributions(rows(6, 50, d=6))[:, 3:] == 0).all()


def test_a_row_alone_and_any_number_of_threads_say_the_same():
    trees = covered(random_trees(7, [31] * 9, d=5), 7)
    X = rows(7, 200, d=5)
    whole = trees.contributions(X)
    assert np.array_equal(whole, trees.contributions(X, threads=3))
    assert np.array_equal(whole, np.vstack([trees.contributions(x[None]) for x in X]))
    assert trees.contributions(X[:0]).shape == (0, 5)


def test_trees_without_covers_say_what_to_do():
    with pytest.raises(InputError, match=r"before reasons existed.*replay"):
        random_trees(0, [4]).contributions(np.zeros((1, 4)))
