"""Which container is this, and take rows of it; pandas, polars and Arrow are imported only where they were used."""

import numpy as np
from scipy import sparse

from rareclass._types import Rows


def _package(value: object) -> str:
    return type(value).__module__.partition(".")[0]


def is_pandas(value: object) -> bool:
    """True for a pandas frame, series or index."""
    return _package(value) == "pandas" or any(base.__module__.startswith("pandas.") for base in type(value).__mro__)


def is_polars(value: object) -> bool:
    """True for a polars frame or series."""
    return _package(value) == "polars"


def is_pyarrow(value: object) -> bool:
    """True for an Arrow table, record batch or array."""
    return _package(value) == "pyarrow"


def is_frame(value: object) -> bool:
    """True for a pandas, polars or Arrow table (not a series)."""
    if is_pandas(value):
        return getattr(value, "ndim", 0) == 2
    if is_polars(value):
        return type(value).__name__ == "DataFrame"
    return is_pyarrow(value) and hasattr(value, "column_names")


def shape_of(value: Rows) -> tuple[int, ...]:
    """Shape of any container of rows, without converting it."""
    if is_pyarrow(value):
        return (value.num_rows, value.num_columns) if is_frame(value) else (len(value),)
    if hasattr(value, "shape"):
        return tuple(value.shape)
    if isinstance(value, list | tuple):
        return np.shape(value)
    return (len(value),) if hasattr(value, "__len__") else np.asarray(value).shape


def n_rows(value: Rows) -> int:
    """Number of rows of any container."""
    return shape_of(value)[0]


def take(value: Rows, rows: np.ndarray) -> Rows:
    """Rows of any container, in that container, with its types. A pandas index is taken along."""
    if is_pandas(value):
        return value.take(rows)
    if is_polars(value):
        return value[rows]
    if is_pyarrow(value):
        return value.take(rows)
    if isinstance(value, list | tuple):
        return type(value)([value[i] for i in rows.tolist()])
    if sparse.issparse(value):
        return value.tocsr()[rows].asformat(value.format)
    return value[rows] if value.ndim == 2 else value.take(rows)


def fresh_labels(index: Rows, n: int) -> Rows:
    """`n` index labels that do not occur in a pandas index, of its kind.

    A default index goes on counting; integers and dates go on after the largest label; of several levels the first
    one is fresh; anything else becomes the text ``synthetic-0``, ``synthetic-1``, ...
    """
    import pandas as pd

    if isinstance(index, pd.MultiIndex):
        first = fresh_labels(index.levels[0], n)
        others = [index.get_level_values(level)[:1].repeat(n) for level in range(1, index.nlevels)]
        return pd.MultiIndex.from_arrays([first, *others], names=index.names)
    if isinstance(index, pd.RangeIndex) or (pd.api.types.is_integer_dtype(index.dtype) and not index.hasnans):
        start = int(index.max()) + 1 if len(index) else 0
        if isinstance(index, pd.RangeIndex) and index.step > 0:
            return pd.RangeIndex(start - 1 + index.step, start - 1 + index.step * (n + 1), index.step, name=index.name)
        return pd.Index(np.arange(start, start + n), name=index.name).astype(index.dtype)
    if isinstance(index, pd.DatetimeIndex) and not index.hasnans and len(index):
        return index.max() + pd.to_timedelta(np.arange(1, n + 1), unit="s")
    taken = set(index.astype(str))
    prefix = "synthetic"
    while any(label.startswith(f"{prefix}-") for label in taken):
        prefix += "_"
    return pd.Index([f"{prefix}-{i}" for i in range(n)], name=index.name, dtype=object)
