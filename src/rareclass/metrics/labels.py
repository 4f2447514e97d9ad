"""Metrics of decisions (0/1 predictions): confusion counts and the scores made of them."""

import warnings
from typing import NamedTuple

import numpy as np

from rareclass import _check
from rareclass._types import Floats, Label, Labels, Weights
from rareclass.errors import UndefinedWarning
from rareclass.kernels import counts
from rareclass.metrics._inputs import labelled_rows, total


class ConfusionCounts(NamedTuple):
    """Rows (or weight) by truth and decision."""

    tp: float
    fp: float
    fn: float
    tn: float


def confusion_counts(
    y_true: Labels, y_pred: Labels, *, sample_weight: Weights = None, pos_label: Label = None
) -> ConfusionCounts:
    """True and false positives, false and true negatives.

    Parameters
    ----------
    y_true, y_pred : array-like (n,)
        Labels; Boolean predictions mean "flagged" whatever the labels of y_true are called.
    sample_weight : array-like (n,), optional
        Integer weights equal repeated rows.
    pos_label : label, optional
        With more than two labels: that one against the rest.

    Returns
    -------
    ConfusionCounts(tp, fp, fn, tn)
        Whole numbers without weights (exact beyond 2**31), sums of weights with them.

    Raises
    ------
    InputError
        Empty input, missing labels, labels in y_pred that y_true does not know, wrong lengths, negative weights.

    Examples
    --------
    >>> confusion_counts([0, 1, 1, 0], [0, 1, 0, 0])
    ConfusionCounts(tp=1, fp=0, fn=1, tn=2)
    """
    rows = labelled_rows(y_true, y_pred, sample_weight, pos_label)
    hit = rows.y & rows.score
    parts = [
        total(mask, rows.weight) for mask in (hit, ~rows.y & rows.score, rows.y & ~rows.score, ~(rows.y | rows.score))
    ]
    if rows.weight is None:
        return ConfusionCounts(*(int(part) for part in parts))
    return ConfusionCounts(*parts)


def defined_value(result: float | Floats, name: str, reason: str, zero_division: float | None) -> float:
    """The number; where it is NaN `zero_division`, or NaN with a warning that gives the reason."""
    number = float(result)
    if np.isnan(number):
        if zero_division is not None:
            return float(zero_division)
        warnings.warn(f"{name} is undefined and set to NaN: {reason}.", UndefinedWarning, stacklevel=3)
    return number


def precision_score(
    y_true: Labels,
    y_pred: Labels,
    *,
    zero_division: float | None = None,
    sample_weight: Weights = None,
    pos_label: Label = None,
) -> float:
    """Share of the alerts that are positive, tp / (tp + fp).

    Parameters
    ----------
    y_true, y_pred, sample_weight, pos_label
        As in `confusion_counts`.
    zero_division : float, optional
        Value when nothing is flagged. Default: NaN with an `UndefinedWarning`, because undefined is not 0.

    Returns
    -------
    float in [0, 1]
        Chance level: the prevalence, whatever the share flagged. Depends on the prevalence of the rows. Ties play no
        part: decisions are judged, not scores.

    Notes
    -----
    van Rijsbergen (1979), Information Retrieval, chapter 7; also called positive predictive value.

    Examples
    --------
    >>> precision_score([0, 1, 1, 0], [1, 1, 0, 0])
    0.5
    """
    c = confusion_counts(y_true, y_pred, sample_weight=sample_weight, pos_label=pos_label)
    return defined_value(counts.precision(*c), "Precision", "no row is flagged", zero_division)


def recall_score(
    y_true: Labels,
    y_pred: Labels,
    *,
    zero_division: float | None = None,
    sample_weight: Weights = None,
    pos_label: Label = None,
) -> float:
    """Share of the positives that are flagged, tp / (tp + fn).

    Parameters
    ----------
    y_true, y_pred, sample_weight, pos_label
        As in `confusion_counts`.
    zero_division : float, optional
        Value without positives. Default: NaN with an `UndefinedWarning`.

    Returns
    -------
    float in [0, 1]
        Chance level: the share flagged. Independent of the prevalence. Ties play no part: decisions are judged.

    Notes
    -----
    Also sensitivity, true-positive rate, hit rate. Yerushalmy (1947), Public Health Rep. 62:1432.

    Examples
    --------
    >>> recall_score([0, 1, 1, 0], [1, 1, 0, 0])
    0.5
    """
    c = confusion_counts(y_true, y_pred, sample_weight=sample_weight, pos_label=pos_label)
    return defined_value(counts.recall(*c), "Recall", "there is no positive row", zero_division)


def fbeta_score(
    y_true: Labels,
    y_pred: Labels,
    *,
    beta: float = 1.0,
    zero_division: float | None = None,
    sample_weight: Weights = None,
    pos_label: Label = None,
) -> float:
    """Weighted harmonic mean of precision and recall; beta > 1 favours recall.

    Parameters
    ----------
    y_true, y_pred, sample_weight, pos_label
        As in `confusion_counts`.
    beta : float > 0, default 1
    zero_division : float, optional
        Value with neither positives nor alerts. Default: NaN with an `UndefinedWarning`. With positives but no true
        positive the score is 0, which is its value.

    Returns
    -------
    float in [0, 1]
        Chance level: that of flagging everything, (1 + b^2) pi / (b^2 + pi) with pi the prevalence and b beta. Ties
        play no part: decisions are judged.

    Notes
    -----
    van Rijsbergen (1979), chapter 7, E = 1 - F.

    Examples
    --------
    >>> round(fbeta_score([0, 1, 1, 0], [1, 1, 1, 0], beta=2), 4)
    0.9091
    """
    beta = _check.fraction(beta, "beta", high=np.inf, closed="neither")
    c = confusion_counts(y_true, y_pred, sample_weight=sample_weight, pos_label=pos_label)
    reason = "there are neither positives nor alerts"
    return defined_value(counts.f_beta(*c, beta=beta), "F-beta", reason, zero_division)


def f1_score(
    y_true: Labels,
    y_pred: Labels,
    *,
    zero_division: float | None = None,
    sample_weight: Weights = None,
    pos_label: Label = None,
) -> float:
    """Harmonic mean of precision and recall: `fbeta_score` with beta = 1.

    Parameters
    ----------
    y_true, y_pred, zero_division, sample_weight, pos_label
        As in `fbeta_score`.

    Returns
    -------
    float in [0, 1]
        Chance level: 2 pi / (1 + pi) with pi the prevalence, reached by flagging everything. Ties play no part:
        decisions are judged.

    Notes
    -----
    van Rijsbergen (1979), chapter 7.

    Examples
    --------
    >>> f1_score([0, 1, 1, 0], [1, 1, 1, 0])
    0.8
    """
    c = confusion_counts(y_true, y_pred, sample_weight=sample_weight, pos_label=pos_label)
    return defined_value(counts.f_beta(*c), "F1", "there are neither positives nor alerts", zero_division)


def jaccard_score(
    y_true: Labels,
    y_pred: Labels,
    *,
    zero_division: float | None = None,
    sample_weight: Weights = None,
    pos_label: Label = None,
) -> float:
    """Hits over everything that was positive or flagged, tp / (tp + fp + fn): forecasters' critical success index.

    It orders classifiers as F1 does, F1 / (2 - F1); correct rejections play no part.

    Parameters
    ----------
    y_true, y_pred, sample_weight, pos_label
        As in `confusion_counts`.
    zero_division : float, optional
        Value with neither positives nor alerts. Default: NaN with an `UndefinedWarning`.

    Returns
    -------
    float in [0, 1]
        Chance level: the prevalence, reached by flagging everything. Ties play no part: decisions are judged.

    Notes
    -----
    Gilbert (1884), Am. Meteorol. J. 1:166; Jaccard (1912), New Phytol. 11:37.

    Examples
    --------
    >>> round(jaccard_score([0, 1, 1, 0], [1, 1, 1, 0]), 4)
    0.6667
    """
    c = confusion_counts(y_true, y_pred, sample_weight=sample_weight, pos_label=pos_label)
    return defined_value(
        counts.jaccard(*c), "The Jaccard index", "there are neither positives nor alerts", zero_division
    )


def accuracy_score(y_true: Labels, y_pred: Labels, *, sample_weight: Weights = None, pos_label: Label = None) -> float:
    """Share of right decisions. Under rarity, flagging nothing already has 1 - prevalence: do not use it to choose.

    Parameters
    ----------
    y_true, y_pred, sample_weight, pos_label
        As in `confusion_counts`.

    Returns
    -------
    float in [0, 1]
        Chance level: 1 - prevalence (flag nothing). Ties play no part: decisions are judged.

    Notes
    -----
    Provost, Fawcett, Kohavi (1998), ICML, on why not to compare classifiers by it.

    Examples
    --------
    >>> accuracy_score([0, 1, 1, 0], [1, 1, 1, 0])
    0.75
    """
    c = confusion_counts(y_true, y_pred, sample_weight=sample_weight, pos_label=pos_label)
    return float(counts.accuracy(*c))
