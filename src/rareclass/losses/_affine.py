"""The affine family w_y softplus(i_y - d_y t): LDAM, logit adjustment and vector scaling.

With t = (2y - 1) z and u = d_y t - i_y: dL/dt = -w d sigmoid(-u), d2L/dt2 = w d^2 sigmoid(u) sigmoid(-u). Convex, so
the Hessian serves as curvature.
"""

from dataclasses import dataclass

import numpy as np

from rareclass.kernels.compiled import compiled
from rareclass.kernels.logits import log_sigmoid
from rareclass.losses._fastmath import CURVATURE_FLOOR, OPTIONS, exp_negative, log1p_ratio

Pair = tuple[float, float]
"""A parameter of class 0 and of class 1."""


@compiled(**OPTIONS)
def _terms(
    y: np.ndarray, z: np.ndarray, weight: np.ndarray, shift: np.ndarray, scale: np.ndarray, out: np.ndarray
) -> None:  # pragma: no cover - compiled
    value, gradient, hessian = out[0], out[1], out[2]
    for i in range(z.shape[0]):
        c = 1 if y[i] else 0
        sign = 2.0 * c - 1.0
        u = scale[c] * sign * z[i] - shift[c]
        e = exp_negative(-abs(u))
        large = 1.0 / (1.0 + e)
        value[i] = weight[c] * (e * log1p_ratio(e) - min(u, 0.0))
        gradient[i] = -sign * weight[c] * scale[c] * (e * large if u >= 0 else large)
        hessian[i] = weight[c] * scale[c] * scale[c] * (e * large * large)


@compiled(**OPTIONS)
def newton_kernel(
    y: np.ndarray, z: np.ndarray, weight: Pair, shift: Pair, scale: Pair, out: np.ndarray
) -> None:  # pragma: no cover - compiled
    """Gradient and curvature; pairs instead of arrays indexed by class compile to vector selects without gathers."""
    gradient, curvature = out[0], out[1]
    for i in range(z.shape[0]):
        positive = y[i]
        sign = 1.0 if positive else -1.0
        d = scale[1] if positive else scale[0]
        slope = d * (weight[1] if positive else weight[0])
        u = d * sign * np.float64(z[i]) - (shift[1] if positive else shift[0])
        e = exp_negative(-abs(u))
        large = 1.0 / (1.0 + e)
        small = e * large
        gradient[i] = -sign * slope * (small if u >= 0 else large)
        curvature[i] = max(slope * d * (small * large), CURVATURE_FLOOR)


@compiled(**OPTIONS)
def graded_kernel(
    y: np.ndarray, z: np.ndarray, weight: Pair, shift: Pair, scale: Pair, value: np.ndarray, gradient: np.ndarray
) -> None:  # pragma: no cover - compiled
    """Value and gradient without the Hessian: several rows at a time, as in `newton_kernel`."""
    for i in range(z.shape[0]):
        positive = y[i] > 0.5
        sign = 1.0 if positive else -1.0
        d, w = (scale[1], weight[1]) if positive else (scale[0], weight[0])
        u = d * sign * np.float64(z[i]) - (shift[1] if positive else shift[0])
        e = exp_negative(-abs(u))
        large = 1.0 / (1.0 + e)
        value[i] = w * (e * log1p_ratio(e) - min(u, 0.0))
        gradient[i] = -sign * w * d * (e * large if u >= 0 else large)


@dataclass(frozen=True)
class AffineForm:
    """Parameters of the family."""

    weight: Pair = (1.0, 1.0)
    shift: Pair = (0.0, 0.0)
    scale: Pair = (1.0, 1.0)

    def _parameters(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return np.array(self.weight), np.array(self.shift), np.array(self.scale)

    def terms(self, y: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(value, gradient, Hessian), each float64 (n,)."""
        out = np.empty((3, z.shape[0]))
        _terms(y, z, *self._parameters(), out)
        return out[0], out[1], out[2]

    def newton(self, y: np.ndarray, z: np.ndarray, out: np.ndarray) -> None:
        """Write gradient and curvature into out (2, n)."""
        newton_kernel(y, z, self.weight, self.shift, self.scale, out)

    def graded(self, y: np.ndarray, z: np.ndarray, value: np.ndarray, gradient: np.ndarray) -> None:
        """Write value and gradient; labels 0 and 1, all (n,) and of any floating types."""
        graded_kernel(y, z, self.weight, self.shift, self.scale, value, gradient)

    @property
    def is_shift(self) -> bool:
        """True when the link is the logistic curve moved by a constant."""
        return self.scale == (1.0, 1.0) and self.shift[0] == -self.shift[1]

    def log_slope(self, positive: bool, z: np.ndarray) -> np.ndarray:
        """log |dL/dz| of a row of one class."""
        c = int(positive)
        t = z if positive else -z
        return np.log(self.weight[c] * self.scale[c]) + log_sigmoid(self.shift[c] - self.scale[c] * t)

    def link_logit(self, z: np.ndarray) -> np.ndarray:
        """Log-odds that the minimiser means."""
        if self.is_shift:
            return z + (self.shift[0] - np.log(self.weight[1] / self.weight[0]))
        return self.log_slope(False, z) - self.log_slope(True, z)

    def scaled(self, weight: Pair) -> "AffineForm":
        """The same loss with class weights on top."""
        return AffineForm((self.weight[0] * weight[0], self.weight[1] * weight[1]), self.shift, self.scale)
