"""Metrics of the whole ranking: average precision and the area under the ROC curve."""

import numpy as np

from rareclass import _check
from rareclass._types import Label, Labels, Scores, Weights
from rareclass.kernels.counts import ratio
from rareclass.metrics._inputs import undefined
from rareclass.metrics.curve import ThresholdCurve


def average_precision_score(
    y_true: Labels, y_score: Scores, *, sample_weight: Weights = None, pos_label: Label = None
) -> float:
    """Average precision: mean over the positives of the precision at their own score.

    The step-wise area under the precision-recall curve, sum of (R_i - R_(i-1)) P_i over the distinct scores; never the
    trapezoid, which interpolates where no operating point exists. Use it to compare rankings of the same rows; never
    across different prevalences (see `average_precision_at_prevalence`).

    Parameters
    ----------
    y_true : array-like (n,)
        Binary labels.
    y_score : array-like (n,)
        Finite scores; higher = more likely positive.
    sample_weight : array-like (n,), optional
        Integer weights equal repeated rows. For negatives sampled with probability q, weight them by 1/q: without it
        the result refers to the sample, which can be ten times too good.
    pos_label : label, optional
        The positive label; needed only where it is not evident.

    Returns
    -------
    float in (0, 1]
        Chance level: the prevalence. Tied scores are taken together, so the order of rows never matters. NaN with an
        `UndefinedWarning` when there is no positive.

    Raises
    ------
    InputError
        Empty input, NaN or infinite scores, wrong lengths, negative weights.

    Notes
    -----
    Equals scikit-learn's function of this name, except that no positives give NaN and not 0.
    Davis and Goadrich (2006), ICML; Boyd et al. (2013), ECML PKDD.

    Examples
    --------
    >>> round(average_precision_score([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 4)
    0.8333
    >>> average_precision_score([0] * 990 + [1] * 10, [0.5] * 1000)
    0.01
    """
    curve = ThresholdCurve.from_predictions(y_true, y_score, sample_weight=sample_weight, pos_label=pos_label)
    return average_precision_of(curve)


def average_precision_of(curve: ThresholdCurve) -> float:
    """Average precision of a threshold curve."""
    if curve.positives == 0:
        return undefined("Average precision", "there is no positive row", stacklevel=4)
    gained = np.diff(curve.tp)
    step = np.flatnonzero(gained) + 1
    return float(np.sum(gained[step - 1] * curve.precision[step]) / curve.positives)


def roc_auc_score(y_true: Labels, y_score: Scores, *, sample_weight: Weights = None, pos_label: Label = None) -> float:
    """Area under the ROC curve: P(a positive scores above a negative), ties counted half.

    Independent of the prevalence, and for that reason blind to what a low prevalence does to precision: report it
    beside an operating metric. Binary only.

    Parameters
    ----------
    y_true, y_score, sample_weight, pos_label
        As in `average_precision_score`.

    Returns
    -------
    float in [0, 1]
        Chance level: 0.5. NaN with an `UndefinedWarning` when a class is absent.

    Notes
    -----
    Mann-Whitney's U over n1 n0; Hanley and McNeil (1982), Radiology 143:29. Equals scikit-learn's.

    Examples
    --------
    >>> roc_auc_score([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    """
    curve = ThresholdCurve.from_predictions(y_true, y_score, sample_weight=sample_weight, pos_label=pos_label)
    return roc_auc_of(curve)


def roc_auc_of(curve: ThresholdCurve) -> float:
    """Area under the ROC curve of a threshold curve."""
    if curve.positives == 0 or curve.negatives == 0:
        absent = "positive" if curve.positives == 0 else "negative"
        return undefined("The area under the ROC curve", f"there is no {absent} row", stacklevel=4)
    tp, fp = np.asarray(curve.tp, dtype=np.float64), np.asarray(curve.fp, dtype=np.float64)
    area = np.sum(np.diff(fp) * (tp[1:] + tp[:-1])) / 2
    return float(area / (curve.positives * curve.negatives))


def partial_roc_auc_score(
    y_true: Labels,
    y_score: Scores,
    *,
    max_fpr: float = 0.1,
    standardized: bool = True,
    sample_weight: Weights = None,
    pos_label: Label = None,
) -> float:
    """Area under the ROC curve up to a false-positive rate: the part where rare-event systems work.

    Parameters
    ----------
    y_true, y_score, sample_weight, pos_label
        As in `average_precision_score`.
    max_fpr : float in (0, 1], default 0.1
    standardized : bool, default True
        McClish's rescaling, so that chance is 0.5 and perfect is 1. False returns the mean recall over
        false-positive rates in [0, max_fpr]: chance max_fpr / 2.

    Returns
    -------
    float in [0, 1]
        Chance level: 0.5 (standardised), else max_fpr / 2. NaN with an `UndefinedWarning` when a class is absent.
        Ties: straight line between neighbouring points.

    Notes
    -----
    McClish (1989), Med. Decis. Making 9:190. Standardised, it equals scikit-learn's ``roc_auc_score(max_fpr=...)``.

    Examples
    --------
    >>> round(partial_roc_auc_score([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], max_fpr=0.5), 4)
    0.6667
    """
    limit = _check.fraction(max_fpr, "max_fpr", closed="right")
    curve = ThresholdCurve.from_predictions(y_true, y_score, sample_weight=sample_weight, pos_label=pos_label)
    if curve.positives == 0 or curve.negatives == 0:
        absent = "positive" if curve.positives == 0 else "negative"
        return undefined("The partial area under the ROC curve", f"there is no {absent} row")
    fpr, tpr = curve.false_positive_rate, curve.recall
    inside = int(np.searchsorted(fpr, limit, side="right"))
    x = np.append(fpr[:inside], limit)
    area = float(np.trapezoid(np.append(tpr[:inside], np.interp(limit, fpr, tpr)), x))
    if not standardized:
        return area / limit
    least = limit**2 / 2
    return 0.5 * (1 + (area - least) / (limit - least)) if limit > least else area


def average_precision_at_prevalence(
    y_true: Labels, y_score: Scores, *, prevalence: float, sample_weight: Weights = None, pos_label: Label = None
) -> float:
    """Average precision that the same ranking would have at another prevalence.

    Recall and false-positive rate do not depend on the prevalence when p(x | class) stays; precision does:
    P = pi R / (pi R + (1 - pi) F). Use it to compare data sets, or to read a balanced test set at the real rarity.

    Parameters
    ----------
    y_true, y_score, sample_weight, pos_label
        As in `average_precision_score`.
    prevalence : float in (0, 1)
        The prevalence to refer to.

    Returns
    -------
    float in (0, 1]
        Chance level: `prevalence`. NaN with an `UndefinedWarning` when a class is absent. Ties are taken together.

    Notes
    -----
    Equals average precision with the negatives weighted to the target prevalence. Saito and Rehmsmeier (2015),
    PLoS ONE 10:e0118432, on why precision-recall curves move with the prevalence.

    Examples
    --------
    >>> round(average_precision_at_prevalence([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], prevalence=0.01), 4)
    0.5099
    """
    pi = _check.fraction(prevalence, "prevalence", closed="neither")
    curve = ThresholdCurve.from_predictions(y_true, y_score, sample_weight=sample_weight, pos_label=pos_label)
    if curve.positives == 0 or curve.negatives == 0:
        absent = "positive" if curve.positives == 0 else "negative"
        return undefined("Average precision at another prevalence", f"there is no {absent} row")
    hit = pi * curve.recall
    precision = ratio(hit, hit + (1 - pi) * curve.false_positive_rate)
    gained = np.diff(curve.recall)
    step = np.flatnonzero(gained) + 1
    return float(np.sum(gained[step - 1] * precision[step]))
