"""A first pass over a prediction log: which days it spans, what is dated far from others, which labels have rows."""

import datetime
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np

from rareclass.monitoring.log_days import behind, known_days
from rareclass.monitoring.prediction_log import Predictions

_FEW = 0.01
"""Share of the rows that may be dated far from all others and are then left out."""


@dataclass(frozen=True, kw_only=True)
class LogSpan:
    """What is to be read of a log.

    Attributes
    ----------
    rows, outside : int
        Predictions with a time, and how many of these are dated far from all others.
    since, until : datetime or None
        First moment that can be right, and first that cannot; None where no row is outside.
    late : int
        Days by which rows stand behind later ones.
    labelled : ndarray of shape (n,), bool
        Which labels belong to a row.
    """

    rows: int
    outside: int
    since: datetime.datetime | None
    until: datetime.datetime | None
    late: int
    labelled: np.ndarray

    @classmethod
    def of(cls, log: Predictions, place: Mapping[str, int], gap: float) -> Self:
        """Of rows with id and time; `place` tells where the label of an id stands, `gap` how many days are far."""
        days, order, labelled = Counter[int](), [], np.zeros(len(place), dtype=bool)
        for batch in log.batches():
            dated = known_days(batch["time"])
            order.append(np.unique(dated))
            days.update(dated.tolist())
            if place:
                labelled[[at for key in batch["id"].to_pylist() if (at := place.get(key)) is not None]] = True
        first, last = _plausible(days, gap)
        outside = sum(n for d, n in days.items() if not first <= d <= last)
        return cls(
            rows=days.total(),
            outside=outside,
            since=_midnight(first) if outside else None,
            until=_midnight(last + 1) if outside else None,
            late=behind(order, first, last),
            labelled=labelled,
        )


def _plausible(days: Mapping[int, int], gap: float) -> tuple[int, int]:
    """First and last day without the few rows that are dated far away from all others."""
    order = sorted(days)
    if not order:
        return 0, 0
    cuts = [0, *(i for i in range(1, len(order)) if order[i] - order[i - 1] > gap), len(order)]
    islands = [order[a:b] for a, b in pairwise(cuts)]
    least = _FEW * sum(days.values())
    large = [part for part in islands if sum(days[d] for d in part) >= least]
    return large[0][0], large[-1][-1]


def _midnight(day: int) -> datetime.datetime:
    return datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(days=day)
