"""Calibration of out-of-fold scores such that no row is calibrated by itself."""

from dataclasses import replace

import numpy as np

from rareclass.calibration import choose_calibration
from rareclass.calibration.base import Calibrator
from rareclass.calibration.sigmoid import PulledSigmoid
from rareclass.crossfit import Folds, out_of_fold
from rareclass.fitting.rows import at
from rareclass.fitting.slice_column import SliceColumn
from rareclass.kernels.effective import unit


def cross_calibrated(
    score: np.ndarray, y: np.ndarray, folds: Folds, *, method: str = "auto", sample_weight: np.ndarray | None = None
) -> np.ndarray:
    """Calibrated log-odds (n,): no row is calibrated by itself.

    The rows are dealt anew for it, evenly over the fits that scored them: groups of equal rows can make the fits'
    own folds so unlike each other that a map from one is wrong for the next. In time order each part is calibrated
    by the earlier ones, and the first stays as it is. The earlier fits had fewer rows than the one that scored the
    part, the first of them often few events: there a straight line is pulled to the identity (`PulledSigmoid`).

    Parameters
    ----------
    score : ndarray of shape (n,)
        Out-of-fold log-odds, NaN where a row was never tested.
    y : ndarray of shape (n,), bool
    folds : Folds
        Which fit tested each row.
    """
    return cross_sliced(score, y, folds, None, method=method, sample_weight=sample_weight)[0]


def cross_sliced(
    score: np.ndarray,
    y: np.ndarray,
    folds: Folds,
    slices: SliceColumn | None,
    *,
    groups: np.ndarray | None = None,
    method: str = "auto",
    sample_weight: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Calibrated log-odds (n,), and the same shifted by slice: no row is calibrated or shifted by itself.

    Without slices the two are one. `groups` (n,) are rows that depend on each other and tell less about slices; the
    other arguments are those of `cross_calibrated`.
    """

    def calibrated(train: np.ndarray, test: np.ndarray) -> np.ndarray:
        if not y[train].any() or y[train].all():
            return np.column_stack([score[test]] * kept)
        weight = as_counts(at(sample_weight, train), y[train], at(folds.row, train))
        choose = _choose_for_next if folds.forward else choose_calibration
        calibrator = choose(score[train], y[train], method=method, sample_weight=weight)
        found = np.asarray(calibrator.predict_logit(score[test]))
        if slices is None:
            return found[:, None]
        known = np.asarray(calibrator.predict_logit(score[train]))
        how = {"counts": weight, "groups": at(groups, train), "row": at(folds.row, train)}
        shifts = slices.take(train).fit(known, y[train], **how)
        return np.column_stack([found, shifts.apply(found, slices.number[test])])

    kept = 1 if slices is None else 2
    parts = folds if folds.forward else replace(folds, fold=_deal(y, folds))
    both = out_of_fold(y.size, parts.splits(), calibrated).score.reshape(y.size, -1)
    return both[:, 0], both[:, -1]


def _choose_for_next(
    score: np.ndarray, y: np.ndarray, *, method: str | Calibrator, sample_weight: np.ndarray | None
) -> Calibrator:
    """What earlier parts teach the next one: a curve where their events show one, else a careful line."""
    chosen = choose_calibration(score, y, method=method, sample_weight=sample_weight)
    if method != "auto" or chosen.kind not in ("identity", "intercept", "sigmoid"):
        return chosen
    return PulledSigmoid().fit(score, y, sample_weight=sample_weight)


def as_counts(weight: np.ndarray | None, y: np.ndarray, row: np.ndarray | None = None) -> np.ndarray | None:
    """Weights (n,) that count events as the rows they are worth, which is what a calibration is chosen by.

    Weights of 10 for all rows are no ten times as many events, and neither is a row that is tested ten times: `row`
    (n,) says which is which where rows are.
    """
    if weight is None:
        return None
    own = weight[y]
    if row is not None:
        own = np.bincount(np.unique(row[y], return_inverse=True)[1], weights=own)
    return weight / unit(own)


def _deal(y: np.ndarray, folds: Folds) -> np.ndarray:
    """Part 0..4 of each tested row, -1 for the others: events and other rows of each fold dealt in random order.

    A row that is tested again stays in its part.
    """
    rng = np.random.default_rng(0)
    fold = folds.fold
    if folds.row is not None:
        tested = np.flatnonzero(fold >= 0)
        _, first, row = np.unique(folds.row[tested], return_index=True, return_inverse=True)
        part = np.full(fold.shape, -1)
        part[tested] = _deal(y[tested[first]], Folds(fold[tested[first]]))[row]
        return part
    part = np.full(fold.shape, -1)
    start = 0
    for k in np.unique(fold[fold >= 0]):
        for label in (True, False):
            rows = np.flatnonzero((fold == k) & (y == label))
            part[rng.permutation(rows)] = (start + np.arange(rows.size)) % 5
            start += rows.size
    return part
