"""Flat trees against a slow reference, one row against the batch, and damaged arrays."""

import numpy as np
import pytest

from rareclass.errors import InputError
from rareclass.kernels.trees import FlatTrees

NUMBERS = np.array([-np.inf, -1.5, -5e-324, 0.0, 5e-324, 0.25, 1.0, 2.0**53, np.inf])


def grow(rng, leaves, d, sets, nodes):
    """Append a random tree with so many leaves to the lists of `nodes`; return its root."""
    at = len(nodes["feature"])
    for name, value in (("feature", -1), ("threshold", 0.0), ("left", -1), ("right", -1), ("category", -1)):
        nodes[name].append(value)
    nodes["missing_left"].append(False)
    nodes["value"].append(float(rng.normal()) if leaves == 1 else 0.0)
    if leaves > 1:
        first = int(rng.integers(1, leaves))
        nodes["feature"][at] = int(rng.integers(d))
        nodes["missing_left"][at] = bool(rng.random() < 0.5)
        if sets and rng.random() < 0.3:
            nodes["category"][at] = int(rng.integers(sets))
        else:
            nodes["threshold"][at] = float(rng.choice(NUMBERS) if rng.random() < 0.5 else rng.normal())
        nodes["left"][at] = grow(rng, first, d, sets, nodes)
        nodes["right"][at] = grow(rng, leaves - first, d, sets, nodes)
    return at


def random_trees(seed, sizes, d=4, sets=3, **rest):
    rng = np.random.default_rng(seed)
    nodes = {name: [] for name in "feature threshold left right missing_left value category".split()}
    root = [grow(rng, size, d, sets, nodes) for size in sizes]
    words = rng.integers(0, 3, size=sets)
    kinds = {"threshold": float, "value": float, "missing_left": bool}
    return FlatTrees.from_arrays(
        {
            "n_features": np.asarray(d),
            "root": np.array(root, dtype=np.int32),
            **{name: np.array(values, dtype=kinds.get(name, np.int32)) for name, values in nodes.items()},
            "bit_start": np.concatenate([[0], np.cumsum(words)]).astype(np.int32),
            "bits": rng.integers(2**32, size=words.sum(), dtype=np.uint32),
            "outside_left": rng.random((sets, 2)) < 0.5,
            **{name: np.asarray(value) for name, value in rest.items()},
        }
    )


def rows(seed, n, d=4):
    rng = np.random.default_rng(seed + 1)
    X = rng.normal(size=(n, d))
    kind = rng.integers(4, size=(n, d))
    X = np.where(kind == 1, rng.choice(NUMBERS, (n, d)), X)
    X = np.where(kind == 2, rng.integers(-3, 80, (n, d)).astype(float), X)
    return np.where(rng.random((n, d)) < 0.15, np.nan, X)


def goes_left(trees, node, x):
    if trees.gap.size and trees.gap[trees.feature[node], 0] <= x <= trees.gap[trees.feature[node], 1]:
        x = np.nan
    if np.isnan(x):
        return trees.missing_left[node]
    s = trees.category[node]
    if s < 0:
        return x <= trees.threshold[node]
    words = trees.bits[trees.bit_start[s] : trees.bit_start[s + 1]]
    if x <= -1:
        return trees.outside_left[s, 0]
    if np.trunc(x) >= 32 * len(words):
        return trees.outside_left[s, 1]
    return bool(int(words[int(x) // 32]) >> (int(x) % 32) & 1)


def slow_score(trees, X):
    out = []
    for x in X:
        total = float(trees.bias)
        for root in trees.root:
            node = root
            while trees.feature[node] >= 0:
                left = goes_left(trees, node, x[trees.feature[node]])
                node = trees.left[node] if left else trees.right[node]
            total += float(trees.value[node])
            if trees.single:
                total = float(np.float32(total))
        out.append(total / trees.divisor)
    return np.array(out)


SHAPES = {
    "stumps": [2] * 9,
    "small": [1, 7, 31, 32, 3],
    "wide": [33, 64, 63, 40],
    "large": [65, 200, 90, 128, 500],
    "mixed": [1, 300, 32, 64, 2, 65, 31],
}


@pytest.mark.parametrize("sizes", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("seed", range(4))
def test_scores_equal_a_slow_reference_bit_for_bit(sizes, seed):
    rest = [{}, {"bias": 0.5, "divisor": 7.0}, {"single": True}, {"gap": np.array([[-0.5, 0.5]] * 4)}][seed]
    trees, X = random_trees(seed, sizes, **rest), rows(seed, 400)
    np.testing.assert_array_equal(trees.score(X), slow_score(trees, X))


@pytest.mark.parametrize("sizes", SHAPES.values(), ids=SHAPES)
def test_one_row_equals_the_batch_and_threads_change_nothing(sizes):
    trees, X = random_trees(7, sizes), rows(7, 5_000)
    batch = trees.score(X)
    np.testing.assert_array_equal([trees.score(X[i : i + 1])[0] for i in range(150)], batch[:150])
    np.testing.assert_array_equal(trees.score(X, threads=3), batch)
    np.testing.assert_array_equal(trees.score(np.asfortranarray(X)), batch)


def by_level(seed, depths, d=4):
    """Random trees that ask one question on each level, among trees that do not."""
    rng = np.random.default_rng(seed)
    parts = {name: [] for name in "feature threshold left right missing_left value".split()}
    roots = []

    def add(questions):
        at = len(parts["feature"])
        feature, threshold, missing = questions[0] if questions else (-1, 0.0, False)
        value = 0.0 if questions else float(rng.normal())
        for name, cell in zip(parts, (feature, threshold, -1, -1, missing, value), strict=True):
            parts[name].append(cell)
        if questions:
            parts["left"][at] = add(questions[1:])
            parts["right"][at] = add(questions[1:])
        return at

    for depth in depths:
        questions = [(int(rng.integers(d)), float(rng.normal()), bool(rng.random() < 0.5)) for _ in range(depth)]
        roots.append(add(questions))
        if rng.random() < 0.3 and depth > 1:  # one question differs: no level tree
            parts["threshold"][-4 if depth == 2 else -3] += 0.5
    kinds = {"threshold": float, "value": float, "missing_left": bool}
    arrays = {name: np.array(values, dtype=kinds.get(name, np.int32)) for name, values in parts.items()}
    leaf = arrays["feature"] < 0
    arrays["threshold"][leaf] = 0.0
    return FlatTrees.from_arrays({"n_features": np.array(d), "root": np.array(roots, dtype=np.int32), **arrays})


@pytest.mark.parametrize("seed", range(4))
def test_trees_of_one_question_a_level_score_as_others_do(seed):
    trees, X = by_level(seed, [6, 1, 3, 0, 6, 2, 8, 6, 5, 6]), rows(seed, 400)
    assert (trees.program.trees[:, 1] < 0).sum() >= 4
    wanted = slow_score(trees, X)
    np.testing.assert_array_equal(trees.score(X), wanted)
    np.testing.assert_array_equal([trees.score(x[None])[0] for x in X[:100]], wanted[:100])


def test_permuting_trees_changes_rounding_only():
    trees, X = random_trees(3, SHAPES["mixed"]), rows(3, 500)
    turned = FlatTrees.from_arrays(trees.arrays() | {"root": np.ascontiguousarray(trees.root[::-1])})
    np.testing.assert_allclose(turned.score(X), trees.score(X), rtol=0, atol=1e-12)


def test_arrays_describe_the_trees_wholly():
    trees, X = random_trees(5, SHAPES["mixed"], single=True, bias=1.25), rows(5, 300)
    again = FlatTrees.from_arrays(trees.arrays())
    np.testing.assert_array_equal(again.score(X), trees.score(X))
    assert again.n_trees == len(SHAPES["mixed"])


def test_trees_without_splits_and_no_trees_give_constants():
    X = np.zeros((50, 4))
    assert set(random_trees(0, [1]).score(X)) == {float(random_trees(0, [1]).value[0])}
    assert set(random_trees(0, [], bias=2.0).score(X)) == {2.0}
    assert random_trees(0, [5]).score(np.zeros((0, 4))).shape == (0,)


def changed(name, position, value):
    def change(parts):
        parts[name] = parts[name].copy()
        parts[name][position] = value

    return change


def dropped(name):
    return lambda parts: parts.pop(name)


def replaced(name, make):
    def change(parts):
        parts[name] = make(parts[name])

    return change


def with_covers(parts):
    """Covers of the leaves at random, summed up in float32 as XGBoost does."""
    cover = np.random.default_rng(0).random(parts["feature"].size).astype(np.float32)
    for node in range(cover.size - 1, -1, -1):
        if parts["feature"][node] >= 0:
            cover[node] = cover[parts["left"][node]] + cover[parts["right"][node]]
    return cover.astype(np.float64)


def covers(at, factor):
    def change(parts):
        parts["cover"] = with_covers(parts)
        parts["cover"][at] *= factor

    return change


def test_covers_that_were_added_up_in_float32_are_taken():
    parts = random_trees(2, [9, 80, 5]).arrays()
    trees = FlatTrees.from_arrays(parts | {"cover": with_covers(parts)})
    assert np.isfinite(trees.baseline)


DAMAGES = {
    "child beyond": (changed("left", 0, 10_000), "a child outside"),
    "cycle": (changed("right", 0, 0), "reached twice"),
    "shared child": (lambda p: changed("left", 0, int(p["right"][0]))(p), "reached twice"),
    "lost node": (replaced("root", lambda a: a[:-1].copy()), "no root leads to"),
    "root beyond": (changed("root", 0, -1), "a root outside"),
    "column beyond": (changed("feature", 0, 4), "outside the matrix"),
    "half a leaf": (changed("left", 0, -1), "one child"),
    "threshold NaN": (changed("threshold", 0, np.nan), "no number"),
    "set beyond": (changed("category", 0, 99), "does not exist"),
    "leaf NaN": (lambda p: changed("value", np.flatnonzero(p["feature"] < 0)[0], np.nan)(p), "not finite"),
    "bits beyond": (changed("bit_start", -1, 10_000), "outside their bits"),
    "short": (replaced("value", lambda a: a[:-1].copy()), "shape"),
    "type": (replaced("left", lambda a: a.astype(np.int64)), "must be int32"),
    "text": (replaced("feature", lambda a: a.astype(str)), "must be int32"),
    "missing": (dropped("right"), "needs the part|need the part"),
    "unknown": (lambda p: p.update(shape=np.zeros(1)), "no part"),
    "cover negative": (covers(0, -1.0), "negative or not finite"),
    "cover NaN": (covers(1, np.nan), "negative or not finite"),
    "cover infinite": (covers(0, np.inf), "negative or not finite"),
    "cover beyond": (covers(0, 0.9), "more cover than the split"),
    "covers beyond": (lambda p: p.update(cover=np.full(p["feature"].size, 1e308)), "more cover than the split"),
    "divisor": (replaced("divisor", lambda a: np.asarray(0.0)), "divisor"),
    "scalar": (replaced("bias", lambda a: np.zeros(2)), "one number"),
}


@pytest.mark.parametrize(("damage", "said"), DAMAGES.values(), ids=DAMAGES)
def test_damaged_arrays_are_refused_before_any_row_is_scored(damage, said):
    parts = random_trees(2, [9, 80, 5]).arrays()
    damage(parts)
    with pytest.raises(InputError, match=said):
        FlatTrees.from_arrays(parts)


def test_any_single_damage_is_refused_or_harmless():
    trees, rng = random_trees(4, [20, 70]), np.random.default_rng(0)
    X = rows(4, 50)
    for _ in range(400):
        parts = {name: np.array(part) for name, part in trees.arrays().items()}
        name = str(rng.choice(["root", "feature", "left", "right", "category", "bit_start"]))
        parts[name].reshape(-1)[rng.integers(parts[name].size)] = rng.integers(-3, 200)
        try:
            assert np.isfinite(FlatTrees.from_arrays(parts).score(X)).all()
        except InputError:
            continue


def test_a_matrix_of_another_width_is_refused():
    with pytest.raises(InputError, match="4 columns"):
        random_trees(0, [3]).score(np.zeros((2, 5)))
