"""Periods of alert budgets from times: which hour, day, week or month a row belongs to."""

import numpy as np
from numpy.typing import ArrayLike

from rareclass.data.sides import clean_times
from rareclass.errors import InputError

UNITS = {"hour": "h", "day": "D", "week": "W", "month": "M"}


def periods_of(times: ArrayLike, per: str) -> np.ndarray:
    """The period (n,) of each time (n,), as dates of numpy.

    Raises
    ------
    InputError
        The period is none of hour, day, week and month, or the times are no dates.

    Examples
    --------
    >>> periods_of(["2024-05-01 23:59", "2024-05-02 00:00"], "day").astype(str).tolist()
    ['2024-05-01', '2024-05-02']
    """
    if per not in UNITS:
        raise InputError(f"A budget is per run, hour, day, week or month where times tell the period; got {per!r}.")
    clean = clean_times(times)
    if clean.dtype.kind != "M":
        raise InputError(f"A budget per {per} needs dates as times (`times`, --time COLUMN); got numbers.")
    return clean.astype(f"datetime64[{UNITS[per]}]")


def dated_periods(times: ArrayLike | None, per: str) -> np.ndarray | None:
    """The period (n,) of each time; None without times, or where a period is none that dates tell (a run, a label)."""
    return None if times is None or per not in UNITS else periods_of(times, per)


def rows_per_period(times: ArrayLike, per: str, weight: np.ndarray | None = None) -> float:
    """Rows, or weight (n,), that a period holds on average, of the periods that hold any."""
    periods = periods_of(times, per)
    return float(periods.size if weight is None else weight.sum()) / np.unique(periods).size
