"""Losses of several classes: a_y G(l) with l = -log softmax(u)_y, u_k = d_k z_k + i_k - m_y [k = y].

G(l) = q^g l + e q^(g + 1) with p = softmax(u)_y, q = 1 - p covers cross-entropy (g = e = 0), focal and Poly-1. With
r = p l / q and A = 1 + g r + e (g + 1) p:

    G'  = q^g A,     G'' = q^(g-1) p [g A + g (1 - l / q) - e (g + 1) q]
    dL/dz_k = a G' d_k (p_k - [k = y]),    d2L/dz_k2 = a d_k^2 [G'' (p_k - [k = y])^2 + G' p_k (1 - p_k)]

Bayes link: log eta_k = u_k - log(a_k G'(v_k)) + const with v = softmax(u) without margins, and with margins (g = e = 0)
log eta_k = u_k + log(sum_{j != k} exp(u_j) + exp(u_k - m_k)) + const; both follow from sum_k eta_k dL(k, z)/dz = 0.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import root
from scipy.special import log_softmax, logsumexp

from rareclass.errors import InputError
from rareclass.kernels.compiled import compiled
from rareclass.losses._affine import Pair
from rareclass.losses._fastmath import CURVATURE_FLOOR, OPTIONS
from rareclass.losses._power import _log_factor


@compiled(**OPTIONS)
def _rows(
    y: np.ndarray, z: np.ndarray, parameters: np.ndarray, power_form: Pair, value: np.ndarray, out: np.ndarray
) -> None:  # pragma: no cover - compiled
    n, classes = z.shape
    gamma, epsilon = power_form
    gradient, hessian, curvature = out[0], out[1], out[2]
    weight, scale, shift, margin = parameters[0], parameters[1], parameters[2], parameters[3]
    newton_factor = classes / (classes - 1.0)
    u = np.empty(classes)
    for i in range(n):
        c = y[i]
        for k in range(classes):
            u[k] = scale[k] * np.float64(z[i, k]) + shift[k]
        u[c] -= margin[c]
        others = -np.inf
        for k in range(classes):
            if k != c and u[k] > others:
                others = u[k]
        rest = 0.0
        for k in range(classes):
            if k != c:
                rest += np.exp(u[k] - others)
        log_rest = others + np.log(rest)
        gap = log_rest - u[c]  # log(q / p)
        if gap >= 0:
            tail = np.log1p(np.exp(-gap))
            log_q, ell = -tail, gap + tail
        else:
            tail = np.log1p(np.exp(gap))
            log_q, ell = gap - tail, tail
        log_all = u[c] + ell
        p, q = np.exp(-ell), np.exp(log_q)
        ratio = ell / q if q > 1e-300 else 1.0
        factor = 1.0 + gamma * p * ratio + epsilon * (gamma + 1.0) * p
        power = np.exp(gamma * log_q)
        first = weight[c] * power * factor
        second = gamma * factor + gamma * (1.0 - ratio) - epsilon * (gamma + 1.0) * q
        second *= weight[c] * power * p  # times q: it is only needed together with (p_k - [k = y])^2 <= q^2
        value[i] = weight[c] * power * (ell + epsilon * q)
        for k in range(classes):
            if k == c:
                reach, away, part = -q, 1.0, p * q
            else:
                reach = np.exp(u[k] - log_all)
                away = np.exp(u[k] - log_rest)
                part = reach * (1.0 - reach)
            bend = second * q * away * away
            gradient[i, k] = first * scale[k] * reach
            square = scale[k] * scale[k]
            hessian[i, k] = square * (bend + first * part)
            # a diagonal understates the curvature of a softmax; K / (K - 1) is Friedman's factor (LightGBM uses it)
            curvature[i, k] = max(newton_factor * square * (max(bend, 0.0) + first * part), CURVATURE_FLOOR)


@dataclass(frozen=True, kw_only=True)
class SoftmaxForm:
    """Parameters: `weight`, `scale`, `shift`, `margin` are tuples (K,); margins need gamma = epsilon = 0."""

    weight: tuple[float, ...]
    scale: tuple[float, ...]
    shift: tuple[float, ...]
    margin: tuple[float, ...]
    gamma: float = 0.0
    epsilon: float = 0.0

    @classmethod
    def plain(cls, classes: int, **changes: object) -> "SoftmaxForm":
        """Cross-entropy over `classes` classes with some parameters changed."""
        ones, zeros = (1.0,) * classes, (0.0,) * classes
        return replace(cls(weight=ones, scale=ones, shift=zeros, margin=zeros), **changes)  # type: ignore[arg-type]

    def terms(self, y: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """(value (n,), gradient (n, K), diagonal Hessian (n, K), curvature (n, K))."""
        value = np.empty(z.shape[0])
        out = np.empty((3, *z.shape))
        parameters = np.array([self.weight, self.scale, self.shift, self.margin])
        _rows(y, z, parameters, (self.gamma, self.epsilon), value, out)
        return value, out[0], out[1], out[2]

    def log_link(self, z: np.ndarray) -> np.ndarray:
        """Log of the class probabilities that the minimiser means, (n, K)."""
        u = z * np.array(self.scale) + np.array(self.shift)
        if any(self.margin):
            others = _log_rest(u)
            mine = u + np.logaddexp(others, u - np.array(self.margin)) - np.log(self.weight)
            return log_softmax(mine, axis=1)
        log_v = log_softmax(u, axis=1)
        log_rest = _log_rest(log_v)
        slope = np.log(self.weight) + self.gamma * log_rest + _log_factor(log_v - log_rest, self.gamma, self.epsilon)
        return log_softmax(log_v - slope, axis=1)

    def start(self, shares: np.ndarray) -> np.ndarray:
        """Scores (K,), centred, whose link is `shares`: a root search, from equal shares to the given ones."""
        target = np.log(shares)
        classes = shares.shape[0]

        def scores(free: np.ndarray) -> np.ndarray:
            u = np.append(free, 0.0)
            return (u - u.mean() - np.array(self.shift)) / np.array(self.scale)

        def miss(free: np.ndarray, wanted: np.ndarray) -> np.ndarray:
            gap = self.log_link(scores(free)[None, :])[0] - wanted
            return gap[:-1] - gap[-1]

        for steps in (1, 8, 64):
            free, ok = np.zeros(classes - 1), True
            for share in np.linspace(0.0, 1.0, steps + 1):
                wanted = log_softmax(share * target)
                free = root(miss, free, args=(wanted,), tol=1e-13).x
                ok = bool(np.abs(miss(free, wanted)).max() < 1e-8)
                if not ok:
                    break
            if ok:
                found = scores(free)
                # a common constant changes nothing unless the classes are scaled differently
                return found - found.mean() if len(set(self.scale)) == 1 else found
        raise InputError("No constant score gives these class shares under this loss; start the model at zero instead.")

    def scaled(self, weight: tuple[float, ...]) -> "SoftmaxForm":
        """The same loss with class weights on top."""
        return replace(self, weight=tuple(a * b for a, b in zip(self.weight, weight)))


def _log_rest(u: np.ndarray) -> np.ndarray:
    """log of the sum of exp(u) over all other classes, (n, K), without cancellation."""
    found = np.empty_like(u)
    for k in range(u.shape[1]):
        found[:, k] = logsumexp(np.delete(u, k, axis=1), axis=1)
    return found
