"""How many rows weighted rows are worth: the one rule that intervals, bands and bounds count by.

A weight is 1 / the probability with which its row was drawn, never a number of independent rows: whoever has these
repeats the rows. Rows of a kind (hits, misses, events) then tell as much as `Counted.rows` rows of weight
`Counted.unit`, each kind by itself. Equal weights within a kind thus give back the rows that were drawn, and the
interval of a share is theirs with its odds moved, which is the prior shift.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from rareclass._types import Floats


class Counted(NamedTuple):
    """Rows of one kind, or of one kind at each of many points.

    Parameters
    ----------
    total, squares : float or array
        Sum of their weights and of the squared weights.
    unseen : float
        Weight that one more row of the kind would have, where there is none yet.
    """

    total: Any
    squares: Any
    unseen: float = 1.0

    @classmethod
    def of(cls, weight: Floats, possible: Floats | None = None) -> "Counted":
        """Rows with these weights among those (m,) that could be of their kind."""
        return cls(float(weight.sum()), float(np.sum(weight**2)), unit(weight if possible is None else possible))

    @property
    def unit(self) -> Any:
        """Weight of one effective row."""
        some = np.asarray(self.total) > 0
        return np.where(some, self.squares / np.where(some, self.total, 1.0), self.unseen)[()]

    @property
    def rows(self) -> Any:
        """Effective rows: (sum of w)^2 / sum of w^2. Kish (1965), Survey Sampling, section 11.7."""
        rows = np.asarray(self.total / self.unit)
        whole = np.round(rows)  # equal weights give whole rows, up to the last bits
        return np.where(np.abs(rows - whole) <= 1e-9 * whole, whole, rows)[()]


def unit(weight: Floats) -> float:
    """Weight of one effective row among rows (m,); 1 where there is none."""
    total = float(weight.sum())
    return float(np.sum(weight**2)) / total if total > 0 else 1.0


class Cells(NamedTuple):
    """Counted rows of the four outcomes of a decision."""

    tp: Counted
    fp: Counted
    fn: Counted
    tn: Counted


def worth(hits: Counted, misses: Counted) -> float:
    """Number of equal trials by which the share of hits would vary as it does."""
    k, m = float(hits.rows), float(misses.rows)
    total = float(hits.total + misses.total)
    share = float(hits.total) / total if total > 0 else 0.0
    return 1 / (share * (1 - share) * (1 / k + 1 / m)) if k > 0 and m > 0 else k + m


def share_limits(
    hits: Counted,
    misses: Counted,
    limits: Callable[[ArrayLike, ArrayLike], tuple[Any, Any]],
    design_effect: float = 1.0,
) -> tuple[Any, Any]:
    """Limits of hits / (hits + misses).

    Those of effective hits among effective rows by `limits(successes, trials)`, with their odds multiplied by the
    weight of a hit over that of a miss.

    Parameters
    ----------
    design_effect : float >= 1
        By how much dependent rows divide the counts.
    """
    k, m = hits.rows / design_effect, misses.rows / design_effect
    odds = np.asarray(hits.unit / misses.unit)
    low, high = (np.where(odds == 1, end, end * odds / (end * odds + (1 - end)))[()] for end in limits(k, k + m))
    return low, high
