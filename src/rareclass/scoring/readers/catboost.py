"""CatBoost's trees, from the JSON that it saves models as."""

import json
import tempfile
from collections.abc import Mapping
from typing import Any

import numpy as np

from rareclass.errors import InputError
from rareclass.kernels.trees import FlatTrees
from rareclass.scoring.readers._grown import Grown, as_single, assemble


def from_catboost(model: Any, trees: int | None = None) -> FlatTrees:
    """The first `trees` trees (all by default) of a model on numbers with one score a row; the score is its raw value.

    Raises
    ------
    InputError
        The model splits on categories, texts or embeddings, or has several classes.
    """
    with tempfile.TemporaryDirectory() as folder:
        model.save_model(f"{folder}/model.json", format="json")
        with open(f"{folder}/model.json", encoding="utf-8") as file:
            said = json.load(file)
    info = said["features_info"]
    others = [kind for kind in info if kind != "float_features" and info[kind]]
    if others:
        raise InputError(f"This CatBoost model has {others[0].replace('_', ' ')}; trees are read for numbers only.")
    features = {f["feature_index"]: f for f in info["float_features"]}
    scale, bias = said["scale_and_bias"]
    if np.size(bias) != 1:
        raise InputError("This CatBoost model has several classes; trees are read for one score a row.")
    symmetric = said.get("oblivious_trees")
    shapes = said["trees"] if symmetric is None else [_oblivious(tree) for tree in symmetric]
    grown = [_tree(shape, features, scale) for shape in shapes[:trees]]
    return assemble(grown, len(model.feature_names_), bias=float(np.ravel(bias)[0]))


def _oblivious(tree: Mapping[str, Any]) -> dict[str, Any]:
    """A symmetric tree as a nested one: split k of it sets bit k of the leaf's number where its answer is yes."""
    values, weights, splits = tree["leaf_values"], tree.get("leaf_weights"), tree.get("splits") or []

    def below(depth: int, leaf: int) -> dict[str, Any]:
        if depth < 0:
            return {"value": values[leaf], "weight": None if weights is None else weights[leaf]}
        sides = {"left": below(depth - 1, leaf), "right": below(depth - 1, leaf | 1 << depth)}
        return {"split": splits[depth], **sides}

    return below(len(splits) - 1, 0)


def _tree(tree: Mapping[str, Any], features: Mapping[int, Any], scale: float) -> Grown:
    nodes: list[Mapping[str, Any]] = []
    left: list[int] = []
    right: list[int] = []

    def visit(node: Mapping[str, Any]) -> int:
        at = len(nodes)
        nodes.append(node)
        left.append(-1)
        right.append(-1)
        if "split" in node:
            left[at] = visit(node["left"])
            right[at] = visit(node["right"])
        return at

    visit(tree)
    splits = [node.get("split") for node in nodes]
    known = [None if s is None else features[s["float_feature_index"]] for s in splits]
    borders = [0.0 if s is None else s["border"] for s in splits]
    weights = np.array([node.get("weight") or 0.0 for node in nodes], dtype=np.float64)
    for at in range(len(nodes) - 1, -1, -1):
        if left[at] >= 0:
            weights[at] = weights[left[at]] + weights[right[at]]
    return Grown(
        feature=np.array([-1 if f is None else f["flat_feature_index"] for f in known]),
        # right where x > border in float32
        threshold=as_single(np.array(borders, dtype=np.float32).astype(np.float64)),
        left=np.array(left),
        right=np.array(right),
        missing_left=np.array([f is not None and f["nan_value_treatment"] != "AsTrue" for f in known]),
        value=np.array([node.get("value", 0.0) for node in nodes], dtype=np.float64) * scale,
        cover=weights,
    )
