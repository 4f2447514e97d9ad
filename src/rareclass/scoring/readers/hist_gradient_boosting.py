"""The trees of scikit-learn's HistGradientBoosting."""

from typing import Any

import numpy as np

from rareclass._sklearn import histogram_trees
from rareclass.errors import InputError
from rareclass.kernels.trees import FlatTrees
from rareclass.scoring.readers._grown import Grown, Sets, assemble


def from_hist_gradient_boosting(model: Any, *, most_codes: int | None = None) -> FlatTrees:
    """Trees of a fitted model with one score a row; the score is its `decision_function`.

    Parameters
    ----------
    most_codes : int, optional
        Codes from this one less one on share that category, as `RareHistGradientBoostingClassifier` asks for.
    """
    found = histogram_trees(model)
    if found.start.size != 1:
        raise InputError("This model has several classes; trees are read for one score a row.")
    sets = Sets()
    grown = [_tree(nodes, bits, found.columns, found.levels, sets, most_codes) for nodes, bits in found.trees]
    return assemble(grown, model.n_features_in_, sets, bias=float(found.start[0]))


def _tree(
    nodes: np.ndarray,
    bits: np.ndarray,
    columns: np.ndarray,
    levels: dict[int, np.ndarray],
    sets: Sets,
    most_codes: int | None,
) -> Grown:
    leaf = nodes["is_leaf"].astype(bool)
    feature = np.where(leaf, -1, columns[np.where(leaf, 0, nodes["feature_idx"])])
    coded = nodes["is_categorical"].astype(bool) & ~leaf
    category = np.full(leaf.size, -1)
    for at in np.flatnonzero(coded):
        category[at] = _set(nodes[at], bits, levels[int(feature[at])], sets, most_codes)
    return Grown(
        feature=feature,
        threshold=np.where(leaf | coded, 0.0, nodes["num_threshold"]),
        left=np.where(leaf, -1, nodes["left"].astype(np.int64)),
        right=np.where(leaf, -1, nodes["right"].astype(np.int64)),
        missing_left=nodes["missing_go_to_left"].astype(bool),
        value=nodes["value"],
        category=category,
        cover=nodes["count"].astype(np.float64),
    )


def _set(node: np.void, bits: np.ndarray, levels: np.ndarray, sets: Sets, most_codes: int | None) -> int:
    """Codes that go left: those of the node's set, and unknown ones where missing values go left."""
    if levels.size and (levels.min() < 0 or (levels != np.floor(levels)).any()):
        raise InputError("This model splits on categories that are not codes 0, 1, 2, ...; it keeps the slow path.")
    words, unknown_left = bits[int(node["bitset_idx"])], bool(node["missing_go_to_left"])
    place = np.arange(levels.size)
    inside = (words[place // 32] >> (place % 32).astype(np.uint32)) & 1 > 0
    size = int(levels.max(initial=-1)) + 1 if most_codes is None else most_codes
    goes_left = np.full(-(-size // 32) * 32, unknown_left)
    goes_left[levels.astype(np.int64)] = inside
    beyond = unknown_left if most_codes is None else bool(goes_left[most_codes - 1])
    if most_codes is not None:
        goes_left[most_codes - 1 :] = beyond
    return sets.of_codes(np.flatnonzero(goes_left), goes_left.size, negative_left=unknown_left, beyond_left=beyond)
