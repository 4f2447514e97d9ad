"""How many events are enough: for an interval of a given width, for a difference, for a bound on misses."""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from rareclass import _check
from rareclass.errors import InputError

_RATES = ("recall", "precision", "average_precision")


class SampleSize(NamedTuple):
    """Events that are needed, and the rows that hold them at the given prevalence (NaN without one)."""

    events: int
    rows: float
    sentence: str


def _answer(events: float, prevalence: float | None, what: str) -> SampleSize:
    number = int(np.ceil(events - 1e-9))
    rows = float(np.ceil(number / prevalence)) if prevalence is not None else float("nan")
    tail = f", or {rows:,.0f} rows at a prevalence of {prevalence:g}" if prevalence is not None else ""
    return SampleSize(number, rows, f"You need about {number:,} events{tail} {what}.")


def events_needed(
    value: float,
    *,
    half_width: float | None = None,
    difference: float | None = None,
    correlation: float = 0.5,
    power: float = 0.8,
    level: float = 0.95,
    metric: str = "recall",
    prevalence: float | None = None,
) -> SampleSize:
    """Number of events for a wanted precision, or to tell two scorers apart.

    Parameters
    ----------
    value : float in (0, 1)
        Expected recall, precision or average precision (of the better scorer).
    half_width : float, optional
        Half the width that the interval may have. Give this or `difference`.
    difference : float, optional
        Smallest difference of two scorers on the same rows that should be found.
    correlation : float in [-1, 1), default 0.5
        Of the two scorers' results on the same event; higher for similar scorers, which need fewer events.
    power : float in (0, 1), default 0.8
        Probability of finding the difference when it is there.
    level : float in (0, 1), default 0.95
    metric : {"recall", "precision", "average_precision"}, default "recall"
        For precision, events are alerts. Average precision takes the binomial variance among the events, which is
        close or on the safe side (see ``benchmarks/intervals.py``).
    prevalence : float in (0, 1), optional
        Translates events into rows.

    Returns
    -------
    SampleSize(events, rows, sentence)

    Raises
    ------
    InputError
        Both or none of `half_width` and `difference`, or values out of range.

    Notes
    -----
    n = z^2 v (1 - v) / h^2; for a difference n = (z_level + z_power)^2 s^2 / d^2 with s^2 the variance of one event's
    difference. Normal approximations: below about 30 events take them as a lower limit.

    Examples
    --------
    >>> events_needed(0.8, half_width=0.05).events, events_needed(0.8, half_width=0.1).events
    (246, 62)
    >>> events_needed(0.5, difference=0.05, prevalence=0.001).sentence
    'You need about 781 events, or 781,000 rows at a prevalence of 0.001 to find a difference of 0.05.'
    """
    _check.one_of(metric, "metric", _RATES)
    v = _check.fraction(value, "value", closed="neither")
    z = float(ndtri(0.5 + _check.fraction(level, "level", closed="neither") / 2))
    pi = None if prevalence is None else _check.fraction(prevalence, "prevalence", closed="neither")
    if (half_width is None) == (difference is None):
        raise InputError("Give either `half_width` or `difference`.")
    if half_width is not None:
        h = _check.fraction(half_width, "half_width", closed="neither")
        return _answer(z**2 * v * (1 - v) / h**2, pi, f"for an interval of {v:g} +- {h:g}")
    d = _check.fraction(difference, "difference", closed="neither")
    if d >= v:
        raise InputError(f"`difference` must be below `value` ({v:g}); got {d:g}.")
    r = _check.fraction(correlation, "correlation", low=-1.0, closed="left")
    first, second = v * (1 - v), (v - d) * (1 - v + d)
    spread = first + second - 2 * r * np.sqrt(first * second)
    z_power = float(ndtri(_check.fraction(power, "power", closed="neither")))
    return _answer((z + z_power) ** 2 * spread / d**2, pi, f"to find a difference of {d:g}")


def events_without_miss(miss_rate: float, *, level: float = 0.95, prevalence: float | None = None) -> SampleSize:
    """Events that must all be found to bound the miss rate: about 3 / rate at 95 %.

    Parameters
    ----------
    miss_rate : float in (0, 1)
        Largest miss rate to be excluded.
    level : float in (0, 1), default 0.95
        One-sided confidence.
    prevalence : float in (0, 1), optional

    Notes
    -----
    (1 - rate)^n <= 1 - level; Hanley and Lippman-Hand (1983), JAMA 249:1743, the rule of three.

    Examples
    --------
    >>> events_without_miss(0.01).events
    299
    """
    rate = _check.fraction(miss_rate, "miss_rate", closed="neither")
    level = _check.fraction(level, "level", closed="neither")
    pi = None if prevalence is None else _check.fraction(prevalence, "prevalence", closed="neither")
    return _answer(np.log(1 - level) / np.log1p(-rate), pi, f"without a miss to exclude a miss rate of {rate:g}")
