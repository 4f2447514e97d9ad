"""Reading tables: one function from anything tabular to a `pyarrow.Table` with plain column types."""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rareclass._types import Rows
from rareclass.data.columns import check_names, to_float
from rareclass.data.files import read_file
from rareclass.data.frames import from_array, from_frame, from_mapping, from_rows


def read_table(source: Rows, *, delimiter: str | None = None) -> pa.Table:
    """Read a file, frame, mapping or matrix into a `pyarrow.Table` with plain column types.

    Use it once at the door; everything behind it (`Schema`, `TableEncoder`, splits) works on its result. Nothing is
    guessed about the meaning of columns here (that is `Schema.infer`), and the given object is never modified.

    Parameters
    ----------
    source : path, frame, table, mapping, ndarray or list
        A path to csv, tsv, csv.gz, parquet or Arrow/Feather (told apart by content first, then by name); a pandas,
        polars or Arrow table, or any object with the Arrow PyCapsule interface; a mapping of column name to values;
        a 2-d array, whose columns are called x0, x1, ... (a structured array keeps its names); a list of rows, each a
        mapping (a key that a row lacks is missing there) or a list.
    delimiter : str or None, default=None
        Field separator of text files. None looks at the first line: comma, semicolon, tab or bar.

    Returns
    -------
    pyarrow.Table
        Missing values are nulls (NaN in floating-point columns also counts as missing everywhere in this package).
        Durations and times of the day become seconds. The index of a pandas frame is left out.

    Raises
    ------
    ReadError
        The file is missing, empty, cut off, no known format, not UTF-8, or its rows differ in length.
    SchemaError
        Column names repeat, or a column mixes types.

    Examples
    --------
    >>> from rareclass.data import read_table
    >>> read_table({"amount": [9.5, None], "country": ["CH", "DE"]}).column_names
    ['amount', 'country']
    """
    if isinstance(source, str | os.PathLike):
        table = read_file(Path(source), delimiter)
    elif isinstance(source, pa.Table):
        table = source
    elif isinstance(source, pa.RecordBatch):
        table = pa.Table.from_batches([source])
    elif isinstance(source, Mapping):
        table = from_mapping(source)
    elif isinstance(source, np.ndarray):
        table = from_array(source)
    elif isinstance(source, list):
        table = from_rows(source)
    else:
        table = from_frame(source)
    check_names(table.column_names)
    return _plain_types(table)


def _plain_types(table: pa.Table) -> pa.Table:
    """Views become strings, half floats and decimals float64, durations seconds, extension types their storage."""
    for i, field in enumerate(table.schema):
        if pa.types.is_duration(field.type) or pa.types.is_time(field.type):
            seconds = pa.array(to_float(table.column(i)), from_pandas=True)
            table = table.set_column(i, field.name, seconds)
            continue
        plain = _plain_type(field.type)
        if plain != field.type:
            column = table.column(i)
            if isinstance(field.type, pa.BaseExtensionType):
                column = pa.chunked_array([c.storage for c in column.chunks], type=field.type.storage_type)
            if pa.types.is_run_end_encoded(column.type):
                column = pa.chunked_array([pc.run_end_decode(c) for c in column.chunks])
            table = table.set_column(i, pa.field(field.name, plain), column.cast(plain))
    return table.replace_schema_metadata(None)


def _plain_type(kind: pa.DataType) -> pa.DataType:
    if isinstance(kind, pa.BaseExtensionType):
        return _plain_type(kind.storage_type)
    if pa.types.is_string_view(kind):
        return pa.large_string()
    if pa.types.is_dictionary(kind) and pa.types.is_string_view(kind.value_type):
        return pa.dictionary(pa.int32(), pa.large_string())
    if pa.types.is_decimal(kind) or pa.types.is_float16(kind):
        return pa.float64()
    if pa.types.is_run_end_encoded(kind):
        return _plain_type(kind.value_type)
    return kind
