"""What every metric does first: clean arrays, one meaning of the positive class, rows of weight zero removed."""

import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rareclass import _check
from rareclass._types import Flags, Floats, Label, Labels, Scores, Weights
from rareclass.errors import InputError, TargetError, UndefinedWarning


class Rows(NamedTuple):
    """Target, score (or flag) and weight of the rows that count."""

    y: Flags
    score: Any
    weight: Floats | None


def undefined(metric: str, reason: str, stacklevel: int = 3) -> float:
    """NaN, with the reason as a warning."""
    warnings.warn(f"{metric} is undefined and set to NaN: {reason}.", UndefinedWarning, stacklevel=stacklevel)
    return float("nan")


def _weighted(y: Flags, values: NDArray[Any], sample_weight: Weights) -> Rows:
    weight = _check.weights(sample_weight, y.shape[0])
    if weight is not None and not weight.all():
        keep = weight > 0
        return Rows(y[keep], values[keep], weight[keep])
    return Rows(y, values, weight)


def scored_rows(y_true: Labels, y_score: Scores, sample_weight: Weights = None, pos_label: Label = None) -> Rows:
    """Boolean target, finite scores and weights; rows of weight zero are removed."""
    y = _check.binary_target(y_true, pos_label)
    score = _check.scores(y_score)
    _check.same_length(y_true=y, y_score=score)
    return _weighted(y, score, sample_weight)


def probability_rows(y_true: Labels, y_proba: Scores, sample_weight: Weights = None, pos_label: Label = None) -> Rows:
    """As `scored_rows`, with scores that must be probabilities."""
    y = _check.binary_target(y_true, pos_label)
    proba = _check.scores(y_proba, "y_proba")
    _check.same_length(y_true=y, y_proba=proba)
    low, high = proba.min(), proba.max()
    if low < 0 or high > 1:
        raise InputError(
            f"`y_proba` must hold probabilities in [0, 1]; got values from {low:g} to {high:g}. "
            "Pass log-odds through rareclass.kernels.logits.sigmoid first."
        )
    return _weighted(y, proba, sample_weight)


def label_column(values: Labels, name: str) -> NDArray[Any]:
    """Labels (n,); continuous values are refused, because they are scores."""
    array = _check.column(values, name)
    if array.dtype.kind == "f" and np.isfinite(array).all() and not (array == np.round(array)).all():
        raise TargetError(f"`{name}` holds continuous values; labels are needed, and scores need a threshold first.")
    return array


def positive_value(y: Labels, pos_label: Label = None, name: str = "y_true") -> tuple[Flags, Any]:
    """Boolean target and the label that it stands for."""
    flags = _check.binary_target(y, pos_label, name)
    raw = _check.column(y, name)
    if flags.any():
        return flags, raw[int(flags.argmax())]
    return flags, (True if raw.dtype == bool else 1) if pos_label is None else pos_label


def flagged(y_pred: Labels, positive: Label, classes: NDArray[Any], name: str = "y_pred") -> Flags:
    """Boolean predictions: True where `y_pred` is the positive label; labels unknown to y_true raise."""
    raw = _check.column(y_pred, name)
    if raw.dtype == bool:
        return raw
    values = _check.class_values(raw, name)
    known = [*classes.tolist(), positive]
    if all(not isinstance(c, str) for c in known):
        known += [0, 1, -1]
    unknown = [v for v in values.tolist() if not any(_check.same_label(v, k) for k in known)]
    if unknown:
        hint = " Scores need a threshold first." if raw.dtype.kind == "f" and len(values) > 2 else ""
        raise TargetError(f"`{name}` holds labels that `y_true` does not: {unknown[:5]!r}.{hint}")
    match = [v for v in values.tolist() if _check.same_label(v, positive)]
    return np.asarray(raw == match[0], dtype=bool) if match else np.zeros(raw.shape[0], dtype=bool)


def labelled_rows(y_true: Labels, y_pred: Labels, sample_weight: Weights = None, pos_label: Label = None) -> Rows:
    """Boolean target, Boolean predictions and weights; rows of weight zero are removed."""
    y, positive = positive_value(y_true, pos_label)
    raw = _check.column(y_true, "y_true")
    classes = raw[:1] if raw.dtype == bool else _check.class_values(raw, "y_true")
    flags = flagged(y_pred, positive, classes)
    _check.same_length(y_true=y, y_pred=flags)
    return _weighted(y, flags, sample_weight)


def total(mask: Flags, weight: Floats | None) -> float:
    """Weight (or number) of the rows in a mask."""
    return float(np.count_nonzero(mask)) if weight is None else float(weight[mask].sum())


def mean(values: Floats, weight: Floats | None) -> float:
    """Weighted mean."""
    return float(values.mean()) if weight is None else float(np.average(values, weights=weight))
