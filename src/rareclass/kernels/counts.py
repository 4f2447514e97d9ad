"""Values of confusion counts, vectorised over thresholds: no overflow at 1e9 rows, NaN where undefined.

All functions take ``tp, fp, fn, tn`` as numbers or arrays of any (broadcastable) shape, integer or float, and return
float64. They serve the metrics of labels and the exact threshold search alike.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rareclass._types import Floats


def _floats(*counts: ArrayLike) -> list[Floats]:
    return [np.asarray(c, dtype=np.float64) for c in counts]


def ratio(top: ArrayLike, bottom: ArrayLike) -> Floats:
    """top / bottom, NaN where the bottom is zero."""
    top, bottom = _floats(top, bottom)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(bottom != 0, top / np.where(bottom != 0, bottom, 1.0), np.nan))


def precision(tp: ArrayLike, fp: ArrayLike, fn: ArrayLike = 0, tn: ArrayLike = 0) -> Floats:
    """tp / (tp + fp); NaN where nothing is flagged."""
    tp, fp = _floats(tp, fp)
    return ratio(tp, tp + fp)


def recall(tp: ArrayLike, fp: ArrayLike, fn: ArrayLike, tn: ArrayLike = 0) -> Floats:
    """tp / (tp + fn); NaN without positives."""
    tp, fn = _floats(tp, fn)
    return ratio(tp, tp + fn)


def specificity(tp: ArrayLike, fp: ArrayLike, fn: ArrayLike, tn: ArrayLike) -> Floats:
    """tn / (tn + fp); NaN without negatives."""
    fp, tn = _floats(fp, tn)
    return ratio(tn, tn + fp)


def f_beta(tp: ArrayLike, fp: ArrayLike, fn: ArrayLike, tn: ArrayLike = 0, beta: float = 1.0) -> Floats:
    """(1 + b^2) tp / ((1 + b^2) tp + b^2 fn + fp); NaN with neither positives nor alerts."""
    tp, fp, fn = _floats(tp, fp, fn)
    top = (1 + beta**2) * tp
    return ratio(top, top + beta**2 * fn + fp)


def jaccard(tp: ArrayLike, fp: ArrayLike, fn: ArrayLike, tn: ArrayLike = 0) -> Floats:
    """tp / (tp + fp + fn); NaN with neither positives nor alerts."""
    tp, fp, fn = _floats(tp, fp, fn)
    return ratio(tp, tp + fp + fn)


def balanced_accuracy(tp: ArrayLike, fp: ArrayLike, fn: ArrayLike, tn: ArrayLike) -> Floats:
    """(recall + specificity) / 2."""
    return (recall(tp, fp, fn, tn) + specificity(tp, fp, fn, tn)) / 2


def youden(tp: ArrayLike, fp: ArrayLike, fn: ArrayLike, tn: ArrayLike) -> Floats:
    """recall + specificity - 1."""
    return recall(tp, fp, fn, tn) + specificity(tp, fp, fn, tn) - 1


def geometric_mean(tp: ArrayLike, fp: ArrayLike, fn: ArrayLike, tn: ArrayLike) -> Floats:
    """Square root of recall times specificity."""
    return np.sqrt(recall(tp, fp, fn, tn) * specificity(tp, fp, fn, tn))


def matthews(tp: ArrayLike, fp: ArrayLike, fn: ArrayLike, tn: ArrayLike) -> Floats:
    """Matthews correlation in float64; 0 where either margin is constant (nothing or everything flagged).

    Each factor of the denominator is rooted before they are multiplied, so that 1e9 rows (whose product of four
    margins passes 2**63) lose no digits. NaN where a true class is absent.
    """
    tp, fp, fn, tn = _floats(tp, fp, fn, tn)
    classes = np.sqrt(tp + fn) * np.sqrt(tn + fp)
    alerts = np.sqrt(tp + fp) * np.sqrt(tn + fn)
    constant = (alerts == 0) & (classes > 0)
    return np.where(constant, 0.0, ratio(tp * tn - fp * fn, np.where(constant, 1.0, alerts) * classes))


def kappa(tp: ArrayLike, fp: ArrayLike, fn: ArrayLike, tn: ArrayLike) -> Floats:
    """Cohen's kappa, 2 (tp tn - fn fp) / ((tp + fp)(fp + tn) + (tp + fn)(fn + tn)); NaN where undefined."""
    tp, fp, fn, tn = _floats(tp, fp, fn, tn)
    return ratio(2 * (tp * tn - fn * fp), (tp + fp) * (fp + tn) + (tp + fn) * (fn + tn))


def accuracy(tp: ArrayLike, fp: ArrayLike, fn: ArrayLike, tn: ArrayLike) -> Floats:
    """(tp + tn) / n."""
    tp, fp, fn, tn = _floats(tp, fp, fn, tn)
    return ratio(tp + tn, tp + fp + fn + tn)


OF_COUNTS: dict[str, Any] = {
    "accuracy": accuracy,
    "balanced_accuracy": balanced_accuracy,
    "f1": f_beta,
    "geometric_mean": geometric_mean,
    "kappa": kappa,
    "matthews_corrcoef": matthews,
    "precision": precision,
    "recall": recall,
    "specificity": specificity,
    "youden": youden,
}
