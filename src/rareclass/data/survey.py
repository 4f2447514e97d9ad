"""What a column of texts is, found part by part: a few of its texts that say of all what they are.

`typed` reads a column by its distinct texts in the order in which they come. For most of them another text speaks that
is written alike: 1.234,56 for 7.650,00. What is kept here is the first of each way of writing, and so many first texts
that examples and marks are the same.
"""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rareclass.data.cells import MAY_BE_THOUSANDS, plain
from rareclass.data.numerals import ZERO_AHEAD, DoubtfulError, read_numerals

_FIRST = 2_000
"""So many distinct texts are kept as they are; examples are looked for among a thousand."""
_MOST = 200_000
_NUMERIC = (pa.int64(), pa.float64())
_MOMENTS = ("^[-0-9]{10}$", "^[^.]*$")
"""Dates without a time of the day, and moments without parts of seconds."""
_WHOLE = r"^[-+]?[0-9]{1,18}$"


class TextSurvey:
    """The texts of a column that speak for all.

    Parameters
    ----------
    written : bool, default=False
        Whether the column is known to hold other texts than plain numbers, Booleans and ISO dates: each is then looked
        at, which takes longer.

    Attributes
    ----------
    texts : list of str
    unsure : bool
        The column showed late that not all its texts are plain; it must be surveyed anew, as `written`.
    too_many : bool
        Its texts are written in too many ways, so that it must be read as a whole.
    only_numbers : bool
        The texts speak for all only where they are read as numbers.
    """

    def __init__(self, *, written: bool = False) -> None:
        self.unsure = self.too_many = self.only_numbers = False
        self._texts: dict[str, None] = {}
        self._written, self._kind, self._zero = written, None, False
        self._ways: set[str] | None = None

    @property
    def all_kept(self) -> bool:
        """Whether these are all distinct texts of the column; only of columns surveyed as `written`."""
        return len(self._texts) < _FIRST

    @property
    def texts(self) -> list[str]:
        return list(self._texts)

    def add(self, column: pa.ChunkedArray, bare: Callable[[pa.ChunkedArray], pa.ChunkedArray]) -> None:
        """Look at the next part of the column; `bare` gives texts without blanks around them, null for no value."""
        if self.unsure or self.too_many:
            return
        if not self._written and self._kind is not None and _are(column, self._kind):  # so that none has blanks
            self._look_for_zero(column)
            return
        known = bare(column).drop_null()
        if len(known) == 0:
            return
        if self._written:
            self._add_written(known)
        elif self._kind is None:
            self._begin(known)
        else:
            self._add_plain(known)

    def _begin(self, known: pa.ChunkedArray) -> None:
        found, distinct = plain(known), pc.unique(known)
        kind = None if found is None else found.type
        thousands = kind == pa.float64() and _first(known, MAY_BE_THOUSANDS) is None
        if kind is not None and not thousands:
            self._kind = kind
            self._keep(*distinct[:_FIRST].to_pylist())
            if kind == pa.float64():
                self._show_fractions(known)
            elif kind not in _NUMERIC:
                self._keep(*(text for pattern in _MOMENTS if (text := _first(known, pattern)) is not None))
            self._look_for_zero(known)
        spoken = plain(pa.chunked_array([self.texts], pa.string()))
        if kind is None or thousands or spoken is None or spoken.type != kind:
            self._written = True
            self._texts.clear()
            self._add_written(known)

    def _add_plain(self, known: pa.ChunkedArray) -> None:
        try:
            known.cast(self._kind)
        except pa.ArrowInvalid:
            if self._kind != pa.int64() or not _are(known, pa.float64()):
                self.unsure = True
                return
            self._kind = pa.float64()
            self._show_fractions(known)
        self._look_for_zero(known)

    def _show_fractions(self, known: pa.ChunkedArray) -> None:
        """Keep a text that is no whole number, and one whose point cannot stand before thousands."""
        shown = [_first(known, pattern) for pattern in (_WHOLE, MAY_BE_THOUSANDS)]
        self.unsure = None in shown
        self._keep(*(text for text in shown if text is not None))

    def _look_for_zero(self, known: pa.ChunkedArray) -> None:
        if self._zero or self._kind not in _NUMERIC:
            return
        may = known.filter(pc.or_(pc.starts_with(known, "0"), pc.starts_with(known, "-0")))
        may = may.filter(pc.invert(pc.match_substring(may, ".")))
        codes = may.filter(pc.match_substring_regex(may, ZERO_AHEAD)) if len(may) else may
        if len(codes):
            self._zero = True
            self._keep(codes[0].as_py())

    def _add_written(self, known: pa.ChunkedArray) -> None:
        distinct = pc.unique(known)
        if self._ways is None:
            self._ways = set()
            self.only_numbers = _may_be_numbers(distinct[:_FIRST].to_pylist())
        ways = _digits_alike(distinct) if self.only_numbers else _clocks_alike(distinct)
        encoded = pc.dictionary_encode(ways)
        names = encoded.dictionary.to_pylist()
        fresh = [name not in self._ways for name in names]
        if any(fresh):
            _, at = np.unique(encoded.indices.to_numpy(), return_index=True)
            found = set(at[np.array(fresh)].tolist())
            self._ways.update(names)
        else:
            found = set()
        room = max(_FIRST - len(self._texts), 0)
        if room:  # what was kept before may come again
            found |= set(range(min(len(distinct), room + _FIRST)))
        self._keep(*distinct.take(pa.array(sorted(found), pa.int64())).to_pylist())
        self.too_many = len(self._texts) > _MOST

    def _keep(self, *texts: str) -> None:
        self._texts.update(dict.fromkeys(texts))


def _are(known: pa.ChunkedArray, kind: pa.DataType) -> bool:
    try:
        known.cast(kind)
    except pa.ArrowInvalid:
        return False
    return True


def _first(known: pa.ChunkedArray, pattern: str) -> str | None:
    """The first text that is not so written."""
    i = pc.index(pc.match_substring_regex(known, pattern), False).as_py()
    return None if i < 0 else str(known[i])


def _may_be_numbers(texts: list[str]) -> bool:
    try:
        return read_numerals(texts) is not None
    except DoubtfulError:
        return True


def _digits_alike(texts: pa.Array) -> pa.Array:
    """Texts with 1 for each digit, but o for a zero before others, and the number as it is from 19 digits on."""
    zeros = pc.replace_substring_regex(texts, r"(^|[^0-9])0", r"\1o")
    alike = pc.replace_substring_regex(zeros, "[0-9]", "1")
    return pc.if_else(pc.match_substring_regex(texts, "^[^.,]*[0-9]{19}"), texts, alike)


def _clocks_alike(texts: pa.Array) -> pa.Array:
    """Texts with other minutes, seconds and parts of them, where these exist: 10:00:00.0 for 10:59:31.25."""
    even = pc.replace_substring_regex(texts, ":[0-5][0-9]", ":00")
    return pc.replace_substring_regex(even, "(:00)([.,])[0-9]{1,9}", r"\1\20")
