"""How long labels take: the share that has come by an age, told from labels that could have come by now only."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from rareclass import _check
from rareclass.errors import InputError

MATURE = 0.95
"""Share of the labels that ever come, from which on a cohort is judged."""
_FEWEST = 30


@dataclass(frozen=True, kw_only=True)
class MaturityCurve:
    """The share of labels that has come by an age, of those that come within `max_delay`.

    Attributes
    ----------
    ages, share, low, high : ndarray of shape (k,)
        The curve at the ages at which a label came, with its pointwise 95 % interval.
    max_delay : float
        Days after which a label no longer comes: here the curve is 1.
    labels, early : int
        Labels it rests on, and how many of these came before their prediction (they count as of age 0).
    watched : float
        Age of the oldest label by now. Beyond it nothing is known of delays; the curve is that of those up to it.
    """

    ages: np.ndarray
    share: np.ndarray
    low: np.ndarray
    high: np.ndarray
    max_delay: float
    labels: int
    early: int
    watched: float

    @classmethod
    def of(
        cls,
        event_times: ArrayLike,
        label_times: ArrayLike,
        *,
        now: float,
        max_delay: float = 60.0,
        all_rows: bool = False,
    ) -> Self:
        """Estimate the curve from labels known by `now`.

        Parameters
        ----------
        event_times, label_times : (n,)
            In days. NaN is a label that has not come; labels after `now` count as not come, so that the curve of a day
            is the same whenever it is computed.
        now, max_delay : float
            In days.
        all_rows : bool, default=False
            Whether each row here gets a label in the end. Then rows without one are censored (Kaplan-Meier). Else
            only rows with a label are known to get one: their delays are truncated from the right.

        Raises
        ------
        InputError
            Lengths differ, an event has no time or lies after `now`, or `max_delay` is not positive.

        Notes
        -----
        Without `all_rows` the curve is the product limit in reverse time: ``F(a) = prod over d > a of
        1 - came(d) / risk(d)``, where risk(d) counts the labels of delay at most d whose event is at least d old
        (Lagakos, Barraj and De Gruttola 1988, Biometrika 75:515). Assumed: delays do not hang on the event's time.

        Examples
        --------
        >>> rng = np.random.default_rng(0)
        >>> event = rng.uniform(0, 100, 2000)
        >>> curve = MaturityCurve.of(event, event + rng.gamma(2, 2, 2000), now=100.0)
        >>> bool(abs(curve.at(4.0) - 0.594) < 0.04), round(curve.matured_age())
        (True, 10)
        """
        event, label = (np.asarray(_check.column(v, n), dtype=np.float64)
                        for v, n in ((event_times, "event_times"), (label_times, "label_times")))  # fmt: skip
        _check.same_length(event_times=event, label_times=label)
        if not max_delay > 0:
            raise InputError(f"`max_delay` must be a positive number of days; got {max_delay}.")
        if np.isnan(event).any() or (event > now).any():
            raise InputError("Every event needs a time, and none may lie after `now`.")
        age = np.minimum(now - event, max_delay)
        delay = np.where(label <= now, label - event, np.nan)
        early = int((delay < 0).sum())
        delay = np.maximum(delay, 0.0)
        came = delay <= age
        known = np.flatnonzero(came)
        steps = np.unique(delay[known])
        counts = np.bincount(np.searchsorted(steps, delay[known]), minlength=steps.size).astype(float)
        if all_rows:
            times = np.sort(np.where(came, delay, age))
            risk = times.size - np.searchsorted(times, steps, side="left")
            left = np.cumprod(1 - counts / np.maximum(risk, 1))
            share, spread = 1 - left, np.sqrt(np.cumsum(counts / np.maximum(risk * (risk - counts), 0.5)))
            spread = spread * left / np.maximum(share, 1e-12)
        else:
            share, spread = _reverse(steps, counts, np.sort(delay[known]), np.sort(age[known]))
        half = float(ndtri(0.975)) * spread
        watched = float(age[known].max()) if known.size else 0.0
        return cls(
            ages=steps,
            share=share,
            low=share * np.exp(-half),
            high=np.minimum(share * np.exp(half), 1.0),
            max_delay=float(max_delay),
            labels=int(known.size),
            early=early,
            watched=watched,
        )

    @property
    def why_off(self) -> str:
        """Why `matured_age` is `max_delay`; empty where the curve is trusted."""
        if self.labels < _FEWEST:
            return f"{self.labels} labels are too few to tell how long they take; {_FEWEST} are needed."
        if self.watched < self.max_delay and 2 * self._reaches(MATURE) > self.watched:
            return f"Labels were watched for {self.watched:.0f} days only; what takes longer is not known yet."
        return ""

    def at(self, age: ArrayLike) -> Any:
        """Share of labels that has come by these ages; 1 from `max_delay` on."""
        a = np.asarray(age, dtype=np.float64)
        place = np.searchsorted(self.ages, a, side="right")
        found = np.append(0.0, self.share)[place]
        found = np.where(a >= self.max_delay, 1.0, found)
        return float(found) if found.ndim == 0 else found

    def matured_age(self, share: float = MATURE) -> float:
        """Age in days from which on rows are judged: the curve reaches `share`; `max_delay` where it is not trusted.

        It is trusted from 30 labels on, once labels were watched for `max_delay` or twice as long as that age.
        """
        share = _check.fraction(share, "share", closed="neither")
        return self.max_delay if self.why_off else self._reaches(share)

    def weights(self, age: ArrayLike, *, floor: float = 0.1) -> np.ndarray:
        """1 / the share of labels that has come by each row's age: what a labelled event stands for.

        For sums over events of all ages instead of matured ones only. Shares below `floor` count as `floor`, so that
        no young label stands for more than 1 / `floor`; sums are then too small by what is still to come of these.
        """
        floor = _check.fraction(floor, "floor", closed="right")
        return np.asarray(1 / np.maximum(self.at(np.asarray(age, dtype=np.float64)), floor))

    def _reaches(self, share: float) -> float:
        reached = np.flatnonzero(self.share >= share - 1e-12)
        return min(float(self.ages[reached[0]]), self.max_delay) if reached.size else self.max_delay


def _reverse(
    steps: np.ndarray, came: np.ndarray, delays: np.ndarray, ages: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Curve (k,) at the steps and the standard error of its logarithm; delays and ages (m,) are sorted."""
    # delay <= d <= age: delays up to d less the rows younger than d, whose delays are all the shorter
    risk = np.searchsorted(delays, steps, side="right") - np.searchsorted(ages, steps, side="left")
    # where all at risk came, the product would be 0 for every shorter delay: half a label stays
    kept = np.where(came < risk, 1 - came / np.maximum(risk, 1), 0.5 / (risk + 0.5))
    kept[:1] = 1.0
    gone = np.append(np.cumprod(kept[:0:-1])[::-1], 1.0)
    part = came / np.maximum(risk * (risk - came), 0.5)
    part[:1] = 0.0
    error = np.sqrt(np.append(np.cumsum(part[:0:-1])[::-1], 0.0))
    return gone[-steps.size :] if steps.size else gone[:0], error[-steps.size :] if steps.size else error[:0]
