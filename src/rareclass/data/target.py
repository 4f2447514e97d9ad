"""From a column of labels to a Boolean target: which label is the event, and is it usable."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rareclass import _check
from rareclass._types import Label, Labels, Rows
from rareclass.errors import InputError, TargetError

_MANY_LABELS = 50


def encode_target(
    column: Labels, pos_label: Label = None, *, name: str = "target"
) -> tuple[np.ndarray, Label, tuple[Label, ...]]:
    """Turn labels into a Boolean event indicator.

    Parameters
    ----------
    column : array-like of shape (n,)
        Labels: Arrow column, ndarray, series or list.
    pos_label : label or None, default=None
        The event. None takes the smaller of two classes (at a tie the larger label). Spellings of the same label
        match: 1, 1.0, "1" and True. With more than two labels it is needed; all other labels are then negative.
    name : str, default="target"
        How the column is called in error messages.

    Returns
    -------
    y : ndarray of shape (n,), bool
        True where the row is an event.
    pos_label : label
        The event as it is written in the data.
    classes : tuple
        All labels of the column, sorted.

    Raises
    ------
    TargetError
        The column is empty, constant or has missing values; two labels differ in blanks or capitals only; it has more
        than two labels and no `pos_label`; or `pos_label` does not occur.

    Examples
    --------
    >>> from rareclass.data import encode_target
    >>> y, pos_label, classes = encode_target(["no", "no", "yes"])
    >>> y.tolist(), pos_label, classes
    ([False, False, True], 'yes', ('no', 'yes'))
    """
    labels, counts, codes = _labels(column, name)
    if len(labels) == 1:
        raise TargetError(f"`{name}` is constant: all {int(counts[0])} rows are {labels[0]!r}. Two classes are needed.")
    if pos_label is not None:
        event = _check.find_label(labels, pos_label)
    elif len(labels) == 2:
        event = 0 if counts[0] < counts[1] else 1
    elif len(labels) > _MANY_LABELS:
        raise TargetError(
            f"`{name}` holds {len(labels)} distinct values, which looks like a number or an identifier, not a class. "
            "Choose another column, or name the event with `pos_label`."
        )
    else:
        seen = ", ".join(f"{label!r} ({int(count)})" for label, count in zip(labels, counts, strict=True))
        raise TargetError(
            f"`{name}` has {len(labels)} labels: {seen}. Name the event with `pos_label`; all others become negative."
        )
    return codes == event, labels[event], tuple(labels)


def _labels(column: Rows, name: str) -> tuple[list[Any], np.ndarray, np.ndarray]:
    """Sorted labels as Python values, their counts, and the label number (n,) of each row."""
    if not isinstance(column, pa.Array | pa.ChunkedArray):
        values = _check.column(column, name)
        if values.dtype == object:
            _check.class_values(values, name)  # missing and mixed labels, said in one place
        try:
            column = pa.array(values, from_pandas=True)
        except (pa.ArrowException, TypeError):
            raise TargetError(
                f"`{name}` mixes labels of different types. Convert them all to text or numbers."
            ) from None
    if len(column) == 0:
        raise TargetError(f"`{name}` is empty; at least one row of each class is needed.")
    missing = column.null_count
    if pa.types.is_floating(column.type):
        missing += int(pc.sum(pc.is_nan(column)).as_py() or 0)
    if missing == len(column):
        raise TargetError(f"`{name}` holds no labels at all ({missing} missing values).")
    if missing:
        gone = pc.is_null(column, nan_is_null=pa.types.is_floating(column.type))
        _check.refuse_unlabelled(gone.to_pylist(), f"`{name}`")
    if not pa.types.is_dictionary(column.type):
        column = pc.dictionary_encode(column)
    if isinstance(column, pa.ChunkedArray):
        column = column.unify_dictionaries().combine_chunks()
    if isinstance(column, pa.ChunkedArray):  # older pyarrow keeps the wrapper
        column = column.chunk(0)
    codes = column.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    values = column.dictionary.to_pylist()
    counts = np.bincount(codes, minlength=len(values))
    # a dictionary may list levels that no row has
    present = [i for i in range(len(values)) if counts[i]]
    present.sort(key=lambda i: values[i])
    refuse_variants([values[i] for i in present], name)
    rank = np.zeros(len(values), dtype=np.int64)
    rank[present] = np.arange(len(present))
    return [values[i] for i in present], counts[present], rank[codes]


def refuse_variants(labels: Iterable[Any], name: str) -> None:
    """Raise where two labels differ in blanks or capitals only: one of them would silently count as the other class."""
    seen: dict[str, str] = {}
    for label in labels:
        if isinstance(label, str):
            other = seen.setdefault(label.strip().casefold(), label)
            if other != label:
                raise TargetError(
                    f"`{name}` holds labels that differ only in blanks or capitals: {other!r} and {label!r}. Write "
                    "each label in one way."
                )


def known_events(labels: np.ndarray, pos_label: Label, known: Sequence[Label], name: str) -> np.ndarray:
    """Which rows (n,) are events, by the labels that a model knows.

    Raises
    ------
    InputError
        The labels are others than the model knows, or rows of one class are missing.
    """
    refuse_variants({pos_label, *labels.tolist()}, name)
    y = _check.is_label(labels, pos_label)
    held = sorted(set(labels.tolist()), key=str)
    if not y.any() and not any(_check.same_label(a, b) for a in held for b in known):
        raise InputError(
            f"The labels of {name!r} are {', '.join(map(repr, held[:5]))}; the bundle knows "
            f"{', '.join(map(repr, known[:5]))}. Write them as in training."
        )
    if not y.any() or y.all():
        raise InputError(
            f"The table holds {int(y.sum())} of {y.size} rows of class {pos_label!r}; both classes are needed."
        )
    return y
