"""How far a calibration may be wrong: the standard errors of its level and of its slope, from its finite events."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from rareclass import _check
from rareclass.errors import InputError
from rareclass.kernels.effective import unit
from rareclass.kernels.logits import sigmoid

_DRAWS = 200
_STEPS = (0.7548776662466927, 0.5698402909980532)
"""Steps of the additive sequence that fills the unit square evenly (Roberts 2018): 1 / g and 1 / g^2, g^3 = g + 1."""


@dataclass(frozen=True, kw_only=True)
class CalibrationUncertainty:
    """Chance errors of calibrated log-odds z: the right ones are about ``z + level + slope * (z - centre)``.

    Level and slope are independent and normal around zero. That is the covariance of a logistic recalibration on the
    calibration rows, whatever map was fitted there: a map that left the slope alone does not know it any better.

    Attributes
    ----------
    events, rows : float
        That the calibration was fitted on; effective numbers where rows had weights or belonged to groups.
    prevalence : float
        Share of events among them, by weight.
    centre : float
        Log-odds at which level and slope are independent.
    level_error, slope_error : float
        Standard errors. The slope is taken to lie within 1 of 1 to begin with, so that equal log-odds do no harm.
    bend : float
        A slope wrong by s goes with a level lower by ``bend * s ** 2``: as many events are expected as were observed.

    Examples
    --------
    >>> y = np.arange(1000) < 50
    >>> known = CalibrationUncertainty.of(np.full(1000, np.log(0.05 / 0.95)), y)
    >>> round(known.level_error, 4), round((1 / 50 + 1 / 950) ** 0.5, 4)
    (0.1451, 0.1451)
    """

    events: float
    rows: float
    prevalence: float
    centre: float
    level_error: float
    slope_error: float
    bend: float = 0.0

    @classmethod
    def of(
        cls, logit: ArrayLike, y: ArrayLike, *, sample_weight: ArrayLike | None = None, groups: ArrayLike | None = None
    ) -> Self:
        """From calibrated log-odds (n,) and labels (n,) of the rows that the calibration was fitted on.

        Weights are 1 / the probability with which a row was drawn: events count by Kish's number; with `groups` (n,)
        rows of a group count together.
        """
        z = _check.scores(logit, "logit")
        truth = _check.both_classes(_check.binary_target(y, name="y"), "y")
        _check.same_length(logit=z, y=truth)
        weight = _check.weights(sample_weight, z.size)
        weight = np.ones(z.size) if weight is None else weight
        event, other = unit(weight[truth]), unit(weight[~truth])
        scale = 1 / event
        if groups is not None:
            residual = weight * (truth - sigmoid(z))
            number = np.unique(_check.column(groups, "groups"), return_inverse=True)[1]
            together = np.bincount(number, residual)
            scale /= max(float(together @ together) / float(residual @ residual), 1.0)
        return cls.of_counts(z, weight * scale, events=float(weight[truth].sum()) * scale, stands_for=other / event)

    @classmethod
    def of_counts(cls, z: np.ndarray, weight: np.ndarray, *, events: float, stands_for: float = 1.0) -> Self:
        """From the calibrated log-odds (m,) of as many rows as `weight` (m,) says, `events` of them events.

        Of the others one row `stands_for` so many of these. The covariance is then the sandwich of weighted scores:
        the variance of the scores between inverse information matrices.
        """
        p = sigmoid(z)
        known = weight * p * (1 - p)
        apart = z - np.average(z, weights=known)
        noise = 1 - p + stands_for * p
        level, slope = float(known.sum()), float(known @ apart**2)
        mean = float(known @ noise) / level
        lean, spread = float((known * (noise - mean)) @ apart), max(float((known * noise) @ apart**2), 1e-300)
        centre = float(z[0] - apart[0]) - lean * slope / (level * spread)
        total = float(weight.sum())
        return cls(
            events=events,
            rows=events + (total - events) / stands_for,
            prevalence=events / total,
            centre=centre,
            level_error=(mean * level - lean**2 / spread) ** 0.5 / level,
            slope_error=(1 + slope**2 / spread) ** -0.5,
            bend=float((known * (1 - 2 * p)) @ (z - centre) ** 2) / (2 * level),
        )

    def draws(self, logit: np.ndarray, *, chance_of_share: bool = True) -> np.ndarray:
        """Log-odds (k, n) of rows with calibrated log-odds (n,) under k calibrations that may be the right one.

        Without `chance_of_share` level errors are those of the log ratio of the class densities, to which the chance
        of the share of events among the rows does not belong (Prentice and Pyke 1979, Biometrika 66:403).
        """
        share = 0.0 if chance_of_share else 1 / self.events + 1 / (self.rows - self.events)
        level = np.sqrt(max(self.level_error**2 - share, 0.0))
        normal = ndtri((0.5 + np.arange(1, _DRAWS + 1)[:, None] * _STEPS) % 1.0)
        slope = self.slope_error * normal[:, 1:]
        return np.asarray(logit + level * normal[:, :1] - self.bend * slope**2 + slope * (logit - self.centre))

    def events_worth(self, logit: ArrayLike) -> float:
        """Events whose chance error the expected number of events among these rows (n,) has: 1 / its relative variance.

        About `events` for rows like those of the calibration, fewer where they lie elsewhere.
        """
        z = np.asarray(logit, dtype=np.float64)
        p = sigmoid(z)
        slope = p * (1 - p)
        error = np.hypot(slope.sum() * self.level_error, (slope @ (z - self.centre)) * self.slope_error)
        return float((p.sum() / error) ** 2)

    def to_dict(self) -> dict[str, float]:
        """Plain numbers, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild from the values of `to_dict`."""
        try:
            return cls(**{name: float(value) for name, value in state.items()})
        except TypeError as error:
            raise InputError(f"The saved uncertainty of the calibration is incomplete: {error}.") from None
