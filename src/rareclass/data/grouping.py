"""Dealing groups of rows to folds so that events and rows are balanced."""

import heapq

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from rareclass import _check
from rareclass.data.sides import group_numbers


def merge_groups(a: ArrayLike, b: ArrayLike) -> np.ndarray:
    """Join two groupings: rows that share a group in either one, directly or through others, get the same number.

    Use it to keep both customers and exact duplicates on one side: the result holds the connected components.

    Parameters
    ----------
    a, b : array-like of shape (n,)
        Group of each row, any type.

    Returns
    -------
    ndarray of shape (n,), int64
        Group numbers from 0, in order of first appearance.

    Examples
    --------
    >>> from rareclass.data import merge_groups
    >>> merge_groups(["x", "x", "y", "z"], [0, 1, 1, 2]).tolist()
    [0, 0, 0, 1]
    """
    left, right = group_numbers(a, "a"), group_numbers(b, "b")
    _check.same_length(a=left, b=right)
    if left.size == 0:
        return left
    nodes = int(left.max()) + 1
    graph = coo_array(
        (np.ones(left.size, dtype=np.int8), (left, nodes + right)), shape=(nodes + int(right.max()) + 1,) * 2
    )
    component = connected_components(graph, directed=False)[1][left]
    _, first, inverse = np.unique(component, return_index=True, return_inverse=True)
    rank = np.empty(first.size, dtype=np.int64)
    rank[np.argsort(first)] = np.arange(first.size)
    return rank[inverse]


def balanced_folds(event: np.ndarray, group: np.ndarray | None, folds: int, rng: np.random.Generator) -> np.ndarray:
    """Fold number (n,) of each row, with events and rows balanced and groups whole.

    Without groups the counts differ by at most one. With groups the largest go first, each to the fold that holds the
    fewest events so far (for groups without events: the fewest rows): the classical greedy rule for balanced loads.
    """
    if group is None:
        fold = np.empty(event.size, dtype=np.int64)
        start = 0
        for rows in (np.flatnonzero(event), np.flatnonzero(~event)):
            # the second kind goes on where the first stopped, so that fold sizes differ by at most one
            fold[rng.permutation(rows)] = (np.arange(rows.size) + start) % folds
            start += rows.size
        return rng.permutation(folds)[fold]
    sizes = np.bincount(group)
    events = np.bincount(group[event], minlength=sizes.size)
    order = _largest_first(sizes, events, rng)
    place = np.zeros(sizes.size, dtype=np.int64)
    with_events, without = order[events[order] > 0], order[events[order] == 0]
    # events first, then rows: one number in that order
    unit = event.size + 1
    loads = [(0, int(f)) for f in rng.permutation(folds)]
    place[with_events] = deal(events[with_events] * unit + sizes[with_events], loads)
    place[without] = deal(sizes[without], [(load % unit, f) for load, f in loads])
    return place[group]


def deal(weight: np.ndarray, loads: list[tuple[int, int]]) -> list[int]:
    """Give each item, in the order given, to the part that holds least so far, and return the parts' numbers.

    `loads` holds a pair (load so far, number) for each part and is kept up to date; of equal loads the lower number
    comes first.
    """
    heapq.heapify(loads)
    chosen = []
    for w in weight.tolist():
        load, number = loads[0]
        chosen.append(number)
        heapq.heapreplace(loads, (load + w, number))
    return chosen


def share_mask(event: np.ndarray, group: np.ndarray | None, share: float, rng: np.random.Generator) -> np.ndarray:
    """Boolean mask (n,) of the test rows: about `share` of the events and of the rows, groups whole."""
    mask = np.zeros(event.size, dtype=bool)
    if group is None:
        for rows in (np.flatnonzero(event), np.flatnonzero(~event)):
            count = min(max(round(share * rows.size), 1), max(rows.size - 1, 0))
            mask[rng.permutation(rows)[:count]] = True
        return mask
    sizes = np.bincount(group)
    events = np.bincount(group[event], minlength=sizes.size)
    order = _largest_first(sizes, events, rng)
    in_test = np.zeros(sizes.size, dtype=bool)
    with_events, without = order[events[order] > 0], order[events[order] == 0]
    _fill(in_test, with_events, events, share * events.sum())
    if not in_test[with_events].any():
        in_test[with_events[-1]] = True  # the smallest group with an event
    elif in_test[with_events].all():
        in_test[with_events[-1]] = False
    _fill(in_test, without, sizes, share * event.size - sizes[in_test].sum())
    return in_test[group]


def _fill(in_test: np.ndarray, order: np.ndarray, weight: np.ndarray, wanted: float) -> None:
    """Put groups into the test part, largest first, spread evenly over the sizes, until `wanted` is reached.

    A group is taken when the test part lags behind its share of what was dealt so far by at least half of the group.
    """
    total = float(weight[order].sum())
    if wanted <= 0 or total == 0:
        return
    rate = min(wanted / total, 1.0)
    dealt, taken = 0.0, 0.0
    for g, w in zip(order.tolist(), weight[order].tolist(), strict=True):
        dealt += w
        if taken + w / 2 <= rate * dealt:
            in_test[g] = True
            taken += w


def _largest_first(sizes: np.ndarray, events: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Existing groups by events, then rows, descending; equal ones in random order."""
    present = rng.permutation(np.flatnonzero(sizes))
    return present[np.lexsort((-sizes[present], -events[present]))]
