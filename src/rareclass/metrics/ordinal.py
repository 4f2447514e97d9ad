"""Errors of ordinal classes of unequal size."""

import numpy as np

from rareclass import _check
from rareclass._sklearn import checks_parameters
from rareclass._types import Labels, Weights
from rareclass.errors import InputError
from rareclass.metrics.imbalance import TWO_COLUMNS


@checks_parameters(TWO_COLUMNS)
def macro_averaged_mean_absolute_error(y_true: Labels, y_pred: Labels, *, sample_weight: Weights = None) -> float:
    """Mean over the true classes of the mean absolute error within each: for ordinal classes of unequal size.

    Parameters
    ----------
    y_true, y_pred : array-like (n,) of numbers
        Ordinal classes; equal steps are taken as equal.
    sample_weight : array-like (n,), optional
        Integer weights equal repeated rows.

    Returns
    -------
    float in [0, inf), 0 is best
        Chance level: that of the best constant, the middle of the range of classes. Ties play no part: labels are
        judged.

    Raises
    ------
    InputError
        Empty input, text, missing values, wrong lengths, negative weights.

    Notes
    -----
    Baccianella, Esuli, Sebastiani (2009), ISDA. Labels that only y_pred holds have no rows to average and are left out
    (imbalanced-learn fails on them).

    Examples
    --------
    >>> round(macro_averaged_mean_absolute_error([1, 2, 2, 2], [1, 2, 1, 2]), 4)
    0.1667
    """
    true, predicted = _check.number_array(y_true, "y_true"), _check.number_array(y_pred, "y_pred")
    n = _check.same_length(y_true=true, y_pred=predicted)
    if n == 0:
        raise InputError("`y_true` is empty; at least one row is needed.")
    weight = _check.weights(sample_weight, n)
    weight = np.ones(n) if weight is None else weight
    keep = weight > 0
    code = np.unique(true[keep], return_inverse=True)[1]
    error = np.bincount(code, weights=weight[keep] * np.abs(true - predicted)[keep])
    return float(np.mean(error / np.bincount(code, weights=weight[keep])))
