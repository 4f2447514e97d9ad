"""The rows of a request: encoded at once, and the values as they were given for reasons and the log."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rareclass.scoring.columns import Column, encoded_columns, encoded_row
from rareclass.scoring.rows import RowEncoder
from rareclass.scoring.values import Elsewhere, text_of
from rareclass.serving.errors import shown, wrong
from rareclass.serving.texts import as_cell, as_cells, other_cell

_WHOLE = -(2.0**63), 2.0**64
"""Between these JSON's whole numbers are read digit by digit."""
_NOTHING: Mapping[str, Any] = {}


class Batch:
    """Rows of a request: the encoded matrix, and the values as they were given.

    Attributes
    ----------
    encoder : RowEncoder
        That of the model.
    matrix : ndarray of shape (n, width), float64
        As `Scorer.logit_of` takes it.
    unknown : dict of str to int
        How many values of each category training never saw; only columns with any.
    """

    def __init__(
        self,
        encoder: RowEncoder,
        matrix: np.ndarray,
        columns: Sequence[Column] | None = None,
        unknown: Mapping[str, int] = _NOTHING,
        others: Mapping[str, Column] = _NOTHING,
    ) -> None:
        self.matrix, self.unknown = matrix, dict(unknown)
        self.encoder, self._columns, self._others = encoder, columns, others

    @classmethod
    def of_columns(
        cls, encoder: RowEncoder, columns: Sequence[Column], n: int, others: Mapping[str, Column] = _NOTHING
    ) -> "Batch":
        """Rows of one array or list of n values a column, in the order of ``encoder.names``."""
        if n == 1:
            return cls.of_row(encoder, [_first(column) for column in columns], others)
        columns = [as_cells(reader, column) for reader, column in zip(encoder.readers, columns, strict=True)]
        matrix, unknown = encoded_columns(encoder, columns, n)
        return cls(encoder, matrix, columns, unknown, others)

    @classmethod
    def of_row(cls, encoder: RowEncoder, values: Sequence[Any], others: Mapping[str, Column] = _NOTHING) -> "Batch":
        """One row of one value a column, in the order of ``encoder.names``; others as one list or array each."""
        cells = [
            as_cell(reader, value) if type(value) is str and value not in reader.codes else value
            for reader, value in zip(encoder.readers, values, strict=True)
        ]
        matrix, unknown = encoded_row(encoder, cells)
        return cls(encoder, matrix, [(cell,) for cell in cells], unknown, others)

    def __len__(self) -> int:
        return int(self.matrix.shape[0])

    def column(self, name: str) -> Sequence[Any] | None:
        """The values (n,) of a column as they were given; None where the request has no such column."""
        if name in self._others:
            return [other_cell(value) if type(value) is str else value for value in _plain(self._others[name])]
        if name not in self.encoder.places:
            return None
        at = self.encoder.places[name]
        return _plain(self.matrix[:, at] if self._columns is None else self._columns[at])

    def texts(self, name: str) -> list[str | None] | None:
        """The values (n,) of a column as texts, None where missing; None where the request has no such column.

        Raises
        ------
        Refused
            400: one of them is a list or an object, or a whole number that JSON's reader rounded.
        """
        values = self.column(name)
        if any(type(v) is float and math.isfinite(v) and not _WHOLE[0] < v < _WHOLE[1] for v in values or ()):
            raise wrong(
                f"Column {shown(name)} holds a number beyond 64 bits; send it as a text, which keeps its digits."
            )
        try:
            return None if values is None else [text_of(value) for value in values]
        except Elsewhere:
            raise wrong(f"Column {shown(name)} must hold texts, numbers or null, as ids and slices do.") from None

    def values(self, rows: Sequence[int] | np.ndarray) -> list[list[Any]]:
        """The values of some rows, in the order of the model's columns, as `Scorer.explain_of` takes them."""
        rows = np.asarray(rows, dtype=np.intp).tolist()
        if self._columns is None:
            found: list[list[Any]] = self.matrix[rows].tolist()
            return found
        columns = [
            column[rows].tolist() if isinstance(column, np.ndarray) else [column[i] for i in rows]
            for column in self._columns
        ]
        return self.encoder.as_read(columns, self.matrix[rows])


def _first(column: Column) -> Any:
    return column.item(0) if isinstance(column, np.ndarray) else column[0]


def _plain(column: Column) -> Sequence[Any]:
    return column.tolist() if isinstance(column, np.ndarray) else column
