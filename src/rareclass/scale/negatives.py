"""All events and sampled negatives of tables that do not fit into memory."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from rareclass import _check
from rareclass._types import Label
from rareclass.data.problem import KEEP
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


def open_dataset(paths: str | Path | Sequence[str | Path]) -> ds.Dataset:
    """Files (parquet, csv or Arrow, all of one kind) or folders as one dataset that is read batch by batch."""
    items = [paths] if isinstance(paths, str | Path) else list(paths)
    if not items:
        raise InputError("Name at least one file.")
    for item in items:
        if not Path(item).exists():
            raise ReadError(f"{item} does not exist.")
    first = str(items[0])
    kind = (
        "csv"
        if first.endswith((".csv", ".csv.gz", ".tsv"))
        else "feather"
        if first.endswith((".arrow", ".feather"))
        else "parquet"
    )
    try:
        return ds.dataset([str(i) for i in items] if len(items) > 1 else first, format=kind)
    except (pa.ArrowInvalid, OSError) as error:
        raise ReadError(f"{first} cannot be read as {kind}: {str(error).splitlines()[0]}") from None


def count_labels(batches: Iterable[pa.RecordBatch], target: str) -> dict[Any, int]:
    """Rows of each label, in one pass."""
    counts: dict[Any, int] = {}
    for batch in batches:
        for pair in pc.value_counts(_label_column(batch, target)).to_pylist():
            counts[pair["values"]] = counts.get(pair["values"], 0) + pair["counts"]
    return counts


def _label_column(batch: pa.RecordBatch, target: str) -> pa.Array:
    if target not in batch.schema.names:
        raise SchemaError(f"There is no column {target!r}. The columns are: {', '.join(batch.schema.names[:12])}.")
    column = batch.column(batch.schema.names.index(target))
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def sample_negatives(
    paths: str | Path | Sequence[str | Path],
    *,
    target: str,
    pos_label: Label = None,
    negatives_per_event: float = 20.0,
    seed: int = 0,
    batch_size: int = 131_072,
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

    Raises
    ------
    TooFewEventsError
        When there is no event.
    """
    if not (np.isfinite(negatives_per_event) and negatives_per_event > 0):
        raise InputError(f"`negatives_per_event` must be above 0; got {negatives_per_event!r}.")
    source = open_dataset(paths)
    counts = count_labels(source.to_batches(columns=[target] if target in source.schema.names else None), target)
    positive = _event_label(counts, pos_label, target)
    events, rows = counts[positive], sum(counts.values())
    if rows == events:
        raise TooFewEventsError(f"All {rows:,} rows are events; negatives are needed too.")
    keep = min(1.0, negatives_per_event * events / (rows - events))
    kept: list[pa.RecordBatch] = []
    start = 0
    for batch in source.to_batches(batch_size=batch_size):
        label = _label_column(batch, target)
        event = pc.equal(label, pa.scalar(positive, type=label.type)).to_numpy(zero_copy_only=False).astype(bool)
        chosen = event | (uniform_from_key(seed, np.arange(start, start + batch.num_rows)) < keep)
        start += batch.num_rows
        if chosen.any():
            index = np.flatnonzero(chosen)
            part = pa.Table.from_batches([batch.take(pa.array(index))])
            kept.append(part.append_column(KEEP, pa.array(np.where(event[index], 1.0, keep))))
    return SampledTable(pa.concat_tables(kept, promote_options="default"), rows, events, keep)


def _event_label(counts: dict[Any, int], pos_label: Label, target: str) -> Label:
    if None in counts:
        raise InputError(f"The target {target!r} holds {counts[None]:,} missing value(s). Remove these rows first.")
    labels = sorted(counts, key=str)
    if pos_label is not None:
        return labels[_check.find_label(labels, pos_label)]
    if len(labels) != 2:
        raise InputError(f"The target {target!r} has {len(labels)} labels; name the event with --pos-label.")
    return min(labels, key=lambda v: counts[v])
