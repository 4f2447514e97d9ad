"""One boosted model as LightGBM's text, which stock LightGBM reads."""

import json
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from rareclass.errors import InputError, RareclassWarning
from rareclass.kernels.trees import FlatTrees
from rareclass.learners.lgbm import load_lightgbm
from rareclass.scoring.export.hard_rows import hard_tables
from rareclass.scoring.export.to_onnx import refuse_scorer
from rareclass.scoring.members import Trees
from rareclass.scoring.scorer import Scorer
from rareclass.scoring.staged import Staged

_ZERO = float(np.float32(1e-35))  # the library reads values up to this size as zero
_MOST = np.finfo(np.float64).max
_NAN_IS_MISSING, _DEFAULT_LEFT, _CATEGORICAL = 8, 2, 1
NAMED = {
    "trees": "boosted trees",
    "linear": "a logistic regression",
    "quantile_linear": "a logistic regression on quantiles",
    "votes": "a forest",
    "balanced_votes": "a balanced ensemble",
    "sum": "a sum of models",
    "blend": "a blend of models",
    "staged": "a cascade of two stages",
    "radial": "a kernel logistic regression",
    "quantile_net": "a net on quantiles",
    "network": "a network",
}
"""What the model is called where it is refused, for each kind of member."""
_WAY_OUT = "Train with --learner lightgbm, or export it with --onnx."
_OF_CASCADES = "Train without --cascade, or export it with --onnx."
_LOG_ODDS = "the raw score is the log-odds at the real prevalence before the last calibration"
TOLERANCE = 1e-9
"""Log-odds by which the text may differ from the scorer."""


def lightgbm_text(
    scorer: Scorer, about: Mapping[str, str], tables: Iterable[pa.Table] = (), sketches: Mapping[str, Any] = {}
) -> bytes:
    """The scorer's trees as a file of LightGBM's text, loaded by LightGBM and found to rank rows as the scorer does.

    The raw score is the log-odds at the real prevalence before the last calibration. Its columns are those of the
    scorer in the order of the schema, dates as their parts; levels are codes, which stand in the header under
    ``rareclass_levels``. Blanks in names become ``_``; what is called otherwise stands under ``rareclass_renamed``, and
    a warning says it. LightGBM takes numbers up to 1e-35 in size for zero.

    Parameters
    ----------
    scorer, about, tables, sketches
        As in `onnx_model`.

    Raises
    ------
    InputError
        The model is not one booster, or its trees have no exact form there; the sentence says why.
    """
    refuse_scorer(scorer, "a LightGBM model")
    if scorer.slices is not None:
        raise InputError(
            "LightGBM's text has no form for shifts by slice. Train without --slices, or export it with --onnx."
        )
    trees = _raw_trees(scorer)
    _refuse_columns(scorer)
    text = _written(trees, scorer, about)
    booster = load_lightgbm().Booster(model_str=text)
    for table in (*hard_tables(scorer, sketches), *tables):
        _refuse_difference(scorer, trees, booster, table)
    renamed = _renamed(scorer)
    if renamed:
        few = ", ".join(f"{given!r} is {name!r}" for name, given in list(renamed.items())[:3])
        more = f" and {len(renamed) - 3} more" if len(renamed) > 3 else ""
        warnings.warn(
            f"Columns have other names in LightGBM's text, which takes no blanks: {few}{more}. All stand in its header "
            "under rareclass_renamed.",
            RareclassWarning,
            stacklevel=2,
        )
    return text.encode()


def _raw_trees(scorer: Scorer) -> FlatTrees:
    """The trees of a scorer, which must be one booster; their score is log-odds before the calibration."""
    member = scorer.member
    if not isinstance(member, Trees):
        parts = ", ".join(NAMED[part.kind] for part in getattr(member, "members", ()))
        what = NAMED[member.kind] + (f" ({parts})" if parts else "")  # type: ignore[attr-defined]
        way_out = _OF_CASCADES if isinstance(member, Staged) else _WAY_OUT
        raise InputError(f"The model is {what}; LightGBM's format holds one booster only. {way_out}")
    if member.trees.single:
        raise InputError(
            "The model is XGBoost's, which adds up in float32, so that LightGBM's sums would rank some rows otherwise. "
            + _WAY_OUT
        )
    if member.trees.gap.size:
        raise InputError(
            "The model takes some numbers for missing (`zero_as_missing`, `missing`), which has no exact form in "
            f"LightGBM's text. {_WAY_OUT}"
        )
    if member.slope <= 0:
        raise InputError(f"The model's recalibration turns the ranking of its trees around. {_WAY_OUT}")
    return _moved(member.trees, member.intercept + scorer.added, member.slope)


def _moved(trees: FlatTrees, start: float, slope: float) -> FlatTrees:
    """Trees whose sum of leaves is ``start + slope * score``; the start stands in the leaves of the first."""
    factor = slope / trees.divisor
    value = np.where(trees.feature < 0, trees.value * factor, 0.0)
    if trees.n_trees:
        value[_in_order(trees, int(trees.root[0]))[1]] += start + factor * trees.bias
    return FlatTrees.from_arrays(
        {**trees.arrays(), "value": value, "bias": np.asarray(0.0), "divisor": np.asarray(1.0)}
    )


def _refuse_columns(scorer: Scorer) -> None:
    text = next((name for name, kind in scorer.encoder.columns if kind == "text"), None)
    if text is not None:
        raise InputError(
            f"Column {text!r} holds texts that the model reads by their words, which LightGBM has no form for. Train "
            "without it (--drop), or serve the bundle itself."
        )


def _written(trees: FlatTrees, scorer: Scorer, about: Mapping[str, str]) -> str:
    blocks = [_tree(trees, int(root), number) for number, root in enumerate(trees.root)]
    names = _feature_names(scorer)
    levels = {
        name: [*known["levels"], *(["(any other)"] if known["rare"] else [])]
        for name, known in scorer.encoder.saved["categories"].items()
    }
    said = {f"rareclass_{name}": value for name, value in about.items()} | {
        "rareclass_score": _LOG_ODDS,
        "rareclass_levels": _json(levels),
        "rareclass_renamed": _json(_renamed(scorer)),
    }
    head = {
        "version": "v4",
        "num_class": 1,
        "num_tree_per_iteration": 1,
        "label_index": 0,
        "max_feature_idx": trees.n_features - 1,
        "objective": "binary sigmoid:1",
        "feature_names": " ".join(names),
        "feature_infos": " ".join(["[-inf:inf]"] * trees.n_features),
        "tree_sizes": " ".join(str(len(block.encode())) for block in blocks),
        # the library cuts lines at signs of equality
        **{name: str(value).replace("\n", " ").replace("=", ":") for name, value in said.items()},
    }
    lines = "\n".join(f"{name}={value}" for name, value in head.items())
    return f"tree\n{lines}\n\n{''.join(blocks)}end of trees\n\npandas_categorical:null\n"


def _json(values: Mapping[str, Any]) -> str:
    return json.dumps(values).replace("=", "\\u003d")  # at which the library cuts lines


def _feature_names(scorer: Scorer) -> list[str]:
    """The same without what the library does not read (blanks), each once; names that it reads stay what they are."""
    given = scorer.encoder.encoded_names()
    plain = ["_".join(name.split()) or "_" for name in given]
    found: list[str] = []
    taken = {name for name, clean in zip(given, plain) if name == clean}
    for name, clean in zip(given, plain):
        if name != clean or name in found:
            while clean in taken:
                clean += "_"
            taken.add(clean)
        found.append(clean)
    return found


def _renamed(scorer: Scorer) -> dict[str, str]:
    """Names in the file to those of the encoded columns, where they are others."""
    pairs = zip(_feature_names(scorer), scorer.encoder.encoded_names(), strict=True)
    return {name: given for name, given in pairs if name != given}


def _tree(trees: FlatTrees, root: int, number: int) -> str:
    inner, leaf = _in_order(trees, root)
    at = {int(node): k for k, node in enumerate(inner)} | {int(node): ~k for k, node in enumerate(leaf)}
    coded = trees.category[inner] >= 0
    sets = [_set(trees, int(node)) for node in inner[coded]]
    swapped = np.zeros(inner.size, dtype=bool)
    swapped[coded] = [out for _, out in sets]
    left, right = (np.array([at[int(node)] for node in of[inner]], dtype=np.int64) for of in (trees.left, trees.right))
    threshold = np.where(coded, np.cumsum(coded) - 1.0, _read_alike(trees.threshold[inner]))
    kind = np.where(coded, _CATEGORICAL, np.where(trees.missing_left[inner], _DEFAULT_LEFT, 0)) + _NAN_IS_MISSING
    of_leaves = np.maximum(1, np.rint(trees.cover[leaf])) if trees.cover.size else np.ones(leaf.size)
    of_inner = _sums_below(left, right, of_leaves)
    parts: dict[str, Any] = {
        "num_leaves": [leaf.size],
        "num_cat": [len(sets)],
        "split_feature": trees.feature[inner],
        "split_gain": np.zeros(inner.size, np.int64),
        "threshold": threshold,
        "decision_type": kind,
        "left_child": np.where(swapped, right, left),
        "right_child": np.where(swapped, left, right),
        "leaf_value": trees.value[leaf],
        "leaf_weight": of_leaves,
        "leaf_count": of_leaves.astype(np.int64),
        "internal_value": np.zeros(inner.size, np.int64),
        "internal_weight": of_inner,
        "internal_count": of_inner.astype(np.int64),
    }
    if sets:
        sizes = [words.size for words, _ in sets]
        parts |= {"cat_boundaries": np.r_[0, np.cumsum(sizes)], "cat_threshold": np.concatenate([w for w, _ in sets])}
    parts |= {"is_linear": [0], "shrinkage": [1]}
    lines = "\n".join(f"{name}={' '.join(map(_shown, values))}" for name, values in parts.items())
    return f"Tree={number}\n{lines}\n\n\n"


def _read_alike(threshold: np.ndarray) -> np.ndarray:
    """Thresholds as LightGBM reads them with the same answers: finite, and beyond all that it takes for zero."""
    near = np.where(threshold < 0, np.nextafter(-_ZERO, -np.inf), _ZERO)
    return np.where(np.abs(threshold) < _ZERO, near, np.clip(threshold, -_MOST, _MOST))


def _sums_below(left: np.ndarray, right: np.ndarray, of_leaves: np.ndarray) -> np.ndarray:
    """Sum of the leaves below each inner node, whose children come later; ~k is leaf k."""
    found = np.zeros(left.size)
    for node in range(left.size - 1, -1, -1):
        found[node] = sum(found[child] if child >= 0 else of_leaves[~child] for child in (left[node], right[node]))
    return found


def _shown(value: Any) -> str:
    return f"{value:.17g}" if isinstance(value, float | np.floating) else str(int(value))


def _in_order(trees: FlatTrees, root: int) -> tuple[np.ndarray, np.ndarray]:
    """Inner nodes and leaves of a tree, each parent before its children."""
    inner, leaf, nodes = [np.empty(0, np.int64)], [np.empty(0, np.int64)], np.array([root])
    while nodes.size:
        splits = trees.feature[nodes] >= 0
        inner.append(nodes[splits])
        leaf.append(nodes[~splits])
        nodes = np.column_stack([trees.left[nodes[splits]], trees.right[nodes[splits]]]).reshape(-1)
    return np.concatenate(inner).astype(np.int64), np.concatenate(leaf).astype(np.int64)


def _set(trees: FlatTrees, node: int) -> tuple[np.ndarray, bool]:
    """Words of the codes that go left in LightGBM, and whether the sides are exchanged.

    There, missing values, codes below 0 and those beyond the words go right, always.
    """
    chosen = trees.category[node]
    words = trees.bits[trees.bit_start[chosen] : trees.bit_start[chosen + 1]]
    ends = {bool(trees.missing_left[node]), *map(bool, trees.outside_left[chosen])}
    if len(ends) > 1:
        raise InputError(
            f"The model sends missing and unknown levels to different sides, which LightGBM does not. {_WAY_OUT}"
        )
    out = ends.pop()
    if not words.size:
        words = np.zeros(1, np.uint32)
    return (~words if out else words), out


def _refuse_difference(scorer: Scorer, trees: FlatTrees, booster: Any, table: pa.Table) -> None:
    """Raise where LightGBM's raw score of some rows is another one, or ranks them otherwise than the scorer."""
    X = scorer.encoder.encoded(table).matrix
    X = np.where(np.abs(X) <= _ZERO, 0.0, X)
    raw, wanted, logit = booster.predict(X, raw_score=True), trees.score(X), scorer.logit_of(X)
    order = np.argsort(raw, kind="stable")
    falls = np.diff(logit[order]) < -TOLERANCE * np.maximum(1.0, np.abs(logit[order][1:]))
    if (np.abs(raw - wanted) > TOLERANCE * np.maximum(1.0, np.abs(wanted))).any() or falls.any():
        raise InputError(
            "LightGBM reads the model otherwise than the scorer on some rows; it was not written. Export it with "
            "--onnx, and report this."
        )
