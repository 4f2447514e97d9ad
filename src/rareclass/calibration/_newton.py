"""Newton steps for the two or three parameters of a calibration map, on grouped rows."""

import numpy as np

from rareclass.calibration.base import GroupedRows
from rareclass.kernels.logits import sigmoid, softplus

_LARGEST_STEP = 5.0
_MANY = 20_000
"""Above so many groups the first steps are taken on pooled groups; the last ones always use all of them."""


def fit_intercept(z: np.ndarray, events: np.ndarray, weight: np.ndarray) -> float:
    """The shift b for which the expected events ``sum weight * sigmoid(z + b)`` equal the observed ones.

    The left side increases in b, so the root is bracketed and Newton steps that leave the bracket are halved.
    """
    target = float(events.sum())
    total = float(weight.sum())
    low, high = -np.inf, np.inf
    mean = float(np.average(sigmoid(z), weights=weight))
    mean = min(max(mean, 1e-300), 1 - 1e-16)
    b = float(np.log(target / (total - target)) - np.log(mean / (1 - mean)))
    for _ in range(200):
        p = sigmoid(z + b)
        gap = float(weight @ p) - target
        if abs(gap) <= 1e-11 * target:
            break
        low, high = (b, high) if gap < 0 else (low, b)
        slope = float(weight @ (p * (1 - p)))
        step = gap / slope if slope > 0 else np.sign(gap) * _LARGEST_STEP
        new = b - float(np.clip(step, -_LARGEST_STEP, _LARGEST_STEP))
        if not low < new < high:
            new = (low + high) / 2
        if new == b:
            break
        b = new
    return b


def fit_ridge(
    features: np.ndarray, rows: GroupedRows, *, centre: np.ndarray, precision: np.ndarray, max_iter: int = 100
) -> np.ndarray:
    """Coefficients (k,) of a logistic model with normal priors ``N(centre, 1 / precision)``.

    Parameters
    ----------
    features : ndarray of shape (m, k)
    rows : GroupedRows of m groups
    centre, precision : ndarray of shape (k,)
        Precision 0 leaves a coefficient free.
    """
    weight, events = rows.weight, rows.events
    beta = _pooled_start(fit_ridge, features, rows, centre=centre, precision=precision)
    if beta is None:
        beta = centre.astype(np.float64).copy()

    def objective(at: np.ndarray) -> float:
        u = features @ at
        return float(weight @ softplus(u) - events @ u + 0.5 * precision @ (at - centre) ** 2)

    value = objective(beta)
    for _ in range(max_iter):
        p = sigmoid(features @ beta)
        gradient = features.T @ (weight * p - events) + precision * (beta - centre)
        hessian = (features * (weight * p * (1 - p))[:, None]).T @ features + np.diag(precision)
        step = np.linalg.lstsq(hessian, gradient, rcond=1e-14)[0]
        beta, value, done = _line_search(objective, beta, step, float(gradient @ step), value)
        if done:
            break
    return beta


def fit_firth(features: np.ndarray, rows: GroupedRows, *, max_iter: int = 200) -> np.ndarray:
    """Coefficients (k,) of a logistic model with Jeffreys' prior: finite under separation, invariant to scale.

    Notes
    -----
    Firth (1993), Biometrika 80:27. The modified score adds half a hat value of success and of failure to each group.
    """
    weight, events = rows.weight, rows.events

    def information(at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        p = sigmoid(features @ at)
        return p, (features * (weight * p * (1 - p))[:, None]).T @ features

    def objective(at: np.ndarray) -> float:
        u = features @ at
        sign, log_det = np.linalg.slogdet(information(at)[1])
        return float(weight @ softplus(u) - events @ u - 0.5 * log_det) if sign > 0 else np.inf

    beta = _pooled_start(fit_firth, features, rows)
    if beta is None:
        beta = np.zeros(features.shape[1])
        beta[0] = np.log((events.sum() + 0.5) / (rows.negatives.sum() + 0.5))
    value = objective(beta)
    for _ in range(max_iter):
        p, matrix = information(beta)
        variance = weight * p * (1 - p)
        hat = variance * np.einsum("ij,ji->i", features, np.linalg.solve(matrix, features.T))
        gradient = features.T @ (weight * p - events + hat * (p - 0.5))
        step = np.linalg.solve(matrix, gradient)
        beta, value, done = _line_search(objective, beta, step, float(gradient @ step), value)
        if done:
            break
    return beta


def _pooled_start(fit, features: np.ndarray, rows: GroupedRows, **how) -> np.ndarray | None:
    """Coefficients of the same fit on pooled groups, or None where there are few groups."""
    if rows.logit.size <= _MANY:
        return None
    start = rows.bin_starts(_MANY // 8)
    weight = np.add.reduceat(rows.weight, start)
    pooled = np.add.reduceat(features * rows.weight[:, None], start) / weight[:, None]
    return fit(pooled, rows.coarsen(_MANY // 8), **how)


def _line_search(objective, beta, step, decrement, value):
    """Halve a Newton step until the objective falls; (coefficients, objective, converged)."""
    if decrement < 1e-12:
        return beta - step, value, True
    size = min(1.0, _LARGEST_STEP / max(float(np.abs(step).max()), 1e-300))
    for _ in range(50):
        trial = beta - size * step
        new = objective(trial)
        if new <= value - 1e-4 * size * decrement:
            return trial, new, False
        size /= 2
    return beta, value, True
