"""Files that are read part by part, each part as the whole file says; for tables larger than memory."""

import os
from collections.abc import Callable, Collection, Container, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from rareclass.data.cells import Read, Reading, empty_note, filled_cells, typed, without_blanks
from rareclass.data.columns import check_names, is_number, is_text
from rareclass.data.delimited import cell_batches, column_names, holds_text, with_layout
from rareclass.data.files import GZIP, file_kind, open_source, opened_binary
from rareclass.data.layout import Layout, Source, TextFormat
from rareclass.data.numerals import DoubtfulError
from rareclass.data.read import plain_types
from rareclass.data.survey import TextSurvey

ROWS = 65_536
"""Rows of a part; the last has fewer."""


_ROW = ""


class ReadWholeError(Exception):
    """A part cannot be read without the others; the file is to be read as a whole."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """Some rows of a file.

    Attributes
    ----------
    table : pyarrow.Table
        As the same rows of `read_source`.
    cells : pyarrow.Table or None
        The same rows of a file of text, every cell as it stands there.
    """

    table: pa.Table
    cells: pa.Table | None = None


@dataclass(kw_only=True)
class Parts:
    """A file that is read part by part; what is said of it is complete when all parts were read.

    Attributes
    ----------
    rows : int
        About how many rows it has.
    read : callable
        Reads the parts, and completes what is said.
    notes, column_notes, found
        As those of `Reading`.
    """

    rows: int
    read: Callable[["Parts"], Iterator[Part]]
    notes: tuple[str, ...] = ()
    column_notes: tuple[str, ...] = ()
    found: TextFormat = field(default_factory=TextFormat)

    def __iter__(self) -> Iterator[Part]:
        return self.read(self)


def read_parts(
    name: str | os.PathLike,
    how: TextFormat = TextFormat(),
    *,
    before: TextFormat = TextFormat(),
    as_text: Container[str] = (),
    numeric: Container[str] = (),
) -> Parts:
    """A file part by part; arguments as in `read_source`. A file of text is read twice: first to find out what its
    columns are, which only all cells together say.

    Parameters
    ----------
    numeric : container of str
        Columns that are taken for numbers or dates.

    Raises
    ------
    ReadWholeError
        What a column is takes all its cells to say: one of `numeric` is text, or is written in too many ways. It is
        raised while parts are read, too.
    ReadError
        As `read_table`.
    """
    source = open_source(Path(name))
    kind = file_kind(source)
    if kind != "text":
        return _parts_of_binary(source, kind, numeric)
    return _parts_of_text(source, how, before, as_text, numeric)


def _parts_of_binary(source: Source, kind: str, numeric: Container[str]) -> Parts:
    what, opened = ("parquet", _opened_parquet) if kind == "parquet" else ("Arrow", _opened_arrow)
    with opened_binary(source, what) as file:
        schema, rows, _ = opened(file)
    check_names(schema.names)
    if any(is_text(f.type) and f.name in numeric for f in schema):
        raise ReadWholeError

    def parts(said: Parts) -> Iterator[Part]:
        types: list[pa.DataType] = []
        with opened_binary(source, what) as file:
            for table in _even(pa.Table.from_batches([batch]) for batch in opened(file)[2]):
                table.validate(full=True)
                plain = plain_types(table)
                types = types or plain.schema.types
                if plain.schema.types != types:  # decimals, of which only some are whole numbers of 64 bits
                    raise ReadWholeError
                yield Part(table=plain)

    return Parts(rows=rows, read=parts)


def _opened_parquet(file: pa.NativeFile) -> tuple[pa.Schema, int, Iterator[pa.RecordBatch]]:
    import pyarrow.parquet as parquet

    opened = parquet.ParquetFile(file, buffer_size=1 << 16, pre_buffer=False)
    return opened.schema_arrow, opened.metadata.num_rows, opened.iter_batches(batch_size=ROWS)


def _opened_arrow(file: pa.NativeFile) -> tuple[pa.Schema, int, Iterator[pa.RecordBatch]]:
    try:
        opened = pa.ipc.open_file(file)
    except pa.ArrowInvalid:
        file.seek(0)
        stream = pa.ipc.open_stream(file)
        return stream.schema, 0, iter(stream)
    return opened.schema, 0, (opened.get_batch(i) for i in range(opened.num_record_batches))


def _parts_of_text(
    source: Source, how: TextFormat, before: TextFormat, as_text: Container[str], numeric: Container[str]
) -> Parts:
    missing, zipped = (*how.missing, *before.missing), source.head(2) == GZIP

    def look(layout: Layout) -> _Look:
        return _look(source, layout, missing, as_text)

    layout, seen = with_layout(source, how, zipped, look)
    if seen.rows == 0:
        raise ReadWholeError
    reading = _typed(seen.surveys, how, before, layout.separator)
    reading.settled()
    _refuse_unsettled(reading, seen.surveys, numeric)

    def parts(said: Parts) -> Iterator[Part]:
        empty = 0
        for cells in _even(_named_cells(source, layout, seen.names)):
            columns, filled = filled_cells(cells, missing)
            empty += cells.num_rows - filled.num_rows
            if filled.num_rows:
                yield Part(table=_read(columns, reading.reads), cells=filled)
        said.notes = (*layout.notes, *seen.notes, *empty_note(empty))

    return Parts(rows=seen.rows, read=parts, column_notes=reading.column_notes, found=reading.found)


class _Look(NamedTuple):
    """What a first reading of a file of text shows."""

    names: dict[int, str]
    notes: list[str]
    rows: int
    surveys: dict[str, TextSurvey]


def _look(source: Source, layout: Layout, missing: Collection[str], as_text: Container[str]) -> _Look:
    surveys = {i: TextSurvey() for i, name in enumerate(layout.names) if name not in as_text}
    filled: dict[int, bool] = {i: False for i, name in enumerate(layout.names) if not name}
    rows = 0
    # where all columns have names, no cell counts but by its value
    for batch in cell_batches(source, layout, None if filled else missing):
        rows += batch.num_rows
        for i in filled:
            filled[i] = filled[i] or holds_text(pa.chunked_array([batch.column(i)]))
        _survey(batch, surveys, missing)
    names, notes = column_names(layout, source, filled.__getitem__)
    unsure = {i: TextSurvey(written=True) for i, survey in surveys.items() if survey.unsure}
    for batch in cell_batches(source, layout, missing) if unsure else ():
        _survey(batch, unsure, missing)
    surveys |= unsure
    return _Look(names, notes, rows, {name: surveys[i] for i, name in names.items() if i in surveys})


def _survey(batch: pa.RecordBatch, surveys: Mapping[int, TextSurvey], missing: Collection[str]) -> None:
    for i, survey in surveys.items():
        survey.add(pa.chunked_array([batch.column(i)]), partial(without_blanks, missing=missing))


def _typed(surveys: Mapping[str, TextSurvey], how: TextFormat, before: TextFormat, separator: str) -> Reading:
    """What `typed` finds of a table whose columns hold the texts that speak for all."""
    if any(survey.too_many for survey in surveys.values()):
        raise ReadWholeError
    texts = {name: survey.texts for name, survey in surveys.items()}
    rows = max(map(len, texts.values()), default=0)
    columns = {name: pa.array(found + [None] * (rows - len(found)), pa.string()) for name, found in texts.items()}
    speaking = pa.table({_ROW: pa.array(["x"] * rows, pa.string())} | columns)  # leaves no row out
    return typed(speaking, how, before=before, as_text=(_ROW,), separator=separator)


def _refuse_unsettled(reading: Reading, surveys: Mapping[str, TextSurvey], numeric: Container[str]) -> None:
    for name, survey in surveys.items():
        kind = reading.table[name].type
        if name not in reading.reads:
            if name in numeric or name in reading.noted or not survey.all_kept:
                raise ReadWholeError
        elif survey.only_numbers and not (survey.all_kept or pa.types.is_null(kind) or is_number(kind)):
            raise ReadWholeError


def _named_cells(source: Source, layout: Layout, names: Mapping[int, str]) -> Iterator[pa.Table]:
    for batch in cell_batches(source, layout):
        yield pa.table([batch.column(i) for i in names], names=list(names.values()))


def _read(columns: Mapping[str, pa.ChunkedArray], reads: Mapping[str, Read]) -> pa.Table:
    try:
        return plain_types(pa.table({n: reads[n](column) if n in reads else column for n, column in columns.items()}))
    except (pa.ArrowInvalid, DoubtfulError, ValueError):  # never, or the file was changed meanwhile
        raise ReadWholeError from None


def _even(tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """The rows in tables of `ROWS` rows, the last of fewer."""
    waiting: list[pa.Table] = []
    held = 0
    for table in tables:
        waiting.append(table)
        held += table.num_rows
        while held >= ROWS:
            whole = pa.concat_tables(waiting)
            yield whole.slice(0, ROWS)
            waiting, held = [whole.slice(ROWS)], held - ROWS
    if held:
        yield pa.concat_tables(waiting)
