"""No calibration: the scores already are log-odds at the real prevalence."""

from typing import Any, ClassVar

import numpy as np

from rareclass.calibration.base import Calibrator, GroupedRows
from rareclass.calibration.intercept import InterceptCalibration


class IdentityCalibration(Calibrator):
    """Keep the log-odds as they are.

    The right choice where training was not altered, or was exactly undone, and neither observed/expected nor the
    calibration slope differs from 1 by more than chance. It costs nothing and cannot do harm.

    Examples
    --------
    >>> IdentityCalibration().fit([-2.0, 1.0], [0, 1]).predict_logit([-2.0, 1.0]).tolist()
    [-2.0, 1.0]
    """

    kind: ClassVar[str] = "identity"
    draws_ends_in: ClassVar[bool] = False

    def _fit(self, rows: GroupedRows) -> None:
        return None

    def _map(self, z: np.ndarray) -> np.ndarray:
        return z.copy()

    def _moved(self, shift: float) -> InterceptCalibration:
        return InterceptCalibration()._with(**vars(self), shift_=shift)

    def _state(self) -> dict[str, Any]:
        return {}

    def _restore(self, state: dict[str, Any]) -> None:
        return None
