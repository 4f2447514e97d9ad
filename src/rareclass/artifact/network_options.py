"""How a network reads rows and what its score means; validation rows read by it, and what does not fit them refused."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass._types import Labels, PerRow, Rows
from rareclass.calibration.base import Calibrator
from rareclass.data.read import read_table
from rareclass.data.target import encode_target
from rareclass.decisions.costs import Costs
from rareclass.decisions.rule import DecisionRule
from rareclass.decisions.tiers import TierPolicy
from rareclass.errors import InputError


@dataclass(frozen=True, kw_only=True)
class NetworkOptions:
    """How a network reads rows, what its score means, and what is decided by it; for `save_network`.

    Parameters
    ----------
    columns : sequence of str, optional
        Names of the d columns; those of the table, or x0, x1, ... by default.
    inputs : sequence of int, optional
        Shape of a row as the network takes it, such as (1, 28, 28); (d,) by default.
    centre, scale : float or array (d,), default=0.0 and 1.0
        The network is given ``(row - centre) / scale``.
    loss : loss of `rareclass.losses` or `rareclass.losses.torch`, optional
        That it was trained with, whose link turns raw scores into log-odds; by default, and for losses without a link,
        the raw score counts as log-odds, which the calibration mends.
    shift : float, default=0.0
        Log-odds to add, where training saw another share of events: minus the `offset` of a sampler of negatives.
    prevalence : float in (0, 1), optional
        The real share of events, where that of the validation rows is another one: events and other rows are then
        weighted to it.
    calibration : str or Calibrator, default="auto"
        As in `RareClassifier`; "none" leaves the scores as they are.
    decision : DecisionRule or TierPolicy, optional
        How `predict` flags rows; without it, and without `costs`, the probability is cut at 0.5.
    costs : CostMatrix or RowCosts, optional
        Of the validation rows; `predict` then minimises the expected cost.
    pos_label : label, optional
        The event; the rarer label by default.
    target : str, optional
        Name of the label column, for `evaluate`.
    name : str, default="network"
        Of the bundle.

    Examples
    --------
    >>> NetworkOptions(inputs=(1, 28, 28), scale=255.0, prevalence=0.01).calibration
    'auto'
    """

    columns: Sequence[str] | None = None
    inputs: Sequence[int] | None = None
    centre: ArrayLike = 0.0
    scale: ArrayLike = 1.0
    loss: Any = None
    shift: float = 0.0
    prevalence: float | None = None
    calibration: str | Calibrator = "auto"
    decision: DecisionRule | TierPolicy | None = None
    costs: Costs | None = None
    pos_label: Any = None
    target: str | None = None
    name: str = "network"

    @property
    def method(self) -> str:
        """The name of the calibration."""
        return self.calibration if isinstance(self.calibration, str) else self.calibration.kind


def validation_rows(X: Rows, y: Labels, how: NetworkOptions) -> tuple[pa.Table, np.ndarray, Any, tuple[Any, ...]]:
    """The rows as a table of numbers, whether each is an event, the event's label and all labels."""
    columns = None if how.columns is None else list(how.columns)
    if hasattr(X, "detach"):
        X = X.detach().cpu().double().numpy()
    X = _check.unmasked(X)
    if isinstance(X, np.ndarray) and X.ndim:
        flat = _flat_numbers(X)
        names = [f"x{j}" for j in range(flat.shape[1])] if columns is None else columns
        if len(names) != flat.shape[1]:
            raise InputError(f"`columns` must name {flat.shape[1]} columns, one a number of a row; got {len(names)}.")
        _refuse_names(names, names, how.target)
        table = pa.table({name: flat[:, j] for j, name in enumerate(names)})
    else:
        table = read_table(X)
        table = table if columns is None else table.select(_refuse_names(columns, table.column_names, how.target))
        _refuse_names(table.column_names, table.column_names, how.target)
    if hasattr(y, "detach"):
        y = y.detach().cpu().numpy()
    event, label, classes = encode_target(y, how.pos_label, name="y")
    _check.same_length(X=table, y=event)
    return table, event, label, classes


def _flat_numbers(X: np.ndarray) -> np.ndarray:
    try:
        return X.reshape(X.shape[0], math.prod(X.shape[1:])).astype(np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"`X` must hold numbers, which is what a network takes; {error}.") from None


def _refuse_names(names: list[str], there: list[str], target: str | None) -> list[str]:
    """Raise where columns are named twice, are not there, or hold the label."""
    for name in names:
        if name not in there or names.count(name) > 1:
            raise InputError(f"`columns` must name columns of the table, each once; got {name!r}.")
        if name == target:
            raise InputError(
                f"The target {name!r} is one of the columns that the network reads; name these by `columns`."
            )
    return names


def real_weights(event: np.ndarray, sample_weight: PerRow | None, prevalence: float | None) -> np.ndarray | None:
    """Weights (n,) of the validation rows, moved to the real prevalence."""
    weight = _check.weights(sample_weight, event.size)
    if prevalence is None:
        return weight
    real = _check.fraction(prevalence, "prevalence", closed="neither")
    share = float(np.average(event, weights=weight))
    if not 0 < share < 1:
        raise InputError("`sample_weight` leaves one class only; `prevalence` needs events and other rows.")
    own = np.ones(event.size) if weight is None else weight
    return own * np.where(event, real / share, (1 - real) / (1 - share))


def refuse_missing(rows: np.ndarray, names: Sequence[str]) -> None:
    gone = np.isnan(rows).any(axis=0)
    if gone.any():
        raise InputError(
            f"Column {names[int(np.argmax(gone))]!r} lacks values or holds infinite ones, and a "
            "network takes none missing."
        )
