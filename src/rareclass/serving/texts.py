"""Texts of a request, read as the cells of a file of text are: without blanks, and none where they stand for none."""

import re

import numpy as np

from rareclass.data.numerals import EMPTY, MISSING_MARKS
from rareclass.scoring.columns import Column, Levels
from rareclass.scoring.values import Reader

_EMPTY = frozenset(EMPTY)
_WHOLE = re.compile(r"(-?[1-9]\d*|0)\.0+")


def as_cells(reader: Reader, column: Column) -> Column:
    """A column (n,) of a request with texts as `rareclass predict` reads the cells of a file.

    A level that training saw stays as it is, so that models of other tables know theirs.
    """
    if isinstance(column, Levels):
        return column.mapped(lambda value: as_cell(reader, value) if type(value) is str else value)
    if isinstance(column, np.ndarray) or str not in set(map(type, column)):
        return column
    return [as_cell(reader, value) if type(value) is str else value for value in column]


def other_cell(text: str) -> str | None:
    """A text of a column that the model does not know, such as ids, as the cell of a file."""
    bare = text.strip()
    return None if bare in _EMPTY else bare


def as_cell(reader: Reader, text: str) -> str | None:
    """`as_cells` of one text."""
    if reader.unseen is None:
        bare = text.strip()
        marked = reader.kind != "text" and bare.lower() in MISSING_MARKS
        return None if marked or bare in _EMPTY else bare
    if not reader.unseen(text):
        return text
    bare = text.strip()
    if bare in _EMPTY:
        return None
    whole = _WHOLE.fullmatch(bare) if reader.unseen(bare) else None
    return bare if whole is None or reader.unseen(whole[1]) else whole[1]
