"""Calibration of out-of-fold scores such that no row is calibrated by itself."""

import numpy as np

from rareclass.calibration import choose_calibration
from rareclass.crossfit import Folds, out_of_fold
from rareclass.fitting.rows import at


def cross_calibrated(
    score: np.ndarray, y: np.ndarray, folds: Folds, *, method: str = "auto", sample_weight: np.ndarray | None = None
) -> np.ndarray:
    """Calibrated log-odds (n,): no row is calibrated by itself.

    The rows are dealt anew for it, evenly over the fits that scored them: groups of equal rows can make the fits'
    own folds so unlike each other that a map from one is wrong for the next. In time order each part is calibrated
    by the earlier ones, and the first stays as it is.

    Parameters
    ----------
    score : ndarray of shape (n,)
        Out-of-fold log-odds, NaN where a row was never tested.
    y : ndarray of shape (n,), bool
    folds : Folds
        Which fit tested each row.
    """

    def calibrated(train: np.ndarray, test: np.ndarray) -> np.ndarray:
        if not y[train].any() or y[train].all():
            return score[test]
        calibrator = choose_calibration(score[train], y[train], method=method, sample_weight=at(sample_weight, train))
        return np.asarray(calibrator.predict_logit(score[test]))

    parts = folds if folds.forward else Folds(_deal(y, folds.fold))
    return out_of_fold(y.size, parts.splits(), calibrated).score


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
