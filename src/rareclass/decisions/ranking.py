"""The best rows of each period: exactly as many as the budget allows, ties settled reproducibly."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass.errors import InputError


class Grouping(NamedTuple):
    """What else a budget may know of each row: its period, its entity, and a key that settles ties; each (n,).

    One label as `periods` puts all rows into one period.
    """

    periods: ArrayLike | None = None
    entities: ArrayLike | None = None
    keys: ArrayLike | None = None


def flag_best(
    score: np.ndarray,
    most: int | float,
    *,
    periods: ArrayLike | None = None,
    entities: ArrayLike | None = None,
    keys: ArrayLike | None = None,
    share: bool = False,
) -> np.ndarray:
    """Flag the highest scores of each period.

    Parameters
    ----------
    score : ndarray of shape (n,)
    most : int or float
        Alerts a period, or with `share` the share of a period's rows (entities), rounded down.
    periods : array-like of shape (n,), optional
        Label of the period of each row; one period without it, or with a single label.
    entities : array-like of shape (n,), optional
        With entities, each counts once a period, by its best row, and only that row is flagged.
    keys : array-like of shape (n,), optional
        Rows with equal scores are taken in the order of their keys; without keys in the order given.

    Returns
    -------
    ndarray of shape (n,), bool
        Exactly ``min(most, rows or entities of the period)`` rows flagged in each period.

    Examples
    --------
    >>> flag_best(np.array([0.9, 0.8, 0.7, 0.6]), 1, periods=["mon", "mon", "tue", "tue"]).tolist()
    [True, False, True, False]
    """
    n = score.shape[0]
    period = period_codes(periods, n)
    tie = None if keys is None else labels_to_codes(keys, n, "keys")
    rows, allowed = np.arange(n), None
    if entities is None:
        size = np.bincount(period)
        allowed = np.floor(size * float(most) + 1e-9) if share else np.minimum(most, size)
        rows = _contenders(score, period, allowed)
    order = rows[np.argsort(-score[rows], kind="stable") if tie is None else np.lexsort((tie[rows], -score[rows]))]
    order = order[np.argsort(_narrow(period)[order], kind="stable")]  # by period, then the best score, then the key
    if entities is not None:
        entity = labels_to_codes(entities, n, "entities")
        order = order[_first_of_pair(period[order], entity[order])]
        size = np.bincount(period[order], minlength=int(period.max()) + 1 if n else 0)
        allowed = np.floor(size * float(most) + 1e-9) if share else np.minimum(most, size)
    flagged = np.zeros(n, dtype=bool)
    flagged[order[_place_within(period[order]) < np.asarray(allowed)[period[order]]]] = True
    return flagged


def period_codes(periods: ArrayLike | None, n: int) -> np.ndarray:
    """Whole numbers (n,) that stand for the periods; all rows share one where there is no label, or a single one."""
    if periods is None or np.ndim(periods) == 0:
        return np.zeros(n, dtype=np.int64)
    return labels_to_codes(periods, n, "periods")


def _narrow(codes: np.ndarray) -> np.ndarray:
    """Codes in 16 bits where they fit: numpy sorts those by radix."""
    return codes.astype(np.uint16) if codes.size and codes.max() < 2**16 else codes


def _contenders(score: np.ndarray, period: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """Rows, in their order within each period, that no `allowed` other rows of their period surpass.

    Only these need sorting; with few alerts a day that is hardly any row.
    """
    n = score.shape[0]
    if allowed.size * 20 >= n:  # many small periods are sorted as fast as parted
        return np.arange(n)
    order = np.arange(n) if allowed.size == 1 else np.argsort(_narrow(period), kind="stable")
    kept = []
    for rows, room in zip(np.split(order, np.cumsum(np.bincount(period))[:-1]), allowed.astype(np.int64)):
        if 0 < room < rows.size:
            own = score[rows]
            rows = rows[own >= np.partition(own, rows.size - room)[rows.size - room]]
        kept.append(rows if room > 0 else rows[:0])
    return np.concatenate(kept)


def labels_to_codes(values: ArrayLike, n: int, name: str) -> np.ndarray:
    """Whole numbers (n,) that stand for labels, in the order of the labels."""
    column = _check.column(values, name)
    if column.shape[0] != n:
        raise InputError(f"`{name}` has {column.shape[0]} rows, the scores {n}.")
    if column.dtype == object and any(_check.is_missing(v) for v in column):
        raise InputError(f"`{name}` holds missing values. Give every row one.")
    if (column.dtype.kind == "f" and np.isnan(column).any()) or (column.dtype.kind in "mM" and np.isnat(column).any()):
        raise InputError(f"`{name}` holds missing values. Give every row one.")
    if column.dtype.kind in "iu" and column.size:
        low, high = int(column.min()), int(column.max())
        if high - low < 4 * column.size:  # counting beats sorting where whole numbers lie close together
            offset = (column - column.min() if column.dtype.kind == "u" else column.astype(np.int64) - low).astype(
                np.int64
            )
            return (np.cumsum(np.bincount(offset) > 0) - 1)[offset]
    try:
        return np.unique(column, return_inverse=True)[1]
    except TypeError:  # mixed types have no order of their own
        return np.unique(column.astype(str), return_inverse=True)[1]


def _first_of_pair(period: np.ndarray, entity: np.ndarray) -> np.ndarray:
    """Positions, ascending, of the first row of each (period, entity)."""
    pair = period * (int(entity.max()) + 1 if entity.size else 1) + entity
    return np.sort(np.unique(pair, return_index=True)[1])


def _place_within(sorted_codes: np.ndarray) -> np.ndarray:
    """Place 0, 1, ... of each row within its run of equal codes."""
    start = np.flatnonzero(np.r_[True, np.diff(sorted_codes) != 0]) if sorted_codes.size else np.zeros(0, dtype=int)
    return np.arange(sorted_codes.size) - np.repeat(start, np.diff(np.r_[start, sorted_codes.size]))
