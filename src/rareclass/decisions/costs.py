"""What decisions cost: one matrix for all rows, or every row its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass.errors import CostError, InputError

Count = TypeVar("Count", float, np.ndarray)
_NAMES = ("fp", "fn", "tp", "tn")
_HUGE = 2.0**1000
_HINT = "Costs are named fp (false alarm), fn (missed event), tp (caught event) and tn (left alone)."


@dataclass(frozen=True)
class CostMatrix:
    """Costs of the four outcomes, the same for every row; a benefit is a negative cost.

    Parameters
    ----------
    fp : float
        Cost of flagging a negative row, in money per row.
    fn : float
        Cost of not flagging a positive row.
    tp : float, default=0.0
        Cost of flagging a positive row (handling a caught event; negative: what catching it earns).
    tn : float, default=0.0
        Cost of leaving a negative row alone.

    Raises
    ------
    CostError
        A cost is not a finite number, or one decision is the right one whatever the probability.

    Notes
    -----
    In matrix form the rows are the truth and the columns the decision, ``[[tn, fp], [fn, tp]]``. Costs matter only
    through ``fp - tn`` and ``fn - tp`` (Elkan 2001, section 1), which must both be positive.

    Examples
    --------
    >>> CostMatrix(fp=5, fn=100, tp=-20).threshold
    0.04
    >>> round(CostMatrix(fp=1, fn=200).threshold, 6)
    0.004975
    """

    fp: float
    fn: float
    tp: float = 0.0
    tn: float = 0.0

    def __post_init__(self) -> None:
        for name in _NAMES:
            value = getattr(self, name)
            if (number := _check.as_number(value)) is None:
                raise CostError(f"The cost `{name}` must be one number; got {value!r}. {_HINT}")
            if not np.isfinite(number):
                raise CostError(f"The cost `{name}` must be finite; got {value!r}.")
            object.__setattr__(self, name, number)
        alarm, catch = _stakes(self.fp, self.fn, self.tp, self.tn)
        if alarm <= 0 and catch <= 0:
            raise CostError(
                f"These costs reward wrong decisions: fp={self.fp:g} <= tn={self.tn:g} and fn={self.fn:g} <= "
                f"tp={self.tp:g}. Rows are the truth, columns the decision; are they swapped?"
            )
        if alarm <= 0:
            raise CostError(
                f"Flagging every row is always right: a false alarm (fp={self.fp:g}) costs no more than leaving a "
                f"negative row alone (tn={self.tn:g}). Give a false alarm its price."
            )
        if catch <= 0:
            raise CostError(
                f"Flagging no row is always right: a missed event (fn={self.fn:g}) costs no more than a caught one "
                f"(tp={self.tp:g}). Give a missed event its price."
            )

    @property
    def threshold(self) -> float:
        """Probability from which flagging is the cheaper decision, ``(fp - tn) / (fp - tn + fn - tp)``, in (0, 1)."""
        alarm, catch = _stakes(self.fp, self.fn, self.tp, self.tn)
        return float(alarm / (alarm + catch))

    @property
    def matrix(self) -> np.ndarray:
        """``cost_matrix[true, predicted]``, shape (2, 2)."""
        return np.array([[self.tn, self.fp], [self.fn, self.tp]])

    @classmethod
    def from_matrix(cls, matrix: ArrayLike) -> "CostMatrix":
        """Costs from a 2 x 2 array ``[[tn, fp], [fn, tp]]``: rows the truth, columns the decision."""
        try:
            values = np.asarray(matrix, dtype=np.float64)
        except (TypeError, ValueError):
            raise CostError("A cost matrix must hold numbers, [[tn, fp], [fn, tp]].") from None
        if values.shape != (2, 2):
            raise CostError(f"A cost matrix must have shape (2, 2), [[tn, fp], [fn, tp]]; got {values.shape}.")
        return cls(fp=values[0, 1], fn=values[1, 0], tp=values[1, 1], tn=values[0, 0])

    def total(self, tp: Count, fp: Count, fn: Count, tn: Count) -> Count:
        """Cost of these counts of outcomes."""
        return tp * self.tp + fp * self.fp + fn * self.fn + tn * self.tn

    def to_dict(self) -> dict[str, float]:
        """Plain numbers, ready for JSON."""
        return {name: getattr(self, name) for name in _NAMES}


@dataclass(frozen=True, eq=False)
class RowCosts:
    """Costs of the four outcomes of each row; a benefit is a negative cost.

    Parameters
    ----------
    fp, fn : array-like of shape (n,) or float
        Cost of flagging the row if it is negative, and of not flagging it if it is positive.
    tp, tn : array-like of shape (n,) or float, default=0.0
        Cost of flagging it if it is positive, and of leaving it alone if it is negative.

    Raises
    ------
    CostError
        Missing or infinite costs, arrays of different lengths, rows for which both wrong decisions are the cheaper
        ones, or one decision being right for all rows.

    Notes
    -----
    A single row may leave no choice (an amount of zero is not worth an alarm); only if that holds for all rows is it
    an error, and not where a decision that stands is applied to rows: give those costs as a mapping.

    Examples
    --------
    >>> costs = RowCosts(fp=2.0, fn=[10.0, 198.0, 0.0])
    >>> costs.threshold.round(4).tolist()
    [0.1667, 0.01, inf]
    """

    fp: np.ndarray
    fn: np.ndarray
    tp: np.ndarray = 0.0  # type: ignore[assignment]
    tn: np.ndarray = 0.0  # type: ignore[assignment]

    def __post_init__(self) -> None:
        arrays = {name: _cost_array(getattr(self, name), name) for name in _NAMES}
        sizes = {a.size for a in arrays.values() if a.ndim}
        if not sizes:
            raise CostError("Row costs need at least one array of shape (n,); for one price for all use CostMatrix.")
        if len(sizes) > 1:
            said = ", ".join(f"{k} {a.size}" for k, a in arrays.items() if a.ndim)
            raise CostError(f"All row costs need the same number of rows; got {said}.")
        n = sizes.pop()
        if n == 0:
            raise CostError("Row costs are empty; at least one row is needed.")
        for name, a in arrays.items():
            object.__setattr__(self, name, np.broadcast_to(a, (n,)))
        _check_choice(*_stakes(self.fp, self.fn, self.tp, self.tn))

    def __len__(self) -> int:
        return int(self.fp.shape[0])

    @property
    def threshold(self) -> np.ndarray:
        """Probability (n,) from which flagging is cheaper; -inf: always flag the row, +inf: never."""
        return row_thresholds(*_stakes(self.fp, self.fn, self.tp, self.tn))

    @property
    def typical_threshold(self) -> float:
        """The threshold of the mean costs: one number to show, not the one to decide with. NaN if they leave none."""
        alarm, catch = float(np.mean(self.fp - self.tn)), float(np.mean(self.fn - self.tp))
        return alarm / (alarm + catch) if alarm > 0 and catch > 0 else float("nan")

    def take(self, index: np.ndarray) -> "RowCosts":
        """Costs of the rows `index` (integers or a mask), without the check that some choice is left."""
        part = object.__new__(RowCosts)
        for name in _NAMES:
            object.__setattr__(part, name, getattr(self, name)[index])
        return part

    def of(self, y: np.ndarray, flagged: np.ndarray) -> np.ndarray:
        """Cost (n,) of each row given its truth and its decision (Boolean arrays)."""
        return np.where(flagged, np.where(y, self.tp, self.fp), np.where(y, self.fn, self.tn))

    def means(self) -> dict[str, float]:
        """Mean of each cost, for reports."""
        return {name: float(np.mean(getattr(self, name))) for name in _NAMES}


Costs = CostMatrix | RowCosts
CostsLike = Costs | Mapping[str, Any] | ArrayLike


def as_costs(costs: CostsLike, *, n: int | None = None) -> Costs:
    """Costs from whatever users hold.

    Parameters
    ----------
    costs : CostMatrix, RowCosts, mapping or array-like of shape (2, 2)
        A mapping has the entries fp and fn, optionally tp and tn; numbers give a `CostMatrix`, arrays `RowCosts`. A
        2 x 2 array is ``[[tn, fp], [fn, tp]]``.
    n : int, optional
        Number of rows that per-row costs must have.

    Raises
    ------
    CostError

    Examples
    --------
    >>> as_costs({"fp": 1, "fn": 99}).threshold
    0.01
    >>> len(as_costs({"fp": 1.0, "fn": [10.0, 20.0]}, n=2))
    2
    """
    if isinstance(costs, CostMatrix):
        return costs
    if isinstance(costs, RowCosts):
        found: Costs = costs
    elif isinstance(costs, Mapping):
        found = _from_mapping(costs)
    elif hasattr(costs, "of"):
        raise CostError("These are costs of a table's fields; call `.of(table)` to get the costs of its rows.")
    elif costs is None or isinstance(costs, str | bytes | int | float):
        raise CostError(f"Costs must be a CostMatrix, RowCosts, a mapping or a 2 x 2 array; got {costs!r}. {_HINT}")
    else:
        return CostMatrix.from_matrix(costs)
    if n is not None and isinstance(found, RowCosts) and len(found) != n:
        raise CostError(f"The costs have {len(found)} rows, the data {n}.")
    return found


def _stakes(fp: Count, fn: Count, tp: Count, tn: Count) -> tuple[Any, Any]:
    """The loss by a false alarm and the gain by a catch, in a unit in which neither they nor their sum overflow.

    The unit is 1 but for costs beyond 2^1000; only what the two are to one another counts.
    """
    largest = np.maximum.reduce([np.abs(fp), np.abs(fn), np.abs(tp), np.abs(tn)])
    if np.all(largest < _HUGE):
        return fp - tn, fn - tp
    unit = np.where(largest < _HUGE, 1.0, 1 / 16)
    return fp * unit - tn * unit, fn * unit - tp * unit


def costs_of_rows(costs: CostsLike, n: int) -> Costs:
    """Costs by which n rows are decided, each by itself: unlike in `as_costs` all of them may leave no choice.

    A row is decided alike alone and beside others; that some choice is left matters where a decision is chosen.

    Parameters
    ----------
    costs : CostMatrix, RowCosts, mapping or array-like of shape (2, 2)
        Numbers of a mapping are those of each row.
    n : int

    Raises
    ------
    CostError

    Examples
    --------
    >>> costs_of_rows({"fp": [0.0], "fn": 200.0}, 1).threshold.tolist()
    [-inf]
    """
    if not isinstance(costs, Mapping):
        return as_costs(costs, n=n)
    arrays = {name: _cost_array(value, name) for name, value in _named(costs).items()}
    size = next((a.size for a in arrays.values() if a.ndim and a.size != n), n)
    if size != n:
        raise CostError(f"The costs have {size} rows, the data {n}.")
    choice = {"fp": 1.0, "fn": 1.0}  # of one row more
    whole = {name: np.append(np.broadcast_to(a, n), choice.get(name, 0.0)) for name, a in arrays.items()}
    return RowCosts(**whole).take(np.arange(n))


def as_choice(costs: CostsLike, *, n: int | None = None) -> Costs:
    """As `as_costs`, of rows that a decision is chosen on: `CostError` where none of them leaves a choice."""
    found = as_costs(costs, n=n)
    if isinstance(found, RowCosts):
        _check_choice(*_stakes(found.fp, found.fn, found.tp, found.tn))
    return found


def by_row(costs: CostsLike) -> bool:
    """Whether costs are arrays (n,) rather than numbers for all rows."""
    return isinstance(costs, RowCosts) or (isinstance(costs, Mapping) and any(np.ndim(v) for v in costs.values()))


def row_thresholds(alarm: np.ndarray, catch: np.ndarray) -> np.ndarray:
    """Probability from which flagging is cheaper, given the loss by a false alarm and the gain by a catch (n,)."""
    both = (alarm > 0) & (catch > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        inside = alarm / (alarm + catch)
    # no loss by an alarm and a gain by a catch: always flag; no gain by a catch (or nothing at stake): never
    outside = np.where((alarm <= 0) & (catch > 0) | (alarm < 0) & (catch == 0), -np.inf, np.inf)
    return np.where(both, inside, outside)


def _from_mapping(costs: Mapping[str, Any]) -> Costs:
    given = _named(costs)
    return RowCosts(**given) if by_row(given) else CostMatrix(**given)


def _named(costs: Mapping[str, Any]) -> dict[str, Any]:
    """The costs that are given, of known names."""
    unknown = [str(k) for k in costs if k not in _NAMES]
    if unknown:
        raise CostError(f"Unknown cost {', '.join(map(repr, unknown))}. {_HINT}")
    missing = [k for k in ("fp", "fn") if costs.get(k) is None]
    if missing:
        raise CostError(f"The cost{'s' if len(missing) > 1 else ''} {' and '.join(missing)} must be given. {_HINT}")
    return {k: v for k, v in costs.items() if v is not None}


def _cost_array(values: ArrayLike, name: str) -> np.ndarray:
    """Float64 scalar or (n,) array, finite."""
    if np.ndim(values) == 0:
        try:
            array = np.asarray(values, dtype=np.float64)
        except (TypeError, ValueError):
            raise CostError(f"The cost `{name}` must hold numbers; got {values!r}.") from None
    else:
        try:
            array = _check.number_array(values, name, allow_infinite=True)
        except InputError as error:
            raise CostError(f"The cost {error}") from None
    bad = np.flatnonzero(~np.isfinite(array))
    if bad.size:
        where = f" (the first in row {bad[0] + 1:,})" if array.ndim else ""
        raise CostError(
            f"The cost `{name}` holds {bad.size} value(s) that are not finite numbers{where}. Remove or fill "
            "these rows."
        )
    return array


def _check_choice(alarm: np.ndarray, catch: np.ndarray) -> None:
    """Raise when rows reward wrong decisions or when no row leaves a choice."""
    reversed_rows = int(np.count_nonzero((alarm < 0) & (catch < 0)))
    if reversed_rows:
        raise CostError(
            f"In {reversed_rows} row(s) both wrong decisions cost less than the right ones (fp < tn and fn < tp). "
            "Are columns of the costs swapped?"
        )
    threshold = row_thresholds(alarm, catch)
    if (threshold == np.inf).all():
        raise CostError(
            "Flagging no row is always right: in every row a missed event costs no more than a caught one (fn <= tp)."
        )
    if (threshold == -np.inf).all():
        raise CostError(
            "Flagging every row is always right: in every row a false alarm costs no more than leaving a negative row "
            "alone (fp <= tn)."
        )
