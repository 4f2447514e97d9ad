"""Flat trees as one node of an ONNX graph, in double precision."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from rareclass.kernels.trees import FlatTrees
from rareclass.scoring.export.graph import ML, Graph, Value, larger, smaller, where

_AT_MOST, _SUM = 0, 1


def score(trees: FlatTrees, X: Value, codes: Mapping[int, int]) -> Value:
    """Scores (n, 1) of encoded rows X (n, d); `codes` says how many codes a column of categories has."""
    graph = X.graph
    if trees.gap.size:
        low, high = trees.gap.T
        gone = X.graph.node("And", low[None, :] <= X, high[None, :] >= X)
        X = where(gone, np.nan, X)
    trees, X = _without_sets(trees, X, codes)
    if trees.n_trees == 0:
        only = trees.bias / trees.divisor
        return where(X.at([0]).is_missing(), only, only)
    if not trees.single:
        return (_grown(graph, trees, X, np.zeros(trees.n_trees, np.int64)) + trees.bias) / trees.divisor
    # float32 sums depend on their order, so that each tree is a target of its own, added up one after the other
    leaves = _grown(graph, trees, X, np.arange(trees.n_trees)).as_kind(np.float32)
    start = (leaves.at([0]) * np.float32(0)) + np.float32(trees.bias)
    sums = graph.node("CumSum", graph.side_by_side([start, leaves]), np.array(1))
    return sums.at([trees.n_trees]).as_kind(float) / trees.divisor


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


def _without_sets(trees: FlatTrees, X: Value, codes: Mapping[int, int]) -> tuple[FlatTrees, Value]:
    """Trees whose splits are all of numbers, and their rows: sets become columns of 0 (left) and 1 (right)."""
    coded = np.flatnonzero(trees.category >= 0)
    if not coded.size:
        return trees, X
    keys = np.column_stack([trees.feature[coded], trees.category[coded], trees.missing_left[coded]]).astype(np.int64)
    keys, column = np.unique(keys, axis=0, return_inverse=True)
    flags = [
        _flags(X.at([feature]), trees, keys[keys[:, 0] == feature], codes.get(int(feature)))
        for feature in np.unique(keys[:, 0])
    ]
    feature, threshold, category, missing_left = (
        getattr(trees, name).copy() for name in ("feature", "threshold", "category", "missing_left")
    )
    feature[coded] = trees.n_features + column.reshape(-1)
    threshold[coded], category[coded], missing_left[coded] = 0.5, -1, False
    changed = {"feature": feature, "threshold": threshold, "category": category, "missing_left": missing_left}
    plain = trees.arrays() | changed | {"n_features": np.asarray(trees.n_features + len(keys))}
    for name in ("bits", "outside_left", "gap", "cover"):
        plain.pop(name, None)
    plain["bit_start"] = np.zeros(1, np.int32)
    return FlatTrees.from_arrays(plain), X.graph.side_by_side([X, *flags])


def _flags(x: Value, trees: FlatTrees, keys: np.ndarray, codes: int | None) -> Value:
    """Whether a column (n, 1) goes right at each of its sets, as 0 and 1 (n, k): bits of a table by code."""
    words = np.diff(trees.bit_start)[keys[:, 1]]
    most = int(32 * words.max(initial=0)) if codes is None else codes
    right = np.ones((most + 3, len(keys)), dtype=bool)  # rows: below 0, each code, beyond, missing
    for k, (_, chosen, missing_left) in enumerate(keys):
        begin, end = trees.bit_start[chosen], trees.bit_start[chosen + 1]
        inside = np.unpackbits(trees.bits[begin:end].astype("<u4").view(np.uint8), bitorder="little")[:most]
        below, beyond = trees.outside_left[chosen]
        right[:, k] = ~np.concatenate(
            [[below], inside.astype(bool), np.full(most + 1 - inside.size, beyond), [bool(missing_left)]]
        )
    packed = np.packbits(right, axis=1, bitorder="little")
    gone = x.is_missing()
    code = smaller(larger(where(gone, 0.0, x), -1.0), float(most)).as_kind(np.int64)
    row = where(gone, np.int64(most + 2), code + np.int64(1)).shaped(-1)
    graph = x.graph
    byte = graph.node("Gather", packed, row, axis=0).shaped(-1, packed.shape[1], 1)
    bit = graph.node("BitwiseAnd", byte, 2 ** np.arange(8, dtype=np.uint8))
    return bit.as_kind(bool).as_kind(float).shaped(-1, 8 * packed.shape[1]).at(np.arange(len(keys)))
