"""Times of the caller as days, and back: numbers are days, moments days since 1970 in UTC."""

import datetime
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass.errors import InputError

NUMBERS, DATETIME64, AWARE, NAIVE = "numbers", "datetime64", "aware", "naive"
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_DAY = datetime.timedelta(days=1)


def in_days(times: ArrayLike, name: str = "times") -> tuple[np.ndarray, str]:
    """Times (n,) as days (n,), NaN where there is none, and their kind.

    Numbers are days; datetime64 and datetime are moments, in UTC where they have no zone.

    Examples
    --------
    >>> in_days(np.array(["1970-01-02T12:00"], dtype="datetime64[s]"))
    (array([1.5]), 'datetime64')
    """
    array = _check.column(times, name)
    if array.dtype.kind == "M":
        days = (array - np.datetime64(0, "D")) / np.timedelta64(86_400_000_000, "us")
        return np.where(np.isnat(array), np.nan, days), DATETIME64
    if array.dtype == object and any(isinstance(v, datetime.datetime) for v in array):
        known = [v for v in array if isinstance(v, datetime.datetime) and not _check.is_missing(v)]
        zoned = any(v.tzinfo is not None for v in known)
        return np.array([_day(v) for v in array]), AWARE if zoned else NAIVE
    try:
        return array.astype(np.float64), NUMBERS
    except (TypeError, ValueError):
        raise InputError(
            f"`{name}` must hold numbers (days), datetime64 or datetime values; got {array.dtype}. Parse texts first."
        ) from None


def from_days(day: float, kind: str) -> Any:
    """A day in the caller's type of time."""
    if kind == NUMBERS:
        return float(day)
    moment = _EPOCH + day * _DAY
    if kind == AWARE:
        return moment
    naive = moment.replace(tzinfo=None)
    return naive if kind == NAIVE else np.datetime64(naive, "us")


def _day(value: Any) -> float:
    if _check.is_missing(value) or not isinstance(value, datetime.datetime):
        return float("nan")
    zoned = value if value.tzinfo is not None else value.replace(tzinfo=datetime.UTC)
    return float((zoned - _EPOCH) / _DAY)
