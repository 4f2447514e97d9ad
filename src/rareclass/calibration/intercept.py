"""Calibration in the large: one shift of all log-odds."""

from typing import Any, ClassVar, Self

import numpy as np

from rareclass.calibration.base import Calibrator, GroupedRows
from rareclass.calibration.logistic import fit_intercept


class InterceptCalibration(Calibrator):
    """Shift all log-odds so that the expected number of events equals the observed one.

    One parameter, so a handful of events is enough; exact wherever only the prevalence is wrong (class weights,
    under- and over-sampling, drift of the prior). It cannot mend scores that are too extreme or too timid.

    Attributes
    ----------
    shift_ : float
        Log-odds added, nats. Its standard error is about ``1 / sqrt(events)``.

    Examples
    --------
    >>> fitted = InterceptCalibration().fit([0.0, 0.0, 0.0, 0.0], [0, 0, 0, 1])
    >>> round(fitted.shift_, 4), fitted.predict([0.0]).round(4).tolist()
    (-1.0986, [0.25])
    """

    kind: ClassVar[str] = "intercept"
    shift_: float

    def _fit(self, rows: GroupedRows) -> None:
        self.shift_ = fit_intercept(rows.logit, rows)

    def _map(self, z: np.ndarray) -> np.ndarray:
        return z + self.shift_

    def _moved(self, shift: float) -> Self:
        return self._with(shift_=self.shift_ + shift)

    def _state(self) -> dict[str, Any]:
        return {"shift": self.shift_}

    def _restore(self, state: dict[str, Any]) -> None:
        self.shift_ = float(state["shift"])
