"""What kind a column is: by its type, and for text by what the text says."""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rareclass.data.columns import dictionary_codes, is_bytes, is_text, missing_mask, parse_numbers, to_time
from rareclass.data.numerals import DoubtfulError, looks_numeric, read_numerals
from rareclass.errors import SchemaError

KINDS = ("number", "integer", "boolean", "category", "text", "time")
_FEW_ROWS = 50  # below this many rows "nearly all values differ" says nothing
_MANY_LEVELS = 200
_SAMPLE = 2_000  # distinct strings that decide whether a column is text, dates or numbers
_SENTINEL = re.compile(r"-?(99+|(\d)\2{8,})")  # 99, 999 ...; nine or more equal digits
_HUGE = 1e15
_FAR = np.timedelta64(20 * 365, "D")  # beyond which a lone date is odd


def column_kind(column: pa.ChunkedArray, name: str, *, forced: bool) -> tuple[str, str | None]:
    """Kind of one column (or the reason to leave it out) and a note."""
    may_lack = column.null_count > 0 or pa.types.is_floating(column.type)
    missing = int(np.count_nonzero(missing_mask(column))) if may_lack else 0
    if missing == len(column):
        return "category" if forced else "number", f"Column {name!r} is empty: all {missing} values are missing."
    kind = column.type
    if pa.types.is_nested(kind) or is_bytes(kind):
        return f"holds {kind}", f"Column {name!r} is left out: it holds {kind}, not single values."
    if forced or is_text(kind) or pa.types.is_dictionary(kind):
        return _text_kind(column, name, len(column) - missing, forced=forced)
    note = _constant_note(column, name, missing)
    if pa.types.is_boolean(kind):
        return "boolean", note
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return "time", note or _far_date_note(column, name)
    if pa.types.is_integer(kind):
        return "integer", note or _row_number_note(column, name) or _sentinel_note(column, name)
    return "number", note or _sentinel_note(column, name)


def _constant_note(column: pa.ChunkedArray, name: str, missing: int) -> str | None:
    if pa.types.is_floating(column.type) and missing:
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    ends = pc.min_max(column)
    return _said_constant(name, missing) if ends["min"] == ends["max"] else None


def _said_constant(name: str, missing: int, value: str = "") -> str:
    of = f" ({value!r})" if value else ""
    if missing:
        return f"Column {name!r} is constant{of} but where it is missing ({missing:,} rows); only that can help."
    return f"Column {name!r} is constant{of}; it cannot help."


def _sentinel_note(column: pa.ChunkedArray, name: str) -> str | None:
    """A number such as -999 or 9999, far from all others, that looks as if it stood for no value; it stays."""
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    ends = pc.min_max(column)
    for end, other in (("min", "max"), ("max", "min")):
        mark = ends[end].as_py()
        huge = _HUGE <= abs(mark) < np.inf
        if not (huge or _SENTINEL.fullmatch(f"{mark:.17g}")) or (mark < 0) != (end == "min"):
            continue
        same = pc.equal(column, ends[end])
        rest = pc.min_max(column.filter(pc.invert(same)))
        near, far = rest[end].as_py(), rest[other].as_py()
        if mark < 0:
            odd = near >= 0 or (mark < -99_999 and near > mark / 1_000)
        else:
            odd = near <= mark / (1_000 if huge else 5) and far > -mark
        if odd:
            return (
                f"Column {name!r} holds {mark:.15g} in {pc.sum(same).as_py():,} rows, far from all other values "
                f"({rest['min'].as_py():g} to {rest['max'].as_py():g}). It is read as a number; if it stands for no "
                "value, say so with `missing`."
            )
    return None


def _far_date_note(column: pa.ChunkedArray, name: str) -> str | None:
    """A date such as 9999-12-31, farther from all others than they are from each other; it stays."""
    moments = np.unique(column.drop_null().cast(pa.timestamp("us"), safe=False).to_numpy())
    if moments.size < 3:
        return None
    for mark, near, far in ((moments[-1], moments[-2], moments[0]), (moments[0], moments[1], moments[-1])):
        if abs(mark - near) > max(_FAR, abs(near - far)):
            return (
                f"Column {name!r} holds {_day(mark)}, far from all other dates ({_day(min(near, far))} to "
                f"{_day(max(near, far))}). It is read as a date; if it stands for no value, say so with `missing`."
            )
    return None


def _day(moment: np.datetime64) -> str:
    return str(moment.astype("datetime64[D]"))


def _row_number_note(column: pa.ChunkedArray, name: str) -> str | None:
    """Integers that rise by one each row number the rows; they stay in, but the user should know."""
    if len(column) < _FEW_ROWS or column.null_count or pa.types.is_unsigned_integer(column.type):
        return None
    ends = column[0].as_py(), column[-1].as_py()
    if abs(ends[1] - ends[0]) != len(column) - 1:
        return None
    if np.all(np.abs(np.diff(column.to_numpy().astype(np.int64))) == 1):
        return f"Column {name!r} numbers the rows; leave it out (`drop`) if it is an identifier."
    return None


def _text_kind(column: pa.ChunkedArray, name: str, filled: int, *, forced: bool) -> tuple[str, str | None]:
    codes, values = dictionary_codes(column)
    used = np.unique(codes[codes >= 0])
    if used.size == 1:
        return "category", _said_constant(name, len(column) - filled, str(values[int(used[0])].as_py()))
    if forced or not is_text(values.type):
        return "category", None
    sample = values.take(pa.array(used[np.linspace(0, used.size - 1, min(_SAMPLE, used.size)).astype(np.int64)]))
    if to_time(pa.chunked_array([sample])) is not None and to_time(pa.chunked_array([values])) is not None:
        return "time", f"Column {name!r} holds dates as text; it is read as time."
    if _holds_numbers(sample) and parse_numbers(values.take(pa.array(used))) is not None:
        return "number", f"Column {name!r} holds numbers as text; it is read as number (marks such as '?' as missing)."
    _refuse_doubtful(sample, name)
    words = pc.add(pc.count_substring(sample, " "), 1).to_numpy(zero_copy_only=False)
    distinct_share = used.size / filled
    if filled >= _FEW_ROWS and distinct_share > 0.5 and np.mean(words) >= 3:
        return "text", None
    if filled >= _FEW_ROWS and distinct_share > 0.95:
        return (
            "identifier",
            f"Column {name!r} is left out: {used.size} of {filled} values differ, so it looks like an identifier.",
        )
    return "category", _mixed_note(sample, name) or _many_levels_note(name, used.size, filled)


def _refuse_doubtful(sample: pa.Array, name: str) -> None:
    """Raise where many texts are numbers of which size cannot be told: categories they are not."""
    if len(sample) <= _FEW_ROWS:
        return
    try:
        read_numerals(sample.to_pylist())
    except DoubtfulError as doubt:
        raise SchemaError(
            f"Column {name!r} {doubt}. Convert it to numbers first, leave it out (`drop`), or name it in `categorical`."
        ) from None


def _mixed_note(sample: pa.Array, name: str) -> str | None:
    """Many numbers beside other texts: values below a limit of detection, words for no value, or codes."""
    texts = sample.to_pylist()
    if len(texts) <= _FEW_ROWS or not 0.5 <= looks_numeric(texts) < 1:
        return None
    others = [t for t in texts if looks_numeric([t]) == 0]
    return (
        f"Column {name!r} holds numbers beside other texts such as {', '.join(map(repr, others[:3]))}, so it is read "
        "as categories. If these stand for no value, name them with `missing`."
    )


def _many_levels_note(name: str, levels: int, filled: int) -> str | None:
    """Few rows per level: likely the name of a customer or device, whose rows must not be split."""
    if levels <= _MANY_LEVELS or levels < filled / 20:
        return None
    return (
        f"Column {name!r} has {levels} levels in {filled} rows; if it names a customer or a device, "
        "leave it out and keep its rows together (`groups`)."
    )


def _holds_numbers(sample: pa.Array) -> bool:
    """True when the texts are numbers and were not meant as codes.

    A mark such as "?" among whole numbers is what made them text. Without one, few whole numbers stored as text are
    codes, and so are numbers with leading zeros.
    """
    numbers = parse_numbers(sample)
    if numbers is None or np.isnan(numbers).all():
        return False
    if pc.any(pc.match_substring_regex(sample, r"^\s*-?0\d")).as_py():
        return False
    return bool(np.isnan(numbers).any()) or len(sample) > _FEW_ROWS or not np.all(numbers == np.round(numbers))
