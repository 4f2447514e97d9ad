"""Columns as the leakage audit looks at them: levels, numbers and missing values side by side."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Self

import numpy as np
import pyarrow as pa

from rareclass.data.columns import canonical_texts, dictionary_codes
from rareclass.data.encode import TableEncoder
from rareclass.data.schema import Column

MOST_WORDS = 2_000
MOST_DATES = 6
"""Dates that are compared with each other; 15 differences."""


@dataclass(frozen=True, kw_only=True)
class View:
    """One way to look at a column.

    Attributes
    ----------
    name : str
        The column.
    part : str
        What of it is looked at: "" for its values, else "month", "word ...".
    codes : ndarray of shape (n,), int
        Distinct values in order, 0 for missing.
    numbers : ndarray of shape (n,) or None
        NaN for missing; None where values have no order.
    beside : str
        The column that was subtracted, if any.
    """

    name: str
    part: str
    codes: np.ndarray
    numbers: np.ndarray | None
    levels: Sequence[str | float]
    beside: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that are looked at."""
        return (self.name, self.beside) if self.beside else (self.name,)

    @property
    def missing(self) -> np.ndarray:
        return self.codes == 0

    @property
    def first(self) -> bool:
        """Whether this is the first view of its column: missing values are looked at once."""
        return self.part in ("", "epoch_days")

    @property
    def distinct(self) -> int:
        """Distinct values beside missing ones."""
        return len(self.levels) - 1

    def take(self, rows: np.ndarray) -> Self:
        """The same for some rows."""
        return replace(self, codes=self.codes[rows], numbers=None if self.numbers is None else self.numbers[rows])

    def said(self, code: int) -> str:
        """ "Column 'status' = 'closed'"."""
        what = f"Column {self.name!r}" + (f" ({self.part})" if self.part else "")
        return f"{what} is missing" if code == 0 else f"{what} = {self.level(code)}"

    def level(self, code: int) -> str:
        """A value as it is written."""
        level = self.levels[code]
        if isinstance(level, str):
            return level
        return str(np.datetime64(int(level // 1), "D")) if self.part == "epoch_days" else f"{level:g}"


def views(table: pa.Table, columns: tuple[Column, ...], y: np.ndarray) -> Iterator[View]:
    """All ways to look at the columns of a table; the labels y (n,) say which words are worth it."""
    for column in columns:
        values = table.column(column.name)
        if column.kind == "category":
            codes, levels = dictionary_codes(values)
            texts = canonical_texts(levels)
            shown = ["", *(repr(t) for t in texts)]
            known = np.array([t is not None for t in texts] + [False])
            yield View(
                name=column.name, part="", codes=np.where(known[codes], codes + 1, 0), numbers=None, levels=shown
            )
        elif column.kind == "text":
            yield from _of_text(values, column.name, y)
        else:
            encoded = TableEncoder([column]).fit(table).transform(table)
            for j, name in enumerate(encoded.feature_names):
                part = name.removeprefix(f"{column.name}:") if column.kind == "time" else ""
                yield of_numbers(column.name, part, encoded.matrix[:, j])


def date_differences(looked: Sequence[View]) -> list[View]:
    """Days between each two date columns."""
    dates = [v for v in looked if v.part == "epoch_days" and v.numbers is not None][:MOST_DATES]
    return [
        replace(of_numbers(b.name, f"minus {a.name!r}, in days", b.numbers - a.numbers), beside=a.name)
        for a, b in combinations(dates, 2)
        if a.numbers is not None and b.numbers is not None
    ]


def of_numbers(name: str, part: str, numbers: np.ndarray) -> View:
    """A view of numbers (n,), NaN for missing."""
    known = ~np.isnan(numbers)
    distinct, inverse = np.unique(numbers[known], return_inverse=True)
    codes = np.zeros(numbers.size, dtype=np.int64)
    codes[known] = inverse + 1
    return View(name=name, part=part, codes=codes, numbers=numbers, levels=[np.nan, *distinct.tolist()])


def _of_text(values: pa.ChunkedArray, name: str, y: np.ndarray) -> Iterator[View]:
    """Whole texts as levels, then each word that hardly any row but events have as present or absent."""
    codes, levels = dictionary_codes(values)
    texts = [t or "" for t in canonical_texts(levels)]
    yield View(name=name, part="", codes=codes + 1, numbers=None, levels=["", *(repr(t[:40]) for t in texts)])
    from sklearn.feature_extraction.text import CountVectorizer

    counter = CountVectorizer(binary=True, min_df=5, max_features=MOST_WORDS)
    try:
        found = counter.fit_transform([texts[c] if c >= 0 else "" for c in codes]).tocsc()
    except ValueError:  # no word is frequent
        return
    names = counter.get_feature_names_out()
    often = np.asarray(found[y].sum(axis=0)).ravel() >= np.maximum(5, 0.2 * y.sum())
    pure = often & (np.asarray(found[~y].sum(axis=0)).ravel() <= 0.1 * y.sum())
    for j in np.flatnonzero(pure):
        there = np.zeros(codes.size, dtype=np.int64)
        there[found.indices[found.indptr[j] : found.indptr[j + 1]]] = 1
        part = f"word {str(names[j])!r}"
        yield View(name=name, part=part, codes=there + 1, numbers=None, levels=["", "absent", "present"])
