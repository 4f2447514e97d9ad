"""Rows that come column by column, as arrays of numbers or lists of plain values, to the encoded matrix."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from rareclass.scoring.rows import NUMERIC, RowEncoder
from rareclass.scoring.values import Elsewhere, Reader

Column = np.ndarray | Sequence[Any]
"""The n values of a column: an array of numbers or Booleans, or a sequence of texts, numbers, Booleans and None."""


class Levels(Sequence[Any]):
    """The n values of a column as their levels, which may stand twice, and the place (n,) of each value among these."""

    def __init__(self, levels: list[Any], places: np.ndarray) -> None:
        self.levels, self.places = levels, places

    def __len__(self) -> int:
        return int(self.places.size)

    def __getitem__(self, i: Any) -> Any:
        return self.levels[self.places[i]]

    def __iter__(self) -> Iterator[Any]:
        return map(self.levels.__getitem__, self.places.tolist())

    def mapped(self, function: Callable[[Any], Any]) -> "Levels":
        """The same of what a function makes of each value."""
        return Levels([function(level) for level in self.levels], self.places)


_NUMBERS = frozenset({float, int, bool, type(None)})
_PLAIN = frozenset({str, float, int, bool})
_REAL = ("number", "integer")
_WHOLE = 2**53
"""Whole numbers up to it are float64 as they are."""
_REFUSED = (Elsewhere, OverflowError, ValueError)


def encoded_columns(encoder: RowEncoder, columns: Sequence[Column], n: int) -> tuple[np.ndarray, dict[str, int]]:
    """The matrix (n, width), float64, of n rows, and how many values of each category training never saw.

    Equal to `RowEncoder.encoded` of the same rows as a table, without Arrow, and in microseconds for one row.

    Parameters
    ----------
    encoder : RowEncoder
    columns : sequence
        The values of each column, in the order of ``encoder.names``; NaN, infinite numbers and None are missing.
    n : int >= 0

    Raises
    ------
    SchemaError
        A column holds another kind of values than in training.
    """
    if n == 1:
        return encoded_row(encoder, [column[0] for column in columns])
    out, unknown = np.empty((n, encoder.width)), {}
    for reader, at, column in zip(encoder.readers, encoder.starts.tolist(), columns, strict=True):
        if reader.kind == "category":
            codes, count = _codes(reader, column)
            out[:, at] = codes
            if count:
                unknown[reader.name] = count
        elif reader.kind in NUMERIC and _is_numeric(column):
            out[:, at] = _numbers(reader, column)
        else:
            out[:, at : at + reader.width] = _read(reader, column).reshape(n, reader.width)
    return out, unknown


def encoded_row(encoder: RowEncoder, values: Sequence[Any]) -> tuple[np.ndarray, dict[str, int]]:
    """`encoded_columns` of one row, given as one value a column, in the order of ``encoder.names``."""
    found: list[Any] = []
    unknown: dict[str, int] = {}
    for reader, value in zip(encoder.readers, values, strict=True):
        kind = type(value)
        if kind is str and value in reader.codes:  # most values go one of these short ways
            found.append(reader.codes[value])
            continue
        if kind is float and reader.kind in _REAL and value - value == 0.0:
            found.append(value)
            continue
        if kind is int and reader.kind in _REAL and -_WHOLE <= value <= _WHOLE:
            found.append(float(value))
            continue
        try:
            code = reader.one(value if kind is not str or reader.settles is None else reader.settled([value])[0])
        except _REFUSED:
            raise reader.wrong(_plain(value)) from None
        if isinstance(code, list):
            found += code
        else:
            found.append(code)
        if reader.unseen is not None and reader.unseen(value):
            unknown[reader.name] = 1
    return np.array([found]), unknown


def _is_numeric(column: Column) -> bool:
    return isinstance(column, np.ndarray) or _NUMBERS.issuperset(map(type, column))


def _numbers(reader: Reader, column: Column) -> np.ndarray:
    """A column of numbers (n,), NaN where they are missing or infinite."""
    try:
        with np.errstate(invalid="ignore"):  # a signalling NaN is as missing as any other
            found = np.array(column, dtype=np.float64)
    except OverflowError:
        return _read(reader, column)
    found[np.isinf(found)] = np.nan
    if reader.kind == "boolean":
        wrong = np.flatnonzero((found != 0.0) & (found != 1.0) & (found == found))
        if wrong.size:
            raise reader.wrong(_plain(column[wrong[0]]), int(wrong[0]))
    return found


def _codes(reader: Reader, column: Column) -> tuple[np.ndarray, int]:
    """Codes (n,) of a column of categories, and how many of its values training never saw."""
    values: Sequence[Any]
    if isinstance(column, Levels):
        values, rows = column.levels, column.places
    elif isinstance(column, np.ndarray):
        levels, rows = np.unique(column, return_inverse=True)
        values = levels.tolist()
    elif (kinds := set(map(type, column)) - {type(None)}) <= _PLAIN and len(kinds) <= 1:
        values = list(dict.fromkeys(column))  # of one type, for 1 and true are one key
        places = {value: at for at, value in enumerate(values)}
        rows = np.array([places[value] for value in column], dtype=np.intp)
    else:
        values, rows = column, np.arange(len(column))
    codes, new = _read(reader, values), np.zeros(len(values), dtype=bool)
    if reader.unseen is not None:
        new[:] = [reader.unseen(value) for value in values]
    return codes[rows], int(np.count_nonzero(new[rows]))


def _read(reader: Reader, column: Column) -> np.ndarray:
    values = column.tolist() if isinstance(column, np.ndarray) else column
    found: list[Any] = []
    for i, value in enumerate(reader.settled(values)):
        try:
            found.append(reader.one(value))
        except _REFUSED:
            raise reader.wrong(value, i) from None
    return np.array(found, dtype=np.float64)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
