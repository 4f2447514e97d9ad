"""A threshold that keeps the number of alerts at capacity on a live stream, whatever the scores do."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass.errors import InputError
from rareclass.kernels.quota import take_rows

_KNOTS = 200
"""Scores at which the tail of the known scores is kept."""
_TOP = 50
"""Highest scores that say how the tail goes on beyond the highest."""
_KEYS = ("capacity", "rows_per_period", "gain", "most", "scores", "tails", "beyond", "level", "rows", "alerts")


class ThresholdController:
    """Flags the rows of a stream one by one, so that a period holds as many alerts as can be worked on.

    A stored threshold keeps a capacity only as long as scores are distributed as they were. This one moves with every
    row, without labels and without refitting. When to use: a queue with a fixed number of places. When not: where the
    cost decides whether to alarm (a quiet day then has fewer alerts, as it should); where rows can wait until their
    period is over (`AlertBudget` with periods takes exactly the best).

    The threshold is held as a *level*: the log of the share of known scores that reach it. Each row raises the level
    by gain / rows_per_period, and each row that reaches it lowers it by gain / capacity, however high it scores: a
    stochastic approximation of the quantile (Robbins and Monro 1951) with a bounded step, on a scale on which the
    number of alerts answers alike everywhere. So over any stretch of rows

        alerts = capacity * periods + (level before - level after) * capacity / gain

    exactly, as long as `most` was not met: errors do not add up. Where scores or prevalence shift so that the threshold
    has to rise to where R times fewer of the known scores lie, the period of the shift holds about
    capacity * (1 + log(R) / gain) alerts and the next one the capacity; no period ever holds more than
    ``most * capacity``, rounded up.
    The level of a stationary stream wavers by about sqrt(gain / (2 capacity)) in the log of the alert rate: below
    about 10 alerts a period lower the gain, and give it more periods to recover.

    Parameters
    ----------
    scores : array-like of shape (n,)
        Known scores, out of fold: log-odds best, any scale on which higher is more likely will do.
    capacity : int >= 1
        Alerts a period.
    rows_per_period : float > capacity
        Rows that make a period, whatever the clock says. Where traffic doubles, so do the alerts of a day:
        ``from_dict(to_dict() | {"rows_per_period": n})`` goes on with another number.
    sample_weight : array-like of shape (n,), optional
        1 / the probability with which each known score was drawn.
    threshold : float, optional
        Where to start, on the scale of the scores; default: the quantile of the scores that fills the capacity.
    gain : float > 0, default=5.0
        By how much the log of the alert rate falls if a period holds one capacity of alerts too many.
    most : float >= 1, default=2.0
        Largest number of alerts in a period, in capacities.

    Attributes
    ----------
    level : float
        Log of the share of known scores that reach the threshold.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> controller = ThresholdController(rng.normal(size=20_000), capacity=20, rows_per_period=1000)
    >>> shifted = rng.normal(loc=1.0, size=(5, 1000))
    >>> [int(controller.flag(day).sum()) for day in shifted]
    [31, 24, 16, 20, 21]
    """

    def __init__(
        self,
        scores: ArrayLike,
        capacity: int,
        rows_per_period: float,
        *,
        sample_weight: ArrayLike | None = None,
        threshold: float | None = None,
        gain: float = 5.0,
        most: float = 2.0,
    ) -> None:
        known = _check.scores(scores, "scores")
        weight = _check.weights(sample_weight, known.size)
        self._set(capacity, rows_per_period, gain, most)
        self._scores, self._tails, self._beyond = _tail_of(known, np.ones(known.size) if weight is None else weight)
        self.level = float(np.log(self.capacity / self.rows_per_period))
        if threshold is not None:
            start = _check.fraction(threshold, "threshold", low=-np.inf, high=np.inf, closed="neither")
            self.level = float(self._tail(np.array([start]))[0])
        self._rows, self._alerts = 0.0, 0

    def _set(self, capacity: object, rows_per_period: object, gain: object, most: object) -> None:
        self.capacity = _check.whole_number(capacity, "capacity", low=1)
        self.rows_per_period = _check.fraction(rows_per_period, "rows_per_period", high=np.inf, closed="neither")
        if self.rows_per_period <= self.capacity:
            raise InputError(
                f"A capacity of {self.capacity} alerts is no limit where a period holds {self.rows_per_period:g} rows: "
                "flag them all, or lower the capacity."
            )
        self.gain = _check.fraction(gain, "gain", high=np.inf, closed="neither")
        self.most = _check.fraction(most, "most", low=1.0, high=np.inf, closed="left")

    @property
    def threshold(self) -> float:
        """The score from which the next row would be flagged; +inf where the period has no room left."""
        if self._rows < self.rows_per_period and self._alerts >= np.ceil(self.most * self.capacity):
            return float("inf")
        level = min(self.level + self.gain / self.rows_per_period, 0.0)
        if level < self._tails[-1]:
            return float(self._scores[-1] + (level - self._tails[-1]) / self._beyond)
        return float(np.interp(level, self._tails[::-1], self._scores[::-1]))

    def flag(self, scores: ArrayLike) -> np.ndarray:
        """Which rows (n,) are alerts, in the order in which they came; the level moves on.

        Rows one by one and in batches of any sizes are flagged alike.
        """
        score = _check.number_array(scores, "scores")
        pace = (
            self.gain / self.capacity,
            self.gain / self.rows_per_period,
            self.rows_per_period,
            float(np.ceil(self.most * self.capacity)),
        )
        out, self.level, self._rows, self._alerts = take_rows(
            self._tail(score), self.level, self._rows, self._alerts, pace
        )
        return np.asarray(out)

    def _tail(self, score: np.ndarray) -> np.ndarray:
        """Log of the share of known scores (n,) that are no lower; beyond the highest it goes on as a line."""
        at = np.clip(np.searchsorted(self._scores, score, side="right") - 1, 0, None)
        slope = np.r_[np.diff(self._tails) / np.diff(self._scores), self._beyond]
        return np.asarray(self._tails[at] + slope[at] * np.maximum(score - self._scores[at], 0.0))

    def to_dict(self) -> dict[str, Any]:
        """Plain values from which `from_dict` goes on where this one stands."""
        return {
            "capacity": self.capacity,
            "rows_per_period": self.rows_per_period,
            "gain": self.gain,
            "most": self.most,
            "scores": self._scores.tolist(),
            "tails": self._tails.tolist(),
            "beyond": self._beyond,
            "level": self.level,
            "rows": self._rows,
            "alerts": self._alerts,
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild from the values of `to_dict`; other keys are refused."""
        if not isinstance(state, Mapping) or set(state) != set(_KEYS):
            raise InputError(f"A saved controller is a mapping with the entries {', '.join(_KEYS)}, and no others.")
        made = object.__new__(cls)
        made._set(state["capacity"], state["rows_per_period"], state["gain"], state["most"])
        made._scores = _check.scores(state["scores"], "scores")
        made._tails = _check.scores(state["tails"], "tails")
        rising = (np.diff(made._scores) > 0).all() and (np.diff(made._tails) <= 0).all()
        if made._scores.size != made._tails.size or not rising or made._tails[0] > 0:
            raise InputError("The scores of a saved controller rise and their tails fall, from 0 at most.")
        made._beyond = _check.fraction(state["beyond"], "beyond", low=-np.inf, high=0.0, closed="neither")
        made.level = _check.fraction(state["level"], "level", low=-np.inf, high=0.0, closed="right")
        made._rows = _check.fraction(state["rows"], "rows", high=np.inf, closed="left")
        made._alerts = _check.whole_number(state["alerts"], "alerts")
        return made


def _tail_of(score: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Some distinct scores, ascending, the log of the share that is no lower at each, and its slope beyond the last."""
    order = np.argsort(-score, kind="stable")
    ranked, reached = score[order], np.cumsum(weight[order])
    last = np.flatnonzero(np.r_[np.diff(ranked) < 0, True])
    value, share = ranked[last], reached[last] / reached[-1]
    kept = share > 0
    value, share = value[kept], np.minimum(share[kept], 1.0)
    wanted = np.exp(np.linspace(np.log(share[0]), 0.0, _KNOTS))
    if share.size <= _KNOTS:
        wanted = share
    at = np.unique(np.r_[np.searchsorted(share, wanted, side="left").clip(max=share.size - 1), share.size - 1])
    top = ranked[: min(_TOP, ranked.size)]
    excess = float(top.mean() - top[-1])
    if excess <= 0:  # the highest scores are all equal
        excess = float(ranked[0] - ranked[-1]) or 1.0
    return value[at][::-1].copy(), np.log(share[at])[::-1].copy(), -1.0 / excess
