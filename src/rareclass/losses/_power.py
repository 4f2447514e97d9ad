"""The power family a_y (q^g l + e q^(g + 1)): cross-entropy, focal loss, Poly-1 and both at once.

With t = (2y - 1) z, p = sigmoid(t), q = sigmoid(-t) and l = -log p, everything follows from r = p l / q, which is
smooth from 0 (t = -inf) to 1 (t = +inf), and A = 1 + g r + e (g + 1) p:

    dL/dt   = -a q^(g + 1) A
    d2L/dt2 =  a q^(g + 1) [g r (g p - q) + p (2 g + 1 + e (g + 1) ((g + 1) p - q))]
    logit of the Bayes link = (g + 1) z + log A(-z) - log A(z) - log(a_1 / a_0)     (equal g in both classes)
"""

from dataclasses import dataclass

import numpy as np

from rareclass.kernels.compiled import compiled
from rareclass.kernels.logits import log_sigmoid, sigmoid, softplus
from rareclass.losses._affine import Pair, graded_kernel, newton_kernel
from rareclass.losses._fastmath import CURVATURE_FLOOR, OPTIONS, exp_negative, log1p_ratio

WHOLE = 4  # exponents up to here are products, which saves the second exp


@compiled(inline="always", **OPTIONS)
def _row(t: float, gamma: float) -> tuple[float, float, float, float, float]:  # pragma: no cover - compiled
    """(p, q, r = p l / q, l, q^(gamma + 1)) of one row."""
    e = exp_negative(-abs(t))
    large = 1.0 / (1.0 + e)
    ratio = log1p_ratio(e)
    likely = t >= 0
    p = large if likely else e * large
    q = e * large if likely else large
    ell = e * ratio - min(t, 0.0)
    r = ratio if likely else e * ell
    return p, q, r, ell, exp_negative(-(gamma + 1.0) * (e * ratio + max(t, 0.0)))


@compiled(**OPTIONS)
def _terms(
    y: np.ndarray, z: np.ndarray, gamma: np.ndarray, epsilon: np.ndarray, weight: np.ndarray, out: np.ndarray
) -> None:  # pragma: no cover - compiled
    value, gradient, hessian = out[0], out[1], out[2]
    for i in range(z.shape[0]):
        c = 1 if y[i] else 0
        sign = 2.0 * c - 1.0
        g, e, a = gamma[c], epsilon[c], weight[c]
        p, q, r, ell, power = _row(sign * z[i], g)
        value[i] = a * (exp_negative(-g * (ell + sign * z[i])) * ell + e * power)
        gradient[i] = -sign * a * power * (1.0 + g * r + e * (g + 1.0) * p)
        bend = g * r * (g * p - q) + p * (2.0 * g + 1.0 + e * (g + 1.0) * ((g + 1.0) * p - q))
        hessian[i] = a * power * bend


@compiled(inline="always", **OPTIONS)
def _whole_power(q: float, g: float) -> float:  # pragma: no cover - compiled
    """q^g of a whole exponent of at most `WHOLE`; selects instead of a loop, which would not become vector code."""
    return (q if g >= 1.0 else 1.0) * (q if g >= 2.0 else 1.0) * (q if g >= 3.0 else 1.0) * (q if g >= 4.0 else 1.0)


@compiled(inline="always", **OPTIONS)
def _step(
    p: float, q: float, r: float, power: float, g: float, e: float, a: float
) -> tuple[float, float]:  # pragma: no cover - compiled
    """(size of the gradient, curvature) of one row."""
    slope = a * power * (1.0 + g * r + e * (g + 1.0) * p)
    bend = a * power * (g * r * (g * p - q) + p * (2.0 * g + 1.0 + e * (g + 1.0) * ((g + 1.0) * p - q)))
    return slope, max(max(bend, p * slope), CURVATURE_FLOOR)


# pairs instead of arrays indexed by class: the loops then compile to vector selects without gathers
@compiled(**OPTIONS)
def _newton(
    y: np.ndarray, z: np.ndarray, gamma: Pair, epsilon: Pair, weight: Pair, out: np.ndarray
) -> None:  # pragma: no cover - compiled
    gradient, curvature = out[0], out[1]
    for i in range(z.shape[0]):
        positive = y[i]
        sign = 1.0 if positive else -1.0
        g = gamma[1] if positive else gamma[0]
        p, q, r, _, power = _row(sign * np.float64(z[i]), g)
        e, a = (epsilon[1], weight[1]) if positive else (epsilon[0], weight[0])
        slope, bend = _step(p, q, r, power, g, e, a)
        gradient[i] = -sign * slope
        curvature[i] = bend


@compiled(**OPTIONS)
def _newton_whole(
    y: np.ndarray, z: np.ndarray, g: float, epsilon: Pair, weight: Pair, out: np.ndarray
) -> None:  # pragma: no cover - compiled
    """The same for one whole exponent of at most `WHOLE`."""
    gradient, curvature = out[0], out[1]
    for i in range(z.shape[0]):
        positive = y[i]
        sign = 1.0 if positive else -1.0
        p, q, r, _, _ = _row(sign * np.float64(z[i]), 0.0)
        power = q * _whole_power(q, g)
        e, a = (epsilon[1], weight[1]) if positive else (epsilon[0], weight[0])
        slope, bend = _step(p, q, r, power, g, e, a)
        gradient[i] = -sign * slope
        curvature[i] = bend


@compiled(**OPTIONS)
def _graded(
    y: np.ndarray, z: np.ndarray, gamma: Pair, epsilon: Pair, weight: Pair, value: np.ndarray, gradient: np.ndarray
) -> None:  # pragma: no cover - compiled
    """Value q^g (l + e q) and gradient q^g (q + g p l + e (g + 1) p q), without the Hessian."""
    for i in range(z.shape[0]):
        positive = y[i] > 0.5
        sign = 1.0 if positive else -1.0
        g, e, a = (gamma[1], epsilon[1], weight[1]) if positive else (gamma[0], epsilon[0], weight[0])
        t = sign * np.float64(z[i])
        p, q, _, ell, power = _row(t, g - 1.0)
        focus = a * power
        value[i] = focus * (ell + e * q)
        gradient[i] = -sign * focus * (q + g * p * ell + e * (g + 1.0) * p * q)


@compiled(**OPTIONS)
def _graded_whole(
    y: np.ndarray, z: np.ndarray, g: float, epsilon: Pair, weight: Pair, value: np.ndarray, gradient: np.ndarray
) -> None:  # pragma: no cover - compiled
    """The same for one whole exponent of at most `WHOLE`."""
    for i in range(z.shape[0]):
        positive = y[i] > 0.5
        sign = 1.0 if positive else -1.0
        e, a = (epsilon[1], weight[1]) if positive else (epsilon[0], weight[0])
        p, q, _, ell, _ = _row(sign * np.float64(z[i]), 0.0)
        focus = a * _whole_power(q, g)
        value[i] = focus * (ell + e * q)
        gradient[i] = -sign * focus * (q + g * p * ell + e * (g + 1.0) * p * q)


@compiled(inline="always", **OPTIONS)
def _both(z: float) -> tuple[float, float, float, float]:  # pragma: no cover - compiled
    """(p, q, -log p, -log q) of one score, by one exponential."""
    e = exp_negative(-abs(z))
    large = 1.0 / (1.0 + e)
    small, rest = e * large, e * log1p_ratio(e)
    likely = z >= 0
    return large if likely else small, small if likely else large, rest - min(z, 0.0), rest + max(z, 0.0)


@compiled(inline="always", **OPTIONS)
def _weighed(
    one: float, zero: float, said: tuple[float, float, float, float], gamma: Pair, epsilon: Pair
) -> tuple[float, float]:  # pragma: no cover - compiled
    """Value and gradient of a row, positive by `one` and negative by `zero`, powers included; `said` is of `_both`."""
    p, q, ell_1, ell_0 = said
    value = one * (ell_1 + epsilon[1] * q) + zero * (ell_0 + epsilon[0] * p)
    rise = zero * (p + gamma[0] * q * ell_0 + epsilon[0] * (gamma[0] + 1.0) * p * q)
    return value, rise - one * (q + gamma[1] * p * ell_1 + epsilon[1] * (gamma[1] + 1.0) * p * q)


@compiled(**OPTIONS)
def _mixed(
    shares: tuple[np.ndarray, np.ndarray],
    z: np.ndarray,
    moved: float,
    gamma: Pair,
    epsilon: Pair,
    weight: Pair,
    out: tuple[np.ndarray, np.ndarray],
) -> None:  # pragma: no cover - compiled
    """Both classes' `_graded`, times the share of positives and that of negatives."""
    (share, rest), (value, gradient) = shares, out
    for i in range(z.shape[0]):
        p, q, ell_1, ell_0 = _both(np.float64(z[i]) + moved)
        one = share[i] * weight[1] * exp_negative(-gamma[1] * ell_0)
        zero = rest[i] * weight[0] * exp_negative(-gamma[0] * ell_1)
        value[i], gradient[i] = _weighed(one, zero, (p, q, ell_1, ell_0), gamma, epsilon)


@compiled(**OPTIONS)
def _mixed_whole(
    shares: tuple[np.ndarray, np.ndarray],
    z: np.ndarray,
    moved: float,
    g: float,
    epsilon: Pair,
    weight: Pair,
    out: tuple[np.ndarray, np.ndarray],
) -> None:  # pragma: no cover - compiled
    """The same for one whole exponent of at most `WHOLE`."""
    (share, rest), (value, gradient) = shares, out
    for i in range(z.shape[0]):
        p, q, ell_1, ell_0 = _both(np.float64(z[i]) + moved)
        one = share[i] * weight[1] * _whole_power(q, g)
        zero = rest[i] * weight[0] * _whole_power(p, g)
        value[i], gradient[i] = _weighed(one, zero, (p, q, ell_1, ell_0), (g, g), epsilon)


def _log_factor(t: np.ndarray, gamma: float, epsilon: float) -> np.ndarray:
    """log A(t), exact in the tails for epsilon = -1 too, where A itself falls like exp(-t)."""
    positive = t >= 0
    e = np.exp(-np.abs(t))
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(e > 0, np.log1p(e) / e, 1.0)
        series = 1 / 2 - e * (1 / 3 - e * (1 / 4 - e * (1 / 5 - e * (1 / 6 - e * (1 / 7 - e / 8)))))
        rest = np.where(e > 1e-2, (1.0 - ratio) / e, series)  # (1 - log1p(e)/e) / e without cancellation
        base = (gamma + 1) * (1 + epsilon)
        slope = -epsilon * (gamma + 1) / (1 + e) - gamma * rest  # A = base + e * slope for t >= 0
        right = np.where(
            slope > 0, np.logaddexp(np.log(base), np.log(slope) - np.abs(t)), np.log(base + e * np.minimum(slope, 0))
        )
    t = np.minimum(t, 0.0)  # the other branch is not evaluated far outside its own side
    p = sigmoid(t)
    left = np.log1p(gamma * p * softplus(-t) / sigmoid(-t) + epsilon * (gamma + 1) * p)
    return np.where(positive, right, left)


@dataclass(frozen=True)
class PowerForm:
    """Parameters of the family."""

    gamma: Pair = (0.0, 0.0)
    epsilon: Pair = (0.0, 0.0)
    weight: Pair = (1.0, 1.0)

    @property
    def _whole(self) -> float | None:
        """The exponent of both classes, where it is one and a product; None else."""
        gamma, other = self.gamma
        return gamma if other == gamma and gamma <= WHOLE and gamma == int(gamma) else None

    def _parameters(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return np.array(self.gamma), np.array(self.epsilon), np.array(self.weight)

    def terms(self, y: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(value, gradient, Hessian), each float64 (n,)."""
        out = np.empty((3, z.shape[0]))
        _terms(y, z, *self._parameters(), out)
        return out[0], out[1], out[2]

    def newton(self, y: np.ndarray, z: np.ndarray, out: np.ndarray) -> None:
        """Write gradient and curvature into out (2, n)."""
        if self.is_shift:
            newton_kernel(y, z, self.weight, (0.0, 0.0), (1.0, 1.0), out)
        elif (gamma := self._whole) is not None:
            _newton_whole(y, z, gamma, self.epsilon, self.weight, out)
        else:
            _newton(y, z, self.gamma, self.epsilon, self.weight, out)

    def graded(self, y: np.ndarray, z: np.ndarray, value: np.ndarray, gradient: np.ndarray) -> None:
        """Write value and gradient; labels 0 and 1, all (n,) and of any floating types."""
        if self.is_shift:
            graded_kernel(y, z, self.weight, (0.0, 0.0), (1.0, 1.0), value, gradient)
        elif (gamma := self._whole) is not None:
            _graded_whole(y, z, gamma, self.epsilon, self.weight, value, gradient)
        else:
            _graded(y, z, self.gamma, self.epsilon, self.weight, value, gradient)

    def mixed(
        self, share: np.ndarray, rest: np.ndarray, z: np.ndarray, moved: float, value: np.ndarray, gradient: np.ndarray
    ) -> None:
        """Write value and gradient at z + moved of a target of which `share` is positive and `rest` negative."""
        if (gamma := self._whole) is not None:
            _mixed_whole((share, rest), z, moved, gamma, self.epsilon, self.weight, (value, gradient))
        else:
            _mixed((share, rest), z, moved, self.gamma, self.epsilon, self.weight, (value, gradient))

    def log_slope(self, positive: bool, z: np.ndarray) -> np.ndarray:
        """log |dL/dz| of a row of one class."""
        c = int(positive)
        t = z if positive else -z
        q = (self.gamma[c] + 1) * log_sigmoid(-t)
        return np.log(self.weight[c]) + q + _log_factor(t, self.gamma[c], self.epsilon[c])

    def link_logit(self, z: np.ndarray) -> np.ndarray:
        """Log-odds that the minimiser means."""
        if self.is_shift:
            return z - np.log(self.weight[1] / self.weight[0])
        return self.log_slope(False, z) - self.log_slope(True, z)

    @property
    def is_shift(self) -> bool:
        """True when the link is the logistic curve moved by a constant."""
        return self.gamma == (0.0, 0.0) and self.epsilon == (0.0, 0.0)

    def scaled(self, weight: Pair) -> "PowerForm":
        """The same loss with class weights on top."""
        return PowerForm(self.gamma, self.epsilon, (self.weight[0] * weight[0], self.weight[1] * weight[1]))
