"""From typed columns to a matrix of float64: fitted on the training part, applied to anything."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from rareclass._types import Labels, Rows
from rareclass.data.category import CategoryEncoder
from rareclass.data.columns import canonical_texts, dictionary_codes, is_text, to_float, to_time
from rareclass.data.dates import no_dates
from rareclass.data.feature_names import encoded_names
from rareclass.data.read import read_table
from rareclass.data.schema import Column, Schema
from rareclass.data.text import text_features
from rareclass.errors import InputError, SchemaError

_TIME_PARTS = ("epoch_days", "month", "weekday", "hour")
_DAY = 86_400_000_000  # microseconds
_TRUTH: dict[str | None, float] = {"true": 1.0, "false": 0.0, "1": 1.0, "0": 0.0}
_ROWS = 2_048


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """A table as a matrix.

    Attributes
    ----------
    matrix : ndarray of shape (n, d), float64
        NaN stands for missing.
    feature_names : tuple of str
        One name per matrix column.
    categorical : tuple of int
        Matrix columns that hold codes 0 ... K-1 (unknown and missing are NaN).
    unknown_counts : dict of str to int
        Rows of each category column whose level was not seen in fit (only columns with any).
    infinite_counts : dict of str to int
        Infinite values of each number column; they count as missing (only columns with any).
    extra_columns : tuple of str
        Columns of the table that were ignored because fit did not know them.
    """

    matrix: np.ndarray
    feature_names: tuple[str, ...]
    categorical: tuple[int, ...]
    unknown_counts: dict[str, int] = field(default_factory=dict)
    infinite_counts: dict[str, int] = field(default_factory=dict)
    extra_columns: tuple[str, ...] = ()


class TableEncoder:
    """Turn the feature columns of a table into a float64 matrix.

    Fit it inside each fold, never on rows that are judged. It learns nothing from the target. Numbers, integers and
    booleans pass through; categories become codes in order of frequency (code 0 = most frequent), and levels seen
    fewer than `min_count` times share one last code, which also serves levels that appear only later; dates become
    days since 1970, month, weekday and hour; text becomes hashed word counts.

    Parameters
    ----------
    columns : sequence of Column or Schema
        The features and their kinds.
    min_count : int, default=3
        Category levels with fewer rows than this in fit are pooled.
    max_levels : int or None, default=None
        Keep at most this many levels of a column (the most frequent) and pool the others.
    text_buckets : int, default=256
        Hashed counts per text column.

    Examples
    --------
    >>> from rareclass.data import Column, TableEncoder, read_table
    >>> encoder = TableEncoder([Column("shop", "category")], min_count=1)
    >>> encoder = encoder.fit(read_table({"shop": ["b", "a", "a"]}))
    >>> encoder.transform(read_table({"shop": ["a", "b", "c"]})).matrix.ravel()
    array([ 0.,  1., nan])
    """

    def __init__(
        self,
        columns: Sequence[Column] | Schema,
        *,
        min_count: int = 3,
        max_levels: int | None = None,
        text_buckets: int = 256,
    ) -> None:
        self.columns = tuple(columns.columns if isinstance(columns, Schema) else columns)
        self.min_count = min_count
        self.max_levels = max_levels
        self.text_buckets = text_buckets

    def fit(self, table: Rows, y: Labels | None = None) -> "TableEncoder":
        """Learn category levels and which parts of a date vary; `y` is accepted and ignored."""
        table = self._checked(table)
        if table.num_rows == 0:
            raise InputError("The encoder cannot be fitted on a table without rows.")
        self.categories_: dict[str, CategoryEncoder] = {}
        self.time_parts_: dict[str, tuple[str, ...]] = {}
        for column in self.columns:
            values = table.column(column.name)
            if column.kind == "category":
                self.categories_[column.name] = CategoryEncoder.learn(values, self.min_count, self.max_levels)
            elif column.kind == "time":
                self.time_parts_[column.name] = _varying_parts(_time_parts(_moments(values, column.name)))
        return self

    def transform(self, table: Rows) -> Encoded:
        """Encode a table.

        Raises
        ------
        SchemaError
            A column that fit saw is missing, or holds text where numbers or dates were.
        """
        if not hasattr(self, "categories_"):
            raise InputError("The encoder is not fitted; call `fit` first.")
        table = self._checked(table)
        unknown: dict[str, int] = {}
        infinite: dict[str, int] = {}
        features: list[np.ndarray] = []
        for column in self.columns:
            features += self._encode(column, table.column(column.name), unknown, infinite)
        known = {column.name for column in self.columns}
        extra = tuple(name for name in table.column_names if name not in known)
        return Encoded(
            matrix=_interleave(features, table.num_rows),
            feature_names=self.feature_names,
            categorical=self.categorical,
            unknown_counts=unknown,
            infinite_counts=infinite,
            extra_columns=extra,
        )

    def fit_transform(self, table: Rows, y: Labels | None = None) -> Encoded:
        """Fit on a table and encode the same table."""
        return self.fit(table, y).transform(table)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the matrix columns."""
        kinds = ((column.name, column.kind) for column in self.columns)
        return tuple(encoded_names(kinds, self.time_parts_, self.text_buckets))

    @property
    def categorical(self) -> tuple[int, ...]:
        """Matrix columns that hold category codes."""
        coded = {column.name for column in self.columns if column.kind == "category"}
        return tuple(i for i, name in enumerate(self.feature_names) if name in coded)

    def _checked(self, table: Rows) -> pa.Table:
        table = table if isinstance(table, pa.Table) else read_table(table)
        Schema(columns=self.columns).check(table)
        return table

    def _encode(
        self, column: Column, values: pa.ChunkedArray, unknown: dict[str, int], infinite: dict[str, int]
    ) -> list[np.ndarray]:
        if column.kind == "category":
            codes, count = self.categories_[column.name].encode(values)
            if count:
                unknown[column.name] = count
            return [codes]
        if column.kind == "time":
            parts = dict(zip(_TIME_PARTS, _time_parts(_moments(values, column.name)), strict=True))
            return [parts[part] for part in self.time_parts_[column.name]]
        if column.kind == "text":
            return text_features(values, column.name, self.text_buckets)
        if column.kind != "boolean" and pa.types.is_integer(values.type) and values.null_count == 0:
            return [values.to_numpy()]  # turned into float64 where the matrix is filled, without a copy before
        numbers = column_numbers(column, values)
        if column.kind == "boolean":
            wrong = np.isfinite(numbers) & (numbers != 0) & (numbers != 1)
            if wrong.any():
                raise _mismatch(column, values, int(np.argmax(wrong)))
        bad = np.isinf(numbers)
        if bad.any():
            infinite[column.name] = int(bad.sum())
            numbers = np.where(bad, np.nan, numbers)
        return [numbers]

    def to_dict(self) -> dict[str, Any]:
        """The fitted encoder as JSON-safe values."""
        return {
            "columns": [{"name": c.name, "kind": c.kind} for c in self.columns],
            "min_count": self.min_count,
            "max_levels": self.max_levels,
            "text_buckets": self.text_buckets,
            "categories": {name: encoder.to_dict() for name, encoder in self.categories_.items()},
            "time_parts": {name: list(parts) for name, parts in self.time_parts_.items()},
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "TableEncoder":
        """The fitted encoder that `to_dict` described."""
        encoder = cls(
            Schema.from_dict({"columns": values["columns"]}),
            min_count=values["min_count"],
            max_levels=values["max_levels"],
            text_buckets=values["text_buckets"],
        )
        encoder.categories_ = {name: CategoryEncoder.from_dict(d) for name, d in values["categories"].items()}
        encoder.time_parts_ = {name: tuple(parts) for name, parts in values["time_parts"].items()}
        return encoder


def _interleave(features: list[np.ndarray], rows: int) -> np.ndarray:
    """Columns side by side in row order; by blocks that fit the cache, which is several times faster than at once."""
    matrix = np.empty((rows, len(features)), dtype=np.float64)
    for start in range(0, rows, _ROWS):
        block = slice(start, start + _ROWS)
        for i, values in enumerate(features):
            matrix[block, i] = values[block]
    return matrix


def _mismatch(column: Column, values: pa.ChunkedArray, row: int | None = None) -> SchemaError:
    """What is wrong with a column that cannot be read, with the cell at `row`, by default the first that is odd."""
    row = _first_odd(column, values) if row is None else row
    return SchemaError(
        f"Column {column.name!r} was {column.kind} in training but now holds {values.type}, for example "
        f"{str(values[row].as_py())[:40]!r} in row {row + 1:,}. Correct it. If that stands for no value, leave the "
        "cell empty or name it in `missing`."
    )


def _first_odd(column: Column, values: pa.ChunkedArray) -> int:
    """The first row that is none of what the column held, or that is written otherwise than those before it."""
    if column.kind == "time" and is_text(values.type):
        codes, texts = dictionary_codes(values)
        odd = no_dates(texts.to_pylist())
        if odd:
            return int(np.argmax(codes == odd[0]))
    read = {"time": to_time, "boolean": _truth}.get(column.kind, to_float)
    fine, wrong = 0, len(values)  # rows that can be read together, and that cannot
    while wrong - fine > 1:
        middle = (fine + wrong) // 2
        fine, wrong = (fine, middle) if read(values.slice(0, middle)) is None else (middle, wrong)
    return wrong - 1


def column_numbers(column: Column, values: pa.ChunkedArray) -> np.ndarray:
    """The numbers (n,) of a column of numbers, integers or booleans, NaN where missing.

    Raises
    ------
    SchemaError
        It holds something else.
    """
    numbers = to_float(values) if column.kind != "boolean" else _truth(values)
    if numbers is None:
        raise _mismatch(column, values)
    return numbers


def _truth(values: pa.ChunkedArray) -> np.ndarray | None:
    """0.0, 1.0 or NaN from booleans, 0/1 numbers or true/false texts."""
    if not (
        pa.types.is_string(values.type) or pa.types.is_large_string(values.type) or pa.types.is_dictionary(values.type)
    ):
        return to_float(values)
    codes, levels = dictionary_codes(values)
    meaning = {**_TRUTH, None: np.nan}
    texts = [text if text is None else text.strip().lower() for text in canonical_texts(levels)]
    if any(text not in meaning for text in texts):
        return None
    return np.array([meaning[text] for text in texts] + [np.nan])[codes]


def _moments(values: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    moments = to_time(values)
    if moments is None:
        raise _mismatch(Column(name, "time"), values)
    return moments


def _time_parts(moments: pa.ChunkedArray) -> list[np.ndarray]:
    """Days since 1970 (with fraction), month 1-12, weekday 0 = Monday, hour of the day (with fraction)."""
    micros = np.asarray(moments.cast(pa.int64()).fill_null(0).to_numpy(), dtype=np.int64)
    days = micros // _DAY
    month = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12 + 1
    parts = [micros / _DAY, month.astype(float), ((days + 3) % 7).astype(float), (micros - days * _DAY) / 3.6e9]
    if moments.null_count:
        gone = moments.is_null().to_numpy()
        parts = [np.where(gone, np.nan, part) for part in parts]
    return parts


def _varying_parts(parts: list[np.ndarray]) -> tuple[str, ...]:
    """The days, and those other parts that are not the same in all rows."""
    if not np.isfinite(parts[0]).any():
        return _TIME_PARTS[:1]
    varies = [np.nanmin(part) < np.nanmax(part) for part in parts]
    return tuple(name for i, name in enumerate(_TIME_PARTS) if i == 0 or varies[i])
