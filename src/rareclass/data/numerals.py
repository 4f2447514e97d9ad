"""Numbers as people write them: decimal commas, thousands, currencies, percent, minus behind or in brackets."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

# what tables of text use for "no value" besides the empty cell; compared in lower case without blanks around
MISSING_MARKS = frozenset(
    {"", "?", "-", "--", ".", "na", "n/a", "#n/a", "nan", "null", "missing", "none", "<na>", "(null)", "\\n"}
)
EMPTY = ["", "#N/A N/A", *"#N/A #NA -NaN -nan N/A NA NULL NaN n/a nan null <NA> \\N".split()]
"""Cells that hold no value in columns of any kind, as they are written."""
_MONEY = r"[$€£¥₹₽₺]|CHF|EUR|USD|GBP|SEK|NOK|DKK|PLN|CZK|HUF|JPY|CAD|AUD|US\$|Fr\.|kr\.?|zł|Kč|Ft"
_NUMBER = re.compile(
    rf"(?P<open>\()?\s*(?P<sign>[-+−])?\s*(?P<before>{_MONEY})?\s*(?P<inner>[-+−])?\s*"
    r"(?P<body>(?:\d|[.,]\d)(?:[.,'’\s]?\d)*[.,]?)(?P<power>[eE][-+]?\d+)?"
    rf"\s*(?P<after>{_MONEY}|%)?\s*(?P<behind>-)?\s*(?P<close>\))?"
)
_SPACED = r"(?:\s\d{3})+|(?:['’]\d{3})+"
# thousands stand in threes (in India in twos above the first three), and no grouped number begins with 0
_READINGS = {
    ".": re.compile(rf"(?:[1-9]\d{{0,2}}(?:(?:,\d{{2,3}})*,\d{{3}}|{_SPACED})|\d*)(?:\.\d*)?"),
    ",": re.compile(rf"(?:[1-9]\d{{0,2}}(?:(?:\.\d{{3}})+|{_SPACED})|\d*)(?:,\d*)?"),
}
ZERO_AHEAD = r"^-?0\d+$"
"""A code such as 007 rather than a number."""


class DoubtfulError(ValueError):
    """Texts that may mean two things; says which, as the end of a sentence that begins with the column."""


@dataclass(frozen=True)
class Numerals:
    """Texts as numbers.

    Attributes
    ----------
    values : ndarray of shape (n,), float64
        NaN for missing. A percentage is the number before its sign.
    decimal : str or None
        The decimal mark that they show, "." or ","; None when they would be the same numbers with either.
    marks : tuple of str
        What counted as missing.
    """

    values: np.ndarray
    decimal: str | None
    marks: tuple[str, ...]


def read_numerals(
    texts: Sequence[str | None], *, decimal: str | None = None, missing: Collection[str] = ()
) -> Numerals | None:
    """Numbers of texts (n,), all written in one way; None when they are other texts.

    Parameters
    ----------
    texts : sequence of str or None
    decimal : {".", ","}, optional
        The decimal mark of texts that show none, such as "1,234".
    missing : collection of str
        Texts that stand for no value, besides the usual marks.

    Raises
    ------
    DoubtfulError
        The texts are numbers, but of which size cannot be told.

    Examples
    --------
    >>> read_numerals(["1.234,50 €", "-", "7,25 €"]).values
    array([1234.5 ,     nan,    7.25])
    """
    bare = [None if text is None else text.strip() for text in texts]
    marks = {b for b in bare if b is not None and (b.lower() in MISSING_MARKS or b in missing)}
    at = [i for i, b in enumerate(bare) if b is not None and b not in marks]
    found = [m for i in at if (m := _NUMBER.fullmatch(bare[i] or "")) is not None]
    if len(found) < len(at) or any((m["open"] is None) != (m["close"] is None) for m in found):
        return None
    bodies = [m["body"] for m in found]
    possible = [mark for mark, reading in _READINGS.items() if all(map(reading.fullmatch, bodies))]
    marked = [b for b in bodies if "." in b or "," in b]
    if not possible:
        _refuse_mixed(bodies)
        return None
    _refuse_units(found)
    shown = possible[0] if len(possible) == 1 else None
    if shown is None and marked and decimal is None:
        one, other = (f"{_value(marked[0], mark):.16g}" for mark in possible)
        raise DoubtfulError(f"holds numbers such as {marked[0]!r}, which may mean {one} or {other}")
    mark = shown or decimal or "."
    values = np.full(len(bare), np.nan)
    for i, m in zip(at, found, strict=True):
        negative = m["open"] or m["behind"] or "-" in (m["sign"], m["inner"]) or "−" in (m["sign"], m["inner"])
        values[i] = (-1 if negative else 1) * _value(m["body"], mark, m["power"] or "")
    return Numerals(values, shown, tuple(sorted(marks - {""})))


def numbers_of_texts(texts: Sequence[str | None]) -> np.ndarray | None:
    """Float64 array (n,) of texts, NaN for missing marks; None when another is no number, or one of unclear size."""
    out = np.full(len(texts), np.nan)
    for i, text in enumerate(texts):
        if text is None:
            continue
        bare = text.strip()
        if bare.lower() in MISSING_MARKS:
            continue
        try:
            out[i] = float(bare)
        except ValueError:
            return _written_numbers(texts)
        if "_" in bare:  # Python reads 1_000 as a number, tables do not
            return None
    return out


def _written_numbers(texts: Sequence[str | None]) -> np.ndarray | None:
    try:
        found = read_numerals(texts)
    except DoubtfulError:
        return None
    return None if found is None else found.values


def looks_numeric(texts: Sequence[str | None]) -> float:
    """Share of texts that are numbers or marks of missing when each is read by itself."""
    seen = [t.strip() for t in texts if t is not None]
    hits = [
        t.lower() in MISSING_MARKS
        or ((m := _NUMBER.fullmatch(t)) is not None and any(r.fullmatch(m["body"]) for r in _READINGS.values()))
        for t in seen
    ]
    return sum(hits) / len(hits) if hits else 0.0


def has_zero_ahead(texts: Sequence[str | None]) -> bool:
    """Whether a text is a code such as 007 rather than a number."""
    return any(t is not None and re.match(ZERO_AHEAD, t.strip()) for t in texts)


def _value(body: str, mark: str, power: str = "") -> float:
    digits = re.sub(r"['’\s]", "", body).replace("," if mark == "." else ".", "")
    return float(digits.replace(",", ".") + power)


def _refuse_mixed(bodies: list[str]) -> None:
    """Raise when each is a number, some with decimal points and some with decimal commas."""
    fits = {mark: [b for b in bodies if reading.fullmatch(b)] for mark, reading in _READINGS.items()}
    if len(set(fits["."]) | set(fits[","])) < len(set(bodies)):
        return
    point, comma = (next(b for b in bodies if b not in set(fits[other])) for other in (",", "."))
    raise DoubtfulError(f"mixes decimal points and decimal commas ({point!r} and {comma!r})")


def _refuse_units(found: list[re.Match]) -> None:
    """Raise when amounts are in several currencies, or only some are percentages."""
    units = {u for m in found for u in (m["before"], m["after"]) if u is not None}
    if len(units) > 1:
        raise DoubtfulError(f"mixes the units {' and '.join(sorted(units))}")
    if "%" in units and any(m["after"] is None for m in found):
        raise DoubtfulError("mixes numbers with and without %")
