"""Reading tables: one function from anything tabular to a `pyarrow.Table` with plain column types."""

import csv
import gzip
import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from rareclass.errors import ReadError, SchemaError

_DELIMITERS = (",", ";", "\t", "|")
_PARQUET, _ARROW, _GZIP = b"PAR1", b"ARROW1", b"\x1f\x8b"
_FOREIGN = {
    b"PK\x03\x04": "an Excel or zip file",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"SQLite": "an SQLite data base",
    b"\x89HDF": "an HDF5 file",
    b"%PDF": "a PDF",
}


def read_table(source: Any, *, delimiter: str | None = None) -> pa.Table:
    """Read a file, frame, mapping or matrix into a `pyarrow.Table` with plain column types.

    Use it once at the door; everything behind it (`Schema`, `TableEncoder`, splits) works on its result. Nothing is
    guessed about the meaning of columns here (that is `Schema.infer`), and the given object is never modified.

    Parameters
    ----------
    source : path, frame, table, mapping or ndarray
        A path to csv, tsv, csv.gz, parquet or Arrow/Feather (told apart by content first, then by name); a pandas,
        polars or Arrow table, or any object with the Arrow PyCapsule interface; a mapping of column name to values;
        a 2-d array, whose columns are called x0, x1, ... (a structured array keeps its names).
    delimiter : str or None, default=None
        Field separator of text files. None looks at the first line: comma, semicolon, tab or bar.

    Returns
    -------
    pyarrow.Table
        Missing values are nulls (NaN in floating-point columns also counts as missing everywhere in this package).
        The index of a pandas frame is left out.

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
        table = _read_file(Path(source), delimiter)
    elif isinstance(source, pa.Table):
        table = source
    elif isinstance(source, pa.RecordBatch):
        table = pa.Table.from_batches([source])
    elif isinstance(source, Mapping):
        table = _from_mapping(source)
    elif isinstance(source, np.ndarray):
        table = _from_array(source)
    else:
        table = _from_frame(source)
    check_names(table.column_names)
    return _plain_types(table)


def check_names(names: list[str], where: str = "The table") -> None:
    """Raise `SchemaError` when a column name occurs twice."""
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise SchemaError(f"{where} has more than one column called {', '.join(map(repr, repeated[:5]))}. Rename them.")


# --- files ---------------------------------------------------------------------------------------------------------


def _read_file(path: Path, delimiter: str | None) -> pa.Table:
    if not path.exists():
        raise ReadError(f"There is no file {str(path)!r}.")
    if path.is_dir():
        raise ReadError(f"{str(path)!r} is a folder; name one file (csv, csv.gz, parquet, arrow or feather).")
    try:
        with path.open("rb") as stream:
            head = stream.read(8)
    except OSError as error:
        raise ReadError(f"{str(path)!r} cannot be read: {error.strerror or error}.") from None
    if not head:
        raise ReadError(f"{str(path)!r} is empty (0 bytes).")
    for magic, what in _FOREIGN.items():
        if head.startswith(magic):
            raise ReadError(f"{str(path)!r} is {what}, which is not supported. Save it as csv or parquet.")
    suffixes = {suffix.lower() for suffix in path.suffixes}
    if head.startswith(_PARQUET) or suffixes & {".parquet", ".pq"}:
        return _read_binary(path, "parquet", _open_parquet)
    if head.startswith(_ARROW) or suffixes & {".arrow", ".feather", ".ipc"}:
        return _read_binary(path, "Arrow", _open_arrow)
    return _read_text(path, delimiter, zipped=head.startswith(_GZIP))


def _open_parquet(path: Path) -> pa.Table:
    import pyarrow.parquet as parquet

    with parquet.ParquetFile(path) as file:
        return file.read()


def _open_arrow(path: Path) -> pa.Table:
    with pa.OSFile(str(path)) as file:
        try:
            return pa.ipc.open_file(file).read_all()
        except pa.ArrowInvalid:
            file.seek(0)
            return pa.ipc.open_stream(file).read_all()


def _read_binary(path: Path, what: str, reader: Any) -> pa.Table:
    try:
        table = reader(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise ReadError(
            f"{str(path)!r} cannot be read as {what}: it is cut off, damaged or of another format "
            f"({_first_line(error)})."
        ) from None
    return table


def _read_text(path: Path, delimiter: str | None, *, zipped: bool) -> pa.Table:
    from pyarrow import csv as arrow_csv

    header = _header_line(path, zipped)
    separator = delimiter if delimiter is not None else _sniff(header, path)
    check_names(next(csv.reader([header], delimiter=separator), []), where=repr(str(path)))
    try:
        stream = pa.CompressedInputStream(pa.OSFile(str(path)), "gzip") if zipped else pa.OSFile(str(path))
        with stream:
            table = arrow_csv.read_csv(
                stream,
                parse_options=arrow_csv.ParseOptions(delimiter=separator, newlines_in_values=True),
                convert_options=arrow_csv.ConvertOptions(strings_can_be_null=True),
            )
    except UnicodeDecodeError:
        raise _not_utf8(path) from None
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = _first_line(error)
        if "Truncated compressed" in reason:
            raise ReadError(f"{str(path)!r} is cut off in the middle of its compressed data. Copy it again.") from None
        raise ReadError(f"{str(path)!r} cannot be read as a table with separator {separator!r}: {reason}.") from None
    if any(pa.types.is_binary(field.type) for field in table.schema):
        raise _not_utf8(path)
    if table.num_rows == 0:
        raise ReadError(f"{str(path)!r} holds a header but no rows.")
    return table


def _header_line(path: Path, zipped: bool) -> str:
    try:
        with gzip.open(path, "rb") if zipped else path.open("rb") as stream:
            line = stream.readline(1 << 20)
    except (OSError, EOFError) as error:
        raise ReadError(f"{str(path)!r} is cut off or damaged: {_first_line(error)}.") from None
    if line.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _not_utf8(path)
    try:
        text = line.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise _not_utf8(path) from None
    if not text.strip():
        raise ReadError(f"{str(path)!r} does not begin with a line of column names.")
    if "\0" in text:
        raise ReadError(f"{str(path)!r} is not a text table. Save it as csv or parquet.")
    return text


def _sniff(header: str, path: Path) -> str:
    if ".tsv" in {suffix.lower() for suffix in path.suffixes}:
        return "\t"
    fields = {d: len(next(csv.reader([header], delimiter=d), [])) for d in _DELIMITERS}
    return max(_DELIMITERS, key=lambda d: (fields[d], d == ","))


def _not_utf8(path: Path) -> ReadError:
    return ReadError(f"{str(path)!r} is not encoded in UTF-8. Save it again as UTF-8 (for example with iconv).")


def _first_line(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return (text[0] if text else type(error).__name__).rstrip(".")[:200]


# --- objects -------------------------------------------------------------------------------------------------------


def _from_mapping(source: Mapping[Any, Any]) -> pa.Table:
    check_names([str(name) for name in source])
    columns = {str(name): _to_arrow(values, str(name)) for name, values in source.items()}
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        short, long = min(lengths, key=lengths.__getitem__), max(lengths, key=lengths.__getitem__)
        raise SchemaError(
            f"All columns need the same length; {short!r} has {lengths[short]} rows, {long!r} has {lengths[long]}."
        )
    return pa.table(columns)


def _from_array(source: np.ndarray) -> pa.Table:
    if source.dtype.names is not None:
        return _from_mapping({name: source[name] for name in source.dtype.names})
    if source.ndim != 2:
        raise SchemaError(f"A matrix of shape (rows, columns) is needed; got an array of shape {source.shape}.")
    return _from_mapping({f"x{i}": source[:, i] for i in range(source.shape[1])})


def _from_frame(source: Any) -> pa.Table:
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
        return _from_array(np.asarray(source))
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


def _from_pandas(frame: Any) -> pa.Table:
    if getattr(frame.columns, "nlevels", 1) > 1:
        raise SchemaError("The columns of the frame have several levels; flatten them to one name each.")
    names = [str(name) for name in frame.columns]
    check_names(names)
    # column by column, so that an error can name the column
    return pa.table([_to_arrow(frame.iloc[:, i], name) for i, name in enumerate(names)], names=names)


def _to_arrow(values: Any, name: str) -> pa.Array | pa.ChunkedArray:
    """One column as Arrow; NaN, None and NaT become null."""
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values
    if hasattr(values, "__arrow_c_stream__") and not hasattr(values, "iloc"):
        return pa.chunked_array(values)
    try:
        if isinstance(values, np.ndarray):
            if values.dtype.kind == "f" and values.dtype.itemsize not in (2, 4, 8):
                values = values.astype(np.float64)
            return pa.array(np.ascontiguousarray(values), from_pandas=True)
        return pa.array(values, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        kinds = sorted({type(v).__name__ for v in values if v is not None})
        raise SchemaError(
            f"Column {name!r} cannot be used: it mixes or holds values of type {', '.join(kinds[:4])}. "
            "Convert it to numbers, dates or text."
        ) from None


def _plain_types(table: pa.Table) -> pa.Table:
    """Views become strings, half floats and decimals become float64, extension types their storage."""
    for i, field in enumerate(table.schema):
        plain = _plain_type(field.type)
        if plain != field.type:
            column = table.column(i)
            if isinstance(field.type, pa.BaseExtensionType):
                column = pa.chunked_array([c.storage for c in column.chunks], type=field.type.storage_type)
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
