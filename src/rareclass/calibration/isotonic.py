"""Isotonic calibration that keeps the ranking."""

from typing import Any, ClassVar, Self

import numpy as np
from scipy.optimize import isotonic_regression

from rareclass import _check
from rareclass.calibration.base import Calibrator, GroupedRows
from rareclass.calibration.knots import KnotMap, fit_knots
from rareclass.calibration.sigmoid import SigmoidCalibration


class IsotonicCalibration(Calibrator):
    """Any increasing shape, from the data; strictly increasing, so that no rows become tied.

    For scores whose distortion is not a straight line, from about 1,000 events; below that the sigmoid or beta map
    is as good or better. Plain isotonic regression is a step function: with 50 events it has a handful of steps,
    and average precision falls because rows within a step are tied. Here each step becomes a knot of a
    piecewise-linear map on the log-odds (centred isotonic regression), on top of the two-parameter fit, which also
    continues it beyond the outermost events; steps with few events are shrunk towards that fit.

    Parameters
    ----------
    pseudo_events : float > 0, default=0.5
        Events (and negatives) that the two-parameter fit is worth within each step.

    Attributes
    ----------
    knots_ : KnotMap

    Notes
    -----
    Zadrozny and Elkan (2002), KDD; pool-adjacent-violators from SciPy; centring after Oron and Flournoy (2017), Stat.
    Biopharm. Res. 9:258.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.linspace(-4, 2, 50)
    >>> y = np.arange(50) % 7 == 0
    >>> y[40:] = True
    >>> fitted = IsotonicCalibration().fit(z, y)
    >>> bool((np.diff(fitted.predict_logit(z)) > 0).all()), round(float(fitted.predict(z).sum() - y.sum()), 6)
    (True, 0.0)
    """

    kind: ClassVar[str] = "isotonic"
    knots_: KnotMap

    def __init__(self, *, pseudo_events: float = 0.5) -> None:
        self.pseudo_events = pseudo_events

    def _fit(self, rows: GroupedRows) -> None:
        k = _check.fraction(self.pseudo_events, "pseudo_events", high=np.inf, closed="neither")
        line = SigmoidCalibration()._fit_rows(rows)
        steps = isotonic_regression(rows.events / rows.weight, weights=rows.weight).blocks[:-1]
        self.knots_ = fit_knots(rows, line, np.asarray(steps, dtype=np.int64), pseudo_events=k)

    def _map(self, z: np.ndarray) -> np.ndarray:
        return self.knots_(z)

    def _moved(self, shift: float) -> Self:
        return self._with(knots_=self.knots_.moved(shift))

    def _state(self) -> dict[str, Any]:
        return {"pseudo_events": float(self.pseudo_events), "knots": self.knots_.to_dict()}

    def _restore(self, state: dict[str, Any]) -> None:
        self.pseudo_events = float(state["pseudo_events"])
        self.knots_ = KnotMap.from_dict(state["knots"])
