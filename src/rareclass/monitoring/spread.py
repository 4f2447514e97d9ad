"""How much days differ beyond the chance of their rows: events in bursts, weekdays, a bad day of a sensor."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtri

FIRST = 7
"""Days that must be known before any is judged by how much they differ."""
FARTHEST = 3.0
"""Standard deviations for which a day speaks at most, so that one bad day, or two, make no alarm."""
MOST = FARTHEST**2 / 2
"""Log of the most that a bet wins on such a day."""
_LAG, _EARLY, _KEPT = 14, 42, 200
"""Days left out at the end, since a change may be in them, but for the first six weeks; so many are kept."""


class DaySpread:
    """Standard deviations (k,) of the scores of days, which are 1 where rows are independent.

    When to use: scores of days are divided by it before they are bet on. Where nothing speaks for a spread beyond
    chance it is 1, else the 90 % upper bound of what the days so far had; between both it grows with the evidence. It
    is taken around their mean: a change that came before the first day is no part of it, and stays to be seen. It
    hangs on earlier days only, so that bets keep their mean of at most 1 where rows are independent.

    Examples
    --------
    >>> rng, spread = np.random.default_rng(0), DaySpread()
    >>> for day in range(60):
    ...     spread.add(day, np.array([1.0, 3.0]) * rng.normal(size=2))
    >>> spread.now().round(1).tolist()
    [1.0, 3.4]
    """

    def __init__(self) -> None:
        self.days: list[int] = []
        self.scores = np.empty((0, 1))

    @property
    def too_few(self) -> str:
        """Why days are not judged yet; empty where they are."""
        if len(self.days) >= FIRST:
            return ""
        return f"It needs {FIRST} matured days to know how much days differ; there are {len(self.days)}."

    def scaled(self, day: int, scores: ArrayLike) -> np.ndarray | None:
        """The scores (k,) of a day, which are taken in, in deviations, within 3; None while too few days are known."""
        z = np.asarray(scores, dtype=float)
        found = None if self.too_few else np.clip(z / self.now(), -FARTHEST, FARTHEST)
        self.add(day, z)
        return found

    def tempered(self, day: int, scores: ArrayLike, log_e: np.ndarray) -> np.ndarray | None:
        """Log e-values (k, ...) of a day, with the scores (k,) of what they bet on; None as with `scaled`.

        A root of an e-value is one, too (Jensen); that of the variance bets as on scores divided by their deviation.
        """
        scale = None if self.too_few else self.now()
        self.add(day, np.asarray(scores, dtype=float))
        return None if scale is None else np.minimum((log_e.T / scale**2).T, MOST)

    def add(self, day: int, scores: np.ndarray) -> None:
        """Take in the scores (k,) of a day."""
        new = np.asarray(scores, dtype=float)[None]
        self.days = [*self.days[1 - _KEPT - _LAG :], int(day)]
        self.scores = np.concatenate([self.scores[1 - _KEPT - _LAG :], new]) if self.scores.size else new

    def without(self, first: int) -> None:
        """Forget the days from this one on."""
        kept = sum(day < first for day in self.days)
        self.days, self.scores = self.days[:kept], self.scores[:kept]

    def now(self) -> np.ndarray:
        """By what the scores of the next day are to be divided (k,), at least 1."""
        seen = self.scores if len(self.days) < _EARLY else self.scores[:-_LAG]
        squares = (seen - seen.mean(axis=0)) ** 2
        n = seen.shape[0] - 1
        total = np.full(squares.shape[1:], float(n))
        for _ in range(5):  # a day far off, such as that of a change, counts as one three deviations off
            cut = FARTHEST**2 * np.maximum(total / n, 1.0)
            total = np.minimum(squares, cut).sum(axis=0)
            if (squares <= cut).all():
                break
        upper, sure = _upper(n)
        return np.asarray(np.sqrt(1 + np.clip((total / n - 1) / sure, 0, 1) * np.maximum(total / upper - 1, 0)))

    def to_dict(self) -> dict[str, Any]:
        return {"days": self.days, "scores": self.scores.tolist()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on where `to_dict` was called."""
        self.days, self.scores = list(state["days"]), np.array(state["scores"], dtype=float)


@cache
def _upper(n: int) -> tuple[float, float]:
    """Tenth of chi squared, below which lies one sum in ten; by how much the mean square exceeds 1 as seldom."""
    return float(chdtri(n, 0.9)), float(chdtri(n, 0.1)) / n - 1
