"""Tables that are written: the format by the ending of the name, nothing of the user's replaced unasked."""

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from rareclass.artifact.atomic import atomic_file, refuse_file
from rareclass.errors import InputError

_KINDS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".csv.gz": "csv.gz",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
}

Write = Callable[[pa.Table], None]
_PARQUET_ROWS, _ARROW_ROWS = 1 << 20, 1 << 16
"""Rows of a row group, as pyarrow writes whole tables."""
_BYTES = 1 << 27


def table_kind(path: str | os.PathLike) -> str:
    """Format that the ending of a name asks for; raises `InputError` where it is none that is written."""
    name = Path(path).name.lower()
    for ending in sorted(_KINDS, key=len, reverse=True):
        if name.endswith(ending):
            return _KINDS[ending]
    raise InputError(f"{str(path)!r} must end in one of {', '.join(_KINDS)}; other formats are not written.")


def refuse_output(path: str | os.PathLike, inputs: Iterable[str | os.PathLike], *, overwrite: bool) -> None:
    """Raise where a table cannot or must not be written to `path`: before any work is done for it."""
    table_kind(path)
    refuse_file(path, inputs, overwrite=overwrite)


def write_table(table: pa.Table, path: str | os.PathLike) -> None:
    """Write a table in the format that the ending of the name says; whole or not at all."""
    with table_writer(path) as write:
        write(table)


@contextlib.contextmanager
def table_writer(path: str | os.PathLike) -> Iterator[Write]:
    """What writes a table in pieces, in the format that the ending of the name says: all of them or none.

    The file is the same for any pieces of the same rows; there is at least one piece. Memory holds a row group of
    parquet: a million rows, or 128 MB.
    """
    kind = table_kind(path)
    with atomic_file(path) as work, contextlib.ExitStack() as stack:
        if kind in ("parquet", "arrow"):
            write = stack.enter_context(_binary_writer(work, kind))
        else:
            stream = pa.CompressedOutputStream if kind == "csv.gz" else pa.OSFile
            out = stack.enter_context(stream(str(work), "gzip" if kind == "csv.gz" else "wb"))
            write = stack.enter_context(csv_writer(out, "\t" if kind == "tsv" else ","))
        yield write
        stack.close()  # before the file takes its place


@contextlib.contextmanager
def csv_writer(out: Any, delimiter: str = ",") -> Iterator[Write]:
    """What writes a table in pieces as csv to an open file."""
    from pyarrow import csv

    with contextlib.ExitStack() as stack:
        opened: list[Any] = []

        def write(piece: pa.Table) -> None:
            if not opened:
                options = csv.WriteOptions(delimiter=delimiter)
                opened.append(stack.enter_context(csv.CSVWriter(out, piece.schema, write_options=options)))
            opened[0].write_table(piece)

        yield write


@contextlib.contextmanager
def spooled_csv(spool: IO[bytes]) -> Iterator[Write]:
    """As `csv_writer`, in place of what the file holds."""
    spool.seek(0)
    spool.truncate()
    with csv_writer(spool) as write:
        yield write


@contextlib.contextmanager
def _binary_writer(work: Path, kind: str) -> Iterator[Write]:
    import pyarrow.parquet as parquet

    group = _PARQUET_ROWS if kind == "parquet" else _ARROW_ROWS
    held: list[pa.Table] = []
    opened: list[Any] = []
    with contextlib.ExitStack() as stack:

        def put(table: pa.Table) -> None:
            table = table.combine_chunks()
            if not opened:
                how = pa.ipc.IpcWriteOptions(compression="lz4")
                opened.append(
                    stack.enter_context(
                        parquet.ParquetWriter(work, table.schema)
                        if kind == "parquet"
                        else pa.ipc.new_file(str(work), table.schema, options=how)
                    )
                )
            opened[0].write_table(table, group)

        def write(piece: pa.Table) -> None:
            held.append(piece)
            while sum(table.num_rows for table in held) >= group:
                whole = pa.concat_tables(held)
                put(whole.slice(0, group))
                held[:] = [whole.slice(group)]
            if sum(table.nbytes for table in held) > _BYTES:
                put(pa.concat_tables(held))
                held.clear()

        yield write
        if any(table.num_rows for table in held) or not opened:
            put(pa.concat_tables(held))
