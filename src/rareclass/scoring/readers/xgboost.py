"""XGBoost's trees, from the JSON that it saves models as; float32 sums in the order of the trees."""

import json
from math import log
from typing import Any

import numpy as np

from rareclass.errors import InputError
from rareclass.kernels.trees import FlatTrees
from rareclass.scoring.readers._grown import Grown, Sets, as_single, assemble


def from_xgboost(booster: Any, trees: int | None = None) -> FlatTrees:
    """The first `trees` trees (all by default) of a booster with one score a row; the score is its margin."""
    booster = booster.get_booster() if hasattr(booster, "get_booster") else booster
    learner = json.loads(bytes(booster.save_raw("json")))["learner"]
    about, grower = learner["learner_model_param"], learner["gradient_booster"]
    if int(about["num_class"]) > 1 or int(about.get("num_target", "1")) > 1:
        raise InputError("This XGBoost model has several classes; trees are read for one score a row.")
    if grower["name"] not in ("gbtree", "dart"):
        raise InputError("XGBoost's linear booster has no trees; it keeps the slow path.")
    weights = grower.get("weight_drop")
    model = (grower if weights is None else grower["gbtree"])["model"]
    rounds = np.asarray(model["iteration_indptr"], dtype=np.int64)
    count = int(rounds[-1] if trees is None else rounds[min(trees, rounds.size - 1)])
    sets = Sets()
    start, objective = np.float32(np.ravel(json.loads(about["base_score"]))[0]), learner["objective"]["name"]
    if objective in ("binary:logistic", "binary:logitraw", "reg:logistic"):
        start = _margin(start)
    elif objective.startswith(("count:", "reg:gamma", "reg:tweedie", "survival:")):
        raise InputError(f"XGBoost's objective {objective!r} gives no log-odds; it keeps the slow path.")
    grown = [_tree(tree, sets) for tree in model["trees"][:count]]
    if weights is not None:  # the library adds the start, takes it away and multiplies by the tree's weight, in float32
        for tree, weight in zip(grown, np.asarray(weights[:count], dtype=np.float32), strict=True):
            tree.value[:] = ((tree.value.astype(np.float32) + start) - start) * weight
    return assemble(grown, int(about["num_feature"]), sets, bias=float(start), single=True)


def _margin(share: np.float32) -> np.float32:
    """The margin of a base score, in the library's float32 steps; the logarithm is rounded once, as C's logf does."""
    one = np.float32(1)
    return np.float32(-log(float(one / share - one)))


def _tree(tree: dict[str, Any], sets: Sets) -> Grown:
    left, right = np.asarray(tree["left_children"]), np.asarray(tree["right_children"])
    condition = np.asarray(tree["split_conditions"], dtype=np.float32)
    if int(tree["tree_param"].get("size_leaf_vector", "1")) > 1:
        raise InputError("This XGBoost model has vectors as leaves; trees are read for one score a row.")
    split = left >= 0
    category = np.full(left.size, -1)
    # categories of the set go right; those that the set's bits do not reach go left, and so do all others
    coded = np.asarray(tree.get("categories", ()), dtype=np.int64)
    for node, at, size in zip(
        tree.get("categories_nodes", ()), tree.get("categories_segments", ()), tree.get("categories_sizes", ())
    ):
        right_codes = coded[at : at + size]
        end = int(right_codes.max(initial=-1)) + 1
        left_codes = np.setdiff1d(np.arange(-(-end // 32) * 32), right_codes)
        category[node] = sets.of_codes(left_codes, end, negative_left=True, beyond_left=True)
    # x < t in float32 is x at most the number below t
    below = as_single(np.nextafter(condition, np.float32(-np.inf)).astype(np.float64))
    return Grown(
        feature=np.where(split, np.asarray(tree["split_indices"]), -1),
        threshold=np.where(split & (category < 0), below, 0.0),
        left=left,
        right=right,
        missing_left=np.asarray(tree["default_left"]).astype(bool),
        value=np.where(split, np.float32(0), condition).astype(np.float64),
        category=category,
        cover=np.asarray(tree["sum_hessian"], dtype=np.float64),
    )
