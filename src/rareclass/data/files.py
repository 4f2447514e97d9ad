"""Files to tables: format by content, then by name; every failure one sentence that names the file."""

import contextlib
from collections.abc import Callable, Container, Iterator
from pathlib import Path

import pyarrow as pa

from rareclass.data.cells import Reading
from rareclass.data.delimited import read_delimited
from rareclass.data.layout import Source, TextFormat
from rareclass.errors import ReadError

_PARQUET, _ARROW, GZIP = b"PAR1", b"ARROW1", b"\x1f\x8b"
_FOREIGN = {
    b"PK\x03\x04": "an Excel or zip file",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"SQLite": "an SQLite data base",
    b"\x89HDF": "an HDF5 file",
    b"%PDF": "a PDF",
}


def open_source(name: str | Path) -> Source:
    """The file of this name, or for "-" what comes through standard input.

    Raises
    ------
    ReadError
        There is no such file, or it holds no bytes or those of a format that is not read.
    """
    if str(name) == "-":
        import sys

        source = Source("standard input", None, sys.stdin.buffer.read())
    else:
        source = Source(str(name), Path(name))
        if not Path(name).exists():
            raise ReadError(f"There is no file {source}.")
        if Path(name).is_dir():
            raise ReadError(f"{source} is a folder; name one file (csv, csv.gz, parquet, arrow or feather).")
    try:
        head = source.head(8)
    except OSError as error:
        raise ReadError(f"{source} cannot be read: {error.strerror or error}.") from None
    if not head:
        raise ReadError(f"{source} is empty (0 bytes).")
    for magic, what in _FOREIGN.items():
        if head.startswith(magic):
            raise ReadError(f"{source} is {what}, which is not supported. Save it as csv or parquet.")
    return source


def read_file(
    name: str | Path, how: TextFormat = TextFormat(), before: TextFormat = TextFormat(), as_text: Container[str] = ()
) -> Reading:
    """Table of a csv, tsv, csv.gz, parquet or Arrow file; arguments as in `read_delimited`. It may have no rows."""
    source = open_source(name)
    kind = file_kind(source)
    if kind == "parquet":
        return Reading(table=_read_binary(source, "parquet", _open_parquet))
    if kind == "arrow":
        return Reading(table=_read_binary(source, "Arrow", _open_arrow))
    return read_delimited(source, how, before=before, as_text=as_text, zipped=source.head(2) == GZIP)


def file_kind(source: Source) -> str:
    """ "parquet", "arrow" or "text"."""
    head, suffixes = source.head(8), {suffix.lower() for suffix in Path(source.name).suffixes}
    if head.startswith(_PARQUET) or suffixes & {".parquet", ".pq"}:
        return "parquet"
    if head.startswith(_ARROW) or suffixes & {".arrow", ".feather", ".ipc"}:
        return "arrow"
    return "text"


def _open_parquet(file: pa.NativeFile) -> pa.Table:
    import pyarrow.parquet as parquet

    with parquet.ParquetFile(file) as opened:
        return opened.read()


def _open_arrow(file: pa.NativeFile) -> pa.Table:
    try:
        return pa.ipc.open_file(file).read_all()
    except pa.ArrowInvalid:
        file.seek(0)
        return pa.ipc.open_stream(file).read_all()


def _read_binary(source: Source, what: str, reader: Callable[[pa.NativeFile], pa.Table]) -> pa.Table:
    with opened_binary(source, what) as file:
        table = reader(file)
        table.validate(full=True)  # damaged offsets or codes would crash the process later instead of raising
    return table


@contextlib.contextmanager
def opened_binary(source: Source, what: str) -> Iterator[pa.NativeFile]:
    """The bytes of a file; what goes wrong in the block becomes a sentence."""
    try:
        with pa.OSFile(source.name) if source.path is not None else pa.BufferReader(source.content) as file:
            yield file
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")[:200]
        raise ReadError(
            f"{source} cannot be read as {what}: it is cut off, damaged or of another format ({reason})."
        ) from None
