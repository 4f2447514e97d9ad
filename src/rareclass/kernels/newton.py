"""Logistic models by Newton steps: the one solver of coefficients, and the one of a lone intercept.

It takes row weights, offsets and a prior, converges quadratically (with Firth's correction linearly, and fast), and
needs one pass over the rows a step.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.linalg.lapack import dposv

from rareclass.kernels.logits import sigmoid, softplus

_BLOCK = 65_536


class Steps(NamedTuple):
    """How the solver walks, and where it stops."""

    max_iter: int = 100
    tol: float = 1e-12  # stop when the Newton decrement (twice the attainable gain in nats) falls below it
    # largest change of a coefficient in one step. Firth's matrix leaves out the curvature of its correction, so that
    # long steps must be cut
    longest: float = 5.0


class Fit(NamedTuple):
    """Coefficients (d,), the iterations that they took, and whether they are where the loss is least."""

    coefficients: np.ndarray
    iterations: int
    converged: bool


@dataclass(frozen=True)
class Logistic:
    """The loss ``sum w (softplus(u) - y u)``, u = Z beta + offset, and minus the log of a prior, in nats.

    References
    ----------
    Firth (1993), Biometrika 80:27; Greenland and Mansournia (2015), Stat Med 34:3133 (log-F).
    """

    Z: np.ndarray  # (n, d) design with its own column of ones where an intercept is wanted
    y: np.ndarray  # (n,) in [0, 1]
    weight: np.ndarray  # (n,)
    offset: np.ndarray | float = 0.0  # (n,)
    # precision, centre: (d,) normal prior ``N(centre, 1 / precision)`` of each coefficient; precision 0 leaves it free
    precision: np.ndarray | float = 0.0
    centre: np.ndarray | float = 0.0
    # Jeffreys' prior: finite under separation, invariant to scale. Row weights count as copies of the row
    firth: bool = False
    # (d,) coefficients with a log-F(1, 1) prior: two pseudo-rows of weight 1/2 with outcomes 1 and 0
    log_f: np.ndarray | None = None
    # form the Newton matrix of float32 products, by blocks of rows, so that no second copy of Z is made. The direction
    # forgives a relative error of 1e-6; the gradient, which decides where it stops, stays float64
    single: bool = False

    def loss(self, beta: np.ndarray) -> float:
        """Penalised loss (nats)."""
        u = self.Z @ beta + self.offset
        value = float(self.weight @ (softplus(u) - self.y * u))
        value += 0.5 * float(np.sum(self.precision * (beta - self.centre) ** 2))
        if self.log_f is not None:
            b = beta[self.log_f]
            value += float((softplus(b) - 0.5 * b).sum())
        if self.firth:
            p = sigmoid(u)
            sign, size = np.linalg.slogdet(self._gram(self.weight * p * (1 - p)))
            return value - 0.5 * float(size) if sign > 0 else np.inf
        return value

    def slope(self, beta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gradient (d,) and the positive matrix (d, d) of the Newton step."""
        p = sigmoid(self.Z @ beta + self.offset)
        curvature = self.weight * p * (1 - p)
        matrix = self._gram(curvature)
        residual = self.weight * (p - self.y)
        if self.firth:  # half a hat value of success and of failure is added to each row
            inverse = solve_positive(matrix, np.eye(beta.size))
            residual += curvature * np.einsum("ij,ij->i", self.Z @ inverse, self.Z) * (p - 0.5)
        gradient = self.Z.T @ residual + self.precision * (beta - self.centre)
        diagonal = np.broadcast_to(np.asarray(self.precision, dtype=np.float64), beta.shape)
        if self.log_f is not None:
            q = sigmoid(beta)
            gradient = gradient + np.where(self.log_f, q - 0.5, 0.0)
            diagonal = diagonal + np.where(self.log_f, q * (1 - q), 0.0)
        return gradient, matrix + np.diag(diagonal)

    def evidence(self, beta: np.ndarray) -> float:
        """Log of the marginal likelihood (nats) by Laplace's approximation about `beta`, where the loss is least.

        It compares normal priors of the same coefficients: minus what the rows cost when each is predicted from those
        before it. Coefficients of precision 0 count as flat, constants are left out.

        References
        ----------
        MacKay (1992), Neural Computation 4:720, equation 2.5.
        """
        precision = np.broadcast_to(np.asarray(self.precision, dtype=np.float64), beta.shape)
        logs = np.log(precision[precision > 0]).sum() - np.linalg.slogdet(self.slope(beta)[1])[1]
        return float(logs / 2 - self.loss(beta))

    def _gram(self, weight: np.ndarray) -> np.ndarray:
        """Z' diag(weight) Z (d, d)."""
        if not self.single:
            return self.Z.T @ (self.Z * weight[:, None])
        total, root = np.zeros((self.Z.shape[1],) * 2), np.sqrt(weight)
        for start in range(0, self.Z.shape[0], _BLOCK):
            rows = slice(start, start + _BLOCK)
            part = (self.Z[rows] * root[rows, None]).astype(np.float32)
            total += part.T @ part
        return total

    def minimise(self, start: np.ndarray, steps: Steps = Steps(), *, fixed: int | None = None) -> Fit:
        """Coefficients where the loss is least, from `start`, with coefficient `fixed` held where it is."""
        beta = start.astype(np.float64)
        free = np.arange(beta.size) != (-1 if fixed is None else fixed)
        if not free.any():
            return Fit(beta, 0, True)
        value = self.loss(beta)
        for iteration in range(1, steps.max_iter + 1):
            gradient, matrix = self.slope(beta)
            step = np.zeros(beta.size)
            step[free] = solve_positive(matrix[np.ix_(free, free)], gradient[free])
            decrement = float(gradient @ step)
            if decrement < steps.tol:
                return Fit(beta - step, iteration, True)
            size = min(1.0, steps.longest / float(np.abs(step).max()))
            for _ in range(50):  # halved until the loss falls by a share of what its slope promises
                trial = beta - size * step
                new = self.loss(trial)
                if new <= value - 1e-4 * size * decrement + 1e-15 * abs(value):
                    break
                size /= 2
            else:
                return Fit(beta, iteration, decrement < 1e-6)
            beta, value = trial, new
        return Fit(beta, steps.max_iter, False)


def solve_positive(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solve a symmetric positive system; a ridge of rounding size is added until it factors."""
    jitter = 0.0
    scale = max(float(np.trace(matrix)) / max(matrix.shape[0], 1), 1e-30)  # never so small that a step overflows
    while True:
        # LAPACK itself: of a system of two, the checks of scipy.linalg cost ten times the solution
        _, solved, failed = dposv(matrix + jitter * np.eye(matrix.shape[0]), right)
        if not failed:
            return np.asarray(solved)
        if not np.isfinite(scale):
            raise ValueError("The curvature of a fit is not finite: its features are too large.")
        jitter = max(10 * jitter, 1e-12 * scale)


def fit_intercept(z: np.ndarray, target: float, weight: np.ndarray | None = None) -> float:
    """The shift b of finite log-odds z (n,) for which ``sum weight * sigmoid(z + b)`` equals `target`.

    That is the intercept of greatest likelihood where `target` is the weight of the events, with z as offset. The sum
    increases in b and the root lies where all rows had the largest or the least of z, or between; Newton steps that
    leave the bracket are replaced by halving it.

    Examples
    --------
    >>> round(fit_intercept(np.zeros(4), 1.0), 6)
    -1.098612
    """
    total = float(z.size if weight is None else weight.sum())
    wanted = float(np.log(target / (total - target)))
    low, high = wanted - float(z.max()), wanted - float(z.min())
    mean = min(max(_expected(z, 0.0, weight)[0] / total, 1e-300), 1 - 1e-16)
    b = min(max(wanted - float(np.log(mean / (1 - mean))), low), high)
    for _ in range(200):
        found, slope = _expected(z, b, weight)
        gap = found - target
        low, high = (b, high) if gap < 0 else (low, b)
        new = b - gap / slope if slope > 0 else np.inf
        if abs(new - b) < 1e-10 or abs(gap) <= 1e-15 * total or high - low < 1e-10:
            return new if low < new < high else b
        b = new if low < new < high else (low + high) / 2
    return b


def _expected(z: np.ndarray, b: float, weight: np.ndarray | None) -> tuple[float, float]:
    """Expected events at shift b and their slope in b, by blocks of rows."""
    found = slope = 0.0
    for start in range(0, z.size, _BLOCK):
        rows = slice(start, start + _BLOCK)
        p = sigmoid(z[rows] + b)
        w = np.ones(p.size) if weight is None else weight[rows]
        found += float(w @ p)
        slope += float(w @ (p * (1 - p)))
    return found, slope
