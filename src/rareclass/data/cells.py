"""Cells of text as what they say: each column by itself, then what it leaves open by what the others show."""

from collections.abc import Callable, Collection, Container, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rareclass.data.columns import dictionary_codes, is_number
from rareclass.data.dates import ORDERS, no_dates, order_of, read_dates, read_formatted
from rareclass.data.layout import TextFormat
from rareclass.data.numerals import EMPTY, ZERO_AHEAD, DoubtfulError, has_zero_ahead, read_numerals
from rareclass.errors import InputError, ReadError

_PLAIN = (
    pa.int64(),
    pa.float64(),
    pa.bool_(),
    pa.date32(),
    pa.time32("s"),
    pa.timestamp("s"),
    pa.timestamp("ns"),
    pa.timestamp("ns", tz="UTC"),
)
# 1.234 may be 1234; one number that is none of these shows what the point means in its column
IF_CODES = "If these are codes, name the column in `categorical`, or leave it out with `drop`."
MAY_BE_THOUSANDS = r"^[-+]?(?:[1-9]\d{0,2}(?:\.\d{3})?|0|[1-9]\d*)$"
_THREE_DECIMALS = r"^[-+]?[1-9]\d{0,2}\.\d{3}$"
_SAMPLE = 500
MARK_NAMES = {",": "comma", ".": "point"}


Read = Callable[[pa.ChunkedArray], pa.ChunkedArray]
"""Texts of a column, some or all, to what they stand for."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A table as it was read.

    Attributes
    ----------
    table : pyarrow.Table
    notes : tuple of str
        What was decided about the file.
    column_notes : tuple of str
        What was decided about columns.
    noted : frozenset of str
        The columns that these are about.
    doubts : mapping of str to str
        Columns that may mean two things, with the sentence that says which; they are text in the table.
    found : TextFormat
        The decimal mark and the order of dates that the file shows.
    cells : pyarrow.Table or None
        The rows of a file of text with every cell as it stands there.
    reads : mapping of str to callable
        How the columns of a file of text were read that are no text, so that parts of them can be.
    """

    table: pa.Table
    notes: tuple[str, ...] = ()
    column_notes: tuple[str, ...] = ()
    noted: frozenset[str] = frozenset()
    doubts: Mapping[str, str] = field(default_factory=dict)
    found: TextFormat = field(default_factory=TextFormat)
    cells: pa.Table | None = None
    reads: Mapping[str, Read] = field(default_factory=dict)

    def settled(self) -> pa.Table:
        """The table; raises `ReadError` when a column may mean two things."""
        for sentence in self.doubts.values():
            raise ReadError(sentence)
        return self.table


def typed(
    table: pa.Table,
    how: TextFormat,
    *,
    before: TextFormat = TextFormat(),
    as_text: Container[str] = (),
    separator: str = ",",
) -> Reading:
    """A table of texts as what the texts say; rows without any value are left out."""
    missing = (*how.missing, *before.missing)
    columns, cells = filled_cells(table, missing)
    empty = table.num_rows - cells.num_rows
    typing = _Typing(how, before, separator, missing)
    found = {name: c if name in as_text else typing.first(name, c) for name, c in columns.items()}
    found |= typing.second()
    if how.date_format is not None and not typing.formatted:
        raise InputError(f"No column holds dates that are written as `date_format` says: {how.date_format}.")
    notes = empty_note(empty)
    shown = TextFormat(decimal=how.decimal or typing.decimal, date_format=typing.date_format, missing=missing)
    said = tuple(typing.notes.values())
    return Reading(
        table=pa.table(found),
        notes=notes,
        column_notes=said,
        noted=frozenset(typing.notes),
        doubts=typing.doubts,
        found=shown,
        cells=cells,
        reads=typing.reads,
    )


def filled_cells(table: pa.Table, missing: Collection[str]) -> tuple[dict[str, pa.ChunkedArray], pa.Table]:
    """Rows with a value: their cells without blanks, null where a cell holds none, and as they stand there."""
    columns = {name: without_blanks(column, missing) for name, column in zip(table.column_names, table.columns)}
    columns, filled = _without_empty_rows(columns)
    return columns, table if filled is None else table.filter(filled)


def empty_note(rows: int) -> tuple[str, ...]:
    """What to say of so many rows without any value."""
    return (f"{rows:,} line(s) without any value were left out; rows are numbered without them.",) if rows else ()


def without_blanks(column: pa.ChunkedArray, missing: Collection[str]) -> pa.ChunkedArray:
    """Cells without blanks around them; null where a cell holds no value, or one of `missing`."""
    bare = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.is_in(bare, value_set=pa.array([*EMPTY, *missing])), pa.scalar(None, pa.string()), bare)


def _without_empty_rows(
    columns: dict[str, pa.ChunkedArray],
) -> tuple[dict[str, pa.ChunkedArray], pa.ChunkedArray | None]:
    """Rows that hold a value, and which (n,) they are where others are left out."""
    filled: Any = None
    for column in columns.values():
        valid = column.is_valid()
        filled = valid if filled is None else pc.or_(filled, valid)
        if pc.all(filled).as_py():
            return columns, None
    if filled is None:
        return columns, None
    return {name: column.filter(filled) for name, column in columns.items()}, filled


class _Typing:
    """Types of columns: first what each shows by itself, then what is left open by what the others show."""

    def __init__(self, how: TextFormat, before: TextFormat, separator: str, missing: Collection[str]) -> None:
        self.how, self.before, self.separator, self.missing = how, before, separator, missing
        self.notes: dict[str, str] = {}
        self.doubts: dict[str, str] = {}
        self.open: dict[str, pa.ChunkedArray] = {}
        self.marks: set[str] = set()
        self.orders: set[str] = set()
        self.formatted = False
        self.reads: dict[str, Read] = {}

    def first(self, name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
        """The column as what it surely is; text that may be two things stays open."""
        if column.null_count == len(column):
            self.reads[name] = _nothing
            return _nothing(column) if len(column) else column
        found = plain(column)
        if found is None:
            return self._written(name, column)
        if pa.types.is_floating(found.type):
            if may_be_thousands(column):
                return self._written(name, column)
            self.marks.add(".")
        self._note_zeros(name, column, found)
        self.reads[name] = partial(pa.ChunkedArray.cast, target_type=found.type)
        return found

    def second(self) -> dict[str, pa.ChunkedArray]:
        """The open columns, read as the user, the other columns or earlier files say; else they are doubts."""
        found = {}
        for name, column in self.open.items():
            self.doubts.pop(name, None)
            decimal = self.how.decimal or self.decimal or self.before.decimal
            default = decimal is None and self.separator != ";" and _all_match(column, _THREE_DECIMALS)
            given = self.date_format or self.before.date_format
            found[name] = self._written(name, column, "." if default else decimal, order_of(given) if given else None)
            if default and name in self.notes:
                self.notes[name] += " If they are thousands, say so with `decimal`."
        return found

    @property
    def decimal(self) -> str | None:
        """The decimal mark of the columns that show one, where they agree."""
        return next(iter(self.marks)) if len(self.marks) == 1 else None

    @property
    def date_format(self) -> str | None:
        """The format that was given, or one with the order of the columns that show one, where they agree."""
        if self.how.date_format is not None:
            return self.how.date_format
        order = next(iter(self.orders)) if len(self.orders) == 1 else None
        return {"dmy": "%d/%m/%Y", "mdy": "%m/%d/%Y", None: None}[order]

    def _written(
        self, name: str, column: pa.ChunkedArray, decimal: str | None = None, order: str | None = None
    ) -> pa.ChunkedArray:
        codes, values = dictionary_codes(column)
        texts = values.to_pylist()
        try:
            numbers = self._tried(read_numerals, texts, decimal=decimal)
            if numbers is not None and not has_zero_ahead(texts):
                return self._as_numbers(name, texts, numbers, decimal, codes)
            if self.how.date_format is not None:
                moments = read_formatted(texts, self.how.date_format, self.missing)
                if moments is not None:
                    self.formatted = True
                    self.reads[name] = partial(_formatted, date_format=self.how.date_format, missing=self.missing)
                    return _taken(moments, codes)
            dates = self._tried(read_dates, texts, order=order)
        except DoubtfulError as doubt:
            self.open[name] = column
            self.doubts[name] = f"Column {name!r} {doubt}. {_way_out(str(doubt), name)}"
            return column
        if dates is None:
            if odd := no_dates(texts, missing=self.missing):
                row = int(np.argmax(codes == odd[0])) + 1
                self.notes[name] = (
                    f"Column {name!r} is read as text, not as dates: row {row:,} holds {texts[odd[0]]!r}, which is no "
                    "date. Correct it, or name it in `missing` if it stands for no value."
                )
            return column
        self.orders |= {dates.order} - {None}
        self.formatted |= order is not None and self.how.date_format is not None
        said = "" if order is None and dates.order is None else f", {ORDERS[dates.order or order or 'dmy']}"
        years = "; years of two digits are 1969 to 2068" if dates.short_years else ""
        marks = _marks(dates.marks)
        self.notes[name] = f"Column {name!r} is read as dates{said}{years}{marks}: {_example(texts, dates.values)}."
        taken = dates.order or order or "dmy"
        self.reads[name] = partial(_dates, order=taken, missing=self.missing)
        return _taken(dates.values, codes)

    def _tried(self, reader: Any, texts: list[str | None], **how: Any) -> Any:
        """What `reader` makes of the texts; of many, it sees a few first."""
        if len(texts) > 2 * _SAMPLE:
            few = texts[:: len(texts) // _SAMPLE]
            try:
                if reader(few, missing=self.missing, **how) is None:
                    return None
            except DoubtfulError:
                pass  # the others may settle it
        return reader(texts, missing=self.missing, **how)

    def _as_numbers(
        self, name: str, texts: list[str | None], numbers: Any, decimal: str | None, codes: np.ndarray
    ) -> pa.ChunkedArray:
        self.marks |= {numbers.decimal} - {None}
        if np.isnan(numbers.values).all():  # marks of missing only
            self.reads[name] = _nothing
            return pa.chunked_array([pa.nulls(codes.size)])
        mark = numbers.decimal or decimal
        said = f" with a decimal {MARK_NAMES[mark]}" if mark is not None else ""
        marks = _marks(numbers.marks)
        self.notes[name] = f"Column {name!r} is read as numbers{said}{marks}: {_example(texts, numbers.values)}."
        self.reads[name] = partial(_numbers, decimal=mark, missing=self.missing)
        return _taken(numbers.values, codes)

    def _note_zeros(self, name: str, column: pa.ChunkedArray, plain: pa.ChunkedArray) -> None:
        if not is_number(plain.type):
            return
        i = pc.index(pc.match_substring_regex(column, ZERO_AHEAD), True).as_py()
        if i >= 0:
            self.notes[name] = (
                f"Column {name!r} is read as numbers, {column[i].as_py()!r} as {plain[i].as_py():.12g}. {IF_CODES}"
            )


def _nothing(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pa.chunked_array([pa.nulls(len(column))])


def _numbers(column: pa.ChunkedArray, decimal: str | None, missing: Collection[str]) -> pa.ChunkedArray:
    codes, texts = dictionary_codes(column)
    found = read_numerals(texts.to_pylist(), decimal=decimal, missing=missing)
    if found is None:
        raise ValueError("these texts are no numbers")
    return _taken(found.values, codes)


def _dates(column: pa.ChunkedArray, order: str, missing: Collection[str]) -> pa.ChunkedArray:
    codes, texts = dictionary_codes(column)
    found = read_dates(texts.to_pylist(), order=order, missing=missing)
    return _taken(_moments(None if found is None else found.values, texts), codes)


def _formatted(column: pa.ChunkedArray, date_format: str, missing: Collection[str]) -> pa.ChunkedArray:
    codes, texts = dictionary_codes(column)
    return _taken(_moments(read_formatted(texts.to_pylist(), date_format, missing), texts), codes)


def _moments(values: np.ndarray | None, texts: pa.Array) -> np.ndarray:
    """The moments of texts; None stands for marks of missing only."""
    return np.full(len(texts), np.datetime64("NaT", "us")) if values is None else values


def plain(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """The column as numbers, Booleans, ISO dates or times, None where it is other text."""
    for kind in _PLAIN:
        try:
            return column.cast(kind)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            continue
    return None


def may_be_thousands(column: pa.ChunkedArray) -> bool:
    """Whether all numbers with a point look like 1.234."""
    return _all_match(column, MAY_BE_THOUSANDS) and bool(pc.any(pc.match_substring(column, ".")).as_py())


def _all_match(column: pa.ChunkedArray, pattern: str) -> bool:
    """Whether all texts match; a few are looked at first."""
    return all(pc.all(pc.match_substring_regex(part, pattern)).as_py() for part in (column[:_SAMPLE], column))


def _taken(values: np.ndarray, codes: np.ndarray) -> pa.ChunkedArray:
    missing = np.array([np.datetime64("NaT") if values.dtype.kind == "M" else np.nan], dtype=values.dtype)
    return pa.chunked_array([pa.array(np.append(values, missing)[codes], from_pandas=True)])


def _marks(marks: Sequence[str]) -> str:
    return f", {', '.join(map(repr, marks[:3]))} as missing" if marks else ""


def _example(texts: list[str | None], values: np.ndarray) -> str:
    """The longest text and its value."""
    known = np.flatnonzero(values == values)
    i = max(known[:1000].tolist(), key=lambda k: len(texts[k] or ""))
    value = (
        f"{values[i]:.12g}"
        if values.dtype.kind == "f"
        else str(values[i].astype("datetime64[s]")).replace("T00:00:00", "")
    )
    return f"{texts[i]!r} is {value}"


def _way_out(doubt: str, name: str) -> str:
    if doubt.startswith("holds numbers"):
        return "Name the decimal mark with `decimal`: ',' or '.'."
    if doubt.startswith("holds dates"):
        return "Say how they are written with `date_format`: %d/%m/%Y or %m/%d/%Y."
    return f"Write them in one way, or leave the column out (`drop`: {name})."
