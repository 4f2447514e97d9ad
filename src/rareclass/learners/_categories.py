"""Category columns of frames as codes: the categories that training saw, numbered from 0; all others are missing."""

from collections.abc import Collection, Sequence
from typing import Any

import narwhals as nw
import numpy as np

from rareclass import _types

Known = list[list[Any] | None]
"""For each column of a frame its categories in the order of their codes, None where it holds numbers; [] for arrays."""


def is_frame(X: _types.Rows) -> bool:
    """Whether the columns have types of their own, as in pandas and polars."""
    return hasattr(X, "dtypes") and hasattr(X, "columns") and len(set(X.columns)) == len(X.columns)


def known_categories(X: _types.Rows, chosen: Collection[Any]) -> Known:
    """Categories of the category columns of `X`, and of the columns of text that `chosen` names or numbers."""
    if not is_frame(X):
        return []
    frame = nw.from_native(X, eager_only=True)
    found: Known = []
    for j, name in enumerate(frame.columns):
        column, kind = frame[name], frame.schema[name]
        if kind == nw.Categorical and frame.implementation.is_pandas_like():
            found.append(column.to_native().cat.categories.tolist())
        elif isinstance(kind, nw.Enum):
            found.append(list(kind.categories))
        elif kind == nw.Categorical or ((name in chosen or j in chosen) and not _is_number(kind)):
            found.append(sorted({v for v in column.to_list() if v is not None and v == v}))
        else:
            found.append(None)
    return found if any(known is not None for known in found) else []


def _is_number(kind: Any) -> bool:
    return bool(kind.is_numeric() or kind == nw.Boolean)


def with_codes(X: _types.Rows, known: Sequence[list[Any] | None]) -> _types.Rows:
    """The frame with codes (float, NaN where missing or unseen) in place of the categories; anything else as it is."""
    if not known or not is_frame(X):
        return X
    frame = nw.from_native(X, eager_only=True)
    made = []
    for name, categories in zip(frame.columns, known, strict=False):
        if categories is not None:
            code = {value: float(k) for k, value in enumerate(categories)}
            values = [code.get(value, np.nan) for value in frame[name].to_list()]
            made.append(nw.new_series(name, values, nw.Float64, backend=frame.implementation))
    return frame.with_columns(*made).to_native()
