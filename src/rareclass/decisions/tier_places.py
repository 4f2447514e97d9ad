"""Which rows each tier takes: the best of those for which it is the cheapest, as many as it has places."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from rareclass.decisions.costs import CostMatrix, Costs
from rareclass.decisions.ranking import Grouping, flag_best, labels_to_codes, period_codes
from rareclass.decisions.tier import Tier, TierLines
from rareclass.errors import InputError


@dataclass(frozen=True)
class TierRows:
    """Rows to be put into tiers: their probabilities (n,), what each tier costs them, and where it becomes cheapest."""

    p: np.ndarray
    cost: np.ndarray  # (tiers, n)
    cut: np.ndarray  # (tiers,) or (tiers, n): where each tier begins to be cheaper than all milder ones
    one_cut: bool

    @classmethod
    def of(cls, tiers: Sequence[Tier], p: np.ndarray, costs: Costs) -> Self:
        lines = TierLines.of(tiers, costs)
        return cls(p, lines.at(p), lines.begins(), isinstance(costs, CostMatrix))

    def wants(self, k: int) -> np.ndarray:
        """Whether tier k is the cheapest (n,) of those up to it."""
        return np.asarray(self.p >= self.cut[k])

    def worth(self, k: int) -> np.ndarray:
        """By what the places of tier k are given (n,): the probability, or with costs by row what the tier saves.

        Under one cost matrix both order the rows alike.
        """
        return self.p if self.one_cut else np.asarray(self.cost[:k].min(axis=0) - self.cost[k])


def places_of(tiers: Sequence[Tier], rows: TierRows, grouping: Grouping, thresholds: np.ndarray | None) -> np.ndarray:
    """Place (n,) of the tier of each row: from the most severe down, each takes the best of those that want it."""
    n = rows.p.size
    if grouping.periods is None and grouping.entities is None and grouping.keys is not None:
        raise InputError("`keys` settle ties within `periods`; give those too, or leave the keys out.")
    exact = grouping.periods is not None or grouping.entities is not None
    if exact and all(t.capacity is None for t in tiers):
        raise InputError("`periods` and `entities` belong to capacities, and no tier has one. Leave them out.")
    period = period_codes(grouping.periods, n)
    pair = pairs_of(grouping.periods, grouping.entities, n)
    key = None if grouping.keys is None else labels_to_codes(grouping.keys, n, "keys")
    place, free = np.zeros(n, dtype=np.int64), np.ones(n, dtype=bool)
    for k in reversed(range(1, len(tiers))):
        among = np.flatnonzero(free & rows.wants(k))
        most = tiers[k].capacity
        worth = rows.worth(k)[among]
        if not exact and thresholds is not None:
            among = among[worth >= thresholds[k - 1]]
        elif most is not None and among.size:
            own = None if pair is None else pair[among]
            ties = None if key is None else key[among]
            best = flag_best(worth, most, periods=period[among], entities=own, keys=ties)
            among = among[best if own is None else np.isin(own, own[best])]
        place[among], free[among] = k, False
    return place


def pairs_of(periods: ArrayLike | None, entities: ArrayLike | None, n: int) -> np.ndarray | None:
    """Number (n,) of the entity in its period of each row; None where rows are counted."""
    if entities is None:
        return None
    entity = labels_to_codes(entities, n, "entities")
    return np.asarray(period_codes(periods, n) * (int(entity.max()) + 1) + entity)


def lowest_threshold(worth: np.ndarray, weight: np.ndarray, pair: np.ndarray | None, room: float) -> float:
    """The lowest threshold at which rows of at most the weight `room` are reached; -inf where all are, +inf where none.

    Of the rows of a pair only the best counts.
    """
    order = np.argsort(-worth, kind="stable")
    counted = weight[order]
    if pair is not None:
        counted = np.where(np.isin(np.arange(order.size), np.unique(pair[order], return_index=True)[1]), counted, 0.0)
    ranked = worth[order]
    last = np.flatnonzero(np.r_[np.diff(ranked) < 0, True]) if ranked.size else np.zeros(0, dtype=np.int64)
    fits = np.flatnonzero(np.cumsum(counted)[last] <= room * (1 + 1e-12) + 1e-9)
    if fits.size == last.size:
        return -np.inf
    return float(ranked[last[fits[-1]]]) if fits.size else np.inf
