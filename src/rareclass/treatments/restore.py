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
    """Calibrated log-odds (n,): the rows of each fold by a calibrator fitted on the other folds.

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
    out = np.full(score.shape, np.nan)
    for k in np.unique(fold[fold >= 0]):
        mine = fold == k
        others = (fold >= 0) & ((fold < k) if forward else (fold != k))
        if not others.any() or not y[others].any() or y[others].all():
            out[mine] = score[mine]
            continue
        weight = None if sample_weight is None else sample_weight[others]
        calibrator = fit_calibration(score[others], y[others], method=method, sample_weight=weight)
        out[mine] = calibrator.predict_logit(score[mine])
    return out
