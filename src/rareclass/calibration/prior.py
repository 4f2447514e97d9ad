"""Moving probabilities from one prevalence to another: exact shifts of the log-odds."""

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass.errors import InputError
from rareclass.kernels.logits import logit as to_logit
from rareclass.kernels.logits import sigmoid


def prior_shift_logit(logit: ArrayLike, train_prevalence: float, true_prevalence: float) -> np.ndarray:
    """Log-odds at `true_prevalence` of log-odds that are right at `train_prevalence`.

    Parameters
    ----------
    logit : array-like of any shape
        Log-odds at the training prevalence.
    train_prevalence, true_prevalence : float in (0, 1)
        Share of positives (weighted, where the training rows carried weights) that the model was trained on, and the
        share where it is used.

    Examples
    --------
    >>> prior_shift_logit([0.0], 0.5, 0.01).round(6).tolist()
    [-4.59512]
    """
    old = _check.fraction(train_prevalence, "train_prevalence", closed="neither")
    new = _check.fraction(true_prevalence, "true_prevalence", closed="neither")
    return np.asarray(logit, dtype=np.float64) + float(to_logit(new) - to_logit(old))


def prior_shift(proba: ArrayLike, train_prevalence: ArrayLike, true_prevalence: ArrayLike) -> np.ndarray:
    """Probabilities at the true prevalence, given those of a model trained at another one.

    Undoes random under- and over-sampling and class weights, and follows a prevalence that has moved, exactly, as
    long as the rows of each class are drawn alike (label shift). It keeps the ranking, hence average precision and
    AUC at the sampled prevalence. It does not undo SMOTE and other synthesis: there, calibrate on out-of-fold scores.

    Parameters
    ----------
    proba : array-like of shape (n,) or (n, K)
        Probability of the positive class, or of each of K classes.
    train_prevalence, true_prevalence : float in (0, 1), or array-like of shape (K,)
        Share of the positive class for (n,) and (n, 2) probabilities; one share a class (summing to 1) for K classes.

    Returns
    -------
    ndarray of the shape of `proba`

    Raises
    ------
    InputError
        Probabilities outside [0, 1], prevalences outside (0, 1) or not summing to 1.

    Notes
    -----
    Elkan (2001), IJCAI, Theorem 2; Saerens et al. (2002), Neural Computation 14:21, equation 2.4.

    Examples
    --------
    >>> prior_shift([0.8], 0.5, 0.01).round(7).tolist()
    [0.038835]
    >>> prior_shift([[0.2, 0.3, 0.5]], [1 / 3, 1 / 3, 1 / 3], [0.9, 0.09, 0.01]).round(4).tolist()
    [[0.8491, 0.1274, 0.0236]]
    """
    p = np.asarray(proba, dtype=np.float64)
    if p.ndim not in (1, 2):
        raise InputError(f"`proba` must have shape (n,) or (n, K); got {p.shape}.")
    if np.isnan(p).any() or (p < 0).any() or (p > 1).any():
        raise InputError("`proba` must lie in [0, 1] without missing values. Turn scores into probabilities first.")
    if p.ndim == 1:
        given = {"train_prevalence": train_prevalence, "true_prevalence": true_prevalence}
        ends = (_check.fraction(value, name, closed="neither") for name, value in given.items())
        return sigmoid(prior_shift_logit(to_logit(p), *ends))
    old = _class_shares(train_prevalence, p.shape[1], "train_prevalence")
    new = _class_shares(true_prevalence, p.shape[1], "true_prevalence")
    with np.errstate(divide="ignore"):
        moved = np.log(p) + (np.log(new) - np.log(old))
    moved -= moved.max(axis=1, keepdims=True)
    weight = np.exp(moved)
    return weight / weight.sum(axis=1, keepdims=True)


def keep_rate_shift(proba: ArrayLike, keep_rate: float) -> np.ndarray:
    """Probabilities of a model trained with only a share `keep_rate` of the negatives, at the real prevalence.

    Parameters
    ----------
    proba : array-like of shape (n,)
    keep_rate : float in (0, 1]
        Probability with which each negative was kept.

    Notes
    -----
    Dal Pozzolo et al. (2015), "Calibrating probability with undersampling": ``p = k s / (k s - s + 1)``.

    Examples
    --------
    >>> keep_rate_shift([0.5], 0.01).round(8).tolist()
    [0.00990099]
    """
    kept = _check.fraction(keep_rate, "keep_rate", closed="right")
    return sigmoid(to_logit(proba) + np.log(kept))


def _class_shares(value: ArrayLike, classes: int, name: str) -> np.ndarray:
    shares = np.asarray(value, dtype=np.float64)
    if shares.ndim == 0 and classes == 2:
        positive = _check.fraction(value, name, closed="neither")
        return np.array([1 - positive, positive])
    if shares.shape != (classes,):
        raise InputError(f"`{name}` needs one share for each of {classes} classes; got shape {shares.shape}.")
    if not (shares > 0).all() or abs(shares.sum() - 1) > 1e-6:
        raise InputError(f"`{name}` must be positive shares that sum to 1; got {shares.tolist()}.")
    return shares
