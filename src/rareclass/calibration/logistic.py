"""The two or three parameters of a calibration map: logistic models of grouped rows."""

import numpy as np

from rareclass.calibration.base import GroupedRows
from rareclass.kernels import newton
from rareclass.kernels.logits import sigmoid

_MANY = 20_000
"""Above so many groups the first steps are taken on pooled groups; the last ones always use all of them."""


def fit_intercept(z: np.ndarray, rows: GroupedRows) -> float:
    """The shift for which the expected events ``sum weight * sigmoid(z + shift)`` equal the observed ones."""
    return newton.fit_intercept(z, float(rows.events.sum()), rows.weight)


def fit_ridge(features: np.ndarray, rows: GroupedRows, *, centre: np.ndarray, precision: np.ndarray) -> np.ndarray:
    """Coefficients (k,) of a logistic model on features (m, k) with normal priors ``N(centre, 1 / precision)``."""
    start = centre
    if rows.logit.size > _MANY:
        start = fit_ridge(*_pooled(features, rows), centre=centre, precision=precision)
    model = newton.Logistic(features, rows.events / rows.weight, rows.weight, centre=centre, precision=precision)
    return model.minimise(start).coefficients


def fit_firth(features: np.ndarray, rows: GroupedRows, guess: np.ndarray) -> np.ndarray:
    """Coefficients (k,) of a logistic model with Jeffreys' prior, the first that of a column of ones.

    Starts at `guess` (k,) or at the prevalence, whichever fits better.
    """
    start = np.zeros(features.shape[1])
    start[0] = np.log((rows.events.sum() + 0.5) / (rows.negatives.sum() + 0.5))
    model = newton.Logistic(features, rows.events / rows.weight, rows.weight, firth=True)
    if model.loss(guess) < model.loss(start):
        start = guess
    if rows.logit.size > _MANY:
        start = fit_firth(*_pooled(features, rows), start)
    return model.minimise(start, newton.Steps(max_iter=200)).coefficients


def firth_slope(rows: GroupedRows) -> tuple[float, float, float]:
    """(slope a standard deviation of the scores, its standard error, that standard deviation)."""
    z = rows.logit
    centre = float(np.average(z, weights=rows.events))
    spread = float(np.sqrt(np.average((z - centre) ** 2, weights=rows.weight)))
    features = np.column_stack([np.ones(z.size), (z - centre) / spread])
    fitted = fit_firth(features, rows, np.array([centre, spread]))  # scores that are right already
    p = sigmoid(features @ fitted)
    information = (features * (rows.weight * p * (1 - p))[:, None]).T @ features
    return float(fitted[1]), float(np.sqrt(np.linalg.inv(information)[1, 1])), spread


def _pooled(features: np.ndarray, rows: GroupedRows) -> tuple[np.ndarray, GroupedRows]:
    """Features and rows of neighbouring groups together."""
    start = rows.bin_starts(_MANY // 8)
    weight = np.add.reduceat(rows.weight, start)
    return np.add.reduceat(features * rows.weight[:, None], start) / weight[:, None], rows.coarsen(_MANY // 8)
