"""One alert tier, what rows cost in it, and where it becomes the cheapest."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from itertools import combinations
from typing import Self

import numpy as np

from rareclass import _check
from rareclass.decisions.costs import Costs, row_thresholds
from rareclass.errors import CostError, InputError


@dataclass(frozen=True)
class Tier:
    """One thing that can be done with a row: what it costs, how much of the harm it prevents, how often it can be done.

    Parameters
    ----------
    name : str
    cost : float, optional
        Money for each row in the tier (minutes of a reviewer).
    cost_fp : float, optional
        Money for each row in the tier that is no event (a customer turned away). A tier that names neither `cost` nor
        `cost_fp` has the false-alarm cost of `costs`.
    prevents : float in [0, 1], default=1.0
        Share of the events in the tier that it stops.
    capacity : int >= 1, optional
        Rows (entities) a period that the tier can take.
    per : str, default="run"
        What a period is: "day", "week", ...; one word for all capacities of a policy.

    Examples
    --------
    >>> Tier("review", cost=5, prevents=0.9, capacity=100, per="day").capacity
    100
    """

    name: str
    _: KW_ONLY
    cost: float | None = None
    cost_fp: float | None = None
    prevents: float = 1.0
    capacity: int | None = None
    per: str = "run"

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise InputError(f"A tier has a name, a word such as 'review'; got {self.name!r}.")
        for what in ("cost", "cost_fp"):
            if (value := getattr(self, what)) is not None:
                number = _check.fraction(
                    value, f"{what} of tier {self.name!r}", low=-np.inf, high=np.inf, closed="neither"
                )
                object.__setattr__(self, what, number)
        object.__setattr__(self, "prevents", _check.fraction(self.prevents, f"prevents of tier {self.name!r}"))
        if self.capacity is not None:
            _check.whole_number(self.capacity, f"capacity of tier {self.name!r}", low=1)
        if not isinstance(self.per, str) or not self.per:
            raise InputError(f'`per` of tier {self.name!r} must be a word such as "run" or "day"; got {self.per!r}.')


@dataclass(frozen=True)
class TierLines:
    """What rows cost in each tier: a line in the probability, from `quiet` (no event) to `event`.

    Both have the shape (tiers,), or (tiers, n) with costs by row. Tiers that are out of order are refused.
    """

    names: list[str]
    quiet: np.ndarray
    event: np.ndarray

    @classmethod
    def of(cls, tiers: Sequence[Tier], costs: Costs) -> Self:
        quiet, event = [costs.tn], [costs.fn]
        for t in tiers[1:]:
            paid = 0.0 if t.cost is None else t.cost
            alarm = t.cost_fp if t.cost_fp is not None else costs.fp if t.cost is None else costs.tn
            quiet.append(paid + alarm)
            event.append(paid + t.prevents * costs.tp + (1 - t.prevents) * costs.fn)
        return cls(
            [t.name for t in tiers], np.stack(np.broadcast_arrays(*quiet)), np.stack(np.broadcast_arrays(*event))
        )

    def __post_init__(self) -> None:
        alarm, catch = self._steps()
        for i, j in combinations(range(len(self.names)), 2):
            if odd := int(np.count_nonzero((alarm[i, j] < 0) & (catch[i, j] < 0))):
                where = "" if self.quiet.ndim == 1 else f" in {odd} row(s)"
                raise CostError(
                    f"Tiers are out of order{where}: {self.names[j]!r} costs less than {self.names[i]!r} where nothing "
                    "happens and more where an event does. List tiers from the mildest to the most severe, or mend "
                    "their costs and what they prevent."
                )

    def at(self, p: np.ndarray) -> np.ndarray:
        """Expected cost (tiers, n) at probabilities (n,)."""
        quiet, event = (v[:, None] if v.ndim == 1 else v for v in (self.quiet, self.event))
        return np.asarray((1 - p) * quiet + p * event)

    def crossings(self) -> np.ndarray:
        """Probability (tiers, tiers, ...) from which the second, more severe tier costs no more than the first.

        -inf where it always does, +inf where it never does.
        """
        return row_thresholds(*self._steps())

    def begins(self) -> np.ndarray:
        """Probability (tiers, ...) from which each tier costs no more than all milder ones; -inf for the first."""
        crossing = self.crossings()
        first = np.full((1, *crossing.shape[2:]), -np.inf)
        return np.concatenate([first, [crossing[:k, k].max(axis=0) for k in range(1, len(crossing))]])

    def refuse_unreached(self) -> None:
        """Raise where a tier is the cheapest at no probability of any row."""
        crossing, begins = self.crossings(), self.begins()
        for k, low in enumerate(begins):
            high = crossing[k, k + 1 :].min(axis=0, initial=np.inf)
            if not ((low < high) & (low <= 1) & (high > 0)).any():
                raise CostError(self._unreached(k))

    def _steps(self) -> tuple[np.ndarray, np.ndarray]:
        """What rows (tiers, tiers, ...) lose by the second tier in place of the first if they are no events, and gain
        if they are."""
        return self.quiet[None] - self.quiet[:, None], self.event[:, None] - self.event[None]

    def _unreached(self, k: int) -> str:
        """What to say of tier k: by how much it is too dear where it comes closest, at an end or where others cross."""
        name, others = self.names[k], np.arange(len(self.names)) != k
        if k == 0:
            least = (self.quiet[1:] - self.quiet[0]).reshape(len(self.names) - 1, -1).min(axis=1)
            cheaper = self.names[1 + int(least.argmin())]
            return (
                f"No row reaches tier {name!r}: tier {cheaper!r} costs no more even where nothing happens. Give it its "
                "`cost` or `cost_fp`."
            )
        met = np.clip(self.crossings()[others][:, others], 0, 1)
        at = np.stack([*met.reshape(-1, *met.shape[2:]), np.zeros(met.shape[2:]), np.ones(met.shape[2:])])
        line = (1 - at) * self.quiet[:, None] + at * self.event[:, None]
        gap = float((line[k] - line[others].min(axis=0)).min())
        return (
            f"No row reaches tier {name!r}: at every probability another tier costs less. It is reached once it costs "
            f"{gap:.4g} less a row (`cost`, `cost_fp`) or prevents more; else leave it out."
        )
