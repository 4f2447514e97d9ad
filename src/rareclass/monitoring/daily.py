"""Whether figures of days moved from those of the weeks before, and from those of training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincinv

from rareclass.errors import InputError

FIRST = 28
"""Days of a first reference, before any day is judged."""
LAG, WINDOW, WEEK = 11, 56, 7
"""Later the reference is a window that ended at least so many days ago: a jump is not in it yet; slow moves are no
alarm. It moves on by weeks."""
_FEWEST = 21
_LEVELS = (0.0, 0.1, 0.25)
_MARKS = np.arange(len(_LEVELS), 0, -1)
_STEPS = np.array([0.5, 1.0, 2.0, 4.0])
_NOISE = 1e-16
"""Squares of days that never differ, but for rounding, have no correlation."""
_MOST = 6.0
"""Log of the most that a single day wins against training."""


class DailyFigures:
    """Evidence that figures of days (volume, shares, means) leave what was usual, without a model of their chance.

    When to use: figures without labels, whose days vary more than their rows say. A figure is compared with the same
    figure of earlier days; a bet is won on a day that lies above (below) the largest, the upper tenth or the upper
    quarter of the reference days, whose chance is taken at its 90 % upper bound (the rank of a day among n
    exchangeable ones is beta-distributed, whatever their law), so that a short reference raises no more alarms. No
    single day wins more than about 25 to 1, or 400 to 1 against training, so that a holiday is no alarm.

    Parameters
    ----------
    names : sequence of str
        The m figures.
    least : float or (m,), default=0
        Moves smaller than this are never spoken of, however regular the days are.
    training : (m,), optional
        The figures at training time, NaN where unknown; days are then compared with them, too, from the first on.
    spread : float or (m,), default=0
        For the comparison with training: standard deviation by which days differ beyond the chance of their rows,
        and a mean up to twice as far off is no move. Where the days of the reference differ more, theirs is taken.
    bets : tuple of float, default=(0.3, 0.6, 0.9)
        How often days lie beyond the mark after a change, between its chance (0) and always (1).

    Notes
    -----
    Assumed: but for levels of weekdays and a correlation with the day before, both estimated from the reference and
    taken off, days without change are exchangeable.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> figures = DailyFigures(["rows"])
    >>> for day in range(60):
    ...     figures.learn(day, rng.normal(size=1))
    >>> usual, jumped = figures.evidence(60, [0.1]), figures.evidence(60, [8.0])
    >>> bool(usual.max() < 1 < 2.5 < jumped.max() < np.log(30))
    True
    """

    def __init__(
        self,
        names: Sequence[str],
        *,
        least: ArrayLike = 0.0,
        training: ArrayLike | None = None,
        spread: ArrayLike = 0.0,
        bets: tuple[float, ...] = (0.3, 0.6, 0.9),
    ) -> None:
        if not names:
            raise InputError("`names` is empty; name at least one figure to watch.")
        self.names, self.bets = list(names), bets
        m = len(self.names)
        self.least = np.broadcast_to(np.asarray(least, dtype=np.float64), (m,)).copy()
        self.training = np.full(m, np.nan) if training is None else np.array(training, dtype=np.float64)
        self.spread = np.broadcast_to(np.asarray(spread, dtype=np.float64), (m,)).copy()
        self.days: list[int] = []
        self.values: list[np.ndarray] = []
        self.first: int | None = None
        self._known: tuple[tuple[int, ...], _Reference] | None = None  # days, and what they say

    @property
    def why_off(self) -> str:
        """Why days are not compared with those before yet; empty when they are."""
        more = FIRST - len(self.days)
        return "" if more <= 0 else f"It needs {more} more days before it compares days with those before."

    def learn(self, day: int, values: ArrayLike) -> None:
        """Take a day's figures (m,), NaN where there is none, into what is usual; days come in order."""
        if self.days and day <= self.days[-1]:
            raise InputError(f"Day {day} came after day {self.days[-1]}; give days in order, each once.")
        x = self._figures(values)
        if self.first is None:
            self.first = int(day)
        self.days = [*self.days[-LAG - WINDOW - WEEK :], int(day)]
        self.values = [*self.values[-LAG - WINDOW - WEEK :], x]

    def unlearn(self, day: int) -> None:
        """Forget the days from this one on."""
        kept = sum(d < day for d in self.days)
        self.days, self.values, self._known = self.days[:kept], self.values[:kept], None
        if not self.days:
            self.first = None

    def usual(self, day: int) -> np.ndarray:
        """Medians (m,) of the figures over the reference of a day; those of training where there are none."""
        found = self.training.copy()
        old = self._reference(day)
        for j in range(len(self.names)):
            known = np.array([v[j] for v in self.values[old] if not np.isnan(v[j])])
            if known.size:
                found[j] = np.median(known)
        return found

    def before(self, day: int, state: np.ndarray) -> np.ndarray:
        """What the figures (m,) were before a change on that day: those of training where this comparison says more.

        `state` (m, bets) is what the bets of `evidence` have won.
        """
        own, training = np.split(state, [state.shape[1] - 2 * len(_STEPS)], axis=1)
        return np.where(training.max(axis=1) > own.max(axis=1), self.training, self.usual(day))

    def evidence(
        self, day: int, values: ArrayLike, error: ArrayLike = 0.0, counted: ArrayLike | None = None
    ) -> np.ndarray:
        """Log e-values (m, bets) of a day: of mean at most 1 under no change, 0 where nothing is compared.

        Parameters
        ----------
        day : int
            Its weekday is the rest of a division by 7.
        values : (m,)
            NaN for figures that this day does not have.
        error : float or (m,), default=0
            Standard errors of the figures by the chance of the rows of the day and of training, for the comparison
            with training; NaN where a figure is not to be compared.
        counted : (m,), optional
            The figures as those of training were counted (in bins); what lies between both is no move.
        """
        x = self._figures(values)
        won, spread = self._won(day, x)
        error = np.broadcast_to(np.asarray(error, dtype=np.float64), x.shape)
        scale = np.maximum(np.hypot(error, np.maximum(spread, self.spread)), 1e-12)
        coarse = x if counted is None or counted is values else self._figures(counted)
        apart = ((x + coarse) / 2 - self.training) / scale
        slack = (np.abs(x - coarse) / 2 + 2 * self.spread) / scale
        found = _steps(np.sign(apart) * np.maximum(np.abs(apart) - slack, 0.0))
        return _or_zero(np.concatenate([part.reshape(x.size, -1) for part in (won, found)], axis=1))

    def to_dict(self) -> dict[str, Any]:
        """What was learnt, ready for JSON."""
        return {"days": self.days, "values": [_plain(v) for v in self.values], "first": self.first}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on where `to_dict` was called."""
        try:
            self.days, self.first, self._known = list(state["days"]), state["first"], None
            self.values = [self._figures([np.nan if v is None else v for v in row]) for row in state["values"]]
        except KeyError as error:
            raise InputError(f"The saved figures of days are incomplete: {error} is missing.") from None

    def _figures(self, values: ArrayLike) -> np.ndarray:
        x = np.asarray(values, dtype=np.float64)
        if x.shape != (len(self.names),):
            raise InputError(f"{len(self.names)} figures are watched; got an array of shape {x.shape}.")
        return np.where(np.isfinite(x), x, np.nan)

    def _reference(self, day: int) -> slice:
        """The learnt days that a day is compared with."""
        assert self.days or self.first is None
        end = 0 if self.first is None else max(day - LAG - day % WEEK, min(self.first + FIRST, day))
        last = sum(d < end for d in self.days)
        last = max(last, min(FIRST, len(self.days)))
        return slice(max(last - WINDOW, 0), last)

    def _won(self, day: int, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logs of what bets against earlier days win (m, side, level, bet), and the standard deviation of these (m,).

        Both are 0 where nothing is compared.
        """
        part = self._reference(day)
        days = tuple(self.days[part])
        if len(days) < _FEWEST or len(self.days) < FIRST:
            return np.zeros((x.size, 2, len(_LEVELS), len(self.bets))), np.zeros(x.size)
        if self._known is None or self._known[0] != days:
            known = np.array(self.values[part])
            self._known = days, _Reference.of(np.array(days), known, self.least, self.bets)
        old = self._known[1]
        now = x - old.levels[day % 7]
        if self.days[-1] == day - 1:
            now = now - old.rho * _or_zero(self.values[-1] - old.levels[self.days[-1] % 7])
        passed = (now > old.above).sum(axis=0) - (now < old.below).sum(axis=0)
        # whoever is beyond the largest has passed all marks
        hit = np.array([passed, -passed]).T[:, :, None] >= _MARKS
        won = np.where(hit[:, :, :, None], *old.odds)
        nothing = (old.n < _FEWEST) | np.isnan(now)
        won[nothing] = 0.0
        return won, np.where(nothing, 0.0, old.spread)


@dataclass(frozen=True, kw_only=True)
class _Reference:
    """What days say of m figures: how many had them, means of weekdays (7, m), correlation with the day before.

    Less these, marks (levels, m) that a day lies above or below, and the standard deviation. Last, logs of what bets
    win (won or lost, m, 1, level, bet).
    """

    n: np.ndarray
    levels: np.ndarray
    rho: np.ndarray
    above: np.ndarray
    below: np.ndarray
    spread: np.ndarray
    odds: np.ndarray

    @classmethod
    def of(cls, days: np.ndarray, values: np.ndarray, least: np.ndarray, bets: tuple[float, ...]) -> Self:
        levels, left = _weekdays(days, values)
        rho = _correlation(days, left)
        left = _less_before(days, left, rho)
        n = (~np.isnan(left)).sum(axis=0)
        ordered, column = np.sort(left, axis=0), np.arange(n.size)  # NaN last
        centre = ordered[n // 2 - (n // 2 == left.shape[0]), column]
        held = np.maximum(n, 1)
        k = np.maximum(np.ceil(np.multiply.outer(_LEVELS, n)), 1).astype(int)
        low, high = ordered[np.minimum(k, held) - 1, column], ordered[np.maximum(n - k, 0), column]
        above, below = np.fmax(high, centre + least), np.fmin(low, centre - least)
        spread = np.sqrt(np.nansum(left**2, axis=0) / held)
        odds = np.array([_odds(size, bets) for size in n.tolist()]).transpose(1, 0, 2, 3)[:, :, None]
        return cls(n=n, levels=levels, rho=rho, above=above, below=below, spread=spread, odds=odds)


@cache
def _odds(n: float, bets: tuple[float, ...]) -> np.ndarray:
    """Logs of what bets win (won or lost, level, bet) on passing marks that a share of n days lie beyond, or not.

    The chance to pass is taken with confidence of nine in ten.
    """
    k = np.maximum(np.ceil(np.array(_LEVELS) * n), 1)
    chance = betaincinv(k, np.maximum(n + 1 - k, 1), 0.9)[:, None]
    p = chance + (1 - chance) * np.array(bets)
    return np.log([p / chance, (1 - p) / (1 - chance)])


def _steps(apart: np.ndarray) -> np.ndarray:
    """Logs of what bets on a shift by so many standard deviations win (m, side, step)."""
    signed = np.array([apart, -apart]).T[:, :, None]
    return np.asarray(np.minimum(_STEPS * signed - _STEPS**2 / 2, _MOST))


def _weekdays(days: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means of weekdays (7, m), and the distance of each day from the mean of the other days of its weekday (n, m).

    Both are shrunk to the mean of all days by how little weekdays differ beyond chance (the variance ratio F): a
    figure without a week, a rare count above all, keeps its order.
    """
    known = ~np.isnan(values)
    of = (days % 7 == np.arange(7)[:, None]).astype(float)
    number, total = of @ known, of @ _or_zero(values)
    n, held = number.sum(axis=0), (number > 0).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        levels, grand = total / number, total.sum(axis=0) / n
        within = np.nansum((values - levels[days % 7]) ** 2, axis=0) / np.maximum(n - held, 1)
        between = np.nansum(number * (levels - grand) ** 2, axis=0) / np.maximum(held - 1, 1)
        share = np.where(between > within, 1 - within / between, 0.0)
        others = (total[days % 7] - values) / (number[days % 7] - 1)
    left = values - grand - share * np.where(share > 0, others - grand, 0.0)
    return grand + share * np.where(share > 0, levels - grand, 0.0), left


def _correlation(days: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Correlation of each day with the day before (m,), 0 where negative, at most 0.9."""
    beside = np.diff(days) == 1
    now, before = left[1:][beside], left[:-1][beside]
    both = ~np.isnan(now) & ~np.isnan(before)
    now, before = np.where(both, now, 0.0), np.where(both, before, 0.0)
    size = np.sqrt((now**2).sum(axis=0) * (before**2).sum(axis=0))
    found = np.divide((now * before).sum(axis=0), size, out=np.zeros(size.shape), where=size > _NOISE)
    # taking off the levels of weekdays and averaging over few days pulls the estimate down
    n = np.maximum(both.sum(axis=0), 1)
    return np.asarray(np.clip(found + (1 + 4 * found) / n, 0.0, 0.9) * (found > 0))


def _less_before(days: np.ndarray, left: np.ndarray, rho: np.ndarray) -> np.ndarray:
    out = left.copy()
    beside = np.flatnonzero(np.diff(days) == 1)
    out[beside + 1] -= rho * _or_zero(left[beside])
    return out


def _or_zero(values: np.ndarray) -> np.ndarray:
    """Zero where there is no figure."""
    return np.where(np.isnan(values), 0.0, values)


def _plain(values: np.ndarray) -> list[float | None]:
    return [None if np.isnan(v) else float(v) for v in values]
