"""Splits forward in time: train strictly before test, ties on one side, a gap for labels that arrive late."""

import datetime
import itertools
import re

import numpy as np

from rareclass._types import Gap
from rareclass.errors import InputError, TooFewEventsError

Split = tuple[np.ndarray, np.ndarray]
_UNITS = {"s": 1e6, "min": 6e7, "h": 3.6e9, "d": 8.64e10, "w": 6.048e11}


def forward_splits(event: np.ndarray, folds: int, times: np.ndarray, gap: Gap, group: np.ndarray | None) -> list[Split]:
    """Expanding window: `folds` test blocks in time order, each trained on all that lies before it minus the gap."""
    order, stamp = _ordered(times)
    events = int(np.count_nonzero(event))
    if events < folds + 1:
        raise TooFewEventsError(
            f"{events} event(s) are too few for {folds} forward folds: each of {folds + 1} blocks needs one. "
            "Use fewer folds or collect more events."
        )
    cuts = _cuts(event[order], stamp, folds + 1)
    late = gap_in_units(gap, times)
    splits = []
    for start, stop in zip(cuts, [*cuts[1:], event.size], strict=True):
        test = order[start:stop]
        usable = int(np.searchsorted(stamp, stamp[start] - late, side="left"))
        splits.append((_without(order[:usable], test, group), np.sort(test)))
    return splits


def forward_test(event: np.ndarray, share: float, times: np.ndarray, gap: Gap, group: np.ndarray | None) -> Split:
    """The latest `share` of the rows as test part, the rest minus the gap for development."""
    order, stamp = _ordered(times)
    start = int(np.searchsorted(stamp, stamp[min(round((1 - share) * event.size), event.size - 1)], side="left"))
    if start == 0:
        raise InputError(
            "All `times` at the start of the test part are equal; rows cannot be put in order. Give finer times."
        )
    test = order[start:]
    if not event[test].any():
        newest = event.size - 1 - int(np.argmax(event[order][::-1]))
        raise TooFewEventsError(
            f"The latest {share:.0%} of the rows hold no event; the newest is {event.size - newest} rows before the "
            "end. Set a larger share aside."
        )
    usable = int(np.searchsorted(stamp, stamp[start] - gap_in_units(gap, times), side="left"))
    return _without(order[:usable], test, group), np.sort(test)


def _ordered(times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Row order by time, and the sorted times as numbers (microseconds for dates)."""
    order = np.argsort(times, kind="stable")
    stamp = times[order]
    return order, stamp.astype(np.int64) if stamp.dtype.kind == "M" else stamp


def _cuts(event: np.ndarray, stamp: np.ndarray, blocks: int) -> list[int]:
    """Starts of the blocks after the first, at changes of time.

    Blocks are cut where the mean of the shares of rows and of events reaches k / blocks, so that neither a block
    without events nor one of nearly all rows arises when prevalence drifts; where a block would still lack events, by
    events only.
    """
    events = np.cumsum(event) / np.count_nonzero(event)
    rows = np.arange(1, event.size + 1) / event.size
    for progress in ((events + rows) / 2, events):
        starts = [int(np.searchsorted(progress, k / blocks, side="left")) + 1 for k in range(1, blocks)]
        starts = [int(np.searchsorted(stamp, stamp[min(s, event.size - 1)], side="left")) for s in starts]
        if all(a < b and event[a:b].any() for a, b in itertools.pairwise([0, *starts, event.size])):
            return starts
    raise TooFewEventsError(
        f"The {int(np.count_nonzero(event))} events do not spread over {blocks} blocks of time. Use fewer folds."
    )


def _without(train: np.ndarray, test: np.ndarray, group: np.ndarray | None) -> np.ndarray:
    """Training rows in order of position, less those whose group is also tested."""
    if group is not None:
        tested = np.zeros(int(group.max()) + 1, dtype=bool)
        tested[group[test]] = True
        train = train[~tested[group[train]]]
    return np.sort(train)


def gap_in_units(gap: Gap, times: np.ndarray) -> float | int:
    """The gap in the unit of the times: plain numbers, or microseconds for dates."""
    dates = times.dtype.kind == "M"
    if isinstance(gap, str):
        found = re.fullmatch(r"\s*(\d+(?:\.\d*)?)\s*(s|min|h|d|w)\s*", gap)
        if not found:
            raise InputError(f"`gap` must be a number or a duration such as 7d, 36h, 90min or 30s; got {gap!r}.")
        gap = datetime.timedelta(microseconds=float(found[1]) * _UNITS[found[2]])
    if isinstance(gap, np.timedelta64):
        gap = gap.astype("timedelta64[us]").item()
    if isinstance(gap, datetime.timedelta):
        if not dates:
            raise InputError(f"`gap={gap}` is a duration, but `times` holds plain numbers; give the gap in their unit.")
        micros = gap // datetime.timedelta(microseconds=1)
        value: float | int = micros
    else:
        try:
            number = float(gap)
        except (TypeError, ValueError):
            raise InputError(f"`gap` must be a number or a duration such as 7d or 36h; got {gap!r}.") from None
        value = round(number * _UNITS["d"]) if dates and np.isfinite(number) else number
    if not np.isfinite(value) or value < 0:
        raise InputError(f"`gap` must not be negative or infinite; got {gap!r}.")
    return value
