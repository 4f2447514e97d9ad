"""The prediction log of a service: what its columns are, and reading it while it is written.

A log is a folder of segments. A segment is ``NAME.parquet`` once it is complete; until then it is ``NAME.open``, an
Arrow stream that grows by whole batches. Where both stand there, for the moment in which one replaces the other, they
hold the same rows.
"""

import contextlib
import datetime
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as parquet

from rareclass.errors import InputError, ReadError

OPEN, COMPLETE = ".open", ".parquet"
FEATURE = "feature:"
"""What the names of logged features begin with."""
_MOMENT = pa.timestamp("us", tz="UTC")
BASE = (
    ("id", pa.string()),
    ("time", _MOMENT),
    ("model", pa.string()),
    ("version", pa.string()),
    ("probability", pa.float64()),
    ("logit", pa.float64()),
    ("alert", pa.bool_()),
    ("tier", pa.string()),
    ("slice", pa.string()),
)
"""Columns of every segment."""
SHADOW = (("shadow_version", pa.string()), ("shadow_probability", pa.float64()), ("shadow_alert", pa.bool_()))
"""Columns of segments whose model has a challenger in its shadow; null where it said nothing."""
_TYPES = {"boolean": pa.bool_(), "time": pa.timestamp("us"), "category": pa.string(), "text": pa.string()}
_DAMAGE = (pa.ArrowException, OSError, ValueError, EOFError, MemoryError)
_MODEL, _VERSION = b"rareclass.model", b"rareclass.version"
_NOTHING: Mapping[str, int] = MappingProxyType({})


def log_schema(model: str, version: str, features: Iterable[tuple[str, str]], *, shadowed: bool = False) -> pa.Schema:
    """Columns of the segments of one version of a model; `features` are (name, kind) as its schema says.

    Numbers, whole or not, are float64.
    """
    fields = [
        *BASE,
        *(SHADOW if shadowed else ()),
        *((FEATURE + name, _TYPES.get(kind, pa.float64())) for name, kind in features),
    ]
    return pa.schema(fields, metadata={_MODEL: model, _VERSION: version})


class OpenSegment:
    """The whole batches of an open segment.

    Attributes
    ----------
    schema : pyarrow.Schema
    left_out : int
        Bytes at its end that make no whole batch, known when the batches were read.

    Raises
    ------
    OSError, pyarrow.ArrowInvalid
        The file is gone, or does not even begin as a segment does.
    """

    def __init__(self, path: Path) -> None:
        self.left_out = 0
        # never mapped into memory: its writer may cut off what it could not finish
        with contextlib.ExitStack() as stack:
            self._file = stack.enter_context(pa.OSFile(str(path)))
            self._reader = pa.ipc.open_stream(self._file)
            stack.pop_all()
        self.schema = self._reader.schema

    def close(self) -> None:
        self._file.close()

    def batches(self) -> Iterator[pa.RecordBatch]:
        with self._file:
            while True:
                whole = self._file.tell()
                try:
                    batch = self._reader.read_next_batch()
                    batch.validate(full=True)
                except StopIteration:
                    return
                except _DAMAGE:
                    self.left_out = self._file.size() - whole
                    return
                yield batch


class Predictions:
    """Logged predictions, read batch by batch.

    Rows come segment by segment in the order in which these were begun, each in the order of its worker's answers; rows
    of workers side by side are not sorted by time. Each row comes once.

    Attributes
    ----------
    schema : pyarrow.Schema
        Of the batches: the columns `BASE`, then the features of all versions, null where a version does not log one.
    problems : list of str
        What could not be read, one sentence each; complete when all was read.
    others : set of (str, str)
        Models and versions in the log that were not asked for.
    read : dict of str to int
        How many rows of each segment are behind; a later reading goes on `after` them. A segment goes by its name
        without the ending, or by its whole path where several folders hold one of that name.
    """

    def __init__(
        self,
        segments: Sequence[Path],
        schema: pa.Schema,
        between: tuple,
        problems: list[str],
        others: set[tuple[str, str]],
        after: Mapping[str, int] = _NOTHING,
    ) -> None:
        self.schema, self.problems, self.others = schema, problems, others
        names = Counter(path.stem for path in segments)
        self._shared = {name for name, count in names.items() if count > 1}
        self.read = {self._name(path): after.get(self._name(path), 0) for path in segments}
        self._after = dict(self.read)
        self._segments, self._between = segments, between

    def _name(self, path: Path) -> str:
        return str(path.absolute().with_suffix("")) if path.stem in self._shared else path.stem

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows, at most 65,536 in memory at a time; more only where one answer had more."""
        for path in self._segments:
            for batch in self._rows(path):
                batch = self._chosen(batch)
                if batch.num_rows:
                    yield batch

    def table(self) -> pa.Table:
        """All rows."""
        return pa.Table.from_batches(self.batches(), self.schema)

    def _rows(self, path: Path) -> Iterator[pa.RecordBatch]:
        """What is not behind yet of a segment."""
        for first, batch in self._placed(path):
            behind = max(self._after[self._name(path)] - first, 0)
            self.read[self._name(path)] = max(self.read[self._name(path)], first + batch.num_rows)
            if behind < batch.num_rows:
                yield batch.slice(behind)

    def _placed(self, path: Path) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Batches, with the place of their first row in the segment."""
        try:
            try:
                yield from self._open_rows(path)
            except FileNotFoundError:  # complete by now
                yield from self._complete_rows(path.with_suffix(COMPLETE))
        except _DAMAGE as error:
            self.problems.append(_unreadable(path, error))

    def _open_rows(self, path: Path) -> Iterator[tuple[int, pa.RecordBatch]]:
        if path.suffix != OPEN:
            raise FileNotFoundError
        segment, first = OpenSegment(path), 0
        for batch in segment.batches():
            yield first, batch
            first += batch.num_rows
        if segment.left_out:
            self.problems.append(
                f"The segment {path.name} ends in {segment.left_out:,} bytes that make no whole batch; they were left "
                "out."
            )

    def _complete_rows(self, path: Path) -> Iterator[tuple[int, pa.RecordBatch]]:
        with parquet.ParquetFile(path, page_checksum_verification=True) as file:
            names = [name for name in file.schema_arrow.names if name == "time" or name in self.schema.names]
            place = file.schema_arrow.get_field_index("time")
            before, behind = 0, self._after[self._name(path)]
            if file.metadata.num_rows < behind:
                self.problems.append(
                    f"The segment {path.name} holds {file.metadata.num_rows:,} rows, and {behind:,} of it were read "
                    "before. It seems to be another file, which was not read: give it a new name."
                )
            for i in range(file.num_row_groups):
                group = file.metadata.row_group(i)
                rows, known = group.num_rows, group.column(place).statistics
                first, before = before, before + rows
                outside = known is not None and known.has_min_max and self._outside(known.min, known.max)
                if outside or before <= behind:
                    continue
                try:
                    table = file.read_row_group(i, columns=names)
                    table.validate(full=True)
                except _DAMAGE:
                    self.problems.append(
                        f"Rows {first:,} to {before:,} of the segment {path.name} are damaged; they were left out."
                    )
                    continue
                for batch in table.to_batches():
                    yield first, batch
                    first += batch.num_rows

    def _outside(self, low: datetime.datetime, high: datetime.datetime) -> bool:
        since, until = self._between
        return (since is not None and high < since) or (until is not None and low >= until)

    def _chosen(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The rows of the time asked for, with all columns of the schema."""
        keep = None
        for limit, test in zip(self._between, (pc.greater_equal, pc.less)):
            if limit is not None:
                found = test(batch["time"], pa.scalar(limit, _MOMENT))
                keep = found if keep is None else pc.and_(keep, found)
        if keep is not None:
            batch = batch.filter(keep)
        held, rows = set(batch.schema.names), batch.num_rows
        columns = [batch[f.name] if f.name in held else pa.nulls(rows, f.type) for f in self.schema]
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)


def read_predictions(
    source: str | os.PathLike | Sequence[str | os.PathLike],
    *,
    model: str | None = None,
    version: str | None = None,
    since: datetime.datetime | None = None,
    until: datetime.datetime | None = None,
    columns: Sequence[str] | None = None,
    after: Mapping[str, int] = _NOTHING,
) -> Predictions:
    """Read the prediction log of a service, also while it is written and after workers were killed.

    Parameters
    ----------
    source : path or sequence of paths
        The folder of the log, or some of its segments.
    model, version : str, optional
        Only predictions of these.
    since, until : datetime, optional
        Only predictions from `since` on and before `until`; moments without a zone are UTC.
    columns : sequence of str, optional
        Only these columns of the log (``"feature:NAME"`` for features); fewer are read faster.
    after : mapping of str to int, optional
        ``Predictions.read`` of an earlier reading, behind which this one begins.

    Returns
    -------
    Predictions
        With ``.batches()`` in constant memory, ``.table()``, and ``.problems``.

    Raises
    ------
    ReadError
        There is no such folder or file.
    InputError
        No segment has a column of `columns`, or versions log a feature as different types.

    Examples
    --------
    >>> import tempfile
    >>> from rareclass.monitoring import read_predictions
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     read_predictions(folder).table().num_rows
    0
    """
    problems: list[str] = []
    chosen, schemas, others = [], [pa.schema(BASE)], set()
    for path in _segments(source):
        try:
            schema = _schema(path)
        except _DAMAGE as error:
            problems.append(_unreadable(path, error))
            continue
        said = schema.metadata or {}
        if _MODEL not in said or _VERSION not in said or pa.schema(schema).names[: len(BASE)] != schemas[0].names:
            problems.append(f"{path.name} is no segment of a prediction log; it was left out.")
            continue
        written = said[_MODEL].decode(), said[_VERSION].decode()
        if model in (None, written[0]) and version in (None, written[1]):
            chosen.append(path)
            schemas.append(schema.remove_metadata())
        else:
            others.add(written)
    return Predictions(chosen, _joined(schemas, columns), (_in_utc(since), _in_utc(until)), problems, others, after)


def _segments(source: str | os.PathLike | Sequence[str | os.PathLike]) -> list[Path]:
    """The segments of a folder, each once; the complete form where both stand there."""
    named = [Path(source)] if isinstance(source, str | os.PathLike) else [Path(name) for name in source]
    found: dict[Path, Path] = {}
    for place in named:
        if not place.exists() and not (place.suffix == OPEN and place.with_suffix(COMPLETE).exists()):
            raise ReadError(f"There is no prediction log {str(place)!r}; name its folder, or segments of it.")
        if place.suffix not in (OPEN, COMPLETE) and not place.is_dir():
            raise ReadError(
                f"{str(place)!r} is no segment of a prediction log, whose name ends in {COMPLETE} or {OPEN}; name its "
                "folder, or segments of it."
            )
        for path in sorted(place.iterdir()) if place.is_dir() else [place]:
            if path.suffix in (OPEN, COMPLETE) and not path.name.startswith("."):
                stem = path.with_suffix("")
                found[stem] = max(found.get(stem, path), path, key=lambda p: p.suffix == COMPLETE)
    return list(found.values())


def _schema(path: Path) -> pa.Schema:
    if path.suffix == OPEN:
        try:
            segment = OpenSegment(path)
            segment.close()
            return segment.schema
        except FileNotFoundError:
            path = path.with_suffix(COMPLETE)
    return parquet.read_schema(path)


def _joined(schemas: Sequence[pa.Schema], columns: Sequence[str] | None) -> pa.Schema:
    try:
        schema = pa.unify_schemas(schemas)
    except (pa.ArrowTypeError, pa.ArrowInvalid) as error:
        raise InputError(
            f"Versions of the log hold a feature as different types ({str(error).rstrip('.')}). Read them one by one, "
            "with `version`."
        ) from None
    if columns is None:
        return schema
    unknown = [name for name in columns if name not in schema.names]
    if unknown and len(schemas) > 1:
        raise InputError(f"No segment of the log has the column {unknown[0]!r}; it has {', '.join(schema.names[:40])}.")
    return pa.schema([schema.field(name) for name in columns if name in schema.names])


def _in_utc(moment: datetime.datetime | None) -> datetime.datetime | None:
    return moment if moment is None or moment.tzinfo is not None else moment.replace(tzinfo=datetime.UTC)


def _unreadable(path: Path, error: BaseException) -> str:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")[:200]
    return f"The segment {path.name} cannot be read: it is cut off, damaged or of another format ({reason})."
