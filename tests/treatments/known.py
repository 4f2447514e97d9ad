"""Rows whose posterior is known, and learners that can represent it exactly."""

import numpy as np

from rareclass.kernels.logits import logit, sigmoid
from rareclass.learners.base import RareLearner, best_intercept
from rareclass.treatments.base import TrainingSet

RATES = np.array([0.002, 0.01, 0.05])


def cells(n: int = 400_000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Rows in three cells with event rates 0.002, 0.01 and 0.05."""
    rng = np.random.default_rng(seed)
    cell = rng.integers(0, 3, n)
    return cell[:, None].astype(float), rng.random(n) < RATES[cell]


def cell_logits(training: TrainingSet) -> np.ndarray:
    """Weighted event rate of each cell as log-odds: the unregularised maximum-likelihood fit."""
    w = np.ones(training.y.size) if training.sample_weight is None else training.sample_weight
    inside = [training.X[:, 0] == c for c in range(3)]
    return np.array([logit(np.average(training.y[rows], weights=w[rows])) for rows in inside])


def line(n: int = 200_000, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(X, y, true log-odds) of a logistic model with two features and events at about 0.5 %."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 2))
    z = -6.5 + 1.5 * X[:, 0] - X[:, 1]
    return X, rng.random(n) < sigmoid(z), z


class Saturated(RareLearner):
    """One log-odds for each of three cells, by maximum likelihood without any penalty; takes weights and offsets."""

    def _fit(self, rows, context):
        cells = [rows.take(np.flatnonzero(rows.X[:, 0] == k)) for k in range(3)]
        self.logit_ = np.array([best_intercept(cell.y, cell.weight, cell.offset) for cell in cells])

    def _logit(self, X):
        return self.logit_[X[:, 0].astype(int)]


class Linear(RareLearner):
    """Logistic regression without penalty by Newton's method; takes weights and offsets."""

    def _fit(self, rows, context):
        y, w, off = rows.y, rows.weights, rows.offsets
        Z = np.column_stack([np.ones(y.size), rows.X])
        beta = np.zeros(Z.shape[1])
        beta[0] = best_intercept(y, rows.weight, rows.offset)
        for _ in range(100):
            p = sigmoid(Z @ beta + off)
            curvature = w * p * (1 - p)
            step = np.linalg.solve(Z.T @ (Z * curvature[:, None]), Z.T @ (w * (p - y)))
            beta -= step * min(1.0, 2.0 / np.abs(step).max())
            if np.abs(step).max() < 1e-9:
                break
        self.beta_ = beta

    def _logit(self, X):
        return self.beta_[0] + X @ self.beta_[1:]
