"""The asymmetric loss with a probability margin: focal for positives, r^k (-log(1 - r)) for negatives.

r = max(P - m, 0), P = sigmoid(z), k = gamma_neg. With d1 = k r^(k-1) (-log(1-r)) + r^k / (1-r) and Q = 1 - P:
dL/dz = d1 P Q; d2L/dz2 = d2 (P Q)^2 + d1 P Q (Q - P); everything is zero where P <= m.
"""

from dataclasses import dataclass

import numpy as np

from rareclass.kernels.compiled import compiled
from rareclass.kernels.logits import sigmoid
from rareclass.losses._fastmath import CURVATURE_FLOOR, OPTIONS, exp_negative, log_positive
from rareclass.losses._power import PowerForm


@compiled(inline="always", **OPTIONS)
def _negative(z: float, k: float, margin: float) -> tuple[float, float, float, float]:  # pragma: no cover - compiled
    """(value, gradient, Hessian, curvature) of one negative row, without branches."""
    e = exp_negative(-abs(z))
    large = 1.0 / (1.0 + e)
    p = large if z >= 0 else e * large
    q = e * large if z >= 0 else large
    active = not p <= margin  # a score that is no number has a loss that is none
    r = p - margin if active else 0.5
    rest = q + margin if active else 0.5  # 1 - r, which never falls below the margin
    series = 1.0 + r * (1 / 2 + r * (1 / 3 + r * (1 / 4 + r * (1 / 5 + r * (1 / 6)))))
    both = 1.0 / (r * rest)
    over_r, over_rest = rest * both, r * both
    ratio = series if r < 1e-3 else -log_positive(rest) * over_r
    power = exp_negative(k * min(log_positive(r), 0.0)) if active else 0.0
    d1 = power * (k * ratio + over_rest)
    d2 = power * (k * (k - 1.0) * ratio * over_r + 2.0 * k * both + over_rest * over_rest)
    slope = d1 * p * q
    hessian = d2 * (p * q) * (p * q) + slope * (q - p)
    gauss_newton = slope * q
    # for 0 < k < 1 the Hessian has no bound next to the margin and would freeze these rows
    curvature = gauss_newton if k < 1.0 else max(hessian, gauss_newton)
    return r * power * ratio, slope, hessian, curvature


@compiled(**OPTIONS)
def _fill_terms(
    y: np.ndarray, z: np.ndarray, k: float, margin: float, weight: float, out: np.ndarray
) -> None:  # pragma: no cover - compiled
    for i in range(z.shape[0]):
        if not y[i]:
            value, gradient, hessian, _ = _negative(z[i], k, margin)
            out[0, i] = weight * value
            out[1, i] = weight * gradient
            out[2, i] = weight * hessian


@compiled(**OPTIONS)
def _fill_newton(
    z: np.ndarray, k: float, margin: float, weight: float, gradient: np.ndarray, curvature: np.ndarray
) -> None:  # pragma: no cover - compiled
    for i in range(z.shape[0]):
        _, slope, _, bend = _negative(np.float64(z[i]), k, margin)
        gradient[i] = weight * slope
        curvature[i] = max(weight * bend, CURVATURE_FLOOR)


@compiled(**OPTIONS)
def _fill_graded(
    y: np.ndarray, z: np.ndarray, k: float, margin: float, weight: float, values: np.ndarray, gradients: np.ndarray
) -> None:  # pragma: no cover - compiled
    for i in range(z.shape[0]):
        if y[i] <= 0.5:
            value, gradient, _, _ = _negative(np.float64(z[i]), k, margin)
            values[i] = weight * value
            gradients[i] = weight * gradient


@dataclass(frozen=True)
class MarginForm:
    """Positives follow `power`; negatives the shifted focal term with exponent `k` and margin `margin` > 0."""

    power: PowerForm
    k: float
    margin: float
    weight: float = 1.0
    is_shift: bool = False

    def terms(self, y: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(value, gradient, Hessian), each float64 (n,)."""
        out = np.stack(self.power.terms(y, z))
        _fill_terms(y, z, self.k, self.margin, self.weight, out)
        return out[0], out[1], out[2]

    def newton(self, y: np.ndarray, z: np.ndarray, out: np.ndarray) -> None:
        """Write gradient and curvature into out (2, n)."""
        _fill_newton(z, self.k, self.margin, self.weight, out[0], out[1])
        rows = np.flatnonzero(y)  # few: cheaper than both formulas for all rows
        found = np.empty((2, rows.shape[0]))
        self.power.newton(y[rows], z[rows], found)
        out[:, rows] = found

    def graded(self, y: np.ndarray, z: np.ndarray, value: np.ndarray, gradient: np.ndarray) -> None:
        """Write value and gradient; labels 0 and 1, all (n,) and of any floating types."""
        self.power.graded(y, z, value, gradient)
        _fill_graded(y, z, self.k, self.margin, self.weight, value, gradient)

    def log_slope(self, positive: bool, z: np.ndarray) -> np.ndarray:
        """log |dL/dz| of a row of one class; -inf for negatives below the margin."""
        if positive:
            return self.power.log_slope(True, z)
        p = sigmoid(z)
        r = np.maximum(p - self.margin, 0.0)
        active = r > 0
        safe = np.where(active, r, 0.5)
        d1 = self.k * -np.log1p(-safe) / safe + 1.0 / (sigmoid(-z) + self.margin)
        # log Q stays finite where Q itself underflows
        log_pq = -np.abs(z) - 2 * np.log1p(np.exp(-np.abs(z)))
        found = np.log(self.weight) + self.k * np.log(safe) + np.log(d1) + log_pq
        return np.where(active, found, -np.inf)

    def link_logit(self, z: np.ndarray) -> np.ndarray:
        """Log-odds that the minimiser means; -inf below the margin, where they are not identified."""
        return self.log_slope(False, z) - self.log_slope(True, z)

    def scaled(self, weight: tuple[float, float]) -> "MarginForm":
        """The same loss with class weights on top."""
        return MarginForm(self.power.scaled((1.0, weight[1])), self.k, self.margin, self.weight * weight[0])
