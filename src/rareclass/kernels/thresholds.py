"""One sort gives the counts of true and false positives at every distinct score."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rareclass._types import Flags, Floats
from rareclass.kernels.compiled import compiled


@compiled
def _merge_counts(
    positive: np.ndarray, negative: np.ndarray, thresholds: np.ndarray, tp: np.ndarray, fp: np.ndarray
) -> int:  # pragma: no cover - compiled
    """Walk two ascending score arrays from their ends; returns the number of distinct scores written."""
    i = positive.shape[0] - 1
    j = negative.shape[0] - 1
    thresholds[0] = np.inf
    tp[0] = 0
    fp[0] = 0
    m = 0
    while i >= 0 or j >= 0:
        if j < 0 or (i >= 0 and positive[i] > negative[j]):
            cut = positive[i]
        else:
            cut = negative[j]
        gained = 0
        while i >= 0 and positive[i] == cut:
            gained += 1
            i -= 1
        lost = 0
        while j >= 0 and negative[j] == cut:
            lost += 1
            j -= 1
        m += 1
        thresholds[m] = cut
        tp[m] = tp[m - 1] + gained
        fp[m] = fp[m - 1] + lost
    return m + 1


@compiled
def _weighted_counts(
    y: np.ndarray,
    score: np.ndarray,
    weight: np.ndarray,
    order: np.ndarray,
    thresholds: np.ndarray,
    tp: np.ndarray,
    fp: np.ndarray,
) -> int:  # pragma: no cover - compiled
    """Accumulate weights over rows in ascending order of score, from the end."""
    n = order.shape[0]
    thresholds[0] = np.inf
    tp[0] = 0.0
    fp[0] = 0.0
    m = 0
    # compensated sums: 1e8 float weights would otherwise lose digits that precision at small recall needs
    gained, gained_rest, lost, lost_rest = 0.0, 0.0, 0.0, 0.0
    k = n - 1
    while k >= 0:
        cut = score[order[k]]
        while k >= 0 and score[order[k]] == cut:
            row = order[k]
            if y[row]:
                term = weight[row] - gained_rest
                total = gained + term
                gained_rest = (total - gained) - term
                gained = total
            else:
                term = weight[row] - lost_rest
                total = lost + term
                lost_rest = (total - lost) - term
                lost = total
            k -= 1
        m += 1
        thresholds[m] = cut
        tp[m] = gained
        fp[m] = lost
    return m + 1


def threshold_counts(
    y: Flags, score: Floats, weight: Floats | None = None, order: NDArray[np.intp] | None = None
) -> tuple[Floats, NDArray[Any], NDArray[Any]]:
    """Cumulative counts of flagged positives and negatives at every distinct score.

    A row is flagged iff its score >= threshold. Without weights the two classes are sorted apart and merged, which
    needs no permutation: 1e7 scores take well under two seconds on one core. With weights one argsort is needed.

    Parameters
    ----------
    y : bool array (n,)
        True for the positive class.
    score : float64 array (n,)
        Finite; higher = more likely positive.
    weight : float64 array (n,) or None
        Non-negative weight of each row.
    order : intp array (n,) or None
        ``np.argsort(score)`` where it is known; read with weights only.

    Returns
    -------
    thresholds : float64 array (m + 1,)
        +inf ("flag none"), then the m distinct scores in descending order.
    tp, fp : arrays (m + 1,)
        Number (int64) or weight (float64) of positives and negatives with score >= thresholds[i].

    Examples
    --------
    >>> t, tp, fp = threshold_counts(np.array([True, False, True]), np.array([0.9, 0.5, 0.5]))
    >>> t.tolist(), tp.tolist(), fp.tolist()
    ([inf, 0.9, 0.5], [0, 1, 2], [0, 0, 1])
    """
    y = np.ascontiguousarray(y, dtype=bool)
    score = np.ascontiguousarray(score, dtype=np.float64)
    n = y.shape[0]
    thresholds = np.empty(n + 1)
    if weight is None:
        counts = np.empty((2, n + 1), dtype=np.int64)
        m = _merge_counts(np.sort(score[y]), np.sort(score[~y]), thresholds, counts[0], counts[1])
        tp, fp = counts[0, :m], counts[1, :m]
    else:
        weight = np.ascontiguousarray(weight, dtype=np.float64)
        sums = np.empty((2, n + 1))
        order = np.argsort(score) if order is None else order
        m = _weighted_counts(y, score, weight, order, thresholds, sums[0], sums[1])
        tp, fp = sums[0, :m], sums[1, :m]
    if m < n // 2:  # many ties: do not keep the large buffers alive
        return thresholds[:m].copy(), tp.copy(), fp.copy()
    return thresholds[:m], tp, fp
