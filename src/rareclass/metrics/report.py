"""imbalanced-learn's text report: precision, recall, specificity, F1, G-mean and balanced accuracy by class."""

import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass._sklearn import Interval, checks_parameters
from rareclass._types import Labels, Weights
from rareclass.errors import InputError
from rareclass.metrics.imbalance import TWO_COLUMNS, class_counts, safe_ratio, zero_division_value

_HEADERS = ["pre", "rec", "spe", "f1", "geo", "iba", "sup"]


@checks_parameters(
    {
        **TWO_COLUMNS,
        "labels": ["array-like", None],
        "target_names": ["array-like", None],
        "digits": [Interval(numbers.Integral, 0, None, closed="left")],
        "alpha": [numbers.Real],
        "output_dict": ["boolean"],
        "zero_division": "no_validation",
    }
)
def classification_report_imbalanced(
    y_true: Labels,
    y_pred: Labels,
    *,
    labels: ArrayLike | None = None,
    target_names: Sequence[str] | None = None,
    sample_weight: Weights = None,
    digits: int = 2,
    alpha: float = 0.1,
    output_dict: bool = False,
    zero_division: str | float = "warn",
) -> Any:
    """Report of each class against the rest: precision, recall, specificity, F1, G-mean, IBA, support.

    Parameters
    ----------
    y_true, y_pred : array-like (n,)
        Labels of two or more classes.
    labels : array-like, optional
        Labels to report, in this order; default: all that occur, sorted.
    target_names : list of str, optional
        Names shown for them.
    sample_weight : array-like (n,), optional
        Integer weights equal repeated rows.
    digits : int >= 0, default 2
        Decimals of the text.
    alpha : float, default 0.1
        Of the index of balanced accuracy.
    output_dict : bool, default False
        Return numbers instead of text.
    zero_division : "warn" or float, default "warn"
        Value of undefined ratios; "warn" is 0 with an `UndefinedWarning`.

    Returns
    -------
    str or dict
        Each value in [0, 1] but IBA, in [0, 1 + alpha]. The last line is the mean by support.

    Raises
    ------
    InputError
        As `sensitivity_specificity_support`; or names that do not match the labels.

    Notes
    -----
    Layout and keys of imbalanced-learn 0.14. Chance levels: see each metric.

    Examples
    --------
    >>> report = classification_report_imbalanced([0, 1, 1, 1], [0, 1, 1, 0], output_dict=True)
    >>> round(float(report["1"]["geo"]), 4)
    0.8165
    """
    counts = class_counts(y_true, y_pred, labels, sample_weight)
    names = [f"{label}" for label in counts.labels] if target_names is None else [str(name) for name in target_names]
    if len(names) != len(counts.labels):
        raise InputError(f"`target_names` has {len(names)} names for {len(counts.labels)} labels.")
    digits = _check.whole_number(digits, "digits", low=0)
    zero = zero_division_value(zero_division)
    tp, predicted, true = counts.tp, counts.predicted, counts.true
    precision = safe_ratio(tp, predicted, "Precision", "predicted row", zero)
    recall = safe_ratio(tp, true, "Recall", "true row", zero)
    specificity = safe_ratio(counts.tn, counts.total - true, "Specificity", "row of another class", zero)
    f1 = safe_ratio(2 * tp, predicted + true, "F-score", "true nor predicted row", zero)
    geo = np.sqrt(recall * specificity)
    iba = (1 + alpha * (recall - specificity)) * geo**2
    columns = [precision, recall, specificity, f1, geo, iba]
    average = [float(np.average(c, weights=true)) if true.sum() > 0 else 0.0 for c in columns]
    if output_dict:
        report: dict[str, Any] = {
            name: {h: c[i] for h, c in zip(_HEADERS, [*columns, true])} for i, name in enumerate(names)
        }
        report |= {f"avg_{h}": a for h, a in zip(_HEADERS, average)}
        return report | {"total_support": true.sum()}
    last = "avg / total"
    width = max(len(last), digits, *(len(name) for name in names))

    def line(first: str, cells: list[str]) -> str:
        return f"{first:>{width}}  " + " ".join(f"{cell:>9}" for cell in cells) + "\n"

    body = [line(n, [*(f"{c[i]:.{digits}f}" for c in columns), f"{true[i]}"]) for i, n in enumerate(names)]
    total = line(last, [*(f"{a:.{digits}f}" for a in average), f"{true.sum()}"])
    return line("", _HEADERS) + "\n" + "".join(body) + "\n" + total
