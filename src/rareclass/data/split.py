"""Splits that keep events in every part: stratified, by group, forward in time; and a locked test part."""

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass._types import Gap, Labels, Seed
from rareclass.data.forward import forward_splits, forward_test
from rareclass.data.grouping import balanced_folds, merge_groups, share_mask
from rareclass.data.sides import clean_times, group_numbers
from rareclass.errors import InputError, TooFewEventsError

__all__ = ["locked_test", "make_splits", "merge_groups"]
Split = tuple[np.ndarray, np.ndarray]
_KINDS = ("stratified", "group", "time")


def make_splits(
    y: Labels,
    *,
    folds: int = 5,
    repeats: int = 1,
    kind: str = "stratified",
    groups: ArrayLike | None = None,
    times: ArrayLike | None = None,
    gap: Gap = 0,
    seed: Seed = 0,
) -> list[Split]:
    """Split rows into training and test parts, each with events.

    Parameters
    ----------
    y : array-like of shape (n,)
        Boolean event indicator (or any two labels, see `encode_target`).
    folds : int, default=5
        Parts, at least 2. With ``kind="time"`` the number of test blocks (one more block is only trained on).
    repeats : int, default=1
        How often to split anew; ignored by ``kind="time"``, which has one order only.
    kind : {"stratified", "group", "time"}, default="stratified"
        stratified: events and other rows are dealt evenly. group: rows of one group stay on one side, events and rows
        are balanced over the folds. time: each test block is predicted from what lies strictly before it.
    groups : array-like of shape (n,), optional
        Needed by ``"group"``. With ``"stratified"`` they are kept together as well. With ``"time"``, training rows
        whose group occurs in the test block are left out of that split.
    times : array-like of shape (n,), optional
        Numbers or dates; needed by ``"time"``. Rows at the same moment stay on one side. For a table that is in the
        order of time without a column that says so, pass ``np.arange(n)``.
    gap : number, timedelta or str, default=0
        How long labels take to arrive: training rows must be older than the test block by more than this. In the unit
        of `times` for numbers, days for dates; also a timedelta or a text such as "7d" or "36h".
    seed : int, Generator or None, default=0
        The same seed gives the same splits.

    Returns
    -------
    list of (train, test)
        Sorted row indices. Over one repeat the test parts partition the rows (except for ``"time"``).

    Raises
    ------
    TooFewEventsError
        Some part would hold no event, or a training part only one class; the message says how many events there are.
    InputError
        Groups or times are needed and missing, or hold missing values.

    Examples
    --------
    >>> import numpy as np
    >>> from rareclass.data import make_splits
    >>> y = np.arange(100) % 10 == 0
    >>> [int(y[test].sum()) for _, test in make_splits(y, folds=5)]
    [2, 2, 2, 2, 2]
    """
    event = _check.both_classes(_check.binary_target(y, name="y"), "y")
    folds = _check.whole_number(folds, "folds", low=2)
    repeats = _check.whole_number(repeats, "repeats", low=1)
    group, time = _sides(event, kind, groups, times)
    if time is not None:
        splits = forward_splits(event, folds, time, gap, group)
        _require_events(splits, event, kind, group)
        return splits
    _enough_events(event, group, folds)
    rng = _check.random_generator(seed)
    splits = []
    for stream in rng.spawn(repeats):
        fold = balanced_folds(event, group, folds, stream)
        order = np.argsort(fold, kind="stable")
        for test in np.split(order, np.cumsum(np.bincount(fold, minlength=folds))[:-1]):
            mask = np.ones(event.size, dtype=bool)
            mask[test] = False
            splits.append((np.flatnonzero(mask), np.sort(test)))
    _require_events(splits, event, kind, group)
    return splits


def locked_test(
    y: Labels,
    *,
    share: float = 0.2,
    kind: str = "stratified",
    groups: ArrayLike | None = None,
    times: ArrayLike | None = None,
    gap: Gap = 0,
    seed: Seed = 0,
) -> Split:
    """Set a test part aside that is looked at once, at the end.

    Parameters
    ----------
    y, kind, groups, times, gap, seed
        As in `make_splits`. With ``kind="time"`` the test part is the latest `share` of the rows, and rows within `gap`
        before it belong to neither part.
    share : float in (0, 1), default=0.2
        Wanted share of the rows and of the events.

    Returns
    -------
    development, test : ndarray
        Sorted row indices.

    Raises
    ------
    TooFewEventsError, InputError
        As in `make_splits`.

    Examples
    --------
    >>> import numpy as np
    >>> from rareclass.data import locked_test
    >>> development, test = locked_test(np.arange(100) % 10 == 0, share=0.3)
    >>> test.size
    30
    """
    event = _check.both_classes(_check.binary_target(y, name="y"), "y")
    share = _check.fraction(share, "share", low=0.0, high=1.0, closed="neither")
    group, time = _sides(event, kind, groups, times)
    if time is not None:
        split = forward_test(event, share, time, gap, group)
    else:
        _enough_events(event, group, 2, what="a test part")
        in_test = share_mask(event, group, share, _check.random_generator(seed))
        split = (np.flatnonzero(~in_test), np.flatnonzero(in_test))
    _require_events([split], event, kind, group)
    return split


def _sides(
    event: np.ndarray, kind: str, groups: ArrayLike | None, times: ArrayLike | None
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Group numbers and times as clean arrays, or None."""
    _check.one_of(kind, "kind", _KINDS)
    if kind == "group" and groups is None:
        raise InputError(
            "A split by group needs `groups`: one value per row, such as the customer (`--groups COLUMN`)."
        )
    if kind == "time" and times is None:
        raise InputError(
            "A split by time needs `times`: one number or date per row (`--time COLUMN`), or the row number "
            "where the table is in the order of time (`--time-ordered`)."
        )
    group = None if groups is None else group_numbers(groups)
    time = None if kind != "time" or times is None else clean_times(times)
    _check.same_length(y=event, groups=group, times=time)
    return group, time


def _enough_events(event: np.ndarray, group: np.ndarray | None, parts: int, what: str = "") -> None:
    events = int(np.count_nonzero(event))
    wanted = what or f"{parts} folds"
    if events < parts:
        raise TooFewEventsError(
            f"{events} event(s) are too few for {wanted}: each part needs at least one. "
            + (
                f"Use at most {events} folds or collect more events."
                if events >= 2 and not what
                else "Collect more events."
            )
        )
    if group is None:
        return
    holders = int(np.unique(group[event]).size)
    if holders < parts:
        raise TooFewEventsError(
            f"The {events} events lie in only {holders} group(s), too few for {wanted}: each part needs one. "
            + (
                f"Use at most {holders} folds or finer groups."
                if holders >= 2 and not what
                else "Use finer groups or collect more events."
            )
        )


def _require_events(splits: list[Split], event: np.ndarray, kind: str, group: np.ndarray | None) -> None:
    for number, (train, test) in enumerate(splits):
        train_events, test_events = int(event[train].sum()), int(event[test].sum())
        if train.size == 0 or train_events == 0 or train_events == train.size:
            got = "no row" if train.size == 0 else "no event" if train_events == 0 else "only events"
            side = "training"
        elif test_events == 0:
            got, side = "no event", "test"
        else:
            continue
        advice = "Use fewer folds or finer groups"
        if kind == "time" and group is None:
            advice = "Use fewer folds or a shorter gap"
        elif kind == "time":  # rows of a group that is tested are not trained on, whenever they were
            advice = "Use finer groups (none is on both sides), fewer folds or a shorter gap"
        raise TooFewEventsError(
            f"The {side} part of split {number + 1} of {len(splits)} would hold {got} ({int(event.sum())} events in "
            f"{event.size} rows in all). {advice}."
        )
