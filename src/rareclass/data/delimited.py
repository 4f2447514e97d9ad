"""Files of separated text as typed tables: every cell is read as text first, so that nothing is misread unseen."""

from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rareclass.data.columns import check_names, dictionary_codes
from rareclass.data.dates import ORDERS, no_dates, order_of, read_dates, read_formatted
from rareclass.data.layout import WINDOWS, Layout, Source, TextFormat, find_layout
from rareclass.data.numerals import ZERO_AHEAD, DoubtfulError, has_zero_ahead, read_numerals
from rareclass.errors import InputError, ReadError

_EMPTY = ["", "#N/A N/A", *"#N/A #NA -NaN -nan N/A NA NULL NaN n/a nan null <NA> \\N".split()]
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
_MAY_BE_THOUSANDS = r"^[-+]?(?:[1-9]\d{0,2}(?:\.\d{3})?|0|[1-9]\d*)$"
_THREE_DECIMALS = r"^[-+]?[1-9]\d{0,2}\.\d{3}$"
_SAMPLE = 500
MARK_NAMES = {",": "comma", ".": "point"}


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
    doubts : mapping of str to str
        Columns that may mean two things, with the sentence that says which; they are text in the table.
    found : TextFormat
        The decimal mark and the order of dates that the file shows.
    cells : pyarrow.Table or None
        The rows of a file of text with every cell as it stands there.
    """

    table: pa.Table
    notes: tuple[str, ...] = ()
    column_notes: tuple[str, ...] = ()
    doubts: Mapping[str, str] = field(default_factory=dict)
    found: TextFormat = field(default_factory=TextFormat)
    cells: pa.Table | None = None

    def settled(self) -> pa.Table:
        """The table; raises `ReadError` when a column may mean two things."""
        for sentence in self.doubts.values():
            raise ReadError(sentence)
        return self.table


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
    layout = find_layout(source, how, zipped=zipped)
    if _all_numbers(layout.names):
        raise ReadError(f"The first line of {source} holds numbers, not column names. Add a line of names.")
    try:
        table = _cells(source, layout)
    except UnicodeError:
        if how.encoding is not None or layout.encoding != "utf-8-sig":
            raise ReadError(
                f"{source} is not encoded in {layout.encoding} throughout. Name the right one with `encoding`."
            ) from None
        layout = find_layout(source, replace(how, encoding=WINDOWS), zipped=zipped)
        layout = replace(layout, notes=(f"{source} is not encoded in UTF-8; it was read as {WINDOWS}.", *layout.notes))
        table = _cells(source, layout)
    table, notes = _named(table, layout, source)
    reading = typed(table, how, before=before, as_text=as_text, separator=layout.separator)
    return replace(reading, notes=(*layout.notes, *notes, *reading.notes))


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
    blank = pa.array([*_EMPTY, *missing])
    columns = {name: _without_blanks(column, blank) for name, column in zip(table.column_names, table.columns)}
    columns, filled = _without_empty_rows(columns)
    empty, cells = 0, table
    if filled is not None:
        cells = table.filter(filled)
        empty = table.num_rows - cells.num_rows
    typing = _Typing(how, before, separator, missing)
    found = {name: c if name in as_text else typing.first(name, c) for name, c in columns.items()}
    found |= typing.second()
    if how.date_format is not None and not typing.formatted:
        raise InputError(f"No column holds dates that are written as `date_format` says: {how.date_format}.")
    notes = (f"{empty:,} line(s) without any value were left out; rows are numbered without them.",) if empty else ()
    shown = TextFormat(decimal=how.decimal or typing.decimal, date_format=typing.date_format, missing=missing)
    said = tuple(typing.notes.values())
    return Reading(
        table=pa.table(found), notes=notes, column_notes=said, doubts=typing.doubts, found=shown, cells=cells
    )


def _all_numbers(names: Collection[str]) -> bool:
    """True for names such as 0.5 and 17: a row of values. Whole numbers alone may well be names."""
    try:
        return not all(float(name).is_integer() for name in names)
    except (ValueError, OverflowError):
        return False


def _cells(source: Source, layout: Layout) -> pa.Table:
    """All cells as text, columns called by their number."""
    from pyarrow import csv as arrow_csv

    names = [str(i) for i in range(len(layout.names))]
    if not layout.rows:
        return pa.table({name: pa.array([], pa.string()) for name in names})
    wrong: list[str] = []

    def look(row: Any) -> str:
        text = row.text.strip(" \t" + layout.separator)
        if not text or text.startswith("#"):
            return "skip"
        wrong.append(f"{row.actual_columns} cells ({row.text[:60]!r})")
        return "error"

    encoding = "utf8" if layout.encoding == "utf-8-sig" else layout.encoding
    try:
        plain = pa.OSFile(str(source.path)) if source.path is not None else pa.BufferReader(source.content)
        with pa.CompressedInputStream(plain, "gzip") if layout.zipped else plain as stream:
            return arrow_csv.read_csv(
                stream,
                read_options=arrow_csv.ReadOptions(column_names=names, skip_rows=layout.skip, encoding=encoding),
                parse_options=arrow_csv.ParseOptions(
                    delimiter=layout.separator, newlines_in_values=True, invalid_row_handler=look
                ),
                convert_options=arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
            )
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
    kept, names, notes = [], [], []
    for i, name in enumerate(layout.names):
        column = table.column(i)
        if not name:
            if not pc.any(pc.greater(pc.utf8_length(pc.utf8_trim_whitespace(column)), 0)).as_py():
                continue
            name = f"column {i + 1}"
            notes.append(f"Column {i + 1} of {source} has no name; it is called {name!r}.")
        kept.append(column)
        names.append(name)
    check_names(names, where=str(source))
    return pa.table(kept, names=names), notes


def _without_blanks(column: pa.ChunkedArray, blank: pa.Array) -> pa.ChunkedArray:
    """Cells without blanks around them; null where a cell holds no value."""
    bare = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.is_in(bare, value_set=blank), pa.scalar(None, pa.string()), bare)


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

    def first(self, name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
        """The column as what it surely is; text that may be two things stays open."""
        if column.null_count == len(column):
            return pa.chunked_array([pa.nulls(len(column))]) if len(column) else column
        plain = _plain(column)
        if plain is None:
            return self._written(name, column)
        if pa.types.is_floating(plain.type):
            if _may_be_thousands(column):
                return self._written(name, column)
            self.marks.add(".")
        self._note_zeros(name, column, plain)
        return plain

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
            return pa.chunked_array([pa.nulls(codes.size)])
        mark = numbers.decimal or decimal
        said = f" with a decimal {MARK_NAMES[mark]}" if mark is not None else ""
        marks = _marks(numbers.marks)
        self.notes[name] = f"Column {name!r} is read as numbers{said}{marks}: {_example(texts, numbers.values)}."
        return _taken(numbers.values, codes)

    def _note_zeros(self, name: str, column: pa.ChunkedArray, plain: pa.ChunkedArray) -> None:
        if not (pa.types.is_integer(plain.type) or pa.types.is_floating(plain.type)):
            return
        i = pc.index(pc.match_substring_regex(column, ZERO_AHEAD), True).as_py()
        if i >= 0:
            self.notes[name] = (
                f"Column {name!r} is read as numbers, {column[i].as_py()!r} as {plain[i].as_py():.12g}. If these are "
                "codes, name the column in `categorical`, or leave it out with `drop`."
            )


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """The column as numbers, Booleans, ISO dates or times, None where it is other text."""
    for kind in _PLAIN:
        try:
            return column.cast(kind)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            continue
    return None


def _may_be_thousands(column: pa.ChunkedArray) -> bool:
    """Whether all numbers with a point look like 1.234."""
    return _all_match(column, _MAY_BE_THOUSANDS) and bool(pc.any(pc.match_substring(column, ".")).as_py())


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
