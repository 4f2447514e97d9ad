"""How much days differ beyond the chance of their rows: events in bursts, weekdays, a bad day of a sensor."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

VARIANCES = np.array([1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0, 11.0, 16.0])
"""Variances that the scores of days may have; 1 where rows are independent."""
INDEPENDENT = 0.6
"""Belief in 1 before any day is seen; each larger variance is 0.7 times as likely as the one before."""
FARTHEST = 4.0
"""Standard deviations at which scores are cut: days that differ by more speak by the sign of what they say."""
MOST = 3.5
"""Log of the most that a bet wins on a single day, so that one bad day, or two, make no alarm."""
_MILDER = 1.5
"""Where days differ their scores are skewed, too (a burst is missed as a whole): bets are milder by this root."""
_MEMORY = 0.998
"""What a day tells of the variance counts so much less on the next."""
_KEPT = 400

_BELIEF = np.log(np.append(INDEPENDENT, (1 - INDEPENDENT) * 0.7 ** np.arange(8) / (0.7 ** np.arange(8)).sum()))
_TEMPER = VARIANCES * np.append(1.0, np.full(8, _MILDER))


class DaySpread:
    """Weighs variances of the scores of days by how well they explain the days so far, were nothing to change.

    When to use: detectors that bet on scores which are standard normal where rows are independent, and wider where they
    are not. "Something has changed" and "days differ by more than chance" are then weighed against each other, day by
    day: the bets stand against the variance that explains all days best without a change, a change before which days
    were calm is never taken for spread, and nothing must be learnt before the first day is judged.

    Notes
    -----
    With prior weights pi_v over the variances v, likelihoods L_v of the days under no change, and statistics S_v of
    Shiryaev and Roberts whose e-values are those of variance v, a detector's statistic is
    sum pi_v L_v S_v / sum pi_v L_v: the likelihood ratio of a change on any day where both sides share the unknown
    variance (Pollak 1987, Annals of Statistics 15:749; Grunwald, de Heide & Koolen 2024, Safe testing, section 2, on
    e-values by priors on nuisance parameters). Were days to follow the weighted variances, its mean after n days is
    at most n; were they independent, at most n / 0.6, forgetting aside. An e-value to the power 1 / v is one, too
    (Jensen): that of a score of variance v.

    Attributes
    ----------
    weights : ndarray of shape (k, v)
        Logs of the weights of the variances, were nothing to change; each row sums to one.

    Examples
    --------
    >>> rng, spread = np.random.default_rng(0), DaySpread()
    >>> for day in range(60):
    ...     _ = spread.tempered(day, np.array([1.0, 3.0]) * rng.normal(size=2), np.zeros((2, 1)))
    >>> VARIANCES[spread.weights.argmax(axis=1)].tolist()
    [1.0, 8.0]
    """

    def __init__(self) -> None:
        self.days: list[int] = []
        self.scores = np.empty((0, 1))
        self._tell(np.zeros((1, VARIANCES.size)))

    def _tell(self, told: np.ndarray) -> None:
        self.told = told  # log-likelihoods of the variances, against that of 1
        self.weights = _normed(_BELIEF + told)

    def tempered(self, day: int, scores: ArrayLike, log_e: np.ndarray) -> np.ndarray:
        """Log e-values (k, v, bets) of a day by variance, given those of independent rows (k, bets).

        What a day wins is counted against what no change of any variance makes of it, and is cut there.
        """
        z = np.minimum(np.maximum(np.asarray(scores, dtype=float), -FARTHEST), FARTHEST)
        before, likely = self.weights, _likely(z)
        against = np.logaddexp.reduce(before + likely, axis=1, keepdims=True)
        self._add(day, z, likely)
        log_e = np.minimum(log_e, FARTHEST**2 / 2)[:, None, :] / _TEMPER[:, None]
        won = np.minimum(log_e + (likely - against)[:, :, None], MOST)
        return np.asarray(won + (before - self.weights)[:, :, None])

    def without(self, first: int) -> None:
        """Forget the days from this one on; those of more than 400 days ago go with them."""
        kept = sum(day < first for day in self.days)
        if kept < len(self.days):
            self.days, self.scores = self.days[:kept], self.scores[:kept]
            told = np.zeros((1, VARIANCES.size))
            for z in self.scores:
                told = _with(told, _likely(z))
            self._tell(told)

    def _add(self, day: int, z: np.ndarray, likely: np.ndarray) -> None:
        self._tell(_with(self.told, likely))
        self.days = [*self.days[1 - _KEPT :], int(day)]
        self.scores = np.concatenate([self.scores[1 - _KEPT :], z[None]]) if self.scores.size else z[None]

    def to_dict(self) -> dict[str, Any]:
        return {"days": self.days, "scores": self.scores.tolist(), "told": self.told.tolist()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on where `to_dict` was called."""
        self.days = list(state["days"])
        self.scores = np.array(state["scores"], dtype=float)
        self._tell(np.array(state["told"], dtype=float))


def _likely(z: np.ndarray) -> np.ndarray:
    """Log-likelihoods (k, v) of scores (k,), each of variance v."""
    return np.asarray(-0.5 * z[:, None] ** 2 / VARIANCES - 0.5 * np.log(VARIANCES))


def _with(told: np.ndarray, likely: np.ndarray) -> np.ndarray:
    """What days have told (k, v), with one day more."""
    return np.asarray(_MEMORY * (told + likely - likely[:, :1]))


def _normed(log: np.ndarray) -> np.ndarray:
    return np.asarray(log - np.logaddexp.reduce(log, axis=1, keepdims=True))
