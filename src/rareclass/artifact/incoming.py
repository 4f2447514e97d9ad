"""Rows that come to a bundle: read as its training table was, and compared with what that table held."""

from collections.abc import Collection, Container, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from rareclass.artifact.bundle import Bundle
from rareclass.data.columns import is_text, missing_mask, to_float, to_time
from rareclass.data.encode import TableEncoder
from rareclass.data.layout import TextFormat
from rareclass.data.schema import Schema

RANGES, WRITTEN, COST_COLUMNS = "ranges", "written", "cost_columns"
_SHARE = 0.01  # of the rows that must lie far outside before it is told


def written_before(bundle: Bundle) -> TextFormat:
    """How the files were written that the bundle was trained on."""
    said = bundle.recipe.get(WRITTEN) or {}
    return TextFormat(
        decimal=said.get("decimal"), date_format=said.get("date_format"), missing=tuple(said.get("missing", ()))
    )


def spelt_before(bundle: Bundle) -> dict[str, str]:
    """Labels to how the training file writes them, where that differs."""
    return dict((bundle.recipe.get(WRITTEN) or {}).get("labels", {}))


def written_record(written: TextFormat, spelt: Mapping[str, str] = {}) -> dict[str, Any]:
    """What `written_before` and `spelt_before` read, for the recipe."""
    said = {"decimal": written.decimal, "date_format": written.date_format, "missing": list(written.missing)}
    return said | ({"labels": dict(spelt)} if spelt else {})


def written_alike(before: TextFormat, now: TextFormat) -> bool:
    """Whether a file shows no other decimal mark and order of dates than those of training."""
    return now.decimal in (None, before.decimal) and now.date_format in (None, before.date_format)


class AllBut(Container[str]):
    """All names but these."""

    def __init__(self, names: Collection[str]) -> None:
        self.names = frozenset(names)

    def __contains__(self, name: object) -> bool:
        return name not in self.names


def kept_as_text(bundle: Bundle, others: Collection[str | None] = ()) -> AllBut:
    """Columns of a file that are not to be read as numbers or dates: none that the bundle, or `others`, takes for such.

    A category of words stays text, so that a batch in which all are "007" or "5 %" is read as the training table was.
    """
    encoder = bundle.model.model_.encoder
    typed = {c.name for c in encoder.columns if c.kind != "text" and not _holds_words(encoder, c.name)}
    return AllBut(typed | {name for name in others if name is not None})


def numeric_columns(bundle: Bundle, others: Collection[str] = ()) -> frozenset[str]:
    """Columns that the bundle, or `others`, takes for numbers or dates."""
    columns = bundle.model.model_.encoder.columns
    return frozenset(c.name for c in columns if c.kind not in ("category", "text")).union(others)


def _holds_words(encoder: TableEncoder, name: str) -> bool:
    known = encoder.categories_.get(name)
    return known is not None and any(map(_is_word, (*known.levels, *known.rare)))


def _is_word(level: str) -> bool:
    """Whether a level can only come from a column of text, not from numbers, Booleans or dates."""
    if level in ("true", "false"):
        return False
    try:
        number = float(level)
    except ValueError:
        return to_time(pa.chunked_array([[level]])) is None
    return level not in (repr(number), f"{int(number)}" if np.isfinite(number) else "")


def training_ranges(schema: Schema, table: pa.Table) -> dict[str, Any]:
    """Lowest and highest number of each feature, [] for other features that hold values; for `Bundle.reference`."""
    found: dict[str, Any] = {}
    for column in schema.columns:
        values = table[column.name]
        if missing_mask(values).all():
            continue
        found[column.name] = []
        if column.kind in ("number", "integer"):
            numbers = to_float(values)
            finite = numbers[np.isfinite(numbers)] if numbers is not None else np.empty(0)
            if finite.size:
                found[column.name] = [float(finite.min()), float(finite.max())]
    return found


class StrangeColumns:
    """Features that are wholly missing, or far outside the range of training, in tables that are added."""

    def __init__(self, bundle: Bundle) -> None:
        self._found = {name: _Seen(ends) for name, ends in bundle.reference.get(RANGES, {}).items()}

    def add(self, table: pa.Table) -> None:
        for name, seen in self._found.items():
            seen.add(table[name])

    def notes(self) -> list[str]:
        """One sentence for each."""
        return [note for name, seen in self._found.items() if (note := seen.note(name)) is not None]


class _Seen:
    """What was seen of one feature, whose values were between `ends` in training ([] for no numbers)."""

    def __init__(self, ends: Sequence[float]) -> None:
        self.missing, self.rows, self.known, self.far, self.worst = True, 0, 0, 0, 0.0
        if ends:
            self.low, self.high = ends
            self.width = (self.high - self.low) or abs(self.high) or 1.0
        self.numeric = bool(ends)

    def add(self, values: pa.ChunkedArray) -> None:
        self.missing = self.missing and _all_missing(values)
        numbers = to_float(values) if self.numeric else None
        if numbers is None:
            return
        far = numbers[(numbers < self.low - self.width) | (numbers > self.high + self.width)]
        self.rows += numbers.size
        self.known += int(np.isfinite(numbers).sum())
        self.far += far.size
        if far.size:
            self.worst = max(self.worst, far[np.argmax(np.abs(far))], key=abs)

    def note(self, name: str) -> str | None:
        if self.missing:
            return f"Column {name!r} holds no value in any row; in training it did."
        if self.far <= _SHARE * self.known:
            return None
        return (
            f"Column {name!r}: {self.far:,} of {self.rows:,} values lie far outside those of training "
            f"({self.low:g} to {self.high:g}), such as {self.worst:g}. Check units and decimal marks."
        )


def _all_missing(values: pa.ChunkedArray) -> bool:
    if missing_mask(values).all():
        return True
    numbers = to_float(values) if is_text(values.type) else None
    return numbers is not None and bool(np.isnan(numbers).all())
