"""The column that names the slice of each row."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pyarrow as pa

from rareclass.calibration.slices import SliceShifts, clumping_of, fit_slices
from rareclass.data.columns import canonical_texts, name_hint
from rareclass.data.encode import TableEncoder
from rareclass.data.schema import Schema
from rareclass.errors import InputError, SchemaError
from rareclass.kernels.logits import sigmoid

_TRUTH = {"false": 0.0, "true": 1.0}
MOST_NUMBERS = 100
"""A column of numbers with more values than this measures something; it names no slices."""


@dataclass(frozen=True)
class SliceColumn:
    """The slice of each row of a table: `levels` by name, and the `number` (n,) of each row's, -1 for none."""

    name: str
    levels: tuple[str, ...]
    number: np.ndarray

    @classmethod
    def of(cls, table: pa.Table, schema: Schema, name: Any) -> Self:
        """Number the values of a feature column.

        Raises
        ------
        InputError, SchemaError
            There is no such feature, its values name no slices, or all are the same.
        """
        if not isinstance(name, str):
            raise InputError(f"`slices` must be the name of one column; got {name!r}.")
        column = next((c for c in schema.columns if c.name == name), None)
        if column is None:
            why = schema.dropped.get(name)
            left = f" (it is left out: {why})." if why else f".{name_hint(name, list(schema.names))}"
            raise SchemaError(
                f"`slices={name}` names no feature{left} The column of slices must be one of the features: no "
                "group, time, weight or target, and none that is dropped."
            )
        if column.kind in ("text", "time"):
            what = "free text" if column.kind == "text" else "dates"
            raise InputError(
                f"`slices={name}` names a column of {what}. Slices are categories: add a column that names them, such "
                "as the month or the kind of text."
            )
        encoder = TableEncoder([column], min_count=1)
        code = encoder.fit(table).transform(table).matrix[:, 0]
        known = np.isfinite(code)
        if column.kind == "category":
            levels, number = encoder.categories_[name].levels, code
        else:
            values, number = np.unique(code[known]), np.full(code.size, -1.0)
            number[known] = np.searchsorted(values, code[known])
            written = pa.array(values != 0) if column.kind == "boolean" else pa.array(values)
            levels = tuple(map(str, canonical_texts(written)))
            if len(levels) > MOST_NUMBERS:
                raise InputError(
                    f"`slices={name}` names a column of {len(levels):,} different numbers. Cut it into a few ranges in "
                    "a column of its own, or, where they are codes, name it in `categorical`."
                )
        if len(levels) < 2:
            raise InputError(
                f"`slices={name}` names a column with one value in all rows: there is nothing to slice by."
            )
        return cls(name, tuple(levels), np.where(known, number, -1).astype(np.int64))

    def take(self, index: np.ndarray) -> "SliceColumn":
        """The same for the rows `index`."""
        return SliceColumn(self.name, self.levels, self.number[index])

    def codes(self, encoder: TableEncoder) -> dict[str, float]:
        """What a fitted encoder writes for each level; those that it pools are not among them."""
        if self.name in encoder.categories_:
            return {text: float(i) for i, text in enumerate(encoder.categories_[self.name].levels)}
        return {text: float(_TRUTH.get(text, text)) for text in self.levels}

    def known_to(self, encoder: TableEncoder) -> "SliceColumn":
        """The same where rows of levels that a fitted encoder pools have no slice."""
        codes = self.codes(encoder)
        kept = [j if level in codes else -1 for j, level in enumerate(self.levels)]
        return SliceColumn(self.name, self.levels, np.array([*kept, -1])[self.number])

    def fit(
        self,
        logit: np.ndarray,
        y: np.ndarray,
        *,
        counts: np.ndarray | None = None,
        groups: np.ndarray | None = None,
        row: np.ndarray | None = None,
    ) -> SliceShifts:
        """Shifts of calibrated log-odds (n,) of these rows; see `fit_slices`.

        Parameters
        ----------
        counts : ndarray of shape (n,), optional
            Weights, of `as_counts`.
        groups, row : ndarray of shape (n,), optional
            Which rows depend on each other, and which are the same one.
        """
        residual = (1.0 if counts is None else counts) * (y - sigmoid(logit))
        clumping = clumping_of(residual, groups, row)
        return fit_slices(logit, y, self.number, len(self.levels), weight=counts, clumping=clumping)
