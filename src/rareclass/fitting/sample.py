"""A few of the rows that belong to a model, on which it is measured what drives it."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa

ROWS, EVENTS = 400, 300
"""How many rows, and how many events, are drawn at most: contributions of a blend take about a millisecond a row."""


@dataclass(frozen=True, kw_only=True)
class RowSample:
    """Rows of a table: some drawn evenly from all, and events; a row may be both.

    Attributes
    ----------
    table : Table
        These rows (m).
    weight : ndarray of shape (m,)
    units : ndarray of shape (m,), int
        What intervals count: the groups of the rows, or the rows.
    evenly, events : ndarray of int
        Which of the m rows were drawn from all rows, and which from the events.
    seed : int
    """

    table: pa.Table
    weight: np.ndarray
    units: np.ndarray
    evenly: np.ndarray
    events: np.ndarray
    seed: int = 0

    @classmethod
    def of(
        cls,
        table: pa.Table,
        y: np.ndarray,
        *,
        index: np.ndarray | None = None,
        weight: np.ndarray | None = None,
        groups: np.ndarray | None = None,
        seed: int = 0,
    ) -> Self:
        """Draw from the rows `index` (or all) of a table (n) with labels `y`, weights and groups.

        Examples
        --------
        >>> drawn = RowSample.of(pa.table({"x": [1, 2, 3]}), np.array([False, False, True]))
        >>> drawn.evenly.tolist(), drawn.events.tolist()
        ([0, 1, 2], [2])
        """
        rng, index = np.random.default_rng(seed), np.arange(y.size) if index is None else np.sort(index)
        evenly, events = _some(index, ROWS, rng), _some(index[y[index]], EVENTS, rng)
        rows = np.union1d(evenly, events)
        return cls(
            table=table.take(rows),
            weight=np.ones(rows.size) if weight is None else weight[rows],
            units=rows if groups is None else groups[rows],
            evenly=np.searchsorted(rows, evenly),
            events=np.searchsorted(rows, events),
            seed=seed,
        )


def _some(index: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """At most so many of these rows, in their order."""
    return index if index.size <= most else np.sort(rng.choice(index, most, replace=False))
