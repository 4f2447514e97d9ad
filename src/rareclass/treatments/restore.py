"""Calibration of out-of-fold scores such that no row is calibrated by itself."""

from typing import Any

import numpy as np

from rareclass.calibration import choose_calibration


def fit_calibration(score: np.ndarray, y: np.ndarray, *, method: str = "auto", sample_weight=None) -> Any:
    """Calibrator fitted on out-of-fold log-odds `score` (n,), chosen by the number of events when `method="auto"`."""
    return choose_calibration(score, y, method=method, sample_weight=sample_weight)


def cross_calibrated(
    score: np.ndarray,
    y: np.ndarray,
    fold: np.ndarray,
    *,
    method: str = "auto",
    sample_weight: np.ndarray | None = None,
    forward: bool = False,
) -> np.ndarray:
    """Calibrated log-odds (n,): no row is calibrated by itself.

    The rows are dealt anew for it, evenly over the fits that scored them: groups of equal rows can make the fits'
    own folds so unlike each other that a map from one is wrong for the next.

    Parameters
    ----------
    score : ndarray of shape (n,)
        Out-of-fold log-odds, NaN where a row was never tested.
    y : ndarray of shape (n,), bool
    fold : ndarray of shape (n,), int
        Fold that tested the row; -1 for none.
    forward : bool, default=False
        Fit on earlier folds only (time order). The first fold then stays as it is.
    """
    part = fold if forward else _deal(y, fold)
    out = np.full(score.shape, np.nan)
    for k in np.unique(part[part >= 0]):
        mine = part == k
        others = (part >= 0) & ((part < k) if forward else (part != k))
        if not others.any() or not y[others].any() or y[others].all():
            out[mine] = score[mine]
            continue
        weight = None if sample_weight is None else sample_weight[others]
        calibrator = fit_calibration(score[others], y[others], method=method, sample_weight=weight)
        out[mine] = calibrator.predict_logit(score[mine])
    return out


def _deal(y: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Part 0..4 of each tested row, -1 for the others: events and other rows of each fold dealt in random order."""
    rng = np.random.default_rng(0)
    part = np.full(fold.shape, -1)
    start = 0
    for k in np.unique(fold[fold >= 0]):
        for label in (True, False):
            rows = np.flatnonzero((fold == k) & (y == label))
            part[rng.permutation(rows)] = (start + np.arange(rows.size)) % 5
            start += rows.size
    return part
