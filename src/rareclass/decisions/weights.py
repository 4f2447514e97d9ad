"""Cost-proportionate example weights: costs brought into training instead of into the decision."""

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass._types import Label
from rareclass.decisions.costs import CostsLike, RowCosts, as_costs
from rareclass.errors import CostError


def cost_proportionate_weights(
    y: ArrayLike, costs: CostsLike, *, pos_label: Label | None = None, normalise: bool = True
) -> np.ndarray:
    """Weights (n,) under which plain error counts are costs: what is lost if the row is decided wrongly.

    A classifier fitted with these weights and cut at 0.5 minimises cost, if it can. It is a second way to the same
    goal: a calibrated model cut at the cost threshold usually reaches it with less noise, because few dear rows do
    not dominate the fit. Probabilities of the weighted model are not those of the data.

    Parameters
    ----------
    y : array-like of shape (n,)
    costs : CostMatrix, RowCosts or mapping
        Positives weigh ``fn - tp``, negatives ``fp - tn``.
    pos_label : label, optional
    normalise : bool, default=True
        Scale to a mean of 1.

    Raises
    ------
    CostError
        A row would have a negative weight (its wrong decision costs less than the right one).

    Notes
    -----
    Zadrozny, Langford, Abe (2003), "Cost-sensitive learning by cost-proportionate example weighting", ICDM; for
    class costs Elkan (2001), Theorem 1.

    Examples
    --------
    >>> cost_proportionate_weights([0, 0, 1], {"fp": 1.0, "fn": 4.0}, normalise=False).tolist()
    [1.0, 1.0, 4.0]
    """
    truth = _check.binary_target(y, pos_label, "y")
    own = as_costs(costs, n=truth.size)
    weight = np.where(truth, own.fn - own.tp, own.fp - own.tn)
    bad = int(np.count_nonzero(weight < 0))
    if bad:
        raise CostError(f"{bad} row(s) cost less when decided wrongly, so their weight would be negative. Drop them.")
    if not weight.sum() > 0:
        kind = "row" if isinstance(own, RowCosts) else "class"
        raise CostError(f"No {kind} of these data costs anything when decided wrongly.")
    return weight / weight.mean() if normalise else weight.astype(np.float64)
