"""Decisions among several classes: the one with the least expected cost."""

import numpy as np
from numpy.typing import ArrayLike

from rareclass.errors import CostError, InputError


def expected_cost_decision(
    y_proba: ArrayLike, cost_matrix: ArrayLike, *, classes: ArrayLike | None = None
) -> np.ndarray:
    """The class (n,) whose choice has the least expected cost.

    ``argmin_j sum_i p_i * C[i, j]``. With more than two classes this is not a set of thresholds: one-vs-rest cuts, or
    dividing the probabilities by thresholds, can choose otherwise, and cost more.

    Parameters
    ----------
    y_proba : array-like of shape (n, K)
        Calibrated probabilities; each row sums to 1.
    cost_matrix : array-like of shape (K, J), or (n, K, J)
        ``cost_matrix[true, decided]``, for all rows or for each row. J is K, or more where there are decisions that
        are no class ("send to a person").
    classes : array-like of shape (J,), optional
        Labels of the decisions; without them the column numbers are returned.

    Returns
    -------
    ndarray of shape (n,)
        Ties go to the first of the equal columns.

    Raises
    ------
    InputError
        Probabilities outside [0, 1] or not summing to 1.
    CostError
        Costs missing, not finite, of the wrong shape, or one decision being the cheapest whatever the truth.

    Notes
    -----
    Elkan (2001), IJCAI, equation 1.

    Examples
    --------
    >>> costs = [[0, 1, 9], [5, 0, 1], [20, 9, 0]]
    >>> expected_cost_decision([[0.8, 0.15, 0.05], [0.3, 0.4, 0.3]], costs).tolist()
    [1, 1]
    """
    p = _probabilities(y_proba)
    cost = _cost_table(cost_matrix, p.shape)
    expected = p @ cost if cost.ndim == 2 else np.einsum("nk,nkj->nj", p, cost)
    chosen = np.argmin(expected, axis=1)
    if classes is None:
        return chosen
    labels = np.asarray(classes)
    if labels.shape != (expected.shape[1],):
        raise InputError(f"`classes` needs one label for each of {expected.shape[1]} decisions; got {labels.shape}.")
    return labels[chosen]


def _probabilities(values: ArrayLike) -> np.ndarray:
    p = np.asarray(values, dtype=np.float64)
    if p.ndim != 2 or p.shape[0] == 0 or p.shape[1] < 2:
        raise InputError(f"`y_proba` must have shape (n, K) with n >= 1 and K >= 2; got {p.shape}.")
    if np.isnan(p).any() or (p < 0).any() or (p > 1).any():
        raise InputError("`y_proba` must lie in [0, 1] without missing values.")
    off = float(np.abs(p.sum(axis=1) - 1).max())
    if off > 1e-4:
        raise InputError(f"Each row of `y_proba` must sum to 1; the worst is off by {off:.3g}.")
    return p


def _cost_table(values: ArrayLike, shape: tuple[int, int]) -> np.ndarray:
    n, k = shape
    try:
        cost = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise CostError("`cost_matrix` must hold numbers, cost_matrix[true, decided].") from None
    if cost.ndim not in (2, 3) or cost.shape[-2] != k or cost.shape[-1] < 2 or (cost.ndim == 3 and cost.shape[0] != n):
        raise CostError(f"`cost_matrix` must have shape ({k}, J) or ({n}, {k}, J), J >= 2; got {cost.shape}.")
    bad = int(np.count_nonzero(~np.isfinite(cost)))
    if bad:
        raise CostError(f"`cost_matrix` holds {bad} value(s) that are no finite numbers.")
    if cost.ndim == 2:
        best = (cost <= cost.min(axis=1, keepdims=True)).all(axis=0)
        if best.any():
            raise CostError(
                f"Decision {int(np.argmax(best))} is the cheapest whatever the truth, so nothing is left to decide. "
                "Rows are the truth, columns the decision; are they swapped?"
            )
    return cost
