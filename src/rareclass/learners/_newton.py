"""Penalised logistic regression by Newton steps: the one solver of the linear learners.

It takes row weights, offsets and one penalty a column, converges quadratically, and needs one pass over the rows a
step. All matrices are dense float64.
"""

from collections.abc import Callable

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from rareclass.kernels.logits import sigmoid, softplus


def weighted_gram(Z: np.ndarray, weight: np.ndarray, block: int = 65_536) -> np.ndarray:
    """Z' diag(weight) Z (d, d) of float32 products, by blocks of rows so that no second copy of Z is made.

    Newton's direction forgives a relative error of 1e-6; the gradient, which decides where it stops, stays float64.
    """
    total = np.zeros((Z.shape[1], Z.shape[1]))
    root = np.sqrt(weight)
    for start in range(0, Z.shape[0], block):
        part = (Z[start : start + block] * root[start : start + block, None]).astype(np.float32)
        total += part.T @ part
    return total


def solve_positive(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solve a symmetric positive system; a ridge of rounding size is added until it factors."""
    jitter = 0.0
    scale = max(float(np.trace(matrix)) / max(matrix.shape[0], 1), 1e-30)  # never so small that a step overflows
    while True:
        try:
            return cho_solve(cho_factor(matrix + jitter * np.eye(matrix.shape[0])), right)
        except LinAlgError:
            jitter = max(10 * jitter, 1e-12 * scale)


def fit_logistic(
    Z: np.ndarray,
    y: np.ndarray,
    *,
    weight: np.ndarray,
    offset: np.ndarray,
    penalty: np.ndarray,
    start: np.ndarray | None = None,
    max_iter: int = 100,
    tol: float = 1e-8,
) -> tuple[np.ndarray, int, bool]:
    """Minimise ``sum w (softplus(u) - y u) + 0.5 sum penalty_j beta_j^2`` with ``u = Z beta + offset``.

    Parameters
    ----------
    Z : ndarray of shape (n, d)
        Design with its own column of ones where an intercept is wanted (give that column the penalty 0).
    y : ndarray of shape (n,), values in [0, 1]
    weight, offset : ndarray of shape (n,)
    penalty : ndarray of shape (d,), >= 0
    start : ndarray of shape (d,), optional
    max_iter : int
    tol : float
        Stop when the Newton decrement (twice the attainable gain in nats) falls below it.

    Returns
    -------
    (coefficients (d,), iterations, converged)
    """
    beta = np.zeros(Z.shape[1]) if start is None else start.copy()
    y = np.asarray(y, dtype=np.float64)

    def objective(at: np.ndarray) -> float:
        u = Z @ at + offset
        return float(weight @ (softplus(u) - y * u) + 0.5 * penalty @ at**2)

    value = objective(beta)
    for iteration in range(1, max_iter + 1):
        p = sigmoid(Z @ beta + offset)
        gradient = Z.T @ (weight * (p - y)) + penalty * beta
        step = solve_positive(weighted_gram(Z, weight * p * (1 - p)) + np.diag(penalty), gradient)
        decrement = float(gradient @ step)
        if decrement < tol:
            return beta - step, iteration, True
        beta, value, moved = _backtrack(objective, beta, step, decrement, value)
        if not moved:
            return beta, iteration, False
    return beta, max_iter, False


def _backtrack(
    objective: Callable[[np.ndarray], float], beta: np.ndarray, step: np.ndarray, decrement: float, value: float
) -> tuple[np.ndarray, float, bool]:
    """Halve the Newton step until the objective falls by a share of what its slope promises."""
    size = 1.0
    for _ in range(40):
        trial = beta - size * step
        new = objective(trial)
        if new <= value - 1e-4 * size * decrement:
            return trial, new, True
        size /= 2
    return beta, value, False
