"""How the log-odds of several models become one: a scale for each, and weights that sum to one."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from rareclass.kernels.linear import combined
from rareclass.kernels.logits import logit, sigmoid, softplus
from rareclass.kernels.newton import Logistic

LEVEL_VARIANCE, SLOPE_VARIANCE = 0.01, 0.0025
"""Prior variances of a member's intercept about zero, and of its slope about one.

Members come calibrated, and the blend is calibrated once more: what a scale of each adds is mostly noise where classes
are nearly separate, since few rows then tell anything of it, and folds with as many events each, whatever their rows
look like, have it err from one to the next. Only a member that is plainly off is moved.
"""
EVENNESS = 5.0
"""Nats that it costs to put all weight on one member where events are many: thousands of them tell far more."""
FEW_EVENTS = 30.0
"""With so many events it costs twice as much, with ten four times: the weights then stay nearly equal."""
LIMIT = 40.0


@dataclass(frozen=True)
class Combination:
    """Intercept and slope that put each member on a common log-odds scale, and its weight; arrays of shape (k,)."""

    intercept: np.ndarray
    slope: np.ndarray
    weight: np.ndarray

    def apply(self, logits: np.ndarray) -> np.ndarray:
        """Blended log-odds (n,) of member log-odds (n, k)."""
        out = np.empty(logits.shape[0])
        combined(np.ascontiguousarray(logits.T), self.intercept, self.slope, self.weight, LIMIT, out)
        return out


def fit_combination(logits: np.ndarray, y: np.ndarray, *, sample_weight: np.ndarray | None = None) -> Combination:
    """Scales and weights of members from their log-odds on rows that they did not see.

    Each member gets an intercept and a slope, both pulled hard to the identity; the weights then minimise the log-loss
    of the mean plus a pull towards equal weights, worth the more nats the fewer events there are: it rules with ten
    events and vanishes with thousands. `benchmarks/members.py` judges these numbers; a free sum of the weights gained
    nothing. A member whose scores plainly fall with the events (with few of them nothing is plain) gets weight zero.

    Parameters
    ----------
    logits : ndarray of shape (n, k)
    y : ndarray of shape (n,), bool
    sample_weight : ndarray of shape (n,), optional
    """
    z = np.clip(logits, -LIMIT, LIMIT)
    w = np.ones(y.size) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    scales = np.array([_scale(z[:, j], y, w) for j in range(z.shape[1])])
    useful = scales[:, 1] > 0.05
    if not useful.any():
        base = float(logit(np.average(y, weights=w)))
        k = z.shape[1]
        return Combination(np.full(k, base), np.zeros(k), np.full(k, 1 / k))
    weight = np.zeros(z.shape[1])
    common = z[:, useful] * scales[useful, 1] + scales[useful, 0]
    weight[useful] = _weights(common, y, w)
    return Combination(scales[:, 0], np.where(useful, scales[:, 1], 0.0), weight)


def _scale(z: np.ndarray, y: np.ndarray, w: np.ndarray) -> tuple[float, float]:
    """Intercept and slope of one member, by penalised Newton steps."""
    design = np.column_stack([np.ones(z.size), z])
    one = np.array([0.0, 1.0])
    model = Logistic(design, y, w, precision=1 / np.array([LEVEL_VARIANCE, SLOPE_VARIANCE]), centre=one)
    beta = model.minimise(one).coefficients
    return float(beta[0]), float(beta[1])


def _weights(z: np.ndarray, y: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Weights on the simplex: penalised log-loss of the weighted mean of members on a common scale."""
    k = z.shape[1]
    if k == 1:
        return np.ones(1)
    sign = np.where(y, -1.0, 1.0)
    events = min(float(w @ y), float(w @ ~y))
    pull = EVENNESS * (1 + FEW_EVENTS / events) * k / (k - 1)

    def objective(free: np.ndarray) -> tuple[float, np.ndarray]:
        v = np.exp(free - free.max())
        v /= v.sum()
        u = sign * (z @ v)
        even = v - 1 / k
        slope = z.T @ (w * sign * sigmoid(u)) + 2 * pull * even
        value = float(w @ softplus(u)) + pull * float(even @ even)
        return value, v * (slope - v @ slope)

    found = minimize(objective, np.zeros(k), jac=True, method="L-BFGS-B", bounds=[(-8.0, 8.0)] * k)
    v = np.exp(found.x - found.x.max())
    return np.asarray(v / v.sum())
