"""Bootstrap of ranking metrics by resampled counts over sorted scores: no row is drawn, nothing is sorted again."""

import numpy as np
from numpy.typing import NDArray

from rareclass._types import Floats
from rareclass.kernels.compiled import compiled


def compress(tp: NDArray[np.int64], fp: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positives and negatives at each score that holds a positive, the negatives in between added to the next.

    Ranking metrics do not see the order within a run of negatives, so this loses nothing for average precision; the
    last step holds the negatives below all positives. Its length is at most the number of positives plus one.

    Parameters
    ----------
    tp, fp : int64 arrays (m,)
        Cumulative counts of `threshold_counts`.
    """
    step = np.flatnonzero(np.diff(tp, prepend=0) > 0)
    gained = np.diff(tp[step], prepend=0)
    lost = np.diff(fp[step], prepend=0)
    below = fp[-1] - (fp[step[-1]] if step.size else 0)
    return np.append(gained, 0), np.append(lost, below)


@compiled
def _average_precisions(
    gained: np.ndarray, lost: np.ndarray, size: int, stratified: bool, seed: int
) -> tuple[np.ndarray, int]:  # pragma: no cover - compiled
    np.random.seed(seed)  # noqa: NPY002 - numba's own generator, seeded at every call
    k = gained.shape[0]
    n1, n0 = 0, 0
    for i in range(k):
        n1 += gained[i]
        n0 += lost[i]
    out = np.empty(size)
    empty = 0
    for b in range(size):
        events = n1
        if not stratified:
            events = np.random.binomial(n1 + n0, n1 / (n1 + n0))  # noqa: NPY002
        if events == 0:
            out[b] = np.nan
            empty += 1
            continue
        left1, rest1, left0, rest0 = events, n1, n1 + n0 - events, n0
        tp, fp, total = 0.0, 0.0, 0.0
        for i in range(k):
            if left1 == 0:
                break
            hit = 0
            if gained[i] > 0:
                hit = np.random.binomial(left1, min(gained[i] / rest1, 1.0))  # noqa: NPY002
                left1 -= hit
                rest1 -= gained[i]
            if lost[i] > 0 and left0 > 0:
                miss = np.random.binomial(left0, min(lost[i] / rest0, 1.0))  # noqa: NPY002
                left0 -= miss
                rest0 -= lost[i]
                fp += miss
            if hit > 0:
                tp += hit
                total += hit * tp / (tp + fp)
        out[b] = total / events
    return out, empty


def bootstrap_average_precision(
    tp: NDArray[np.int64], fp: NDArray[np.int64], size: int, rng: np.random.Generator, *, stratified: bool = False
) -> tuple[Floats, int]:
    """Average precision of `size` resamples of the rows behind cumulative counts.

    Each resample costs as many binomial draws as there are scores with positives, whatever the number of rows: the
    counts of the runs between them are multinomial, exactly as if rows were drawn. Tied scores stay tied.

    Parameters
    ----------
    tp, fp : int64 arrays (m,)
        Cumulative counts of `threshold_counts` (unweighted rows).
    size : int
        Number of resamples.
    stratified : bool
        True keeps the numbers of positives and negatives.

    Returns
    -------
    values : float64 array (size,)
        NaN for resamples without positives.
    empty : int
        Number of those.
    """
    gained, lost = compress(tp, fp)
    return _average_precisions(gained, lost, size, stratified, int(rng.integers(2**31 - 1)))
