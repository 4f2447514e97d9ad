"""Files of separated text as typed tables: every cell is read as text first, so that nothing is misread unseen."""

import contextlib
from collections.abc import Callable, Collection, Container, Iterator
from dataclasses import replace
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from rareclass.data.cells import Reading, typed
from rareclass.data.columns import check_names
from rareclass.data.layout import WINDOWS, Layout, Source, TextFormat, find_layout
from rareclass.data.numerals import EMPTY
from rareclass.errors import ReadError

T = TypeVar("T")
_BLOCK = 1 << 20
"""Bytes of a file of text that are read at a time; a row must fit into them."""


def read_delimited(
    source: Source, how: TextFormat, *, before: TextFormat = TextFormat(), as_text: Container[str] = (), zipped: bool
) -> Reading:
    """Read a file of separated text.

    Parameters
    ----------
    source : Source
    how : TextFormat
        What the user says about the file.
    before : TextFormat
        What earlier files of this kind showed, for texts that may be read either way.
    as_text : container of str
        Columns whose cells stay as they are written.
    zipped : bool
        Whether the file is compressed by gzip.
    """
    layout, (table, notes) = with_layout(
        source, how, zipped, lambda layout: _named(_cells(source, layout), layout, source)
    )
    reading = typed(table, how, before=before, as_text=as_text, separator=layout.separator)
    return replace(reading, notes=(*layout.notes, *notes, *reading.notes))


def with_layout(source: Source, how: TextFormat, zipped: bool, read: Callable[[Layout], T]) -> tuple[Layout, T]:
    """The layout of a file, and what `read` makes of it; where that shows that it is not in UTF-8, anew in Windows'."""
    layout = find_layout(source, how, zipped=zipped)
    if _all_numbers(layout.names):
        raise ReadError(f"The first line of {source} holds numbers, not column names. Add a line of names.")
    try:
        return layout, read(layout)
    except UnicodeError:
        if how.encoding is not None or layout.encoding != "utf-8-sig":
            raise ReadError(
                f"{source} is not encoded in {layout.encoding} throughout. Name the right one with `encoding`."
            ) from None
    layout = find_layout(source, replace(how, encoding=WINDOWS), zipped=zipped)
    layout = replace(layout, notes=(f"{source} is not encoded in UTF-8; it was read as {WINDOWS}.", *layout.notes))
    return layout, read(layout)


def _all_numbers(names: Collection[str]) -> bool:
    """True for names such as 0.5 and 17: a row of values. Whole numbers alone may well be names."""
    try:
        return not all(float(name).is_integer() for name in names)
    except (ValueError, OverflowError):
        return False


def _cells(source: Source, layout: Layout) -> pa.Table:
    """All cells as text, columns called by their number."""
    from pyarrow import csv as arrow_csv

    if not layout.rows:
        return pa.table({str(i): pa.array([], pa.string()) for i in range(len(layout.names))})
    with _opened(source, layout) as (stream, options):
        return arrow_csv.read_csv(stream, **options)


def cell_batches(source: Source, layout: Layout, missing: Collection[str] | None = None) -> Iterator[pa.RecordBatch]:
    """The cells of `_cells`, some rows at a time; with `missing`, null where a cell holds no value or one of these."""
    from pyarrow import csv as arrow_csv

    if layout.rows:
        with _opened(source, layout, missing) as (stream, options):
            yield from arrow_csv.open_csv(stream, **options)


@contextlib.contextmanager
def _opened(
    source: Source, layout: Layout, missing: Collection[str] | None = None
) -> Iterator[tuple[pa.NativeFile, dict[str, Any]]]:
    """A file of text, and how Arrow reads its cells; what goes wrong in the block becomes a sentence."""
    from pyarrow import csv as arrow_csv

    names = [str(i) for i in range(len(layout.names))]
    wrong: list[str] = []

    def look(row: Any) -> str:
        text = row.text.strip(" \t" + layout.separator)
        if not text or text.startswith("#"):
            return "skip"
        wrong.append(f"{row.actual_columns} cells ({row.text[:60]!r})")
        return "error"

    encoding = "utf8" if layout.encoding == "utf-8-sig" else layout.encoding
    options = {
        "read_options": arrow_csv.ReadOptions(
            column_names=names, skip_rows=layout.skip, encoding=encoding, block_size=_BLOCK
        ),
        "parse_options": arrow_csv.ParseOptions(
            delimiter=layout.separator, newlines_in_values=True, invalid_row_handler=look
        ),
        "convert_options": arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            strings_can_be_null=missing is not None,
            null_values=[*EMPTY, *(missing or ())],
        ),
    }
    try:
        plain = pa.OSFile(str(source.path)) if source.path is not None else pa.BufferReader(source.content)
        with pa.CompressedInputStream(plain, "gzip") if layout.zipped else plain as stream:
            yield stream, options
    except UnicodeError:
        raise
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0].rstrip(".")[:200]
        if "invalid UTF8" in reason:
            raise UnicodeError from None
        if "Truncated compressed" in reason:
            raise ReadError(f"{source} is cut off in the middle of its compressed data. Copy it again.") from None
        if wrong:
            reason = f"Expected {len(names)} columns, got {wrong[0]}"
        raise ReadError(
            f"{source} cannot be read as a table with separator {layout.separator!r}: {reason}. If cells are separated "
            "otherwise, name the mark with `separator`."
        ) from None


def _named(table: pa.Table, layout: Layout, source: Source) -> tuple[pa.Table, list[str]]:
    """The columns by their names; a column without name and cells is none."""
    names, notes = column_names(layout, source, lambda i: holds_text(table.column(i)))
    return pa.table([table.column(i) for i in names], names=list(names.values())), notes


def holds_text(column: pa.ChunkedArray) -> bool:
    return bool(pc.any(pc.greater(pc.utf8_length(pc.utf8_trim_whitespace(column)), 0)).as_py())


def column_names(layout: Layout, source: Source, filled: Callable[[int], bool]) -> tuple[dict[int, str], list[str]]:
    """Names of the columns by their number, and what to say of those that the file does not name.

    `filled` says whether a column without name holds any cell.
    """
    names, notes = {}, []
    for i, name in enumerate(layout.names):
        if not name:
            if not filled(i):
                continue
            name = f"column {i + 1}"
            notes.append(f"Column {i + 1} of {source} has no name; it is called {name!r}.")
        names[i] = name
    check_names(list(names.values()), where=str(source))
    return names, notes
