"""Stretches of a numeric column where only events lie."""

from typing import NamedTuple

import numpy as np

from rareclass.evaluation.column_views import View
from rareclass.metrics.ranking import roc_auc_score

LEAST_EVENTS = 15
LEAST_JOINED = 20
"""Least events in a stretch that stands apart, and in one that joins the others."""
LEAST_SHARE = 0.3
"""Share of the events from which on a stretch is looked at."""
APART = 0.5
"""Empty room on both sides of a stretch, in lengths of the stretch, from which on it stands apart."""
NO_TREND = 0.15
"""Distance of the area under the ROC curve from one half up to which the events outside show no trend."""
BESIDE = (50, 0.05)
"""Rows beside a stretch that must not be richer in events than twice the rows outside: so many, or this share."""
STRANGERS = (0, 1, 3)
"""Other rows that may lie in a stretch."""


class Block(NamedTuple):
    """Rows (n,) in a stretch, and its ends as codes of the view."""

    marks: np.ndarray
    low: int
    high: int


def pure_block(view: View, y: np.ndarray, scale: float, purity: float) -> Block | None:
    """The stretch of a numeric column that holds most events and hardly any other row, where no trend explains it.

    At the end of a trend events are pure by nature, but then the events outside lean that way too, and the stretch
    joins the others. A block stands apart from all other values, or the events outside of it rank at random.

    Parameters
    ----------
    view : View
    y : ndarray of shape (n,), bool
    scale : float
        What a negative counts, relative to an event.
    purity : float
        Least share of events in the stretch.
    """
    if view.numbers is None or view.distinct <= 2 or y.sum() < LEAST_EVENTS:
        return None
    events = np.bincount(view.codes[y], minlength=len(view.levels))[1:]
    others = np.bincount(view.codes[~y], minlength=len(view.levels))[1:]
    held = np.concatenate([[0], np.cumsum(events)])
    walls = np.concatenate([[-1], np.flatnonzero(others), [others.size]])
    for strangers in STRANGERS:
        if strangers + 1 >= walls.size:
            break
        left, right = walls[: -1 - strangers], walls[1 + strangers :]
        inside = held[right] - held[left + 1]
        best = int(np.argmax(inside))
        a, b = int(left[best]) + 1, int(right[best]) - 1
        least = max(LEAST_EVENTS, LEAST_SHARE * y.sum())
        if inside[best] < least:
            continue
        while events[a] == 0:
            a += 1
        while events[b] == 0:
            b -= 1
        impure = scale * others[a : b + 1].sum()
        if a < b and inside[best] >= purity * (inside[best] + impure) and _odd(view, a, b, y):
            return Block((view.codes > a) & (view.codes <= b + 1), a + 1, b + 1)
    return None


def _odd(view: View, a: int, b: int, y: np.ndarray) -> bool:
    """Whether the values a .. b (of those that are not missing) are no end of a trend."""
    assert view.numbers is not None
    values = np.asarray(view.levels[1:], dtype=float)
    room = min(values[a] - values[a - 1] if a else np.inf, values[b + 1] - values[b] if b + 1 < values.size else np.inf)
    if room >= APART * (values[b] - values[a]) and b - a >= 4:
        return True
    outside = (view.codes > 0) & ((view.codes <= a) | (view.codes > b + 1))
    left, within = int((y & outside).sum()), int((y & ~outside & ~view.missing).sum())
    if within < LEAST_JOINED or left < 3 or left == outside.sum():  # with hardly an event outside the column separates
        return False
    if left >= 10 and abs(roc_auc_score(y[outside], view.numbers[outside]) - 0.5) >= NO_TREND:
        return False
    order = np.flatnonzero(outside)[np.argsort(view.codes[outside], kind="stable")]
    start = int(np.searchsorted(view.codes[order], a, side="right"))
    width = int(max(BESIDE[0], BESIDE[1] * order.size))
    usual = y[outside].mean()
    near = (order[max(start - width, 0) : start], order[start : start + width])
    return all(y[side].sum() <= 2 + 2 * usual * side.size for side in near)
