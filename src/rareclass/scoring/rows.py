"""Rows in any form to the encoded matrix: mappings and arrays here, tables by the encoder that training used."""

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np

from rareclass import _check
from rareclass._names import near_name
from rareclass._types import Rows
from rareclass.data.feature_names import encoded_names
from rareclass.errors import InputError, SchemaError
from rareclass.kernels.linear import without_infinite
from rareclass.scoring.saved import UNFIT, why
from rareclass.scoring.values import Elsewhere, Reader, make_reader

_TOO_LARGE = (OverflowError, ValueError)
"""What Python raises for numbers and dates that its types cannot hold."""
NUMERIC = ("number", "integer", "boolean")
_SEVERAL = ("time", "text")
"""Kinds whose readers give a list, be it of one number."""


class RowEncoder:
    """Encode rows as the `TableEncoder` does that `saved` describes.

    Parameters
    ----------
    saved : mapping
        `TableEncoder.to_dict`.

    Raises
    ------
    InputError
        The description is incomplete.
    """

    def __init__(self, saved: Mapping[str, Any]) -> None:
        try:
            self.columns = [(str(c["name"]), str(c["kind"])) for c in saved["columns"]]
            self.readers = [make_reader(name, kind, saved) for name, kind in self.columns]
        except UNFIT as error:
            raise InputError(f"The saved encoder is incomplete: {why(error)}.") from None
        self.saved = dict(saved)
        self.names = [name for name, _ in self.columns]
        self.places = {name: at for at, name in enumerate(self.names)}
        self._plain = [(reader.name, reader.one) for reader in self.readers]
        self._narrow = not any(reader.kind in _SEVERAL for reader in self.readers)
        self.width = sum(reader.width for reader in self.readers)
        # where the columns of the encoded matrix begin (c,) that come from each column
        self.starts = np.cumsum([0, *(reader.width for reader in self.readers)])[:-1]
        self._other = next(((name, kind) for name, kind in self.columns if kind not in NUMERIC), None)
        self._table: Any = None
        # whether an array of numbers is the encoded matrix, once none is infinite
        self.all_numbers = len(self.columns) > 1 and all(kind in ("number", "integer") for _, kind in self.columns)
        self._flags = [j for j, (_, kind) in enumerate(self.columns) if kind == "boolean"]

    def __reduce__(self) -> tuple[type, tuple[Any]]:
        return type(self), (self.saved,)  # readers hold functions of their own

    def column_of(self, feature: int) -> str:
        """The name of the column that a column of the encoded matrix comes from."""
        return next(r.name for r, end in zip(self.readers, np.cumsum([r.width for r in self.readers])) if feature < end)

    def encoded_names(self) -> list[str]:
        """Names of the columns of the encoded matrix, those of the `TableEncoder`."""
        return encoded_names(self.columns, self.saved["time_parts"], self.saved["text_buckets"])

    def values(self, rows: Rows, X: np.ndarray) -> list[list[Any]]:
        """The values of rows as they were given, in the order of the columns; `X` is their `matrix`.

        What is no number in a column of numbers (a text, a decimal) is the number that was read.
        """
        rows = collected(rows)
        rows = self._of_series(rows) if _is_series(rows) else rows
        rows = [rows] if isinstance(rows, Mapping) else rows
        if isinstance(rows, list | tuple) and all(isinstance(row, Mapping) for row in rows):
            columns = [[_value(row, name, None) for row in rows] for name in self.names]
        elif hasattr(rows, "columns") or hasattr(rows, "__arrow_c_stream__"):
            from rareclass.data.read import read_table  # pyarrow is needed for tables only

            table = read_table(rows)
            columns = [table[name].to_pylist() for name in self.names]
        else:
            found: list[list[Any]] = X.tolist()
            return found
        return self.as_read(columns, X)

    def as_read(self, columns: Sequence[list[Any]], X: np.ndarray) -> list[list[Any]]:
        """The rows of lists of values, one a column; what is no number in a column of numbers is the number read."""
        for reader, at, values in zip(self.readers, self.starts, columns):
            if reader.kind in NUMERIC:
                for i, value in enumerate(values):
                    if not isinstance(value, (int, float, np.number, np.bool_)):
                        values[i] = _read_as(reader.kind, float(X[i, at]))
        return [list(row) for row in zip(*columns)]

    def matrix(self, rows: Rows) -> np.ndarray:
        """Encoded rows (n, d), float64, NaN where missing.

        Raises
        ------
        SchemaError
            A column is missing, or holds another kind of values than in training.
        InputError
            The rows are of no known form.
        """
        if isinstance(rows, np.ndarray) and rows.dtype.names is None:
            return self._array(rows)
        if isinstance(rows, Mapping):
            return self.one(rows)
        rows = collected(rows)
        if _is_series(rows):
            return self.matrix(self._of_series(rows))
        if isinstance(rows, list | tuple):
            if all(isinstance(row, Mapping) for row in rows):
                return self._several(rows)
            return self._array(_as_array(rows))
        return self.encoded(rows).matrix

    def one(self, row: Mapping[Any, Any]) -> np.ndarray:
        """One mapping of column names to values, encoded: (1, d)."""
        try:
            found = [read(row[name]) for name, read in self._plain]
        except (KeyError, Elsewhere, *_TOO_LARGE):
            return self._several([row])
        if not self._narrow:
            found = [v for part in found for v in (part if isinstance(part, list) else (part,))]
        return np.array([found])

    def _several(self, rows: Sequence[Mapping[Any, Any]]) -> np.ndarray:
        out, at, alone = np.empty((len(rows), self.width)), 0, len(rows) == 1
        for reader in self.readers:
            values = [_value(row, reader.name, None if alone else i) for i, row in enumerate(rows)]
            out[:, at : at + reader.width] = self._read(reader, values, alone).reshape(len(rows), reader.width)
            at += reader.width
        return out

    def _read(self, reader: Reader, values: list[Any], alone: bool) -> np.ndarray:
        settled = reader.settled(values)
        found: list[Any] = []
        for i, value in enumerate(settled):
            try:
                found.append(reader.one(value))
            except (Elsewhere, *_TOO_LARGE):
                found.append(self._elsewhere(reader, value, None if alone else i))
        return np.array(found, dtype=np.float64)

    def _elsewhere(self, reader: Reader, value: Any, row: int | None) -> Any:
        """A value of a type that only tables know (pandas, NumPy's dates, decimals), read as a table of one row."""
        if isinstance(value, str | bytes | Mapping | list | tuple | set | np.ndarray) or value is NotImplemented:
            raise reader.wrong(value, row)
        from rareclass.data.encode import TableEncoder  # pyarrow is needed for such values only

        encoder = TableEncoder.from_dict({**self.saved, "columns": [{"name": reader.name, "kind": reader.kind}]})
        try:
            found: list[float] = encoder.transform([{reader.name: value}]).matrix[0].tolist()
        except (SchemaError, TypeError, NotImplementedError, *_TOO_LARGE):
            raise reader.wrong(value, row) from None
        return found[0] if reader.width == 1 else found

    def encoded(self, rows: Rows) -> Any:
        """A table as `TableEncoder.transform` gives it."""
        rows = collected(rows)
        if isinstance(rows, str | bytes) or not (hasattr(rows, "columns") or hasattr(rows, "__arrow_c_stream__")):
            raise InputError(
                f"A {type(rows).__name__} is no row of data. Pass a mapping of column names to values, a list of them, "
                "a table of Arrow, pandas or polars, or an array of numbers."
            )
        from rareclass.data.encode import TableEncoder  # pyarrow is needed for tables only
        from rareclass.data.read import read_table

        if self._table is None:
            self._table = TableEncoder.from_dict(self.saved)
        return self._table.transform(read_table(rows))

    def _of_series(self, rows: Any) -> Any:
        """A pandas Series whose index names the columns is one row; the only column of a model is a table."""
        if hasattr(rows, "index") and set(self.names) <= set(rows.index):
            return rows.to_dict()
        if self.names == [rows.name]:
            return rows.to_frame()
        raise InputError(
            f"A Series is one row where its index names the columns ({self.names[0]!r} and so on), or the only column "
            "of a model where its name does. Pass a mapping of column names to values, or a table."
        )

    def _array(self, rows: np.ndarray) -> np.ndarray:
        rows, shape = _as_numbers(_check.unmasked(rows)), rows.shape
        if (
            self._other is not None
            or rows.dtype.kind not in "fiub"
            or len(shape) not in (1, 2)
            or shape[-1] != self.width
        ):
            raise self._no_array(rows)
        out = np.empty((1, self.width) if len(shape) == 1 else shape)
        rows = np.ascontiguousarray(rows, dtype=np.float64)
        if not rows.flags.writeable:  # for which the kernel would be compiled again
            rows = rows.copy()
        without_infinite(rows.reshape(out.shape), out)
        if self._flags:
            flags = out[:, self._flags]
            wrong = np.argwhere((flags != 0.0) & (flags != 1.0) & (flags == flags))
            if wrong.size:
                i, k = wrong[0].tolist()
                raise self.readers[self._flags[k]].wrong(float(flags[i, k]), i if len(shape) == 2 else None)
        return out

    def _no_array(self, rows: np.ndarray) -> InputError:
        """Why an array cannot be scored."""
        if self._other is not None:
            return InputError(
                f"Arrays hold numbers only, but the column {self._other[0]!r} is of the kind {self._other[1]}. Pass "
                "mappings of column names to values, or a table."
            )
        if rows.dtype.kind not in "fiub":
            return InputError(f"An array of numbers is expected; got one of type {rows.dtype}.")
        names = ", ".join(map(repr, self.names[:4])) + (", ..." if self.width > 4 else "")
        return InputError(
            f"An array of shape ({self.width},) or (n, {self.width}) is expected, with the columns {names} in this "
            f"order; got the shape {rows.shape}."
        )


def _read_as(kind: str, number: float) -> Any:
    """An encoded value of a column of numbers as Python's; None where it is missing."""
    if number != number:
        return None
    if kind == "boolean":
        return bool(number)
    return int(number) if kind == "integer" and number.is_integer() else number


def collected(rows: Rows) -> Any:
    """Rows of a lazy frame as a table, read once; others as they are."""
    lazy = hasattr(rows, "collect") and not hasattr(rows, "__arrow_c_stream__") and not isinstance(rows, Mapping)
    return rows.collect() if lazy else rows


def _value(row: Mapping[Any, Any], name: str, number: int | None) -> Any:
    try:
        return row[name]
    except KeyError:
        other = next((key for key in row if not isinstance(key, str) and str(key) == name), None)
        if other is not None:
            return row[other]
        near = near_name(name, map(str, row))
        hint = "" if near is None else f" It has {near!r}: names must be equal in capitals and blanks."
        which = "The row" if number is None else f"Row {number + 1:,}"
        raise SchemaError(
            f"{which} lacks the column {name!r}, which the model was trained on; give None where there is no value."
            f"{hint}"
        ) from None


def _is_series(rows: Any) -> bool:
    """Whether these are the values of one column, of pandas or polars."""
    return hasattr(rows, "to_frame") and hasattr(rows, "name") and not hasattr(rows, "columns")


def _as_numbers(rows: np.ndarray) -> np.ndarray:
    """An array of objects that are all numbers or None as one of numbers."""
    if rows.dtype != object or not all(v is None or isinstance(v, Real | np.bool_) for v in rows.flat):
        return rows
    try:
        return rows.astype(np.float64)
    except _TOO_LARGE:
        return rows


def _as_array(rows: Sequence[Any]) -> np.ndarray:
    if any(isinstance(row, Mapping) for row in rows):
        raise InputError("A list of rows holds mappings and other values; give mappings only.")
    try:
        return np.asarray(_check.unmasked(rows))
    except ValueError:
        raise InputError("The rows of the list differ in length; each needs one number for each column.") from None
