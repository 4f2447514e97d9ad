"""Metrics of decisions (0/1 predictions): confusion counts and the scores made of them."""

import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rareclass import _check
from rareclass.errors import UndefinedWarning
from rareclass.kernels import counts
from rareclass.metrics._inputs import label_column, labelled_rows, total

Floats = NDArray[np.float64]


class ConfusionCounts(NamedTuple):
    """Rows (or weight) by truth and decision."""

    tp: float
    fp: float
    fn: float
    tn: float


def confusion_counts(y_true: Any, y_pred: Any, *, sample_weight: Any = None, pos_label: Any = None) -> ConfusionCounts:
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


def _value(result: Any, name: str, reason: str, zero_division: float | None) -> float:
    number = float(result)
    if np.isnan(number):
        if zero_division is not None:
            return float(zero_division)
        warnings.warn(f"{name} is undefined and set to NaN: {reason}.", UndefinedWarning, stacklevel=3)
    return number


def precision_score(
    y_true: Any, y_pred: Any, *, zero_division: float | None = None, sample_weight: Any = None, pos_label: Any = None
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
    return _value(counts.precision(*c), "Precision", "no row is flagged", zero_division)


def recall_score(
    y_true: Any, y_pred: Any, *, zero_division: float | None = None, sample_weight: Any = None, pos_label: Any = None
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
    return _value(counts.recall(*c), "Recall", "there is no positive row", zero_division)


def fbeta_score(
    y_true: Any,
    y_pred: Any,
    *,
    beta: float = 1.0,
    zero_division: float | None = None,
    sample_weight: Any = None,
    pos_label: Any = None,
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
    return _value(counts.f_beta(*c, beta=beta), "F-beta", reason, zero_division)


def f1_score(
    y_true: Any, y_pred: Any, *, zero_division: float | None = None, sample_weight: Any = None, pos_label: Any = None
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
    return _value(counts.f_beta(*c), "F1", "there are neither positives nor alerts", zero_division)


def jaccard_score(
    y_true: Any, y_pred: Any, *, zero_division: float | None = None, sample_weight: Any = None, pos_label: Any = None
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
    return _value(counts.jaccard(*c), "The Jaccard index", "there are neither positives nor alerts", zero_division)


def accuracy_score(y_true: Any, y_pred: Any, *, sample_weight: Any = None, pos_label: Any = None) -> float:
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


def _class_matrix(y_true: Any, y_pred: Any, sample_weight: Any, pos_label: Any) -> Floats:
    """Confusion matrix [true, predicted]: 2 x 2 (negative, positive) for binary labels, K x K for more classes."""
    raw = _check.column(y_true, "y_true")
    classes = _check.class_values(raw, "y_true")
    if pos_label is not None or len(classes) <= 2:
        other = _check.column(y_pred, "y_pred")
        # a third label in y_pred makes it a multi-class problem even if y_true happens to hold two
        if pos_label is not None or other.dtype == bool or len(_check.class_values(other, "y_pred")) <= 2:
            c = confusion_counts(y_true, y_pred, sample_weight=sample_weight, pos_label=pos_label)
            return np.array([[c.tn, c.fp], [c.fn, c.tp]], dtype=np.float64)
    predicted = label_column(y_pred, "y_pred")
    _check.same_length(y_true=raw, y_pred=predicted)
    weight = _check.weights(sample_weight, raw.shape[0])
    labels, code = np.unique(np.concatenate([raw, predicted]), return_inverse=True)
    k, n = labels.shape[0], raw.shape[0]
    flat = np.bincount(code[:n] * k + code[n:], weights=weight, minlength=k * k)
    return flat.reshape(k, k).astype(np.float64)


def balanced_accuracy_score(y_true: Any, y_pred: Any, *, sample_weight: Any = None, pos_label: Any = None) -> float:
    """Mean of the recalls of all classes present in y_true; for two classes (recall + specificity) / 2.

    Parameters
    ----------
    y_true, y_pred, sample_weight, pos_label
        As in `confusion_counts`; more than two classes are allowed without `pos_label`.

    Returns
    -------
    float in [0, 1]
        Chance level: 1 / number of classes. NaN with an `UndefinedWarning` when y_true holds one class. Ties play no
        part: decisions are judged.

    Notes
    -----
    Brodersen et al. (2010), ICPR. Equals scikit-learn's, but for one class, where a mean of one recall misleads.

    Examples
    --------
    >>> balanced_accuracy_score([0, 1, 1, 0], [1, 1, 1, 0])
    0.75
    """
    matrix = _class_matrix(y_true, y_pred, sample_weight, pos_label)
    support = matrix.sum(axis=1)
    present = support > 0
    result = np.mean(np.diag(matrix)[present] / support[present]) if present.sum() > 1 else np.nan
    return _value(result, "Balanced accuracy", "y_true holds one class only", None)


def youden_score(y_true: Any, y_pred: Any, *, sample_weight: Any = None, pos_label: Any = None) -> float:
    """Youden's J, recall + specificity - 1.

    Parameters
    ----------
    y_true, y_pred, sample_weight, pos_label
        As in `confusion_counts`.

    Returns
    -------
    float in [-1, 1]
        Chance level: 0. NaN with an `UndefinedWarning` when a class is absent. Ties play no part: decisions are
        judged.

    Notes
    -----
    Youden (1950), Cancer 3:32.

    Examples
    --------
    >>> youden_score([0, 1, 1, 0], [1, 1, 1, 0])
    0.5
    """
    c = confusion_counts(y_true, y_pred, sample_weight=sample_weight, pos_label=pos_label)
    return _value(counts.youden(*c), "Youden's J", "y_true holds one class only", None)


def matthews_corrcoef(y_true: Any, y_pred: Any, *, sample_weight: Any = None, pos_label: Any = None) -> float:
    """Matthews' correlation between truth and decision; for more classes, Gorodkin's R_K.

    Computed in float64 with the roots taken before the product, so nothing overflows at 1e9 rows and beyond.

    Parameters
    ----------
    y_true, y_pred, sample_weight, pos_label
        As in `confusion_counts`; more than two classes are allowed without `pos_label`.

    Returns
    -------
    float in [-1, 1]
        Chance level: 0. 0 as well when all rows get the same decision; NaN with an `UndefinedWarning` when y_true
        holds one class. Ties play no part: decisions are judged.

    Notes
    -----
    Matthews (1975), Biochim. Biophys. Acta 405:442; Gorodkin (2004), Comput. Biol. Chem. 28:367, eq. 8.

    Examples
    --------
    >>> round(matthews_corrcoef([0, 1, 1, 0], [1, 1, 1, 0]), 4)
    0.5774
    """
    matrix = _class_matrix(y_true, y_pred, sample_weight, pos_label)
    if matrix.shape == (2, 2):
        result: Any = counts.matthews(matrix[1, 1], matrix[0, 1], matrix[1, 0], matrix[0, 0])
    else:
        share = matrix / matrix.sum()
        true, predicted = share.sum(axis=1), share.sum(axis=0)
        spread = np.sqrt(1 - np.dot(true, true)) * np.sqrt(1 - np.dot(predicted, predicted))
        one_class = np.count_nonzero(true) < 2
        constant = np.count_nonzero(predicted) < 2
        result = np.nan if one_class else 0.0 if constant else (np.trace(share) - np.dot(true, predicted)) / spread
    return _value(result, "Matthews' correlation", "y_true holds one class only", None)


def cohen_kappa_score(y_true: Any, y_pred: Any, *, sample_weight: Any = None, pos_label: Any = None) -> float:
    """Cohen's kappa: agreement beyond what the two margins give by chance.

    Parameters
    ----------
    y_true, y_pred, sample_weight, pos_label
        As in `confusion_counts`; more than two classes are allowed without `pos_label`.

    Returns
    -------
    float in [-1, 1]
        Chance level: 0. NaN with an `UndefinedWarning` when truth and decisions hold the same single class. Ties play
        no part: decisions are judged.

    Notes
    -----
    Cohen (1960), Educ. Psychol. Meas. 20:37.

    Examples
    --------
    >>> cohen_kappa_score([0, 1, 1, 0], [1, 1, 1, 0])
    0.5
    """
    matrix = _class_matrix(y_true, y_pred, sample_weight, pos_label)
    share = matrix / matrix.sum()
    expected = np.dot(share.sum(axis=1), share.sum(axis=0))
    result = counts.ratio(np.trace(share) - expected, 1 - expected)
    return _value(result, "Cohen's kappa", "truth and decisions hold the same single class", None)


class LikelihoodRatios(NamedTuple):
    """How much an alert raises, and no alert lowers, the odds of being positive."""

    positive: float
    negative: float


def likelihood_ratios(
    y_true: Any, y_pred: Any, *, sample_weight: Any = None, pos_label: Any = None
) -> LikelihoodRatios:
    """LR+ = recall / (1 - specificity) and LR- = (1 - recall) / specificity.

    They do not depend on the prevalence: posterior odds = prior odds * ratio.

    Parameters
    ----------
    y_true, y_pred, sample_weight, pos_label
        As in `confusion_counts`.

    Returns
    -------
    LikelihoodRatios(positive, negative), each in [0, inf)
        Chance level: 1. NaN with an `UndefinedWarning` without false positives (LR+) or true negatives (LR-), or when
        a class is absent. Ties play no part: decisions are judged.

    Notes
    -----
    Brenner and Gefeller (1997), Stat. Med. 16:981.

    Examples
    --------
    >>> likelihood_ratios([0, 1, 1, 0, 0, 0], [1, 1, 1, 0, 0, 0])
    LikelihoodRatios(positive=4.0, negative=0.0)
    """
    c = confusion_counts(y_true, y_pred, sample_weight=sample_weight, pos_label=pos_label)
    hit, clear = counts.recall(*c), counts.specificity(*c)
    one_class = "a class is absent"
    plus = _value(counts.ratio(hit, 1 - clear), "LR+", "there is no false positive, or " + one_class, None)
    minus = _value(counts.ratio(1 - hit, clear), "LR-", "there is no true negative, or " + one_class, None)
    return LikelihoodRatios(plus, minus)
