"""All events and sampled negatives of tables that do not fit into memory."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from rareclass import _check
from rareclass._types import Label
from rareclass.data.cells import Reading
from rareclass.data.cells import typed as typed_cells
from rareclass.data.columns import check_names, is_text
from rareclass.data.files import file_kind, open_source
from rareclass.data.layout import Layout, TextFormat, find_layout
from rareclass.data.problem import KEEP
from rareclass.data.target import refuse_variants
from rareclass.errors import InputError, ReadError, SchemaError, TooFewEventsError
from rareclass.kernels.random import uniform_from_key


@dataclass(frozen=True)
class SampledTable:
    """Rows that were kept, and how.

    Attributes
    ----------
    table : pyarrow.Table
        The rows, with a column ``keep_probability`` (1 for events).
    rows, events : int
        Rows and events of the source.
    keep : float
        Probability with which a negative was kept. `read_problem`, and so every command, weights each row by
        1 / keep_probability; models fitted without weights are brought back by adding ln(keep) to their log-odds.
    """

    table: pa.Table
    rows: int
    events: int
    keep: float
    notes: tuple[str, ...] = ()  # what was decided while reading


@dataclass(frozen=True)
class Batches:
    """Files of one kind that are read batch by batch; cells of files of text stay text until the rows are chosen."""

    data: ds.Dataset
    separator: str | None = None  # of files of text
    notes: tuple[str, ...] = ()

    def typed(self, table: pa.Table, how: TextFormat) -> Reading:
        """Rows of text as what the whole of them says."""
        if self.separator is None:
            return Reading(table=table)
        # what is sampled is read again later: numbers of customers such as 00012 keep their zeros until then
        codes = {n for n in table.column_names if pc.any(pc.match_substring_regex(table[n], r"^\s*0\d+\s*$")).as_py()}
        return typed_cells(table, how, separator=self.separator, as_text=codes)


def open_batches(paths: str | Path | Sequence[str | Path], how: TextFormat = TextFormat()) -> Batches:
    """Files (parquet, text or Arrow, all of one kind) or folders of parquet files as one source of batches."""
    items = [paths] if isinstance(paths, str | Path) else list(paths)
    if not items:
        raise InputError("Name at least one file.")
    if len(items) == 1 and Path(items[0]).is_dir():
        return Batches(_dataset([str(items[0])], "parquet"))
    sources = [open_source(item) for item in items]
    kinds = [file_kind(source) for source in sources]
    other = next((i for i, kind in enumerate(kinds) if kind != kinds[0]), None)
    if other is not None:
        raise InputError(
            f"All files must be of one kind; {items[0]} is {kinds[0]} and {items[other]} is {kinds[other]}."
        )
    if kinds[0] != "text":
        return Batches(_dataset([str(i) for i in items], "parquet" if kinds[0] == "parquet" else "feather"))
    layouts = [find_layout(s, how, zipped=s.head(2) == b"\x1f\x8b") for s in sources]
    names = layouts[0].names
    for source, layout in zip(sources, layouts):
        check_names(list(layout.names), where=str(source))
        if layout.names != names or not all(layout.names):
            lacks = "an unnamed column" if not all(layout.names) else f"other columns than {sources[0]}"
            raise SchemaError(f"{source} has {lacks}. Give all files the same named columns, in the same order.")
    parts = [_dataset([str(item)], _text_format(layout)) for item, layout in zip(items, layouts)]
    notes = tuple(note for layout in layouts for note in layout.notes)
    return Batches(ds.dataset(parts) if len(parts) > 1 else parts[0], layouts[0].separator, notes)


def _text_format(layout: Layout) -> ds.CsvFileFormat:
    from pyarrow import csv

    encoding = "utf8" if layout.encoding == "utf-8-sig" else layout.encoding
    return ds.CsvFileFormat(
        read_options=csv.ReadOptions(column_names=list(layout.names), skip_rows=layout.skip, encoding=encoding),
        parse_options=csv.ParseOptions(delimiter=layout.separator, newlines_in_values=True),
        convert_options=csv.ConvertOptions(column_types=dict.fromkeys(layout.names, pa.string())),
    )


def _dataset(paths: list[str], kind: Any) -> ds.Dataset:
    try:
        return ds.dataset(paths if len(paths) > 1 else paths[0], format=kind)
    except (pa.ArrowInvalid, OSError) as error:
        raise ReadError(f"{paths[0]} cannot be read: {str(error).splitlines()[0]}") from None


def _batches(source: ds.Dataset, **how: Any) -> Iterator[pa.RecordBatch]:
    try:
        yield from source.to_batches(**how)
    except (pa.ArrowInvalid, OSError, UnicodeError) as error:
        raise ReadError(f"The files cannot be read to their end: {str(error).splitlines()[0]}") from None


def count_labels(batches: Iterable[pa.RecordBatch], target: str) -> dict[Any, int]:
    """Rows of each label, in one pass; blanks around a label do not count."""
    counts: dict[Any, int] = {}
    for batch in batches:
        for pair in pc.value_counts(_label_column(batch, target)).to_pylist():
            counts[pair["values"]] = counts.get(pair["values"], 0) + pair["counts"]
    return counts


def _label_column(batch: pa.RecordBatch, target: str) -> pa.Array:
    if target not in batch.schema.names:
        raise SchemaError(f"There is no column {target!r}. The columns are: {', '.join(batch.schema.names[:12])}.")
    column = batch.column(batch.schema.names.index(target))
    column = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
    if not is_text(column.type):
        return column
    bare = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.equal(bare, ""), pa.scalar(None, bare.type), bare)


def sample_negatives(
    paths: str | Path | Sequence[str | Path],
    *,
    target: str,
    pos_label: Label = None,
    negatives_per_event: float = 20.0,
    seed: int = 0,
    batch_size: int = 131_072,
    how: TextFormat = TextFormat(),
) -> SampledTable:
    """Keep every event and about `negatives_per_event` negatives for each, in two streaming passes.

    A negative is kept when the hash of its row number falls below the rate, so the same rows are kept whatever the
    size of the batches.

    Parameters
    ----------
    paths : path or sequence of paths
        Files of one kind, or a folder of parquet files.
    target : str
    pos_label : label, optional
        The rare label; default the smaller class.
    negatives_per_event : float, default=20
    seed : int, default=0
    batch_size : int, default=131072
        Rows in memory at a time.
    how : TextFormat
        How files of text are written, where that does not show.

    Raises
    ------
    TooFewEventsError
        When there is no event.
    """
    if not (np.isfinite(negatives_per_event) and negatives_per_event > 0):
        raise InputError(f"`negatives_per_event` must be above 0; got {negatives_per_event!r}.")
    batches = open_batches(paths, how)
    source = batches.data
    columns = [target] if target in source.schema.names else None
    counts = count_labels(_batches(source, columns=columns), target)
    positive = _event_label(counts, pos_label, target, batches, how)
    events, rows = counts[positive], sum(counts.values())
    if rows == events:
        raise TooFewEventsError(f"All {rows:,} rows are events; negatives are needed too.")
    keep = min(1.0, negatives_per_event * events / (rows - events))
    kept: list[pa.RecordBatch] = []
    probability: list[np.ndarray] = []
    start = 0
    for batch in _batches(source, batch_size=batch_size):
        label = _label_column(batch, target)
        event = pc.equal(label, pa.scalar(positive, type=label.type)).to_numpy(zero_copy_only=False).astype(bool)
        chosen = event | (uniform_from_key(seed, np.arange(start, start + batch.num_rows)) < keep)
        start += batch.num_rows
        if chosen.any():
            index = np.flatnonzero(chosen)
            kept.append(batch.take(pa.array(index)))
            probability.append(np.where(event[index], 1.0, keep))
    reading = batches.typed(pa.Table.from_batches(kept), how)
    table = reading.settled().append_column(KEEP, pa.array(np.concatenate(probability)))
    return SampledTable(table, rows, events, keep, (*batches.notes, *reading.notes, *reading.column_notes))


def _event_label(counts: dict[Any, int], pos_label: Label, target: str, batches: Batches, how: TextFormat) -> Label:
    if None in counts:
        raise InputError(f"The target {target!r} holds {counts[None]:,} missing value(s). Remove these rows first.")
    labels = sorted(counts, key=str)
    refuse_variants(labels, target)
    if pos_label is not None:
        meant = batches.typed(pa.table({target: pa.array(labels)}), replace(how, date_format=None)).table[target]
        return labels[_check.find_label(meant.to_pylist(), pos_label)]
    if len(labels) != 2:
        raise InputError(f"The target {target!r} has {len(labels)} labels; name the event with `pos_label`.")
    return min(labels, key=lambda v: counts[v])
