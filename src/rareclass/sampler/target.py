"""The target of a sampler: read once into class codes, given back in the container and type it came in."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from rareclass import _check
from rareclass._types import Labels, Rows
from rareclass.errors import InputError, TargetError
from rareclass.sampler.containers import is_frame, is_pandas, is_polars, is_pyarrow, shape_of, take

_LOOK = 1 << 14
_REMEDY = "Remove the rows or label them first."


@dataclass
class Target:
    """Labels in sorted order, the code of each row, and the container they came in."""

    labels: list  # distinct labels, sorted, as Python values where they have one
    codes: np.ndarray  # (n,) position of each row's label in `labels`
    counts: np.ndarray  # (n_classes,) rows of each class
    native: Any
    values: np.ndarray

    def count_of(self) -> dict:
        """{label: rows}, in label order."""
        return dict(zip(self.labels, self.counts.tolist()))

    def representatives(self) -> np.ndarray:
        """One row of each class (n_classes,)."""
        return np.array([_first_place(self.codes, code) for code in range(len(self.labels))], dtype=np.intp)

    def rows(self, rows: np.ndarray) -> Rows:
        """Labels of these input rows, in the container of the input."""
        return take(self.native, rows)


def _first_place(codes: np.ndarray, code: int) -> int:
    for start in range(0, codes.size, _LOOK):
        here = codes[start : start + _LOOK] == code
        place = int(here.argmax())
        if here[place]:
            return start + place
    return 0


def check_target_type(y: Labels, indicate_one_vs_all: bool = False) -> Any:
    """Labels (n,) of any accepted form of target; with `indicate_one_vs_all`, also whether it was one-hot."""
    flat, one_hot = _flatten(y)
    return (flat, one_hot) if indicate_one_vs_all else flat


def read_target(y: Labels) -> Target:
    """Encode a target; raises on continuous, multi-label and missing targets.

    One-dimensional arrays, (n, 1) arrays, lists, series, frames of one column and one-hot indicators are accepted.
    """
    flat, one_hot = _flatten(y)
    labels, codes, counts = _encode(flat)
    if one_hot or is_frame(y) or is_pandas(y) or is_polars(y) or is_pyarrow(y) or isinstance(y, list):
        native = y
    else:
        native = flat
    return Target(labels=labels, codes=codes, counts=counts, native=native, values=flat)


def _flatten(y: Labels) -> tuple[np.ndarray, bool]:
    if y is None:
        raise InputError(
            "This sampler requires y to be passed, but the target y is None. Resampling needs the class of each row."
        )
    given: Rows = y
    y = given.toarray() if sparse.issparse(given) else given
    shape = shape_of(y)
    if len(shape) == 2 and shape[1] > 1:
        if is_frame(y):
            y = np.column_stack([_check.column(column, "y") for column in _columns(y)])
        return _from_indicator(np.asarray(y)), True
    if is_frame(y):
        y = next(iter(_columns(y)))
    if hasattr(y, "__array__") or hasattr(y, "to_numpy") or isinstance(y, list | tuple):
        return _check.column(y, "y"), False
    raise InputError(f"y should be a 1d array of labels; got {type(y).__name__}.")


def _columns(frame: Rows) -> Iterator[Rows]:
    if is_pandas(frame):
        return (frame.iloc[:, i] for i in range(frame.shape[1]))
    return (frame[name] for name in (frame.columns if is_polars(frame) else frame.column_names))


def _from_indicator(y: np.ndarray) -> np.ndarray:
    check_classification_targets(y)
    if type_of_target(y) != "multilabel-indicator":
        raise InputError(f"y should be a 1d array, got an array of shape {y.shape} instead.")
    per_row = y.sum(axis=1)
    if (per_row > 1).any():
        raise InputError(
            "Binary, multiclass and one-hot encoded multiclass targets are supported. "
            "Multilabel and multioutput targets are not supported."
        )
    if (per_row == 0).any():
        raise TargetError(f"{int((per_row == 0).sum())} row(s) of the one-hot target have no class.")
    return y.argmax(axis=1)


def _encode(y: np.ndarray) -> tuple[list, np.ndarray, np.ndarray]:
    if y.size == 0:
        raise TargetError("`y` is empty; at least one row of each class is needed.")
    if y.dtype.kind in "iu":
        return _encode_integers(y)
    if y.dtype.kind == "b":
        return _encode_integers(y, bool)
    if y.dtype.kind in "fc":
        missing = int(np.isnan(y).sum())
        if missing:
            raise TargetError(f"Input y contains NaN: {missing} missing value(s). {_REMEDY}")
        if not np.isfinite(y).all():
            raise TargetError(f"Input y contains infinity or a value too large for {y.dtype!r}.")
        check_classification_targets(y)  # continuous targets: scikit-learn's sentence
        labels, codes, counts = np.unique(y, return_inverse=True, return_counts=True)
        return labels.tolist(), codes.reshape(-1), counts
    return _encode_objects(y)


def _encode_integers(y: np.ndarray, kind: type = int) -> tuple[list, np.ndarray, np.ndarray]:
    """Counting instead of sorting when the labels span a small range, which is nearly always."""
    low, high = int(y.min()), int(y.max())
    if high - low > max(4 * y.size, 1 << 16):
        values, codes, counts = np.unique(y, return_inverse=True, return_counts=True)
        return [kind(v) for v in values.tolist()], codes.reshape(-1), counts
    if low == 0 and y.dtype == np.intp:
        shifted = y
    elif kind is bool:
        shifted = y.astype(np.intp) - low
    else:
        shifted = (
            (y.astype(np.int64, copy=False) - low) if y.dtype != np.uint64 else (y - np.uint64(low)).astype(np.intp)
        )
    if high - low == 1:  # the usual two labels: counting what is not zero takes a tenth of the time
        ones = np.count_nonzero(shifted)
        table = np.array([shifted.size - ones, ones], dtype=np.intp)
    else:
        table = np.bincount(shifted, minlength=high - low + 1)
    present = np.flatnonzero(table)
    labels = [kind(value + low) for value in present.tolist()]
    if present.size == table.size:
        return labels, shifted.astype(np.intp, copy=False), table
    lookup = np.zeros(table.size, dtype=np.intp)
    lookup[present] = np.arange(present.size)
    return labels, lookup[shifted], table[present]


def _encode_objects(y: np.ndarray) -> tuple[list, np.ndarray, np.ndarray]:
    values = y.tolist()
    distinct = list(dict.fromkeys(values))
    if any(_check.is_missing(value) for value in distinct):
        missing = sum(_check.is_missing(value) for value in values)
        raise TargetError(f"Input y contains NaN: {missing} missing value(s). {_REMEDY}")
    if all(isinstance(value, float) for value in distinct):
        check_classification_targets(y.astype(np.float64))
    labels = _check.class_values(np.array(distinct, dtype=object) if y.dtype == object else np.array(distinct)).tolist()
    code_of = {label: code for code, label in enumerate(labels)}
    codes = np.fromiter((code_of[value] for value in values), dtype=np.intp, count=len(values))
    return labels, codes, np.bincount(codes, minlength=len(labels))
