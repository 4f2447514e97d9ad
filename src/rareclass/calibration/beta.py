"""Beta calibration on log-odds."""

from typing import Any, ClassVar, Self

import numpy as np

from rareclass import _check
from rareclass.calibration.base import Calibrator, GroupedRows
from rareclass.calibration.logistic import fit_intercept, fit_ridge
from rareclass.kernels.logits import log_sigmoid, softplus


class BetaCalibration(Calibrator):
    """Three parameters: the slope may differ between small and large probabilities.

    ``a * log(p) - b * log(1 - p) + c`` with ``a, b >= 0``; ``a = b`` is the sigmoid, ``a = b = 1, c = 0`` the identity.
    For scores that already are probabilities, from about 100 events. With rare events nearly all rows tell about
    `a`; `b` matters only where probabilities come near 1, so both carry a normal prior around 1.

    Parameters
    ----------
    prior_spread : float > 0, default=1.0
        Standard deviation of the priors of `a` and `b`. The default is worth less than one event in most data.

    Attributes
    ----------
    a_, b_, c_ : float

    Notes
    -----
    Kull, Silva Filho, Flach (2017), "Beta calibration", AISTATS, section 4; here by Newton steps on the log-odds, so
    that probabilities that round to 0 or 1 do no harm.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.array([-3.0, -2.0, -1.0, 0.0, 1.0, 2.0])
    >>> round(float(BetaCalibration().fit(z, [0, 0, 1, 0, 1, 1]).predict(z).sum()), 6)
    3.0
    """

    kind: ClassVar[str] = "beta"
    a_: float
    b_: float
    c_: float

    def __init__(self, *, prior_spread: float = 1.0) -> None:
        self.prior_spread = prior_spread

    def _fit(self, rows: GroupedRows) -> None:
        spread = _check.fraction(self.prior_spread, "prior_spread", high=np.inf, closed="neither")
        columns = [log_sigmoid(rows.logit), softplus(rows.logit)]
        free = [0, 1]
        while True:
            k = len(free)
            features = np.column_stack([np.ones(rows.logit.size)] + [columns[j] for j in free])
            fitted = fit_ridge(
                features, rows, centre=np.r_[0.0, np.ones(k)], precision=np.r_[0.0, np.full(k, spread**-2)]
            )[1:]
            if k == 0 or (fitted >= 0).all():
                break
            del free[int(np.argmin(fitted))]
        slopes = np.zeros(2)
        slopes[free] = fitted
        if slopes[0] <= 0:  # rows with small probabilities must keep their order
            slopes[0] = 1e-3
        slopes[1] = max(slopes[1], 1e-3)
        self.a_, self.b_ = float(slopes[0]), float(slopes[1])
        self.c_ = fit_intercept(self.a_ * columns[0] + self.b_ * columns[1], rows)

    def _map(self, z: np.ndarray) -> np.ndarray:
        # a * log_sigmoid(z) + b * softplus(z), written so that +-inf gives +-inf and not inf - inf
        inside = np.clip(z, -1e300, 1e300)
        return self.a_ * log_sigmoid(inside) + self.b_ * softplus(inside) + self.c_

    def _moved(self, shift: float) -> Self:
        return self._with(c_=self.c_ + shift)

    def _state(self) -> dict[str, Any]:
        return {"a": self.a_, "b": self.b_, "c": self.c_, "prior_spread": float(self.prior_spread)}

    def _restore(self, state: dict[str, Any]) -> None:
        self.a_, self.b_, self.c_ = float(state["a"]), float(state["b"]), float(state["c"])
        self.prior_spread = float(state["prior_spread"])
