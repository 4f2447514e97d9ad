"""Columns of a frame, whatever library holds them: what kind, which numbers, and how to build one of the same type.

Nominal values (text, categories, objects, anything unknown) are never computed, only copied from a row, so every type
that a frame can hold survives. Numbers of pandas columns come through NumPy, those of polars and Arrow through Arrow.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from rareclass._check import is_missing
from rareclass._types import Label, Rows
from rareclass.sampler.containers import fresh_labels, is_pandas, is_polars, take
from rareclass.sampler.draw import Draw

# Times are often stored finer than they are known; made times keep the coarsest of these steps (in seconds).
_TIME_STEPS = (86400, 3600, 60, 1)


@dataclass(kw_only=True)
class Column:
    """One column: kind is number, integer, boolean, ordinal, time or nominal.

    `values` is float64 (number) or int64 (integer, boolean, ordinal, time); missing entries hold 0.
    """

    name: Any
    kind: str
    native: Any
    values: np.ndarray
    missing: np.ndarray | None = None
    grain: int = 1
    scale: float = 1.0
    center: float = 0.0

    def with_scale(self, scale: float, center: float) -> "Column":
        """Same column, whose values x enter distances as (x - center) / scale."""
        return replace(self, scale=scale, center=center)

    def filled(self) -> np.ndarray:
        """Float64 values with missing ones replaced by the median, for distances only."""
        values = self.values.astype(np.float64)
        if self.missing is not None and self.missing.any():
            values[self.missing] = np.median(values[~self.missing]) if not self.missing.all() else 0.0
        return values

    def limits(self) -> tuple[int, int]:
        """Smallest and largest integer value seen."""
        seen = self.values if self.missing is None else self.values[~self.missing]
        return (int(seen.min()), int(seen.max())) if seen.size else (0, 0)

    def codes(self) -> np.ndarray:
        """Codes 0..K-1 of the levels of a nominal column; missing is a level of its own."""
        return factorize(self.native)

    def take(self, rows: np.ndarray) -> Rows:
        """Native column with the values of these rows."""
        return take(self.native, rows)


def factorize(column: Rows) -> np.ndarray:
    """Codes 0..K-1 (n,) of the distinct values of any column, in order of first appearance; missing is a value."""
    if is_pandas(column):
        import pandas as pd

        if isinstance(column.dtype, pd.CategoricalDtype):
            raw = column.cat.codes.to_numpy().astype(np.intp)
        else:
            raw = pd.factorize(column, use_na_sentinel=False)[0].astype(np.intp)
    elif is_polars(column):
        raw = _arrow_codes(column.to_arrow())
    elif hasattr(column, "dictionary_encode"):
        raw = _arrow_codes(column)
    else:
        raw = _object_codes(column)
    _, first, codes = np.unique(raw, return_index=True, return_inverse=True)
    position = np.empty(first.size, dtype=np.intp)
    position[np.argsort(first)] = np.arange(first.size)
    return position[codes.reshape(-1)]


def _arrow_codes(column: Rows) -> np.ndarray:
    import pyarrow as pa

    array = column
    if isinstance(column, pa.ChunkedArray):
        array = pa.concat_arrays(column.unify_dictionaries().chunks) if column.num_chunks else pa.array([], column.type)
    encoded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
    return encoded.indices.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False).astype(np.intp)


def _object_codes(values: np.ndarray) -> np.ndarray:
    code_of: dict[Any, int] = {}
    if values.dtype.kind != "O":
        return np.unique(values, return_inverse=True)[1].reshape(-1)
    listed = [None if value != value else value for value in values.tolist()]
    return np.fromiter((code_of.setdefault(value, len(code_of)) for value in listed), dtype=np.intp, count=len(listed))


def read_columns(frame: Rows) -> list[Column]:
    """Columns of a pandas, polars or Arrow frame."""
    if is_pandas(frame):
        return [_read_pandas(frame.columns[i], frame.iloc[:, i]) for i in range(frame.shape[1])]
    if is_polars(frame):
        return [_read_arrow(name, frame[name], frame[name].to_arrow()) for name in frame.columns]
    return [_read_arrow(name, frame.column(i), frame.column(i)) for i, name in enumerate(frame.column_names)]


def _read_pandas(name: Label, series: Rows) -> Column:
    import pandas as pd

    dtype, api = series.dtype, pd.api.types
    if isinstance(dtype, pd.ArrowDtype):
        return _read_arrow(name, series, series.array.__arrow_array__())
    of, nothing = partial(Column, name=name, native=series), np.empty(0)
    missing = series.isna().to_numpy()
    hole = missing if missing.any() else None
    if isinstance(dtype, pd.CategoricalDtype):
        if not dtype.ordered:
            return of(kind="nominal", values=nothing)
        return of(kind="ordinal", values=np.maximum(series.cat.codes.to_numpy().astype(np.int64), 0), missing=hole)
    if api.is_bool_dtype(dtype):
        return of(kind="boolean", values=series.fillna(False).to_numpy(dtype=np.int64), missing=hole)
    if api.is_integer_dtype(dtype):
        return of(kind="integer", values=series.to_numpy(dtype=np.int64, na_value=0), missing=hole)
    if api.is_float_dtype(dtype):
        return of(kind="number", values=series.to_numpy(dtype=np.float64, na_value=0.0), missing=hole)
    if api.is_datetime64_any_dtype(dtype) or api.is_timedelta64_dtype(dtype):
        letter = "M" if api.is_datetime64_any_dtype(dtype) else "m"
        unit = getattr(dtype, "unit", None) or np.datetime_data(dtype)[0]
        values = series.to_numpy(dtype=np.dtype(f"{letter}8[{unit}]")).view(np.int64).copy()
        values[missing] = 0
        return of(kind="time", values=values, missing=hole, grain=_time_grain(values[~missing], unit))
    if dtype.kind == "O" and isinstance(dtype, np.dtype) and not missing.all():
        present = series[~missing].tolist()
        if all(isinstance(v, float | int | np.floating | np.integer) and not isinstance(v, bool) for v in present):
            whole = all(isinstance(v, int | np.integer) for v in present)
            values = np.zeros(len(series), dtype=np.int64 if whole else np.float64)
            values[~missing] = present
            return of(kind="integer" if whole else "number", values=values, missing=hole)
    return of(kind="nominal", values=nothing)


def read_array(name: Label, values: np.ndarray) -> Column:
    """A column of an object array that is to be computed with: whole numbers, or numbers; raises on text."""
    missing = np.array([is_missing(value) for value in values.tolist()])
    whole = all(isinstance(v, int | np.integer) and not isinstance(v, bool) for v in values[~missing])
    numbers = np.zeros(values.size, dtype=np.int64 if whole else np.float64)
    numbers[~missing] = values[~missing].astype(numbers.dtype)
    return Column(
        name=name,
        kind="integer" if whole else "number",
        native=values,
        values=numbers,
        missing=missing if missing.any() else None,
    )


def _read_arrow(name: Label, native: Rows, array: Rows) -> Column:
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.unify_dictionaries().chunks) if array.num_chunks else pa.array([], array.type)
    kind, types, of = array.type, pa.types, partial(Column, name=name, native=native)
    missing = array.is_null(nan_is_null=types.is_floating(kind)).to_numpy(zero_copy_only=False)
    hole = missing if missing.any() else None
    if types.is_boolean(kind):
        return of(kind="boolean", values=_filled(pc.cast(array, pa.int64())), missing=hole)
    if types.is_integer(kind) and not types.is_uint64(kind):
        return of(kind="integer", values=_filled(pc.cast(array, pa.int64())), missing=hole)
    if types.is_floating(kind):
        values = array.cast(pa.float64()).fill_null(0.0).to_numpy(zero_copy_only=False).copy()
        values[missing] = 0.0
        return of(kind="number", values=values, missing=hole)
    if types.is_timestamp(kind) or types.is_duration(kind) or types.is_date(kind) or types.is_time(kind):
        unit = getattr(kind, "unit", "D" if types.is_date32(kind) else "ms")
        narrow = pa.int32() if kind.bit_width == 32 else pa.int64()
        values = _filled(array.view(narrow).cast(pa.int64()))
        grain = 86_400_000 if types.is_date64(kind) else _time_grain(values[~missing], unit)
        return of(kind="time", values=values, missing=hole, grain=grain)
    return of(kind="nominal", values=np.empty(0))


def _filled(array: Rows) -> np.ndarray:
    return array.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)


def _time_grain(values: np.ndarray, unit: str) -> int:
    """Largest of day, hour, minute, second, milli- and microsecond that divides every value, in units of the column."""
    per_second = {"D": 0, "s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    if per_second == 0 or not values.size:
        return 1
    steps = [seconds * per_second for seconds in _TIME_STEPS]
    steps += [per_second // part for part in (10**3, 10**6) if per_second >= part]
    return next((step for step in steps if not (values % step).any()), 1)


def between(
    column: Column, first: np.ndarray, second: np.ndarray, gap: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """First value plus gap x difference; where one parent has no value, the other one's value."""
    a, b = column.values[first], column.values[second]
    if column.missing is not None:
        a_gone, b_gone = column.missing[first], column.missing[second]
        a, b = np.where(a_gone, b, a), np.where(b_gone, a, b)
    if a.dtype.kind == "f":
        return a + gap * (b - a)
    # Only the step is a float, so that integers and times beyond 2^53 stay exact.
    step = gap * (b.astype(np.float64) - a.astype(np.float64)) / column.grain
    return np.clip(a + column.grain * np.floor(step + rng.random(step.size)).astype(np.int64), *column.limits())


def round_to_column(column: Column, values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Values that the column can hold: whole steps drawn so that the mean is kept, inside the range that was seen."""
    if column.values.dtype.kind == "f":
        return values
    steps = np.floor(values / column.grain + rng.random(values.size)).astype(np.int64)
    return np.clip(column.grain * steps, *column.limits())


def build(column: Column, values: np.ndarray, missing: np.ndarray | None) -> Rows:
    """A native column of the same type as `column` that holds `values`."""
    if is_pandas(column.native):
        return _build_pandas(column, values, missing)
    import pyarrow as pa

    if is_polars(column.native):
        import polars as pl

        array = _build_arrow(column.native.to_arrow().type, values, missing)
        return pl.Series(column.name, array).cast(column.native.dtype)
    return pa.chunked_array([_build_arrow(column.native.type, values, missing)])


def _build_pandas(column: Column, values: np.ndarray, missing: np.ndarray | None) -> Rows:
    import pandas as pd

    dtype = column.native.dtype
    if isinstance(dtype, pd.ArrowDtype):
        return pd.Series(_build_arrow(dtype.pyarrow_dtype, values, missing).to_pandas(), dtype=dtype, name=column.name)
    if column.kind == "ordinal":
        codes = values if missing is None else np.where(missing, -1, values)
        return pd.Series(pd.Categorical.from_codes(codes, dtype=dtype), name=column.name)
    if column.kind == "time":
        letter = "M" if pd.api.types.is_datetime64_any_dtype(dtype) else "m"
        unit = getattr(dtype, "unit", None) or np.datetime_data(dtype)[0]
        series = pd.Series(values.astype(np.int64).view(np.dtype(f"{letter}8[{unit}]")), name=column.name)
        if getattr(dtype, "tz", None) is not None:
            series = series.dt.tz_localize("UTC").dt.tz_convert(dtype.tz)
        return series if missing is None else series.mask(missing)
    if isinstance(dtype, pd.SparseDtype) or missing is None:
        series = pd.Series(values, name=column.name)
        return series.astype(dtype)
    if isinstance(dtype, np.dtype) and dtype.kind in "fO":
        return pd.Series(np.where(missing, np.nan, values), name=column.name).astype(dtype)
    array = pd.array(values, dtype=dtype)
    array[missing] = pd.NA
    return pd.Series(array, name=column.name)


def _build_arrow(kind: Rows, values: np.ndarray, missing: np.ndarray | None) -> Rows:
    import pyarrow as pa

    types = pa.types
    if types.is_temporal(kind):
        narrow = pa.int32() if kind.bit_width == 32 else pa.int64()
        return pa.array(values, mask=missing, type=pa.int64()).cast(narrow).view(kind)
    first = pa.float64() if types.is_floating(kind) else pa.int64()
    return pa.array(values, mask=missing, type=first).cast(kind, safe=False)


def to_frame(like: Rows, columns: list[Any]) -> Rows:
    """A frame of native columns, with the column names of `like`."""
    if is_pandas(like):
        import pandas as pd

        frame = pd.concat([column.reset_index(drop=True) for column in columns], axis=1)
        return frame.set_axis(like.columns, axis=1)
    if is_polars(like):
        import polars as pl

        return pl.DataFrame([column.alias(name) for column, name in zip(columns, like.columns)])
    import pyarrow as pa

    return pa.table(columns, schema=like.schema)


def append_rows(kept: Rows, made: Rows, draw: Draw, native: Rows) -> Rows:
    """Kept rows and made rows in one frame; made rows of a pandas frame get fresh index labels."""
    if is_pandas(kept):
        import pandas as pd

        made = made.set_axis(fresh_labels(native.index, draw.n_made), axis=0)
        old = {"copy": False} if int(pd.__version__.partition(".")[0]) < 3 else {}
        return pd.concat([kept, made], axis=0, **old)
    if is_polars(kept):
        return kept.vstack(made)
    import pyarrow as pa

    if isinstance(kept, pa.RecordBatch):
        return pa.Table.from_batches([kept, *made.to_batches()]).combine_chunks().to_batches()[0]
    return pa.concat_tables([kept, made])
