"""Costs computed from the fields of a row: amounts, fees, shares, money that comes late."""

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass._types import Rows
from rareclass.decisions.costs import RowCosts, costs_of_rows
from rareclass.errors import CostError, InputError, SchemaError

_DAYS_A_YEAR = 365.25
_NAMES = ("fp", "fn", "tp", "tn")


def present_value(amount: ArrayLike, days: ArrayLike, annual_rate: float) -> np.ndarray:
    """What an amount that is due in `days` is worth today.

    Parameters
    ----------
    amount : array-like of shape (n,) or float
    days : array-like of shape (n,) or float, >= 0
        Days until the money is lost or earned (a charge-back after 45 days, a loan that defaults in its second year).
    annual_rate : float > -1
        Effective interest for a year: 0.08 for 8 %.

    Examples
    --------
    >>> present_value(108.0, 365.25, 0.08).round(6).tolist()
    100.0
    """
    rate = float(annual_rate)
    if not (np.isfinite(rate) and rate > -1):
        raise InputError(f"`annual_rate` must be a number above -1 (0.08 for 8 %); got {annual_rate!r}.")
    time = np.asarray(days, dtype=np.float64)
    if np.isnan(time).any() or (time < 0).any():
        raise InputError("`days` must be 0 or more, without missing values.")
    return np.asarray(np.asarray(amount, dtype=np.float64) * (1 + rate) ** (-time / _DAYS_A_YEAR))


@dataclass(frozen=True)
class FieldCost:
    """A cost that is linear in a field of the row: ``times * field + plus``, bounded, then discounted.

    Plain values only, so that it can be stored with a model and computed again for the rows that are scored.

    Parameters
    ----------
    field : str
        Column with an amount.
    times, plus : float, default=1.0 and 0.0
        Share of the amount, and a fee (loss given default and handling, say).
    minimum, maximum : float, optional
    days : float or str, default=0.0
        When the money is due, in days from the decision, or the column that says so.
    annual_rate : float, default=0.0
        Effective yearly interest for discounting.

    Examples
    --------
    >>> FieldCost("amount", times=0.75, plus=20.0).of({"amount": [100.0, 0.0]}).tolist()
    [95.0, 20.0]
    """

    field: str
    _: KW_ONLY
    times: float = 1.0
    plus: float = 0.0
    minimum: float | None = None
    maximum: float | None = None
    days: float | str = 0.0
    annual_rate: float = 0.0

    def of(self, table: Rows) -> np.ndarray:
        """The cost (n,) of each row of a table (mapping of columns, pandas, polars or Arrow)."""
        value = self.times * _column(table, self.field) + self.plus
        if self.minimum is not None or self.maximum is not None:
            value = np.clip(value, self.minimum, self.maximum)
        days = _column(table, self.days) if isinstance(self.days, str) else self.days
        return present_value(value, days, self.annual_rate)


Cost = float | str | FieldCost | Callable[[Any], Any]


@dataclass(frozen=True)
class FieldCosts:
    """Costs of the four outcomes as functions of a row's fields.

    Parameters
    ----------
    fp, fn : float, str, FieldCost or callable
        A number for all rows, the name of a column, a `FieldCost`, or a function of the table that returns (n,).
    tp, tn : the same, default=0.0

    Examples
    --------
    >>> costs = FieldCosts(fp=5.0, fn="amount").of({"amount": [95.0, 495.0]})
    >>> costs.threshold.tolist()
    [0.05, 0.01]
    """

    fp: Cost
    fn: Cost
    tp: Cost = 0.0
    tn: Cost = 0.0

    def of(self, table: Rows) -> RowCosts:
        """`RowCosts` of the rows of a table, of which all may leave no choice (where they are fitted on: an error).

        Raises
        ------
        SchemaError
            A column is missing.
        CostError
            See `RowCosts`.
        """
        arrays = {name: _evaluate(getattr(self, name), table) for name in _NAMES}
        if all(np.ndim(a) == 0 for a in arrays.values()):
            raise CostError("None of these costs depends on a field; use CostMatrix.")
        n = next(np.size(a) for a in arrays.values() if np.ndim(a))
        found = costs_of_rows(arrays, n)
        assert isinstance(found, RowCosts)
        return found

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON; functions cannot be stored."""
        out: dict[str, Any] = {}
        for name in _NAMES:
            value = getattr(self, name)
            if callable(value):
                raise CostError(f"The cost `{name}` is a function and cannot be stored. Write it as a FieldCost.")
            out[name] = asdict(value) if isinstance(value, FieldCost) else value
        return out

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> "FieldCosts":
        """Inverse of `to_dict`."""
        return cls(**{k: FieldCost(**v) if isinstance(v, Mapping) else v for k, v in state.items()})


def _evaluate(cost: Cost, table: Rows) -> Any:
    if isinstance(cost, FieldCost):
        return cost.of(table)
    if isinstance(cost, str):
        return _column(table, cost)
    return cost(table) if callable(cost) else cost


def _column(table: Rows, name: str) -> np.ndarray:
    try:
        values = table[name]
    except Exception:  # every frame library raises its own
        raise SchemaError(f"The costs need the column {name!r}, which the table does not have.") from None
    try:
        return _check.number_array(values, name)
    except InputError as error:
        raise CostError(f"The cost column {error}") from None
