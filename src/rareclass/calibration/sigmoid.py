"""Platt's two-parameter calibration, on log-odds, safe with few events."""

import warnings
from typing import Any, ClassVar, Self

import numpy as np

from rareclass.calibration.base import Calibrator, GroupedRows
from rareclass.calibration.logistic import firth_slope, fit_intercept, fit_ridge
from rareclass.errors import CalibrationWarning
from rareclass.kernels.logits import sigmoid

_FLATTEST = 0.01
"""Slope, per standard deviation of the scores, that is used where the scores do not rank the events upwards."""
_PRIOR = (20.0, 10.0)
"""Precisions of the priors of level and slope: about so many events say as much as the belief that scores are right."""


class SigmoidCalibration(Calibrator):
    """Straight line on the log-odds: ``slope * logit + intercept``.

    The default where scores are too extreme or too timid and there are tens to hundreds of events; needs no more than
    about 10. The slope is Firth's, finite even where the scores separate the classes; the intercept is then fitted by
    maximum likelihood, so that observed/expected is 1 on the calibration rows. Scores of any scale are welcome.

    The ranking is kept: where the events do not score higher than the rest (slope <= 0), a slope close to zero is
    used, with a `CalibrationWarning`.

    Attributes
    ----------
    slope_ : float > 0
    intercept_ : float

    Notes
    -----
    Platt (1999); Firth (1993), Biometrika 80:27; intercept correction (FLIC) after Puhr et al. (2017), Stat. Med.
    36:2302. Platt's smoothed targets are not used: with 10 events they mix one event's weight of noise into the slope.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.array([-3.0, -2.0, -1.0, 0.0, 1.0, 2.0])
    >>> fitted = SigmoidCalibration().fit(z, [0, 0, 1, 0, 1, 1])
    >>> round(float(fitted.predict(z).sum()), 6), fitted.slope_ > 0
    (3.0, True)
    """

    kind: ClassVar[str] = "sigmoid"
    slope_: float
    intercept_: float

    def _fit(self, rows: GroupedRows) -> None:
        z = rows.logit
        if z.size == 1:  # all scores tied: the slope cannot be known, the rate can
            self.slope_ = 1.0
        else:
            self.slope_ = self._slope(rows)
        self.intercept_ = fit_intercept(self.slope_ * z, rows)

    def _slope(self, rows: GroupedRows) -> float:
        slope, _, spread = firth_slope(rows)
        if slope <= 0:
            warnings.warn(
                f"The scores of the {self.events_:g} events are not higher than those of the other rows "
                f"(calibration slope {slope / spread:.3g}); all calibrated probabilities are close to the prevalence.",
                CalibrationWarning,
                stacklevel=5,
            )
        return max(slope, _FLATTEST) / spread

    def _map(self, z: np.ndarray) -> np.ndarray:
        return self.slope_ * z + self.intercept_

    def _moved(self, shift: float) -> Self:
        return self._with(intercept_=self.intercept_ + shift)

    def _state(self) -> dict[str, Any]:
        return {"slope": self.slope_, "intercept": self.intercept_}

    def _restore(self, state: dict[str, Any]) -> None:
        self.slope_, self.intercept_ = float(state["slope"]), float(state["intercept"])


class PulledSigmoid(SigmoidCalibration):
    """A straight line on the log-odds that is pulled to the identity, the more the fewer events there are.

    For scores of fits of which the next one may be unlike: those of a table in time order, whose first fits saw few
    rows. Level and slope have normal priors about those of the identity, worth about twenty and ten events. Nothing is
    decided by a test, so that one event more never makes another map. The level is that of the log-odds where events
    are told from others, where it and the slope do not depend on each other.

    Examples
    --------
    >>> z, y = [-4.0, -3.0, -2.0, -1.0], [0, 0, 0, 1]
    >>> one = PulledSigmoid().fit(z, y).slope_
    >>> many = PulledSigmoid().fit(50 * z, 50 * y).slope_
    >>> 1 < one < many
    True
    """

    def _fit(self, rows: GroupedRows) -> None:
        z, p = rows.logit, sigmoid(rows.logit)
        centre = float(np.average(z, weights=rows.weight * (p * (1 - p) + 1e-300)))
        features = np.column_stack([np.ones(z.size), z - centre])
        fitted = fit_ridge(features, rows, centre=np.array([centre, 1.0]), precision=np.array(_PRIOR))
        self.slope_ = max(float(fitted[1]), _FLATTEST)
        self.intercept_ = float(fitted[0]) - self.slope_ * centre
