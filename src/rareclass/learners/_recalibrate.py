"""Honest log-odds from scores of rows that the model did not see: a floor, an intercept and a slope."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from rareclass.kernels.logits import floored_logit, log_loss_from_logits, sigmoid
from rareclass.kernels.newton import Logistic, Steps

_SLOPE_VARIANCE = 0.04  # ten events leave the slope at one, a thousand move it freely
_SCALE_SPREAD = 1.0  # standard deviation of the logarithm of a scale about which nothing is known
_MOST = 4.0  # of that logarithm
_FLOORS = (0.001, 0.01, 0.1, 0.5)


@dataclass(frozen=True)
class Recalibration:
    """log-odds = intercept + slope * score, where the score may be a floored probability."""

    intercept: float
    slope: float
    loss: float  # mean log-loss (nats) on the rows it was fitted to

    def apply(self, score: np.ndarray) -> np.ndarray:
        """Calibrated log-odds (n,)."""
        return self.intercept + self.slope * score


def recalibrate(score: np.ndarray, y: np.ndarray, *, weight: np.ndarray, offset: np.ndarray | float) -> Recalibration:
    """Intercept and slope of log-odds `score` on unseen rows; the slope is pulled to one, the intercept free.

    Parameters
    ----------
    score : ndarray of shape (n,), finite
    y : ndarray of shape (n,), Boolean
    weight : ndarray of shape (n,)
    offset : ndarray of shape (n,) or float
        Log-odds that the rows have beyond the score (a sample's shift).
    """
    centre = float(np.average(score, weights=weight))
    Z = np.column_stack([np.ones(score.size), score - centre])
    model = Logistic(Z, y, weight, score + offset, precision=np.array([0.0, 1 / _SLOPE_VARIANCE]), single=True)
    beta = model.minimise(np.zeros(2), Steps(max_iter=50, tol=1e-8, longest=np.inf)).coefficients
    # a score that falls with the events carries no ranking; it becomes a constant
    slope = max(1.0 + float(beta[1]), 0.0)
    intercept = float(beta[0] - beta[1] * centre)
    u = intercept + slope * score + offset
    return Recalibration(intercept, slope, log_loss_from_logits(y, u, weight))


def own_scale(score: np.ndarray, y: np.ndarray, *, weight: np.ndarray, offset: np.ndarray) -> float:
    """Factor that gives log-odds `score` of unseen rows the spread that they deserve; above zero.

    Its logarithm is pulled to zero, the intercept is free. So a score that is nearly constant for want of training, and
    ranks well, is spread as far as its events show, whatever factor that takes; one that tells nothing stays as it is.

    Parameters
    ----------
    score : ndarray of shape (n,), finite
    y : ndarray of shape (n,), Boolean
    weight : ndarray of shape (n,)
        Events count as rows by them.
    offset : ndarray of shape (n,)
        Log-odds that the rows have beyond the score (a sample's shift).
    """

    def loss(at: np.ndarray) -> tuple[float, np.ndarray]:
        own = np.exp(at[1]) * score
        u = at[0] + own + offset
        residual = weight * (sigmoid(u) - y)
        pull = at[1] / _SCALE_SPREAD**2
        value = log_loss_from_logits(y, u, weight) * weight.sum() + 0.5 * at[1] * pull
        return value, np.array([residual.sum(), residual @ own + pull])

    found = minimize(loss, np.zeros(2), jac=True, method="L-BFGS-B", bounds=[(None, None), (-_MOST, _MOST)])
    return float(np.exp(found.x[1]))


def fade(unseen: np.ndarray, seen: np.ndarray, *, weight: np.ndarray, share: float) -> float:
    """Mean probability of rows that a fit does not know, over that of rows that it was fitted on.

    Below 1 for events, above 1 for the others: a booster flatters what it has seen. Measured on inner folds, whose fits
    have a `share` of the rows that the fit on all has; flattery falls as the rows grow, so its logarithm is scaled.

    Parameters
    ----------
    unseen : ndarray of shape (m,)
        Probabilities from the fold that left the row out.
    seen : ndarray of shape (folds, m)
        Probabilities from the folds that fitted it; NaN elsewhere.
    weight : ndarray of shape (m,)
    share : float in (0, 1]
    """
    known = np.isfinite(seen)
    fitted = float((np.where(known, seen, 0.0) * weight).sum() / (known * weight).sum())
    return float((np.average(unseen, weights=weight) / fitted) ** share)


def recalibrate_votes(
    probability: np.ndarray, y: np.ndarray, *, weight: np.ndarray, offset: float, prevalence: float
) -> tuple[float, Recalibration]:
    """Floor and recalibration of a forest's averaged probabilities, the floor by log-loss.

    A row that no tree votes for is not impossible: how much it still may be an event is read from rows that were out
    of the bag. The floor is a share of the prevalence.
    """
    trials = []
    for share in _FLOORS:
        floor = share * min(prevalence, 1 - prevalence)
        found = recalibrate(floored_logit(probability, floor), y, weight=weight, offset=offset)
        trials.append((found.loss, floor, found))
    _, floor, found = min(trials, key=lambda trial: trial[0])
    return floor, found
