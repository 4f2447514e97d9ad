"""Objects in memory to tables: frames, mappings, matrices, rows."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from rareclass import _check
from rareclass._types import Rows
from rareclass.data.columns import check_names
from rareclass.errors import ReadError, SchemaError


def from_mapping(source: Mapping[Any, Any]) -> pa.Table:
    """Table of a mapping of name to values of equal length."""
    check_names([str(name) for name in source])
    columns = {str(name): _to_arrow(values, str(name)) for name, values in source.items()}
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        short, long = min(lengths, key=lengths.__getitem__), max(lengths, key=lengths.__getitem__)
        raise SchemaError(
            f"All columns need the same length; {short!r} has {lengths[short]} rows, {long!r} has {lengths[long]}."
        )
    return pa.table(columns)


def from_array(source: np.ndarray) -> pa.Table:
    """Table of a 2-d array, columns x0, x1, ..., or of a structured array."""
    if source.dtype.names is not None:
        return from_mapping({name: source[name] for name in source.dtype.names})
    if source.ndim != 2:
        raise SchemaError(f"A matrix of shape (rows, columns) is needed; got an array of shape {source.shape}.")
    return from_mapping({f"x{i}": source[:, i] for i in range(source.shape[1])})


def from_rows(source: list[Any]) -> pa.Table:
    """Table of a list of mappings or of lists."""
    if source and all(isinstance(row, Mapping) for row in source):
        names = list(dict.fromkeys(str(name) for row in source for name in row))
        rows = [{str(name): value for name, value in row.items()} for row in source]
        return from_mapping({name: [row.get(name) for row in rows] for name in names})
    try:
        matrix = np.asarray(_check.unmasked(source))
    except ValueError:
        raise SchemaError("The rows of the list differ in length.") from None
    return from_array(matrix)


def from_frame(source: Rows) -> pa.Table:
    """Table of a pandas, polars or other frame that speaks Arrow, NumPy or narwhals."""
    if hasattr(source, "tocsr"):
        raise SchemaError("A sparse matrix has no typed columns; pass a dense array or a frame.")
    if hasattr(source, "iloc") and hasattr(source, "to_frame"):
        source = source.to_frame()
    if hasattr(source, "iloc"):
        return _from_pandas(source)
    if hasattr(source, "collect") and not hasattr(source, "__arrow_c_stream__"):
        source = source.collect()
    if hasattr(source, "__arrow_c_stream__"):
        return pa.table(source)
    if hasattr(source, "__array__"):
        return from_array(np.asarray(source))
    import narwhals as nw

    try:
        native = nw.from_native(source, pass_through=False)
    except TypeError:
        raise ReadError(
            f"A {type(source).__name__} is not a table; "
            "pass a path, a pandas, polars or Arrow frame, a mapping or a matrix."
        ) from None
    frame = native.collect() if isinstance(native, nw.LazyFrame) else native
    return frame.to_arrow()


def _from_pandas(frame: Rows) -> pa.Table:
    if getattr(frame.columns, "nlevels", 1) > 1:
        raise SchemaError("The columns of the frame have several levels; flatten them to one name each.")
    names = [str(name) for name in frame.columns]
    check_names(names)
    # column by column, so that an error can name the column
    return pa.table([_to_arrow(frame.iloc[:, i], name) for i, name in enumerate(names)], names=names)


def _to_arrow(values: Rows, name: str) -> pa.Array | pa.ChunkedArray:
    """One column as Arrow; NaN, None and NaT become null."""
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values
    if hasattr(values, "__arrow_c_stream__") and not hasattr(values, "iloc"):
        return pa.chunked_array(values)
    if hasattr(values, "sparse"):  # pandas gives this accessor to sparse columns only
        values = values.sparse.to_dense()
    try:
        if isinstance(values, np.ndarray):
            mask = np.ma.getmask(values) if np.ma.is_masked(values) else None
            return pa.array(np.ascontiguousarray(_arrow_ready(np.ma.getdata(values))), mask=mask, from_pandas=True)
        return pa.array(values, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        kinds = sorted({type(v).__name__ for v in values if v is not None})
        raise SchemaError(
            f"Column {name!r} cannot be used: it mixes or holds values of type {', '.join(kinds[:4])}. "
            "Convert it to numbers, dates or text."
        ) from None


def _arrow_ready(values: np.ndarray) -> np.ndarray:
    """Types that Arrow lacks as the nearest that it has: long doubles, hours and months, bytes."""
    kind = values.dtype.kind
    if kind == "f" and values.dtype.itemsize > 8:
        return values.astype(np.float64)
    if kind in "mM" and np.datetime_data(values.dtype)[0] not in ("s", "ms", "us", "ns"):
        return values.astype(f"{kind}8[s]")
    return np.char.decode(values, "utf-8") if kind == "S" else values
