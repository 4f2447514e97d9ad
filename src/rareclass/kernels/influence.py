"""Influence of each row on a ranking metric: one sort gives standard errors, clustered and paired ones too.

For a metric M, ``influence[i]`` is such that the sampling error of M is close to the weighted mean of the influences
over independent rows, the number of events being random. Differences of two scorers on the same rows subtract their
influences; clusters add them up.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rareclass._types import Flags, Floats
from rareclass.kernels.compiled import compiled
from rareclass.kernels.effective import unit

_HIGHEST = 10


class RankInfluence(NamedTuple):
    """A ranking metric with the influence of each row."""

    value: float
    centre: float
    influence: Floats
    unseen: float = 0.0  # variance by rows that were not drawn and that no influence shows


@compiled
def _average_precision(
    y: np.ndarray, score: np.ndarray, weight: np.ndarray, half: float, influence: np.ndarray
) -> tuple[float, float, float]:  # pragma: no cover - compiled
    """Rows in ascending order of score; fills `influence` in that order."""
    n = y.shape[0]
    positives = 0.0
    everything = 0.0
    # the negatives that score highest, which say how much one weighs where few or none were drawn yet
    seen, top, top_squares = 0, 0.0, 0.0
    for i in range(n - 1, -1, -1):
        everything += weight[i]
        if y[i]:
            positives += weight[i]
        elif seen < _HIGHEST:
            seen += 1
            top += weight[i]
            top_squares += weight[i] ** 2
    # first pass, from the top: precision of each group of tied scores
    value, centre, smooth = 0.0, 0.0, 0.0
    tp, fp, fp_squares, highest = 0.0, 0.0, 0.0, -1.0
    k = n - 1
    while k >= 0:
        cut = score[k]
        first = k
        gained = 0.0
        while k >= 0 and score[k] == cut:
            if y[k]:
                gained += weight[k]
            else:
                fp += weight[k]
                fp_squares += weight[k] ** 2
            k -= 1
        tp += gained
        if gained > 0:
            value += gained * tp / (tp + fp)
            # half a negative as it weighs here, as far as it weighs more than a positive: between the few that were
            # drawn there may be others
            squares, all_of_them = (fp_squares, fp) if fp > top else (top_squares, top)
            unseen = max(squares / all_of_them / 2 - half, 0.0) if all_of_them > 0 else 0.0
            highest = unseen if highest < 0 else highest
            others = fp + unseen
            precision = tp / (tp + others)
            smooth += gained * precision
            fewer = max(tp - half, 0.0)
            centre += gained * (fewer / (fewer + others) if fewer + others > 0 else 1.0)
            for j in range(k + 1, first + 1):
                if y[j]:
                    influence[j] = precision
    value /= positives
    centre /= positives
    smooth /= positives
    # second pass, from the bottom: what a row adds to the precision at every positive below it
    from_tp, from_fp = 0.0, 0.0
    scale = everything / positives
    k = 0
    while k < n:
        cut = score[k]
        first = k
        gained, precision = 0.0, 0.0
        while k < n and score[k] == cut:
            if y[k]:
                gained += weight[k]
                precision = influence[k]
            k += 1
        if gained > 0:
            from_tp += gained * precision * (1 - precision) / tp
            from_fp += gained * precision**2 / tp
        for j in range(first, k):
            if y[j]:
                influence[j] = (precision - smooth + from_tp) * scale
            else:
                influence[j] = -from_fp * scale
        tp -= gained
    # a negative above all others: half of one more has the variance of half of one
    return value, centre, 2 * (highest * from_fp / positives) ** 2


@compiled
def _roc_auc(
    y: np.ndarray, score: np.ndarray, weight: np.ndarray, influence: np.ndarray
) -> float:  # pragma: no cover - compiled
    """Rows in ascending order of score; fills `influence` in that order."""
    n = y.shape[0]
    positives, negatives = 0.0, 0.0
    for i in range(n):
        if y[i]:
            positives += weight[i]
        else:
            negatives += weight[i]
    below_pos, below_neg, area = 0.0, 0.0, 0.0
    k = 0
    while k < n:
        cut = score[k]
        first = k
        tied_pos, tied_neg = 0.0, 0.0
        while k < n and score[k] == cut:
            if y[k]:
                tied_pos += weight[k]
            else:
                tied_neg += weight[k]
            k += 1
        beaten = (below_neg + tied_neg / 2) / negatives
        lost_to = 1 - (below_pos + tied_pos / 2) / positives
        area += tied_pos * beaten
        for j in range(first, k):
            influence[j] = beaten if y[j] else lost_to
        below_pos += tied_pos
        below_neg += tied_neg
    value = area / positives
    everything = positives + negatives
    for i in range(n):
        share = positives if y[i] else negatives
        influence[i] = (influence[i] - value) * everything / share
    return value


def _ascending(y: Flags, score: Floats, weight: Floats | None) -> tuple[NDArray[np.intp], Flags, Floats, Floats]:
    """Order, and the rows in it. Ties share one value, so their order does not matter and no stable sort is needed."""
    order = np.argsort(score)
    weight = np.ones(y.shape[0]) if weight is None else np.asarray(weight, np.float64)[order]
    return order, y[order], np.asarray(score, np.float64)[order], weight


def average_precision_influence(y: Flags, score: Floats, weight: Floats | None = None) -> RankInfluence:
    """Average precision, a companion whose log-odds are nearly unbiased, and the influence of each row.

    `centre` takes half a positive off the count of true positives at each score: a positive counts itself, which makes
    the average precision of few events too good (by a quarter at ten events); the interval is built around `centre`.
    Where negatives weigh more than positives because few were drawn, half of the difference is added to the false
    positives, in `centre` and in the influences: above the first negative that was drawn there are others.

    Parameters
    ----------
    y : bool array (n,)
        At least one positive.
    score : float64 array (n,)
    weight : float64 array (n,) or None

    Notes
    -----
    With P the precision at a score, the influence of a positive is (P - AP + sum over lower positives of
    P (1 - P) / tp) / prevalence and that of a negative -(sum over lower positives of P (1 - P) / fp) / prevalence, in
    which (1 - P) / fp is P / tp; both are derivatives of AP with respect to a row's weight. Tied scores share one
    precision.

    Examples
    --------
    >>> result = average_precision_influence(np.array([False, True, True]), np.array([0.1, 0.4, 0.8]))
    >>> result.value, float(result.influence.sum())
    (1.0, 0.0)
    """
    half = 0.5 if weight is None else 0.5 * unit(np.asarray(weight, np.float64)[y])
    order, positive, ascending, weight = _ascending(y, score, weight)
    sorted_influence = np.zeros(y.shape[0])
    value, centre, unseen = _average_precision(positive, ascending, weight, half, sorted_influence)
    influence = np.empty_like(sorted_influence)
    influence[order] = sorted_influence
    return RankInfluence(value, centre, influence, unseen)


def roc_auc_influence(y: Flags, score: Floats, weight: Floats | None = None) -> RankInfluence:
    """Area under the ROC curve and the influence of each row (DeLong's placement values).

    Notes
    -----
    DeLong, DeLong, Clarke-Pearson (1988), Biometrics 44:837.

    Examples
    --------
    >>> result = roc_auc_influence(np.array([False, True, False, True]), np.array([0.1, 0.35, 0.4, 0.8]))
    >>> result.value
    0.75
    """
    order, positive, ascending, weight = _ascending(y, score, weight)
    sorted_influence = np.zeros(y.shape[0])
    value = _roc_auc(positive, ascending, weight, sorted_influence)
    influence = np.empty_like(sorted_influence)
    influence[order] = sorted_influence
    return RankInfluence(value, value, influence)
