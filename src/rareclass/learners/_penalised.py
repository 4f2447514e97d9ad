"""Penalised logistic log-likelihoods (Firth, log-F, ridge) and their maximisation by Newton steps."""

import numpy as np

from rareclass.kernels.logits import sigmoid, softplus
from rareclass.learners._newton import solve_positive


class PenalisedLikelihood:
    """Log-likelihood with a penalty, its gradient and the matrix of a Newton step.

    Parameters
    ----------
    Z : ndarray of shape (n, d)
        Design; column 0 is the intercept where `intercept` is true.
    y, weight, offset : ndarray of shape (n,)
    kind : {"firth", "log_f", "ridge"}
    variance : float
        Prior variance of a coefficient (ridge).
    intercept : bool
        The intercept is not penalised (Firth penalises the whole model).
    """

    def __init__(
        self,
        Z: np.ndarray,
        y: np.ndarray,
        weight: np.ndarray,
        offset: np.ndarray,
        *,
        kind: str,
        variance: float,
        intercept: bool,
    ) -> None:
        self.Z, self.y, self.weight, self.offset, self.kind = Z, y, weight, offset, kind
        self.penalised = np.ones(Z.shape[1], dtype=bool)
        self.penalised[: int(intercept)] = False
        self.precision = np.where(self.penalised, 1.0 / variance, 0.0) if kind == "ridge" else np.zeros(Z.shape[1])

    def value(self, beta: np.ndarray) -> float:
        """Penalised log-likelihood (nats)."""
        u = self.Z @ beta + self.offset
        value = float(self.weight @ (self.y * u - softplus(u)))
        if self.kind == "ridge":
            return value - 0.5 * float(self.precision @ beta**2)
        if self.kind == "log_f":
            # two pseudo-rows of weight 1/2 with outcomes 1 and 0: 0.5 b - log(1 + exp(b))
            b = beta[self.penalised]
            return value + float((0.5 * b - softplus(b)).sum())
        sign, size = np.linalg.slogdet(self._information(u))
        return value + 0.5 * float(size) if sign > 0 else -np.inf

    def _information(self, u: np.ndarray) -> np.ndarray:
        p = sigmoid(u)
        return self.Z.T @ (self.Z * (self.weight * p * (1 - p))[:, None])

    def slope(self, beta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gradient (d,) and the (positive) matrix of the Newton step (d, d)."""
        u = self.Z @ beta + self.offset
        p = sigmoid(u)
        curvature = self.weight * p * (1 - p)
        matrix = self.Z.T @ (self.Z * curvature[:, None])
        residual = self.weight * (self.y - p)
        if self.kind == "firth":
            inverse = solve_positive(matrix, np.eye(matrix.shape[0]))
            hat = curvature * np.einsum("ij,ij->i", self.Z @ inverse, self.Z)
            return self.Z.T @ (residual + hat * (0.5 - p)), matrix
        gradient = self.Z.T @ residual - self.precision * beta
        matrix = matrix + np.diag(self.precision)
        if self.kind == "log_f":
            q = np.where(self.penalised, sigmoid(beta), 0.5)
            gradient += 0.5 - q
            matrix += np.diag(np.where(self.penalised, q * (1 - q), 0.0))
        return gradient, matrix

    def maximise(
        self, start: np.ndarray, *, max_iter: int, tol: float, fixed: int | None = None
    ) -> tuple[np.ndarray, int, bool]:
        """Maximum from `start`, with coefficient `fixed` held; (coefficients, iterations, converged)."""
        beta = start.copy()
        free = np.ones(beta.size, dtype=bool)
        if fixed is not None:
            free[fixed] = False
        if not free.any():
            return beta, 0, True
        value = self.value(beta)
        for iteration in range(1, max_iter + 1):
            gradient, matrix = self.slope(beta)
            step = np.zeros(beta.size)
            step[free] = solve_positive(matrix[np.ix_(free, free)], gradient[free])
            decrement = float(gradient @ step)
            if decrement < tol:
                return beta + step, iteration, True
            # Firth's Newton matrix leaves out the curvature of the penalty: long steps are cut
            size = min(1.0, 5.0 / float(np.abs(step).max()))
            for _ in range(40):
                trial = beta + size * step
                new = self.value(trial)
                if new > value:
                    break
                size /= 2
            else:
                return beta, iteration, decrement < 1e-6
            beta, value = trial, new
        return beta, max_iter, False
