"""Decisions in money: expected cost per row and savings against the best trivial rule."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass._types import Costs, Flags, Floats, Label, Labels, Weights
from rareclass.errors import CostError
from rareclass.metrics._inputs import Rows, labelled_rows, mean, undefined

_FIELDS = ("fp", "fn", "tp", "tn")


class CostColumns(NamedTuple):
    """Cost of each outcome for each row, (n,) each (read-only broadcasts when all rows share it)."""

    fp: Floats
    fn: Floats
    tp: Floats
    tn: Floats

    def loss(self, y: Flags, flag: Flags) -> Floats:
        """Cost of each row under its decision."""
        return np.where(y, np.where(flag, self.tp, self.fn), np.where(flag, self.fp, self.tn))


def cost_columns(costs: Costs, n: int) -> CostColumns:
    """Cost of false and true positives and negatives for n rows.

    Parameters
    ----------
    costs : mapping, object, or (2, 2) array
        Fields ``fp`` and ``fn`` (needed), ``tp`` and ``tn`` (default 0): money per row, each a number or an array (n,).
        A negative cost is a benefit. A 2 x 2 array is read as ``cost[true, predicted]``.
    n : int
        Number of rows.

    Raises
    ------
    CostError
        A field is missing, not finite, or of the wrong length.

    Examples
    --------
    >>> cost_columns({"fp": 10, "fn": 500}, 3).fn.tolist()
    [500.0, 500.0, 500.0]
    """
    if isinstance(costs, Mapping):
        unknown = sorted(set(map(str, costs)) - set(_FIELDS))
        if unknown:
            raise CostError(f"Costs know the fields fp, fn, tp, tn; got {unknown}.")
        given = dict(costs)
    elif hasattr(costs, "fp") and hasattr(costs, "fn"):
        given = {name: getattr(costs, name) for name in _FIELDS if hasattr(costs, name)}
    else:
        matrix = np.asarray(costs)
        if matrix.shape != (2, 2):
            raise CostError(
                "`costs` must be a mapping or object with fp and fn (and tp, tn), or a 2 x 2 matrix "
                f"[true, predicted]; got {type(costs).__name__}."
            )
        given = {"tn": matrix[0, 0], "fp": matrix[0, 1], "fn": matrix[1, 0], "tp": matrix[1, 1]}
    columns = {}
    for name in _FIELDS:
        if name not in given and name in ("fp", "fn"):
            raise CostError(
                f"`costs` lacks the cost of a false {'positive' if name == 'fp' else 'negative'}, {name!r}."
            )
        columns[name] = _one_cost(given.get(name, 0.0), name, n)
    return CostColumns(**columns)


def _one_cost(value: ArrayLike, name: str, n: int) -> Floats:
    try:
        array = np.asarray(value if np.ndim(value) == 0 else _check.column(value, name), dtype=np.float64)
    except (TypeError, ValueError):
        raise CostError(f"Cost {name!r} must be a number or a column of numbers; got {value!r:.60}.") from None
    if not np.isfinite(array).all():
        raise CostError(f"Cost {name!r} holds {int((~np.isfinite(array)).sum())} value(s) that are NaN or infinite.")
    if array.ndim and array.shape[0] != n:
        raise CostError(f"Cost {name!r} has {array.shape[0]} rows, the data {n}.")
    return np.broadcast_to(array, (n,))


def costed_rows(
    y_true: Labels, y_pred: Labels, costs: Costs, sample_weight: Weights, pos_label: Label
) -> tuple[Rows, CostColumns]:
    """Clean rows and their cost columns, rows of weight zero removed from both."""
    whole = labelled_rows(y_true, y_pred, None, pos_label)
    columns = cost_columns(costs, whole.y.shape[0])
    weight = _check.weights(sample_weight, whole.y.shape[0])
    if weight is not None and not weight.all():
        keep = weight > 0
        return Rows(whole.y[keep], whole.score[keep], weight[keep]), CostColumns(*(c[keep] for c in columns))
    return Rows(whole.y, whole.score, weight), columns


def expected_cost(
    y_true: Labels, y_pred: Labels, costs: Costs, *, sample_weight: Weights = None, pos_label: Label = None
) -> float:
    """Mean cost per row of the decisions, in the unit of the costs.

    Parameters
    ----------
    y_true, y_pred : array-like (n,)
        Labels and decisions.
    costs : mapping, object, or (2, 2) array
        See `cost_columns`: class costs (numbers) or per-row costs (arrays); negative costs are benefits.
    sample_weight : array-like (n,), optional
        Integer weights equal repeated rows; weights 1/q of sampled negatives make it the cost per row of the
        population.
    pos_label : label, optional

    Returns
    -------
    float in [least cost of an outcome, greatest one], lower is better
        Chance level: the cheaper of flagging none and flagging all, which `savings_score` refers to. Ties play no
        part: decisions are judged.

    Raises
    ------
    CostError
        Costs missing, not finite, or of the wrong length.
    InputError
        Bad labels or weights.

    Notes
    -----
    Elkan (2001), IJCAI, section 1; with the matrix [true, predicted].

    Examples
    --------
    >>> expected_cost([0, 1, 1, 0], [1, 1, 0, 0], {"fp": 10, "fn": 500})
    127.5
    """
    rows, columns = costed_rows(y_true, y_pred, costs, sample_weight, pos_label)
    return mean(columns.loss(rows.y, rows.score), rows.weight)


def savings_score(
    y_true: Labels, y_pred: Labels, costs: Costs, *, sample_weight: Weights = None, pos_label: Label = None
) -> float:
    """Share of the cost of the best trivial rule (flag none or flag all) that the decisions save.

    Parameters
    ----------
    y_true, y_pred, costs, sample_weight, pos_label
        As in `expected_cost`.

    Returns
    -------
    float in (-inf, 1]
        Chance level: 0, the better of the two trivial rules; negative is worse than it. With benefits (negative
        costs) it is relative to the absolute value of the trivial cost and can exceed 1. NaN with an
        `UndefinedWarning` when the best trivial rule costs nothing. Ties play no part: decisions are judged.

    Notes
    -----
    Bahnsen, Aouada, Ottersten (2014), ICMLA, eq. 6.

    Examples
    --------
    >>> round(savings_score([0, 1, 1, 0], [1, 1, 0, 0], {"fp": 10, "fn": 500, "tp": 10}), 4)
    -12.0
    """
    rows, columns = costed_rows(y_true, y_pred, costs, sample_weight, pos_label)
    nothing = np.zeros(rows.y.shape[0], dtype=bool)
    trivial = min(mean(columns.loss(rows.y, flag), rows.weight) for flag in (nothing, ~nothing))
    if trivial == 0:
        return undefined("The savings score", "the best trivial rule (flag none or flag all) costs nothing")
    return (trivial - mean(columns.loss(rows.y, rows.score), rows.weight)) / abs(trivial)
