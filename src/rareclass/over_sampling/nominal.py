"""Nominal columns of any table: which they are, and how scikit-learn's encoders take them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from rareclass._sklearn import HasMethods
from rareclass._types import Matrix, Rows
from rareclass.errors import InputError
from rareclass.sampler.containers import is_frame, is_pandas
from rareclass.sampler.frames import FrameTable
from rareclass.sampler.tables import Table, read_table

ENCODER = [HasMethods(["fit_transform", "inverse_transform"]), None]


def column_positions(wanted: ArrayLike | str, X: Table) -> np.ndarray:
    """Positions of columns given as positions, names or a Boolean mask."""
    listed = list(np.asarray(wanted, dtype=object).ravel()) if not isinstance(wanted, Sequence) else list(wanted)
    n = X.n_columns
    if listed and all(isinstance(item, bool | np.bool_) for item in listed):
        if len(listed) != n:
            raise InputError(f"A mask of categorical features needs {n} entries; got {len(listed)}.")
        return np.flatnonzero(listed)
    positions = []
    for item in listed:
        if isinstance(item, str):
            if X.names is None or item not in X.names:
                raise InputError(f"The column {item!r} does not exist; names need a frame that has them.")
            positions.append(X.names.index(item))
        elif isinstance(item, int | np.integer) and -n <= item < n:
            positions.append(int(item) % n)
        else:
            raise InputError(f"Of `categorical_features`, all features must be in [0, {n - 1}] or names; got {item!r}.")
    return np.array(sorted(set(positions)), dtype=np.int64)


def category_columns(frame: Rows) -> np.ndarray:
    """Positions of the columns of categories, text and objects of a frame."""
    if not is_frame(frame):
        raise InputError(
            "When `categorical_features='auto'`, the input data should be a pandas.DataFrame (or a polars or Arrow "
            f"table), whose types tell the categories. Got {type(frame).__name__} instead."
        )
    table = read_table(frame, numeric=False)
    kinds = [column.kind for column in table.columns] if isinstance(table, FrameTable) else []
    return np.flatnonzero([kind == "nominal" for kind in kinds])


def sub_table(X: Table, columns: np.ndarray) -> Matrix:
    """These columns as scikit-learn's encoders take them: pandas frame or dense array."""
    native = X.native
    if is_pandas(native):
        return native.iloc[:, columns]
    if is_frame(native):
        return np.column_stack([np.asarray(_list(native, j), dtype=object) for j in columns])
    array = X.array[:, columns]  # type: ignore[union-attr]
    return array.toarray() if sparse.issparse(array) else array


def _list(frame: Rows, column: int) -> list:
    name = list(frame.columns if hasattr(frame, "height") else frame.column_names)[column]
    values = frame[name]
    return values.to_list() if hasattr(values, "to_list") else values.to_pylist()
