"""Flat trees as one node of an ONNX graph, in double precision."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from rareclass.kernels.trees import FlatTrees
from rareclass.scoring.export.graph import ML, Graph, Value, larger, smaller, where

_AT_MOST, _SUM = 0, 1
_MOST_SETS = 512
"""Splits on sets whose columns stand side by side."""


def score(trees: FlatTrees, X: Value, codes: Mapping[int, int]) -> Value:
    """Scores (n, 1) of encoded rows X (n, d); `codes` says how many codes a column of categories has."""
    graph = X.graph
    if trees.gap.size:
        low, high = trees.gap.T
        gone = X.graph.node("And", low[None, :] <= X, high[None, :] >= X)
        X = where(gone, np.nan, X)
    if trees.n_trees == 0:
        only = trees.bias / trees.divisor
        return where(X.at([0]).is_missing(), only, only)
    rows = _Rows(X, codes)
    parts = [_leaves(part, rows) for part in _in_parts(trees)]
    if not trees.single:
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        return (total + trees.bias) / trees.divisor
    # float32 sums depend on their order: the leaf of each tree is a column of its own, added up one after the other
    leaves = graph.side_by_side(parts).as_kind(np.float32)
    start = (leaves.at([0]) * np.float32(0)) + np.float32(trees.bias)
    sums = graph.node("CumSum", graph.side_by_side([start, leaves]), np.array(1))
    return sums.at([trees.n_trees]).as_kind(float) / trees.divisor


class _Rows:
    """Encoded rows X (n, d), and the codes in them as rows of a table of sets, each column once."""

    def __init__(self, X: Value, codes: Mapping[int, int]) -> None:
        self.X, self.codes = X, codes
        self._places: dict[tuple[int, int], Value] = {}

    def place(self, feature: int, most: int) -> Value:
        """Whole numbers (n,): 0 below code 0, code + 1, most + 1 for codes from `most` on, most + 2 for missing."""
        if (feature, most) not in self._places:
            x = self.X.at([feature])
            gone = x.is_missing()
            code = smaller(larger(where(gone, 0.0, x), -1.0), float(most)).as_kind(np.int64)
            self._places[feature, most] = where(gone, np.int64(most + 2), code + np.int64(1)).shaped(-1)
        return self._places[feature, most]


def _leaves(trees: FlatTrees, rows: _Rows) -> Value:
    """Sum of the leaves (n, 1), or the leaf of each tree (n, trees) where float32 sums are asked for."""
    plain, X = _without_sets(trees, rows)
    target = np.arange(trees.n_trees) if trees.single else np.zeros(trees.n_trees, np.int64)
    return _grown(X.graph, plain, X, target)


def _in_parts(trees: FlatTrees) -> list[FlatTrees]:
    """The trees in groups whose splits on sets are few, so that their columns of bits need little memory."""
    of_tree = _tree_of_nodes(trees)
    sets = np.cumsum(np.bincount(of_tree[trees.category >= 0], minlength=trees.n_trees))
    group = np.maximum(sets - 1, 0) // _MOST_SETS
    return [_some(trees, of_tree, np.flatnonzero(group == g)) for g in np.unique(group)]


def _some(trees: FlatTrees, of_tree: np.ndarray, chosen: np.ndarray) -> FlatTrees:
    """Some of the trees, by number."""
    if chosen.size == trees.n_trees:
        return trees
    nodes = np.flatnonzero(np.isin(of_tree, chosen))
    number = np.full(trees.feature.size + 1, -1, np.int32)  # the last stands for a leaf's missing child
    number[nodes] = np.arange(nodes.size)
    parts = trees.arrays() | {"root": number[trees.root[chosen]]}
    parts |= {name: number[getattr(trees, name)[nodes]] for name in ("left", "right")}
    for name in ("feature", "threshold", "missing_left", "value", "category"):
        parts[name] = getattr(trees, name)[nodes]
    parts.pop("cover", None)
    return FlatTrees.from_arrays(parts)


def _grown(graph: Graph, trees: FlatTrees, X: Value, target: np.ndarray) -> Value:
    """Sums of the leaves of the trees of each target (n, targets)."""
    trees = _with_splits(trees)
    split = trees.feature >= 0
    number = np.where(split, np.cumsum(split), np.cumsum(~split)) - 1
    of_tree = _tree_of_nodes(trees)
    parts: dict[str, Any] = {"nodes_featureids": trees.feature[split]}
    for name, child in (("true", trees.left[split]), ("false", trees.right[split])):
        parts[f"nodes_{name}nodeids"] = number[child]
        parts[f"nodes_{name}leafs"] = (~split[child]).astype(np.int64)
    if trees.missing_left.any():
        parts["nodes_missing_value_tracks_true"] = trees.missing_left[split].astype(np.int64)
    parts |= {"tree_roots": number[trees.root], "leaf_targetids": target[of_tree[~split]]}
    return graph.node(
        "TreeEnsemble",
        X,
        domain=ML,
        n_targets=int(target[-1]) + 1,
        aggregate_function=_SUM,
        post_transform=0,
        nodes_splits=graph.tensor(trees.threshold[split]),
        nodes_modes=graph.tensor(np.full(int(split.sum()), _AT_MOST, np.uint8)),
        leaf_weights=graph.tensor(trees.value[~split]),
        **{name: part.tolist() for name, part in parts.items()},
    )


def _tree_of_nodes(trees: FlatTrees) -> np.ndarray:
    """The number of the tree that each node (m,) belongs to."""
    found, nodes, tree = np.empty(trees.feature.size, np.int64), trees.root, np.arange(trees.n_trees)
    while nodes.size:
        found[nodes] = tree
        inner = trees.feature[nodes] >= 0
        nodes, tree = np.concatenate([trees.left[nodes[inner]], trees.right[nodes[inner]]]), np.tile(tree[inner], 2)
    return found


def _with_splits(trees: FlatTrees) -> FlatTrees:
    """The same trees with those of one leaf split in two equal ones, since the operator knows no others."""
    bare = trees.root[trees.feature[trees.root] < 0]
    if not bare.size:
        return trees
    m = trees.feature.size
    new = m + np.arange(2 * bare.size).astype(np.int32)
    more: dict[str, Any] = {name: np.zeros(2 * bare.size) for name in ("threshold", "missing_left")}
    more |= {name: np.full(2 * bare.size, -1) for name in ("feature", "left", "right", "category")}
    more["value"] = np.repeat(trees.value[bare], 2)
    parts = trees.arrays() | {
        name: np.concatenate([getattr(trees, name), part]).astype(getattr(trees, name).dtype)
        for name, part in more.items()
    }
    parts["left"][bare], parts["right"][bare], parts["feature"][bare], parts["value"][bare] = new[::2], new[1::2], 0, 0
    parts.pop("cover", None)
    return FlatTrees.from_arrays(parts)


def _without_sets(trees: FlatTrees, rows: _Rows) -> tuple[FlatTrees, Value]:
    """Trees whose splits are all of numbers, and their rows: sets become columns of 0 (left) and more (right)."""
    coded = np.flatnonzero(trees.category >= 0)
    if not coded.size:
        return trees, rows.X
    keys = np.column_stack([trees.feature[coded], trees.category[coded], trees.missing_left[coded]]).astype(np.int64)
    keys, which = np.unique(keys, axis=0, return_inverse=True)
    flags, column, width = [], np.empty(len(keys), np.int64), trees.n_features
    for feature in np.unique(keys[:, 0]):
        of = np.flatnonzero(keys[:, 0] == feature)
        column[of] = width + np.arange(of.size)
        flags.append(_flags(rows, int(feature), trees, keys[of, 1:]))
        width += 8 * -(-of.size // 8)
    feature, threshold, category, missing_left = (
        getattr(trees, name).copy() for name in ("feature", "threshold", "category", "missing_left")
    )
    feature[coded] = column[which.reshape(-1)]
    threshold[coded], category[coded], missing_left[coded] = 0.5, -1, False
    changed = {"feature": feature, "threshold": threshold, "category": category, "missing_left": missing_left}
    plain = trees.arrays() | changed | {"n_features": np.asarray(width)}
    for name in ("bits", "outside_left", "gap", "cover"):
        plain.pop(name, None)
    plain["bit_start"] = np.zeros(1, np.int32)
    return FlatTrees.from_arrays(plain), rows.X.graph.side_by_side([rows.X, *flags])


def _flags(rows: _Rows, feature: int, trees: FlatTrees, keys: np.ndarray) -> Value:
    """Whether a column goes right at each of its sets, as 0 or more (n, k rounded up to 8): bits of a table by code.

    `keys` (k, 2) are the numbers of the sets, and whether missing values go left at them.
    """
    words = np.diff(trees.bit_start)[keys[:, 0]]
    most = rows.codes.get(feature, int(32 * words.max(initial=0)))
    right = np.ones((most + 3, len(keys)), dtype=bool)  # rows: below 0, each code, beyond, missing
    for k, (chosen, missing_left) in enumerate(keys):
        begin, end = trees.bit_start[chosen], trees.bit_start[chosen + 1]
        inside = np.unpackbits(trees.bits[begin:end].astype("<u4").view(np.uint8), bitorder="little")[:most]
        below, beyond = trees.outside_left[chosen]
        left: list[Any] = [[below], inside.astype(bool), np.full(most + 1 - inside.size, beyond), [bool(missing_left)]]
        right[:, k] = ~np.concatenate(left)
    packed = np.packbits(right, axis=1, bitorder="little")
    graph = rows.X.graph
    byte = graph.node("Gather", packed, rows.place(feature, most), axis=0).shaped(-1, packed.shape[1], 1)
    bits = graph.node("BitwiseAnd", byte, 2 ** np.arange(8, dtype=np.uint8))
    return bits.shaped(-1, 8 * packed.shape[1]).as_kind(float)
