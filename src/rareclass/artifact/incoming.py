"""Rows that come to a bundle: read as its training table was, and compared with what that table held."""

from collections.abc import Collection, Container, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from rareclass.artifact.bundle import Bundle
from rareclass.data.columns import is_text, missing_mask, to_float, to_time
from rareclass.data.encode import TableEncoder
from rareclass.data.layout import TextFormat
from rareclass.data.schema import Schema

RANGES, WRITTEN = "ranges", "written"
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


def strange_columns(bundle: Bundle, table: pa.Table) -> list[str]:
    """One sentence for each feature that is wholly missing, or far outside the range of training."""
    notes = []
    for name, ends in bundle.reference.get(RANGES, {}).items():
        values = table[name]
        if _all_missing(values):
            notes.append(f"Column {name!r} holds no value in any row; in training it did.")
            continue
        numbers = to_float(values) if ends else None
        if numbers is None:
            continue
        low, high = ends
        width = (high - low) or abs(high) or 1.0
        far = (numbers < low - width) | (numbers > high + width)
        if far.sum() > _SHARE * np.isfinite(numbers).sum():
            worst = numbers[far][np.argmax(np.abs(numbers[far]))]
            notes.append(
                f"Column {name!r}: {int(far.sum()):,} of {numbers.size:,} values lie far outside those of training "
                f"({low:g} to {high:g}), such as {worst:g}. Check units and decimal marks."
            )
    return notes


def _all_missing(values: pa.ChunkedArray) -> bool:
    if missing_mask(values).all():
        return True
    numbers = to_float(values) if is_text(values.type) else None
    return numbers is not None and bool(np.isnan(numbers).all())
