"""Arrow columns as arrays: codes of distinct values, float64 with NaN, canonical texts."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rareclass._names import near_name
from rareclass.data.dates import read_dates
from rareclass.data.numerals import DoubtfulError, numbers_of_texts
from rareclass.errors import SchemaError


def check_names(names: list[str], where: str = "The table") -> None:
    """Raise `SchemaError` when a column name occurs twice."""
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise SchemaError(f"{where} has more than one column called {', '.join(map(repr, repeated[:5]))}. Rename them.")


def name_hint(asked: str, names: Sequence[str]) -> str:
    """What a column that is not among `names` may be: one that differs in capitals or blanks, or cut wrongly."""
    near = near_name(asked, names)
    if near is not None:
        return f" Did you mean {near!r}?"
    marks = {mark: sum(name.count(mark) for name in names) for mark in ";\t|,"}
    mark = max(marks, key=lambda m: marks[m])
    if marks[mark] >= (1 if len(names) == 1 else 2):
        return f" Its cells seem to be separated by {mark!r}; if so, name that with `separator`."
    return " If its cells are separated by another mark, name it with `separator`." if len(names) == 1 else ""


def is_text(kind: pa.DataType) -> bool:
    """True for string types and dictionaries of strings."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def is_number(kind: pa.DataType) -> bool:
    """Whether values of this type are whole numbers or floats."""
    return pa.types.is_integer(kind) or pa.types.is_floating(kind)


def is_nothing(kind: pa.DataType) -> bool:
    """True for the type of columns without a value, and dictionaries of it."""
    return pa.types.is_null(kind.value_type if pa.types.is_dictionary(kind) else kind)


def is_bytes(kind: pa.DataType) -> bool:
    """True for binary types of any layout."""
    tests = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary, pa.types.is_binary_view)
    return any(test(kind) for test in tests)


def dictionary_codes(column: pa.ChunkedArray) -> tuple[np.ndarray, pa.Array]:
    """Position (n,) of each row's value among the distinct values, -1 for null, and these values.

    A dictionary column keeps its own dictionary, which may list values that no row has.
    """
    if is_nothing(column.type):
        return np.full(len(column), -1, dtype=np.int64), pa.nulls(0)  # Arrow unifies no dictionaries of nothing
    if not pa.types.is_dictionary(column.type):
        column = pc.dictionary_encode(column)
    array = column.unify_dictionaries().combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks else pa.array([], type=column.type)
    indices = array.indices
    if indices.null_count:
        indices = pc.fill_null(indices.cast(pa.int64()), -1)
    codes = indices.to_numpy(zero_copy_only=False).astype(np.int64, copy=False)
    if array.dictionary.null_count:
        # a null inside the dictionary is as missing as a null row
        is_null = np.concatenate([pc.is_null(array.dictionary).to_numpy(zero_copy_only=False), [False]])
        codes = np.where(is_null[codes], -1, codes)
    return codes, array.dictionary


def canonical_texts(values: pa.Array) -> list[str | None]:
    """One text per value, the same for 1, 1.0 and "1"; None for null and NaN."""
    kind = values.type
    if pa.types.is_floating(kind):
        return [None if v is None or v != v else (f"{int(v)}" if v == int(v) else repr(v)) for v in _finite(values)]
    if pa.types.is_boolean(kind):
        return [None if v is None else str(v).lower() for v in values.to_pylist()]
    if is_text(kind):
        return values.to_pylist()
    return [None if v is None else str(v) for v in values.to_pylist()]


def _finite(values: pa.Array) -> list[float | None]:
    array = np.asarray(values.cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
    return [None if not np.isfinite(v) else float(v) for v in array]


def to_float(column: pa.ChunkedArray) -> np.ndarray | None:
    """Float64 array (n,) with NaN for missing; None when the column holds other text than numbers and missing marks.

    Durations and clock times become seconds.
    """
    kind = column.type
    if pa.types.is_null(kind):
        return np.full(len(column), np.nan)
    if pa.types.is_boolean(kind):
        column = column.cast(pa.int8())
    elif pa.types.is_duration(kind):
        scale = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}[kind.unit]
        return _numbers(column.cast(pa.int64())) * scale
    elif pa.types.is_time32(kind) or pa.types.is_time64(kind):
        micros = column.cast(pa.time64("us")) if kind != pa.time64("ns") else column.cast(pa.time64("us"), safe=False)
        return _numbers(micros.cast(pa.int64())) * 1e-6
    elif pa.types.is_dictionary(kind) or is_text(kind):
        codes, values = dictionary_codes(column)
        if is_text(values.type):
            parsed = parse_numbers(values)
            if parsed is None:
                return None
        else:
            flat = to_float(pa.chunked_array([values]))
            if flat is None:
                return None
            parsed = flat
        return np.append(parsed, np.nan)[codes]
    elif not is_number(kind):
        return None
    return _numbers(column)


def _numbers(column: pa.ChunkedArray) -> np.ndarray:
    values = column.to_numpy()
    with np.errstate(invalid="ignore"):  # a signalling NaN is as missing as any other
        return np.asarray(values, dtype=np.float64)


def parse_numbers(values: pa.Array) -> np.ndarray | None:
    """Float64 array of texts, NaN for missing marks; None when any other text is no number, or one of unclear size."""
    return numbers_of_texts(values.to_pylist())


def to_time(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Column as timestamp[us] without zone (UTC); None when it holds no dates."""
    kind = column.type
    if is_nothing(kind):
        return pa.chunked_array([pa.nulls(len(column), pa.timestamp("us"))])
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    target = pa.timestamp("us")
    try:
        if pa.types.is_timestamp(kind):
            if kind.tz is not None:
                column = column.cast(pa.timestamp(kind.unit))  # the stored instant is UTC already
            return column.cast(target, safe=False)
        if pa.types.is_date(kind):
            return column.cast(target)
        if is_text(kind):
            try:
                return column.cast(target)
            except pa.ArrowInvalid:
                try:
                    return column.cast(pa.timestamp("us", tz="UTC")).cast(target)  # with a zone
                except pa.ArrowInvalid:
                    return _written_dates(column)
    except pa.ArrowException:
        return None
    return None


def _written_dates(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    codes, values = dictionary_codes(column)
    try:
        found = read_dates(values.to_pylist())
    except DoubtfulError:
        return None
    if found is None:
        return None
    moments = np.append(found.values, np.datetime64("NaT"))[codes]
    return pa.chunked_array([pa.array(moments, from_pandas=True)])


def missing_mask(column: pa.ChunkedArray) -> np.ndarray:
    """Boolean mask (n,) of rows without a value (null, or NaN in a floating-point column)."""
    mask = pc.is_null(column, nan_is_null=pa.types.is_floating(column.type))
    return mask.to_numpy().astype(bool, copy=False)
