"""Dates as people write them: 31.12.2024, 12/31/2024, 31-Dec-24, with or without a time of the day."""

import datetime
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from rareclass.data.numerals import MISSING_MARKS, DoubtfulError

_TIME = r"(?:[T ,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*([AaPp]\.?[Mm]\.?)?(?:\s*Uhr)?)?"
_FORMS = {
    "digits": re.compile(r"(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})\.?" + _TIME),
    "day first": re.compile(r"(\d{1,2})[ .\-/]*([^\W\d_]{3,})\.?[ ,.\-/]*(\d{4}|\d{2})" + _TIME),
    "month first": re.compile(r"([^\W\d_]{3,})\.? +(\d{1,2})(?:st|nd|rd|th)?,? +(\d{4})" + _TIME),
}
_MONTHS = {m: i % 12 + 1 for i, m in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split())}
_MONTHS |= {"mär": 3, "mrz": 3, "mai": 5, "okt": 10, "dez": 12}
_NO_DATE = frozenset({"00.00.0000", "0000-00-00", "00/00/0000"})
_CENTURY = 69  # years of two digits below it are in this century, as POSIX has it
ORDERS = {"dmy": "day before month", "mdy": "month before day", "ymd": "year first"}


@dataclass(frozen=True)
class Dates:
    """Texts as dates.

    Attributes
    ----------
    values : ndarray of shape (n,), datetime64[us]
        NaT for missing.
    order : str or None
        "dmy" or "mdy" where the texts show it, else None.
    short_years : bool
        Years have two digits: 00 to 68 are read as 2000 to 2068, 69 to 99 as 1969 to 1999.
    marks : tuple of str
        What counted as missing.
    """

    values: np.ndarray
    order: str | None
    short_years: bool = False
    marks: tuple[str, ...] = ()


def read_dates(texts: Sequence[str | None], *, order: str | None = None, missing: Collection[str] = ()) -> Dates | None:
    """Dates of texts (n,), all written in one way; None when they are other texts.

    Parameters
    ----------
    texts : sequence of str or None
    order : {"dmy", "mdy"}, optional
        How to read texts that are dates either way, such as 03/04/2024. With dots the day stands first.
    missing : collection of str
        Texts that stand for no value, besides the usual marks.

    Raises
    ------
    DoubtfulError
        The texts are dates, but which number is the month cannot be told.

    Examples
    --------
    >>> read_dates(["31.12.2024", "01.02.2024"]).values
    array(['2024-12-31T00:00:00.000000', '2024-02-01T00:00:00.000000'],
          dtype='datetime64[us]')
    """
    bare = [None if t is None else t.strip() for t in texts]
    gone = {b for b in bare if b is not None and (b.lower() in MISSING_MARKS or b in _NO_DATE or b in missing)}
    at = [i for i, b in enumerate(bare) if b is not None and b not in gone]
    if not at:
        return None
    shown = [bare[i] or "" for i in at]
    form = next((name for name, pattern in _FORMS.items() if pattern.fullmatch(shown[0])), None)
    if form is None:
        return None
    matches = [_FORMS[form].fullmatch(s) for s in shown]
    if not all(matches):
        return None
    rows = [m.groups() for m in matches if m is not None]
    if form == "digits":
        parts, orders = [(r[0], r[2], r[3], r[4:]) for r in rows], _possible_orders(rows)
    elif form == "day first":
        parts, orders = [(r[0], _month(r[1]), r[2], r[3:]) for r in rows], ["dmy"]
    else:
        parts, orders = [(r[1], _month(r[0]), r[2], r[3:]) for r in rows], ["dmy"]
    read = {o: moments for o in orders if (moments := _moments(parts, o)) is not None}
    if not read:
        _refuse_mixed(parts, orders, shown)
        return None
    same = len(read) == 2 and np.array_equal(read["dmy"], read["mdy"])  # 03/03/2024
    settled = next(iter(read)) if len(read) == 1 else None
    if settled is None and form == "digits" and rows[0][1] == ".":
        settled = "dmy"
    chosen = settled or order or ("dmy" if same else None)
    if chosen is None:
        raise DoubtfulError(f"holds dates such as {shown[0]!r}, whose day and month cannot be told apart")
    values = np.full(len(bare), np.datetime64("NaT"), dtype="datetime64[us]")
    values[at] = read[chosen] if chosen in read else next(iter(read.values()))
    short = chosen != "ymd" and any(len(p[2]) == 2 for p in parts)
    shown_order = settled if form == "digits" and settled != "ymd" else None
    return Dates(values, shown_order, short, tuple(sorted(gone - {""})))


def no_dates(texts: Sequence[str | None], missing: Collection[str] = ()) -> list[int]:
    """Which of the texts (n,) are no dates where nearly all others are, all with the same order; else none.

    Examples
    --------
    >>> no_dates(["31.01.2024", "28.02.2024", "31.03.2024"] * 3 + ["31.02.2024"])
    [9]
    """
    bare = {i: t.strip() for i, t in enumerate(texts) if t is not None}
    bare = {i: b for i, b in bare.items() if b.lower() not in MISSING_MARKS and b not in _NO_DATE and b not in missing}
    most = max(len(bare) // 10, 1)
    for order in ("dmy", "mdy") if len(bare) > 3 else ():
        odd: list[int] = []
        for seen, (i, text) in enumerate(bare.items()):
            if not _is_date(text, order):
                odd.append(i)
            if len(odd) > min(most, 10 + seen // 2):
                break
        else:
            return odd
    return []


def _is_date(text: str, order: str) -> bool:
    found = read_dates([text], order=order)
    return found is not None and found.order in (None, order)


def order_of(date_format: str) -> str | None:
    """ "dmy" or "mdy" of a format such as %d.%m.%Y, None where it says neither."""
    day, month = (date_format.find(f"%{c}") for c in "dm")
    return None if min(day, month) < 0 or date_format.startswith("%Y") else "dmy" if day < month else "mdy"


def read_formatted(texts: Sequence[str | None], date_format: str, missing: Collection[str] = ()) -> np.ndarray | None:
    """Dates (n,), datetime64[us], of texts that are all written as `date_format` says; None when they are not."""
    values = np.full(len(texts), np.datetime64("NaT"), dtype="datetime64[us]")
    for i, text in enumerate(texts):
        bare = "" if text is None else text.strip()
        if bare.lower() in MISSING_MARKS or bare in _NO_DATE or bare in missing:
            continue
        try:
            moment = datetime.datetime.strptime(bare, date_format)
        except ValueError:
            return None
        if moment.tzinfo is not None:
            moment = moment.astimezone(datetime.UTC).replace(tzinfo=None)
        values[i] = np.datetime64(moment)
    return None if np.isnat(values).all() else values


def _possible_orders(rows: list[tuple]) -> list[str]:
    if all(len(r[0]) == 4 for r in rows):
        return ["ymd"]
    if all(len(r[0]) <= 2 and len(r[3]) in (2, 4) for r in rows) and len({len(r[3]) for r in rows}) == 1:
        return ["dmy", "mdy"]
    return []


def _refuse_mixed(parts: list[tuple], orders: list[str], shown: list[str]) -> None:
    """Raise when each text is a date, some with the day first and some with the month first."""
    fits = [{o for o in orders if _moments([p], o) is not None} for p in parts]
    if len(orders) == 2 and all(fits):
        one, other = (shown[next(i for i, f in enumerate(fits) if o not in f)] for o in orders)
        raise DoubtfulError(f"mixes dates with the month first ({one!r}) and with the day first ({other!r})")


def _month(name: str) -> str:
    return str(_MONTHS.get(name[:3].lower(), 0))


def _moments(parts: list[tuple], order: str) -> np.ndarray | None:
    """Moments (n,) of (first, second, third, time) read in this order, or None where one does not exist."""
    found = []
    for first, second, third, clock in parts:
        year, month, day = {"dmy": (third, second, first), "mdy": (third, first, second)}.get(
            order, (first, second, third)
        )
        full = int(year) + (0 if len(year) > 2 else 2000 if int(year) < _CENTURY else 1900)
        try:
            found.append(datetime.datetime(full, int(month), int(day), *_clock(*clock)))
        except ValueError:
            return None
    return np.array(found, dtype="datetime64[us]")


def _clock(hour: str | None, minute: str, second: str | None, fraction: str | None, half: str | None) -> tuple:
    if hour is None:
        return (0, 0, 0, 0)
    h = int(hour)
    if half is not None:
        if not 1 <= h <= 12:
            raise ValueError
        h = h % 12 + (12 if half[0] in "pP" else 0)
    return (h, int(minute), int(second or 0), int((fraction or "0")[:6].ljust(6, "0")))
