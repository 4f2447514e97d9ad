"""Reading tables: one function from anything tabular to a `pyarrow.Table` with plain column types."""

import contextlib
import os
from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rareclass._types import Rows
from rareclass.data.cells import Reading
from rareclass.data.columns import check_names, to_float
from rareclass.data.files import read_file
from rareclass.data.frames import from_array, from_frame, from_mapping, from_rows
from rareclass.data.layout import TextFormat
from rareclass.errors import ReadError

_EXACT = 15
"""Digits of whole numbers that float64 holds, whatever they are."""


def read_table(
    source: Rows,
    *,
    delimiter: str | None = None,
    encoding: str | None = None,
    decimal: str | None = None,
    date_format: str | None = None,
    missing: Sequence[str] = (),
    as_text: Sequence[str] = (),
) -> pa.Table:
    """Read a file, frame, mapping or matrix into a `pyarrow.Table` with plain column types.

    Use it once at the door; everything behind it (`Schema`, `TableEncoder`, splits) works on its result. Nothing is
    guessed about the meaning of columns here (that is `Schema.infer`), and the given object is never modified.

    Files of text are read as people have them: titles and comments above the header, decimal commas, thousands,
    currencies, percent signs, dates such as 31.12.2024, blanks around labels. What may mean two things (1,234 or
    03/04/2024) is settled by the other columns, else refused.

    Parameters
    ----------
    source : path, frame, table, mapping, ndarray or list
        A path to csv, tsv, csv.gz, parquet or Arrow/Feather (told apart by content first, then by name); a pandas,
        polars or Arrow table, or any object with the Arrow PyCapsule interface; a mapping of column name to values;
        a 2-d array, whose columns are called x0, x1, ... (a structured array keeps its names); a list of rows, each a
        mapping (a key that a row lacks is missing there) or a list.
    delimiter : str or None, default=None
        Field separator of text files. None looks at the first lines: comma, semicolon, tab or bar.
    encoding : str or None, default=None
        Of text files. None takes UTF-8 or UTF-16, else Windows' cp1252.
    decimal : {".", ","} or None, default=None
        Decimal mark of numbers in text files that could be read either way.
    date_format : str or None, default=None
        How dates in text files are written, such as "%d/%m/%Y".
    missing : sequence of str, default=()
        Cells of text files that stand for no value, besides the usual ones (empty, NA, null ...).
    as_text : sequence of str, default=()
        Columns of text files whose cells stay as they are written.

    Returns
    -------
    pyarrow.Table
        Missing values are nulls (NaN in floating-point columns also counts as missing everywhere in this package).
        Durations and times of the day become seconds. The index of a pandas frame is left out.

    Raises
    ------
    ReadError
        The file is missing, empty, cut off, of no known format or encoding, its rows differ in length, or a column may
        mean two things.
    SchemaError
        Column names repeat, or a column mixes types.

    Examples
    --------
    >>> from rareclass.data import read_table
    >>> read_table({"amount": [9.5, None], "country": ["CH", "DE"]}).column_names
    ['amount', 'country']
    """
    how = TextFormat(
        separator=delimiter, encoding=encoding, decimal=decimal, date_format=date_format, missing=tuple(missing)
    )
    reading = read_source(source, how, as_text=as_text)
    if isinstance(source, str | os.PathLike) and reading.table.num_rows == 0:
        raise ReadError(f"{str(source)!r} holds column names but no rows.")
    return reading.settled()


def read_source(
    source: Rows,
    how: TextFormat = TextFormat(),
    *,
    before: TextFormat = TextFormat(),
    as_text: Container[str] = (),
    exact: Container[str] = (),
) -> Reading:
    """What `read_table` reads, with what was decided and what stays open; a file may have no rows.

    Parameters
    ----------
    source : path, frame, table, mapping, ndarray or list
        "-" is standard input.
    how : TextFormat
        What the user says about a file of text.
    before : TextFormat
        What earlier files of this kind showed.
    as_text : container of str
        Columns of a file of text whose cells stay as they are written.
    exact : container of str
        Columns such as ids, whose decimals become texts: no number would hold all of their digits.
    """
    if isinstance(source, str | os.PathLike):
        reading = read_file(Path(source), how, before, as_text)
    else:
        reading = Reading(table=_in_memory(source))
    check_names(reading.table.column_names)
    return replace(reading, table=plain_types(reading.table, exact))


def _in_memory(source: Rows) -> pa.Table:
    if isinstance(source, pa.Table):
        return source
    if isinstance(source, pa.RecordBatch):
        return pa.Table.from_batches([source])
    if isinstance(source, Mapping):
        return from_mapping(source)
    if isinstance(source, np.ndarray):
        return from_array(source)
    if isinstance(source, list):
        return from_rows(source)
    return from_frame(source)


def plain_types(table: pa.Table, exact: Container[str] = ()) -> pa.Table:
    """Views become strings, half floats and decimals float64, durations seconds, extension types their storage.

    Decimals without places become int64 where float64 might round them; those of the columns `exact` become texts.
    """
    for i, field in enumerate(table.schema):
        if pa.types.is_decimal(field.type):
            column = _plain_decimals(table.column(i), as_text=field.name in exact)
            table = table.set_column(i, field.name, column)
            continue
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


def _plain_decimals(column: pa.ChunkedArray, *, as_text: bool) -> pa.ChunkedArray:
    if as_text:  # 17.00 is 17, and 17.50 is 17.5
        return pc.replace_substring_regex(column.cast(pa.string()), r"\.0+$|(\.\d*?)0+$", r"\1")
    if column.type.scale == 0 and column.type.precision > _EXACT:
        with contextlib.suppress(pa.ArrowInvalid):  # there are some beyond
            return column.cast(pa.int64())
    return column.cast(pa.float64())


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
