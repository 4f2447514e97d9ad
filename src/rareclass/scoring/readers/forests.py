"""scikit-learn's trees and forests, which compare in float32; from the public arrays of `tree_`."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from rareclass.kernels.trees import FlatTrees
from rareclass.scoring.readers._grown import Grown, as_single, assemble


def from_trees(trees: Sequence[Any], values: Sequence[np.ndarray], **rest: Any) -> FlatTrees:
    """Fitted trees of scikit-learn with the value of each node; `rest` are further parts of `FlatTrees`."""
    grown = [grown_tree(one.tree_, value) for one, value in zip(trees, values, strict=True)]
    return assemble(grown, int(trees[0].n_features_in_), **rest)


def from_forest(forest: Any) -> FlatTrees:
    """Mean vote for `classes_[1]` of a forest of two classes."""
    values = [tree.tree_.value[:, 0, 1] for tree in forest.estimators_]
    return from_trees(forest.estimators_, values, divisor=float(len(values)))


def from_rare_forest(forest: Any) -> FlatTrees:
    """Mean leaf probability of a `RareForestClassifier`, before it becomes log-odds.

    Its trees read numbers cut at 1e30 on both sides, which moves no value over a threshold.
    """
    return from_trees(forest.estimators_, forest.leaf_probability_, divisor=float(len(forest.estimators_)))


def grown_tree(node: Any, value: np.ndarray) -> Grown:
    """A `tree_` of scikit-learn with the value of each of its nodes."""
    split = node.children_left >= 0
    return Grown(
        feature=np.where(split, node.feature, -1),
        threshold=np.where(split, as_single(np.where(split, node.threshold, 0.0)), 0.0),
        left=node.children_left,
        right=node.children_right,
        missing_left=node.missing_go_to_left.astype(bool),
        value=np.asarray(value, dtype=np.float64),
        cover=node.weighted_n_node_samples,
    )
