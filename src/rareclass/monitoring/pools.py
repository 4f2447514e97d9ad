"""What is usual: sums over reference and matured days, of which the last days can be taken back."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

_KEPT = 400


class Pool:
    """A base and a sum a day, arrays of one shape.

    Examples
    --------
    >>> pool = Pool(np.array([2.0, 10.0]))
    >>> pool.add(5, np.array([1.0, 4.0]))
    >>> pool.total.tolist(), pool.without(5).tolist()
    ([3.0, 14.0], [2.0, 10.0])
    """

    def __init__(self, base: np.ndarray) -> None:
        self.base = np.array(base, dtype=float)
        self.days: list[tuple[int, np.ndarray]] = []
        self.total = self.base.copy()

    def add(self, day: int, sums: np.ndarray) -> None:
        """Take in a day; what is older than 400 days becomes part of the base."""
        self.days.append((day, np.asarray(sums, dtype=float)))
        self.total = self.total + sums
        while len(self.days) > _KEPT:
            self.base = self.base + self.days.pop(0)[1]

    def without(self, first: int) -> np.ndarray:
        """The total, and from now on the pool, without the days from `first` on."""
        self.total = self.before(first)
        self.days = [(d, v) for d, v in self.days if d < first]
        return self.total

    def before(self, first: int) -> np.ndarray:
        """The total of the base and of the days before one."""
        return np.asarray(self.base + sum((v for d, v in self.days if d < first), np.zeros_like(self.base)))

    def since(self, first: int) -> np.ndarray:
        """The total of the days from one on."""
        return np.asarray(sum((v for d, v in self.days if d >= first), np.zeros_like(self.base)))

    def to_dict(self) -> dict[str, Any]:
        days = [[d, v.tolist()] for d, v in self.days]
        return {"base": self.base.tolist(), "days": days, "total": self.total.tolist()}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Self:
        made = cls(np.array(state["base"]))
        made.days = [(d, np.array(v)) for d, v in state["days"]]
        made.total = np.array(state["total"])
        return made
