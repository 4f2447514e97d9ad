"""Agreement of labels with the truth in both classes: balanced accuracy, Matthews, kappa, Youden, likelihood ratios."""

from typing import Any, NamedTuple

import numpy as np

from rareclass import _check
from rareclass._types import Floats, Label, Labels, Weights
from rareclass.kernels import counts
from rareclass.metrics._inputs import label_column
from rareclass.metrics.labels import confusion_counts, defined_value


def _class_matrix(y_true: Labels, y_pred: Labels, sample_weight: Weights, pos_label: Label) -> Floats:
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


def balanced_accuracy_score(
    y_true: Labels, y_pred: Labels, *, sample_weight: Weights = None, pos_label: Label = None
) -> float:
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
    return defined_value(result, "Balanced accuracy", "y_true holds one class only", None)


def youden_score(y_true: Labels, y_pred: Labels, *, sample_weight: Weights = None, pos_label: Label = None) -> float:
    """Youden's J, recall + specificity - 1.

    Parameters
    ----------
    y_true, y_pred, sample_weight, pos_label
        As in `confusion_counts`.

    Returns
    -------
    float in [-1, 1]
        Chance level: 0. NaN with an `UndefinedWarning` when a class is absent. Ties play no part: decisions are judged.

    Notes
    -----
    Youden (1950), Cancer 3:32.

    Examples
    --------
    >>> youden_score([0, 1, 1, 0], [1, 1, 1, 0])
    0.5
    """
    c = confusion_counts(y_true, y_pred, sample_weight=sample_weight, pos_label=pos_label)
    return defined_value(counts.youden(*c), "Youden's J", "y_true holds one class only", None)


def matthews_corrcoef(
    y_true: Labels, y_pred: Labels, *, sample_weight: Weights = None, pos_label: Label = None
) -> float:
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
    return defined_value(result, "Matthews' correlation", "y_true holds one class only", None)


def cohen_kappa_score(
    y_true: Labels, y_pred: Labels, *, sample_weight: Weights = None, pos_label: Label = None
) -> float:
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
    return defined_value(result, "Cohen's kappa", "truth and decisions hold the same single class", None)


class LikelihoodRatios(NamedTuple):
    """How much an alert raises, and no alert lowers, the odds of being positive."""

    positive: float
    negative: float


def likelihood_ratios(
    y_true: Labels, y_pred: Labels, *, sample_weight: Weights = None, pos_label: Label = None
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
    plus = defined_value(counts.ratio(hit, 1 - clear), "LR+", "there is no false positive, or " + one_class, None)
    minus = defined_value(counts.ratio(1 - hit, clear), "LR-", "there is no true negative, or " + one_class, None)
    return LikelihoodRatios(plus, minus)
