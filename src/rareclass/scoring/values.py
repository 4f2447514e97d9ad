"""Python values as the numbers that a model takes, one column at a time; what `TableEncoder` does for tables.

Values of types that are not built in (of pandas, say) go the way of tables.
"""

import datetime
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rareclass.data.dates import read_dates
from rareclass.data.numerals import DoubtfulError, numbers_of_texts
from rareclass.errors import InputError, SchemaError
from rareclass.kernels.words import word_features
from rareclass.scoring.saved import texts, whole

NAN = math.nan
Numbers = list[float]

_DAY = 86_400_000_000  # microseconds
_EPOCH = datetime.datetime(1970, 1, 1)
_MICRO = datetime.timedelta(microseconds=1)
_FIRST_DAY = datetime.date(1970, 1, 1).toordinal()
_LAST_DAY = datetime.date.max.toordinal()
_MOST_YEARS = 290_000
_MOST_BUCKETS = 2**20
_TRUTH = {"true": 1.0, "false": 0.0, "1": 1.0, "0": 0.0}
_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?)?(Z|[+-]\d\d(?::?\d\d)?)?)?"
)
_WANTED = {
    "number": "a number",
    "integer": "a number",
    "boolean": "true or false",
    "category": "a text or another single value",
    "text": "a text",
    "time": "a date",
}


class Elsewhere(Exception):
    """A value of a type that is read as tables read it."""


@dataclass(frozen=True, kw_only=True)
class Reader:
    """How the values of a column become numbers.

    Attributes
    ----------
    name, kind : str
    width : int
        How many numbers a value becomes.
    one : callable
        A value to its `width` numbers (a bare number where that is 1). Raises `Elsewhere`.
    settles : callable or None
        For columns whose texts are read together: the texts of all rows to what each stands for, None where one of
        them is of another kind.
    unseen : callable or None
        For categories: whether a value is one that training never saw.
    codes : mapping
        For categories: the code of each text that training saw. A text that stands there is neither settled nor unseen.
    """

    name: str
    kind: str
    width: int
    one: Callable[[Any], Any]
    settles: Callable[[Sequence[str]], dict[str, Any] | None] | None = None
    unseen: Callable[[Any], bool] | None = None
    codes: Mapping[str | None, float] = field(default_factory=dict)

    def settled(self, values: Sequence[Any]) -> Sequence[Any]:
        """The values with texts replaced by what they stand for."""
        if self.settles is None:
            return values
        texts = list(dict.fromkeys(v for v in values if isinstance(v, str)))
        if not texts:
            return values
        meaning = self.settles(texts)
        if meaning is None:
            raise self.wrong(next((v for v in texts if self.settles([v]) is None), texts[0]))
        return [meaning[v] if isinstance(v, str) else v for v in values]

    def wrong(self, value: Any, row: int | None = None) -> SchemaError:
        """What to say of a value that is of another kind than in training; `row` counts from 0, the sentence from 1."""
        where = "" if row is None else f" in row {row + 1:,}"
        return SchemaError(
            f"Column {self.name!r} holds {_shown(value)} ({type(value).__name__}){where}; the model expects "
            f"{_WANTED[self.kind]}, or None where there is no value."
        )


def _shown(value: Any) -> str:
    try:
        text = repr(value)
    except ValueError:  # Python writes no integers of thousands of digits
        text = "a number of very many digits"
    return text if len(text) <= 40 else f"{text[:37]}..."


def make_reader(name: str, kind: str, encoder: Mapping[str, Any]) -> Reader:
    """The reader of a column of this kind, by what the encoder learnt (`TableEncoder.to_dict`)."""

    def reader(one: Callable[[Any], Any], width: int = 1, **more: Any) -> Reader:
        return Reader(name=name, kind=kind, width=width, one=one, **more)

    if kind in ("number", "integer"):
        return reader(_number, settles=_numbers)
    if kind == "boolean":
        return reader(_truth)
    if kind == "category":
        known = encoder["categories"][name]
        code, unseen, codes = _coder(texts(known, "levels"), texts(known, "rare"))
        return reader(code, unseen=unseen, codes=codes)
    if kind == "time":
        parts = texts(encoder["time_parts"], name)
        if not parts or not set(parts) <= _TIMES.keys():
            raise InputError(f"The parts of the date {name!r} are unknown.")
        return reader(_timer(tuple(parts)), len(parts), settles=_moments)
    if kind != "text":
        raise InputError(f"The kind {kind!r} of the column {name!r} is unknown.")
    buckets = whole(encoder, "text_buckets", high=_MOST_BUCKETS)
    return reader(_describer(buckets), 4 + buckets)


def _number(value: Any) -> float:
    kind = type(value)
    if kind is float:
        return float(value) if value - value == 0.0 else NAN
    if kind is int or kind is bool:
        return float(value)
    if value is None:
        return NAN
    if isinstance(value, np.bool_ | np.integer):
        return float(value)
    if isinstance(value, float | np.floating):
        number = float(value)
        return number if math.isfinite(number) else NAN
    raise Elsewhere


def _numbers(texts: Sequence[str]) -> dict[str, Any] | None:
    found = numbers_of_texts(texts)
    return None if found is None else dict(zip(texts, found.tolist(), strict=True))


def _truth(value: Any) -> float:
    if isinstance(value, str):
        found = _TRUTH.get(value.strip().lower())
        if found is None:
            raise Elsewhere
        return found
    number = _number(value)
    if number == 0.0 or number == 1.0 or number != number:
        return number
    raise Elsewhere


def _coder(
    levels: Sequence[str], rare: Sequence[str]
) -> tuple[Callable[[Any], float], Callable[[Any], bool], Mapping[str | None, float]]:
    """What gives the code of a value, what says whether training never saw it, and the codes of those that it saw."""
    pooled = float(len(levels)) if rare else NAN
    codes: dict[str | None, float] = {text: float(code) for code, text in enumerate(levels)}
    codes |= dict.fromkeys(rare, pooled)
    codes[None] = NAN

    def code(value: Any) -> float:
        if type(value) is str:
            return codes.get(value, pooled)
        return codes.get(text_of(value), pooled)

    return code, lambda value: (value if type(value) is str else text_of(value)) not in codes, codes


def text_of(value: Any) -> str | None:
    """One text for a value, the same for 1, 1.0 and "1"; None for missing ones."""
    kind = type(value)
    if value is None or isinstance(value, str):
        return None if value is None else str(value)
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, float | np.floating):
        number = float(value)
        if not math.isfinite(number):
            return None
        return str(int(number)) if number == int(number) else repr(number)
    if kind is datetime.date or kind is datetime.datetime:
        return str(value)
    raise Elsewhere


def _timer(parts: Sequence[str]) -> Callable[[Any], Numbers]:
    reads = [_TIMES[part] for part in parts]

    def timed(value: Any) -> Numbers:
        micros = _micros(value)
        return [NAN] * len(parts) if micros is None else [read(micros) for read in reads]

    return timed


def _month(micros: int) -> float:
    days = micros // _DAY
    if 0 < _FIRST_DAY + days <= _LAST_DAY:
        return float(datetime.date.fromordinal(_FIRST_DAY + days).month)
    return float(int(np.datetime64(days, "D").astype("datetime64[M]").astype(np.int64)) % 12 + 1)


_TIMES: dict[str, Callable[[int], float]] = {
    "epoch_days": lambda micros: float(micros) / float(_DAY),
    "month": _month,
    "weekday": lambda micros: float((micros // _DAY + 3) % 7),
    "hour": lambda micros: float(micros % _DAY) / 3.6e9,
}


def _micros(value: Any) -> int | None:
    """Microseconds since 1970 of a moment, which without a zone is UTC."""
    kind = type(value)
    if kind is datetime.datetime:
        away = value.utcoffset()
        moment = (value.replace(tzinfo=None) - _EPOCH) // _MICRO
        return moment if away is None else moment - away // _MICRO
    if kind is datetime.date:
        return (value.toordinal() - _FIRST_DAY) * _DAY
    if value is None or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, np.datetime64):
        if np.isnat(value):
            return None
        if abs(int(value.astype("datetime64[Y]").astype(np.int64))) > _MOST_YEARS:  # beyond 64 bits of microseconds
            raise Elsewhere
        return int(value.astype("datetime64[us]").astype(np.int64))
    raise Elsewhere


def _moments(texts: Sequence[str]) -> dict[str, Any] | None:
    """Moments of texts that are all written in one way: ISO without a zone, ISO with zones, or as people write them."""
    found = [_iso(text) for text in texts]
    if all(moment is not None for moment in found):
        zones = {getattr(moment, "tzinfo", None) is not None for moment in found}
        if len(zones) == 1:
            return dict(zip(texts, found, strict=True))
    try:
        written = read_dates(texts)
    except DoubtfulError:
        return None
    if written is None:
        return None
    return dict(zip(texts, written.values.astype("datetime64[us]").tolist(), strict=True))


def _iso(text: str) -> datetime.datetime | np.datetime64 | None:
    """A moment as Arrow reads it from text; with a zone where it names one."""
    parts = _ISO.fullmatch(text)
    if parts is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = parts.groups()
    clock = (int(hour or 0), int(minute or 0), int(second or 0), int((fraction or "").ljust(6, "0")))
    try:
        if year == "0000":  # which Python's dates lack
            return None if zone else np.datetime64(text)
        moment = datetime.datetime(int(year), int(month), int(day), *clock)
        if zone is None:
            return moment
        if zone == "Z":
            return moment.replace(tzinfo=datetime.UTC)
        digits = zone[1:].replace(":", "").ljust(4, "0")
        away = datetime.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        return moment.replace(tzinfo=datetime.timezone(-away if zone[0] == "-" else away))
    except ValueError:
        return None


def _describer(buckets: int) -> Callable[[Any], Numbers]:
    def described(value: Any) -> Numbers:
        if value is None or (isinstance(value, float) and value != value):
            return [NAN] * (4 + buckets)
        if not isinstance(value, str):
            raise Elsewhere
        found: Numbers = word_features([str(value)], buckets)[0].tolist()
        return found

    return described
