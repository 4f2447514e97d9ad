"""LightGBM's trees, from the text that it saves models as."""

from typing import Any

import numpy as np

from rareclass.errors import InputError
from rareclass.kernels.trees import FlatTrees
from rareclass.scoring.readers._grown import Grown, Sets, assemble

_ZERO = float(np.float32(1e-35))  # the library reads values up to this size as zero
_CATEGORICAL, _DEFAULT_LEFT = 1, 2
_NO_MISSING, _ZERO_IS_MISSING = 0, 1


def from_lightgbm(booster: Any, trees: int | None = None) -> FlatTrees:
    """The first `trees` trees (all, or those up to the best iteration) of a booster with one score a row.

    The score is the booster's ``predict(raw_score=True)``, a sum even where the library averages probabilities (rf).
    """
    booster = getattr(booster, "booster_", booster)
    head, *blocks = booster.model_to_string(num_iteration=trees, start_iteration=0).split("\nTree=")
    about = _lines(head)
    if about.get("num_tree_per_iteration", "1") != "1":
        raise InputError("This LightGBM model has several classes; trees are read for one score a row.")
    sets, zeros = Sets(), np.zeros((int(about["max_feature_idx"]) + 1, 2), dtype=bool)
    grown = [_tree(_lines(block), sets, zeros) for block in blocks]
    if zeros.all(axis=1).any():
        raise InputError("A column of this LightGBM model takes zero for missing in some trees only.")
    gap = np.where(zeros[:, :1], [-_ZERO, _ZERO], [np.inf, -np.inf]) if zeros[:, 0].any() else np.zeros((0, 2))
    return assemble(grown, zeros.shape[0], sets, gap=gap)


def _lines(block: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in block.split("\nend of trees")[0].splitlines() if "=" in line)


def _tree(lines: dict[str, str], sets: Sets, zeros: np.ndarray) -> Grown:
    def numbers(name: str, kind: type) -> np.ndarray:
        return np.array(lines.get(name, "").split(), dtype=kind)

    if lines.get("is_linear", "0") == "1":
        raise InputError("LightGBM's linear trees (`linear_tree`) hold a model in each leaf; they keep the slow path.")
    leaves = int(lines["num_leaves"])
    inner = leaves - 1
    kind, feature = numbers("decision_type", np.int64), numbers("split_feature", np.int64)
    threshold = numbers("threshold", np.float64)
    child = {side: numbers(f"{side}_child", np.int64) for side in ("left", "right")}
    coded, missing = (kind & _CATEGORICAL) > 0, (kind >> 2) & 3
    category = np.full(inner, -1)
    if coded.any():
        start, words = numbers("cat_boundaries", np.int64), numbers("cat_threshold", np.uint32)
        for node in np.flatnonzero(coded):
            k = int(threshold[node])
            category[node] = sets.number(words[start[k] : start[k + 1]])
    # whatever rounds to zero lies on zero's side of a threshold
    near = np.abs(threshold) <= _ZERO
    threshold = np.where(near, np.where(threshold >= 0, _ZERO, np.nextafter(-_ZERO, -np.inf)), threshold)
    as_zero = missing == _NO_MISSING
    missing_left = np.where(as_zero, threshold >= 0, (kind & _DEFAULT_LEFT) > 0) & ~coded
    zeros[feature[~coded & (missing == _ZERO_IS_MISSING)], 0] = True
    zeros[feature[~coded & (missing != _ZERO_IS_MISSING)], 1] = True
    ends = np.full(leaves, -1)
    return Grown(
        feature=np.concatenate([feature, ends]),
        threshold=np.concatenate([np.where(coded, 0.0, threshold), np.zeros(leaves)]),
        left=np.concatenate([_nodes(child["left"], inner), ends]),
        right=np.concatenate([_nodes(child["right"], inner), ends]),
        missing_left=np.concatenate([missing_left, np.zeros(leaves, dtype=bool)]),
        value=np.concatenate([np.zeros(inner), numbers("leaf_value", np.float64)]),
        category=np.concatenate([category, ends]),
        cover=_cover(lines, leaves),
    )


def _nodes(child: np.ndarray, inner: int) -> np.ndarray:
    """Leaf k, which the library writes as -k - 1, stands behind the inner nodes."""
    return np.where(child >= 0, child, inner + ~child)


def _cover(lines: dict[str, str], leaves: int) -> np.ndarray | None:
    counts = [np.array(lines.get(name, "").split(), dtype=np.float64) for name in ("internal_count", "leaf_count")]
    both = np.concatenate(counts)
    if leaves == 1:  # not every version counts the rows of a tree that has no split
        return np.ones(1)
    return both if both.size == 2 * leaves - 1 else None
