"""imbalanced-learn's metrics of labels, with its signatures and with the weights counted right."""

import numbers
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rareclass import _check
from rareclass._sklearn import Interval, StrOptions, checks_parameters
from rareclass._types import Floats, Label, Labels, Weights
from rareclass.errors import InputError, TargetError, UndefinedWarning
from rareclass.metrics._inputs import label_column

_AVERAGES = (None, "binary", "micro", "macro", "weighted", "samples")
# What the arguments accept, in the words of scikit-learn's and imbalanced-learn's parameter tests.
TWO_COLUMNS: dict[str, Any] = {
    "y_true": ["array-like"],
    "y_pred": ["array-like"],
    "sample_weight": ["array-like", None],
}
_AVERAGED: dict[str, Any] = {
    **TWO_COLUMNS,
    "labels": ["array-like", None],
    "pos_label": "no_validation",
    "average": [None, StrOptions({"binary", "micro", "macro", "weighted", "samples"})],
}


class ClassCounts(NamedTuple):
    """Counts (or weights) for each label of interest."""

    labels: NDArray[Any]
    tp: NDArray[Any]
    predicted: NDArray[Any]
    true: NDArray[Any]
    total: float

    @property
    def tn(self) -> NDArray[Any]:
        """Rows neither of the class nor assigned to it: weights on both sides, never a number of rows."""
        return np.asarray(self.total - (self.predicted + self.true - self.tp))


def class_counts(
    y_true: Labels, y_pred: Labels, labels: ArrayLike | None = None, sample_weight: Weights = None
) -> ClassCounts:
    """Count each label one-against-rest; labels that do not occur count zero, others stay out of the result."""
    true, predicted = label_column(y_true, "y_true"), label_column(y_pred, "y_pred")
    n = _check.same_length(y_true=true, y_pred=predicted)
    if n == 0:
        raise InputError("`y_true` is empty; at least one row is needed.")
    weight = _check.weights(sample_weight, n)
    if weight is not None and not weight.all():
        keep = weight > 0
        true, predicted, weight = true[keep], predicted[keep], weight[keep]
    if {true.dtype.kind, predicted.dtype.kind} & {"U", "S"} and true.dtype.kind != predicted.dtype.kind:
        true, predicted = true.astype(object), predicted.astype(object)
    both = np.concatenate([true, predicted])
    present = _check.class_values(both, "y_true")
    wanted = present if labels is None else np.asarray(labels)
    everything = present if labels is None else np.concatenate([wanted, present[~np.isin(present, wanted)]])
    try:
        sorted_labels = np.unique(everything)
        code = np.searchsorted(sorted_labels, both)
        position = np.searchsorted(sorted_labels, wanted)
    except TypeError:
        raise TargetError("Labels mix numbers and text; use one kind in `y_true`, `y_pred` and `labels`.") from None
    k, rows = sorted_labels.shape[0], true.shape[0]
    code_true, code_predicted = code[:rows], code[rows:]
    hit = code_true == code_predicted

    def count(codes: NDArray[np.intp], w: Floats | None) -> NDArray[Any]:
        return np.bincount(codes, weights=w, minlength=k)[position]

    tp = count(code_true[hit], None if weight is None else weight[hit])
    everyone = rows if weight is None else float(weight.sum())
    return ClassCounts(wanted, tp, count(code_predicted, weight), count(code_true, weight), everyone)


def safe_ratio(top: ArrayLike, bottom: ArrayLike, name: str, reason: str, zero_division: str | float) -> Floats:
    """top / bottom; where the bottom is zero the given value, or 0 with a warning when it is "warn"."""
    over, under = np.asarray(top, dtype=np.float64), np.asarray(bottom, dtype=np.float64)
    empty = under == 0
    value = 0.0 if isinstance(zero_division, str) else float(zero_division)
    result = np.where(empty, value, over / np.where(empty, 1.0, under))
    if empty.any() and isinstance(zero_division, str):
        warnings.warn(
            f"{name} is ill-defined and being set to 0.0 for {int(empty.sum())} label(s) with no {reason}; "
            "`zero_division=float('nan')` marks them instead.",
            UndefinedWarning,
            stacklevel=4,
        )
    return np.asarray(result)


def zero_division_value(value: str | float) -> str | float:
    if isinstance(value, str):
        return _check.one_of(value, "zero_division", ("warn",))
    return float(value)


def _labels_wanted(counts: ClassCounts, average: str | None, labels: ArrayLike | None, pos_label: Label) -> Any:
    """Labels to report; None for "binary" data that hold only negatives."""
    if average == "binary":
        if len(counts.labels) > 2:
            raise TargetError("Target is multiclass but average='binary'. Please choose another average setting.")
        if pos_label not in counts.labels.tolist():
            if len(counts.labels) < 2:
                return None
            raise TargetError(f"pos_label={pos_label!r} is not a valid label: {counts.labels!r}")
        return [pos_label]
    if pos_label is not None and pos_label != 1:
        warnings.warn(
            f"Note that pos_label (set to {pos_label!r}) is ignored when average != 'binary' (got {average!r}). You "
            "may use labels=[pos_label] to specify a single positive class.",
            UserWarning,
            stacklevel=3,
        )
    return labels


@checks_parameters({**_AVERAGED, "warn_for": ["array-like"], "zero_division": "no_validation"})
def sensitivity_specificity_support(
    y_true: Labels,
    y_pred: Labels,
    *,
    labels: ArrayLike | None = None,
    pos_label: Label = 1,
    average: str | None = None,
    warn_for: Sequence[str] = ("sensitivity", "specificity"),
    sample_weight: Weights = None,
    zero_division: str | float = "warn",
) -> tuple[Any, Any, Any]:
    """Sensitivity tp / (tp + fn), specificity tn / (tn + fp) and support of each class, one against the rest.

    Parameters
    ----------
    y_true, y_pred : array-like (n,)
        Labels of two or more classes.
    labels : array-like, optional
        Labels to report, in this order; default: all that occur, sorted. Labels that do not occur count 0.
    pos_label : label, default 1
        The class that ``average="binary"`` reports; ignored otherwise.
    average : {None, "binary", "micro", "macro", "weighted"}, default None
        None returns one value for each label; "micro" adds the counts first; "macro" is the plain mean, "weighted"
        the mean by support.
    warn_for : sequence of {"sensitivity", "specificity"}
        Which undefined values are warned about.
    sample_weight : array-like (n,), optional
        Integer weights equal repeated rows, in the specificity too.
    zero_division : "warn" or float, default "warn"
        Value where there is nothing to divide by; "warn" is 0 with an `UndefinedWarning` (imbalanced-learn's rule),
        NaN the honest choice.

    Returns
    -------
    sensitivity, specificity : float, or array (labels,) when average is None
        Each in [0, 1]. Chance level: they sum to 1. Ties play no part: labels are judged.
    support : array (labels,), or None when an average is taken

    Raises
    ------
    InputError
        Bad average, unknown pos_label, empty input, wrong lengths, continuous or multilabel targets.

    Notes
    -----
    Yerushalmy (1947), Public Health Rep. 62:1432. Signature of imbalanced-learn 0.14. Weighted specificity differs on
    purpose: there, the true negatives mix the number of rows with weights.

    Examples
    --------
    >>> sen, spe, support = sensitivity_specificity_support([0, 0, 1, 1], [0, 1, 1, 0], sample_weight=[2, 1, 1, 1])
    >>> sen.round(3).tolist(), spe.round(3).tolist(), support.tolist()
    ([0.667, 0.5], [0.5, 0.667], [3.0, 2.0])
    """
    if average not in _AVERAGES:
        raise InputError(f"average has to be one of {_AVERAGES}; got {average!r}.")
    zero_division = zero_division_value(zero_division)
    counts = class_counts(y_true, y_pred, None if average == "binary" else labels, sample_weight)
    if average == "samples":
        raise InputError("average='samples' needs multilabel targets, which are not supported.")
    wanted = _labels_wanted(counts, average, labels, pos_label)
    if average == "binary":
        if wanted is None:
            value = 0.0 if isinstance(zero_division, str) else zero_division
            message = f"Specificity is ill-defined and being set to {value}: label {pos_label!r} does not occur."
            warnings.warn(message, UndefinedWarning, stacklevel=2)
            return value, value, 0
        counts = class_counts(y_true, y_pred, wanted, sample_weight)
    tp, predicted, true, tn = counts.tp, counts.predicted, counts.true, counts.tn
    if average == "micro":
        tp, predicted, true, tn = (np.array([part.sum()]) for part in (tp, predicted, true, tn))
    said = zero_division if "specificity" in warn_for or not isinstance(zero_division, str) else 0.0
    specificity = safe_ratio(tn, tn + predicted - tp, "Specificity", "row of another class", said)
    said = zero_division if "sensitivity" in warn_for or not isinstance(zero_division, str) else 0.0
    sensitivity = safe_ratio(tp, true, "Sensitivity", "true row", said)
    if average is None:
        return sensitivity, specificity, true
    if average == "weighted":
        if true.sum() == 0:
            return 0.0, 0.0, None
        return float(np.average(sensitivity, weights=true)), float(np.average(specificity, weights=true)), None
    return float(np.mean(sensitivity)), float(np.mean(specificity)), None


@checks_parameters({**_AVERAGED, "zero_division": "no_validation"})
def sensitivity_score(
    y_true: Labels,
    y_pred: Labels,
    *,
    labels: ArrayLike | None = None,
    pos_label: Label = 1,
    average: str | None = "binary",
    sample_weight: Weights = None,
    zero_division: str | float = "warn",
) -> Any:
    """Sensitivity (recall), tp / (tp + fn).

    Parameters
    ----------
    y_true, y_pred, labels, pos_label, average, sample_weight, zero_division
        As in `sensitivity_specificity_support`.

    Returns
    -------
    float in [0, 1], or array (labels,) when average is None
        Chance level: the share flagged. Ties play no part: labels are judged.

    Notes
    -----
    Yerushalmy (1947), Public Health Rep. 62:1432.

    Examples
    --------
    >>> round(sensitivity_score([0, 1, 2, 0, 1, 2], [0, 2, 1, 0, 0, 1], average="macro"), 4)
    0.3333
    """
    return sensitivity_specificity_support(
        y_true,
        y_pred,
        labels=labels,
        pos_label=pos_label,
        average=average,
        warn_for=("sensitivity",),
        sample_weight=sample_weight,
        zero_division=zero_division,
    )[0]


@checks_parameters({**_AVERAGED, "zero_division": "no_validation"})
def specificity_score(
    y_true: Labels,
    y_pred: Labels,
    *,
    labels: ArrayLike | None = None,
    pos_label: Label = 1,
    average: str | None = "binary",
    sample_weight: Weights = None,
    zero_division: str | float = "warn",
) -> Any:
    """Specificity, tn / (tn + fp).

    Parameters
    ----------
    y_true, y_pred, labels, pos_label, average, sample_weight, zero_division
        As in `sensitivity_specificity_support`.

    Returns
    -------
    float in [0, 1], or array (labels,) when average is None
        Chance level: the share not flagged. Ties play no part: labels are judged.

    Notes
    -----
    Yerushalmy (1947), Public Health Rep. 62:1432.

    Examples
    --------
    >>> round(specificity_score([0, 1, 2, 0, 1, 2], [0, 2, 1, 0, 0, 1], average="macro"), 4)
    0.6667
    """
    return sensitivity_specificity_support(
        y_true,
        y_pred,
        labels=labels,
        pos_label=pos_label,
        average=average,
        warn_for=("specificity",),
        sample_weight=sample_weight,
        zero_division=zero_division,
    )[1]


@checks_parameters(
    {
        **_AVERAGED,
        "average": [None, StrOptions({"binary", "micro", "macro", "weighted", "samples", "multiclass"})],
        "correction": [Interval(numbers.Real, 0, None, closed="left")],
    }
)
def geometric_mean_score(
    y_true: Labels,
    y_pred: Labels,
    *,
    labels: ArrayLike | None = None,
    pos_label: Label = 1,
    average: str | None = "multiclass",
    sample_weight: Weights = None,
    correction: float = 0.0,
) -> Any:
    """Geometric mean of the recalls of all classes; for two classes sqrt(recall * specificity).

    Parameters
    ----------
    y_true, y_pred, labels, pos_label, sample_weight
        As in `sensitivity_specificity_support`.
    average : {"multiclass", None, "binary", "micro", "macro", "weighted"}, default "multiclass"
        "multiclass" is the mean over classes. All others are one against the rest, sqrt(sensitivity * specificity):
        None for each label, "macro" and "weighted" the mean of those values, "micro" from added counts.
    correction : float >= 0, default 0
        Replaces a recall of 0 in "multiclass", so that one missed class does not make the whole 0.

    Returns
    -------
    float in [0, 1], or array (labels,) when average is None
        Chance level: sqrt(q (1 - q)) with q the share flagged, at most 0.5, for two classes. 0 when a class is missed
        entirely. A label that does not occur in y_true has recall 0, with an `UndefinedWarning`. Ties play no part:
        labels are judged.

    Notes
    -----
    Kubat and Matwin (1997), ICML. Signature of imbalanced-learn 0.14; "macro" and "weighted" differ on purpose: there,
    the averages of sensitivity and specificity are multiplied, which is the G-mean of no class.

    Examples
    --------
    >>> y_true, y_pred = [0, 1, 2, 0, 1, 2], [0, 2, 1, 0, 0, 1]
    >>> geometric_mean_score(y_true, y_pred)
    0.0
    >>> round(geometric_mean_score(y_true, y_pred, average="macro"), 4)
    0.2887
    """
    if average != "multiclass":
        per_class = None if average in ("macro", "weighted") else average
        sensitivity, specificity, support = sensitivity_specificity_support(
            y_true,
            y_pred,
            labels=labels,
            pos_label=pos_label,
            average=per_class,
            warn_for=("specificity", "sensitivity"),
            sample_weight=sample_weight,
        )
        value = np.sqrt(sensitivity * specificity)
        if average == "macro":
            return float(np.mean(value))
        if average == "weighted":
            return float(np.average(value, weights=support)) if np.sum(support) > 0 else 0.0
        return value if average is None else float(value)
    counts = class_counts(y_true, y_pred, labels, sample_weight)
    recall = safe_ratio(counts.tp, counts.true, "Recall", "true row", "warn")
    recall = np.where(recall == 0, float(correction), recall)
    if (recall <= 0).any():
        return 0.0
    return float(np.exp(np.mean(np.log(recall))))
