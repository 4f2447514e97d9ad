"""Files to tables: format by content, then by name; every failure one sentence that names the file."""

import csv
import gzip
import zlib
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from rareclass.data.columns import check_names
from rareclass.errors import ReadError

_DELIMITERS = (",", ";", "\t", "|")
_PARQUET, _ARROW, _GZIP = b"PAR1", b"ARROW1", b"\x1f\x8b"
_FOREIGN = {
    b"PK\x03\x04": "an Excel or zip file",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"SQLite": "an SQLite data base",
    b"\x89HDF": "an HDF5 file",
    b"%PDF": "a PDF",
}


def read_file(path: Path, delimiter: str | None) -> pa.Table:
    """Table of a csv, tsv, csv.gz, parquet or Arrow file with at least one row."""
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
    table = _read_known(path, delimiter, head)
    if table.num_rows == 0:
        raise ReadError(f"{str(path)!r} holds column names but no rows.")
    return table


def _read_known(path: Path, delimiter: str | None, head: bytes) -> pa.Table:
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


def _read_binary(path: Path, what: str, reader: Callable) -> pa.Table:
    try:
        table = reader(path)
        # damaged offsets or codes would crash the process later instead of raising
        table.validate(full=True)
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
    names = next(csv.reader([header], delimiter=separator), [])
    check_names(names, where=repr(str(path)))
    if _all_numbers(names):
        raise ReadError(f"The first line of {str(path)!r} holds numbers, not column names. Add a line of names.")
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
    return table


def _header_line(path: Path, zipped: bool) -> str:
    try:
        with gzip.open(path, "rb") if zipped else path.open("rb") as stream:
            line = stream.readline(1 << 20)
    except (OSError, EOFError, zlib.error) as error:
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


def _all_numbers(names: list[str]) -> bool:
    """True for names such as 0.5 and 17: a row of values. Whole numbers alone may well be names."""
    try:
        return not all(float(name).is_integer() for name in names)
    except (ValueError, OverflowError):
        return False


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
