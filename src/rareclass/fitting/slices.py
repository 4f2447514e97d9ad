"""The slices of a fitted model: shifts by slice, and how well they do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from rareclass.calibration.slices import SliceShifts
from rareclass.data.encode import TableEncoder
from rareclass.decisions.costs import CostMatrix, Costs
from rareclass.decisions.decision import Decision
from rareclass.fitting.slice_column import SliceColumn
from rareclass.fitting.slice_table import SlicedRows, SliceTable, slice_table
from rareclass.kernels.log_odds_maps import shifted


@dataclass(frozen=True, kw_only=True)
class Slices:
    """What a model carries of its slices.

    Attributes
    ----------
    column : str
    at : int
        Column of the encoded matrix that says the slice.
    names : tuple of str
        Slices with a shift of their own, k of them.
    values, shift : ndarray of shape (k,)
        What stands in the encoded column, ascending; and the log-odds that are added.
    rest : float
        What is added to all other rows: missing, pooled and unknown values. 0, the whole, where none were fitted.
    prior_events : float
        How many events, that came as in the mean slice, were added to those of each; infinite where slices are alike.
    pooled : int
        Values of the column that have no shift of their own because few events are expected or few rows were seen.
    table : SliceTable or None
        How well the slices do out of fold; None where nothing was held out.
    held, heard : SlicedRows or None, and tuple of str
        The rows that it was read from, and what was said of them besides; gone after loading.
    """

    column: str
    at: int
    names: tuple[str, ...] = ()
    values: np.ndarray = field(default_factory=lambda: np.empty(0))
    shift: np.ndarray = field(default_factory=lambda: np.empty(0))
    rest: float = 0.0
    prior_events: float = np.inf
    pooled: int = 0
    table: SliceTable | None = None
    held: SlicedRows | None = None
    heard: tuple[str, ...] = ()

    @classmethod
    def of(cls, column: SliceColumn, encoder: TableEncoder, found: SliceShifts | None = None) -> Self:
        """The slices of a column as a fitted encoder writes it; those that it pools go to the rest."""
        at = encoder.feature_names.index(column.name)
        if found is None:
            return cls(column=column.name, at=at)
        code = column.codes(encoder)
        own = sorted((code[text], j) for j, text in enumerate(column.levels) if found.own[j] and text in code)
        kept = [j for _, j in own]
        return cls(
            column=column.name,
            at=at,
            names=tuple(column.levels[j] for j in kept),
            values=np.array([value for value, _ in own]),
            shift=found.shift[kept],
            rest=found.rest,
            prior_events=found.prior_events,
            pooled=len(column.levels) - len(kept),
        )

    def apply(self, logit: np.ndarray, X: np.ndarray) -> np.ndarray:
        """Calibrated log-odds (n,) of encoded rows (n, d), shifted by slice."""
        out = np.array(logit, dtype=np.float64)
        shifted(out, X, self.at, self.values, self.shift, self.rest)
        return out

    def number(self, X: np.ndarray) -> np.ndarray:
        """Which of `names` each encoded row (n, d) belongs to; -1 for the rest."""
        if not self.values.size:
            return np.full(X.shape[0], -1)
        place = np.minimum(np.searchsorted(self.values, X[:, self.at]), self.values.size - 1)
        return np.where(self.values[place] == X[:, self.at], place, -1)

    def positions(self, column: SliceColumn) -> np.ndarray:
        """The same for the rows of a column, by name."""
        place = {name: i for i, name in enumerate(self.names)}
        return np.array([place.get(level, -1) for level in column.levels] + [-1])[column.number]

    def shift_of(self, number: np.ndarray) -> np.ndarray:
        """What is added to rows whose slices are `number` (n,); -1 is the rest."""
        return np.asarray(np.append(self.shift, self.rest)[number])

    def judged(self, rows: SlicedRows, decision: Decision) -> SliceTable:
        """How well the slices do on rows that are labelled, and neither fitted nor shifted by; see `slice_table`."""
        shift = np.append(self.shift, self.rest)
        how: dict[str, Any] = {"shift": shift, "prior_events": self.prior_events, "pooled": self.pooled}
        return slice_table(self.column, self.names, rows, decision, **how)

    def read(self, rows: SlicedRows, decision: Decision, heard: Sequence[str] = ()) -> Self:
        """With what a decision does out of fold, and what else is to be said of them."""
        table = self.judged(rows, decision)
        table = replace(table, sentences=[*table.sentences, *heard])
        return replace(self, held=rows, heard=tuple(heard), table=table)

    def decided(self, decision: Decision, costs: Costs) -> Self:
        """The same for another decision; costs are those of the rows out of fold."""
        if self.held is None:
            return self
        fits = isinstance(costs, CostMatrix) or len(costs) == self.held.y.size
        return self.read(replace(self.held, costs=costs) if fits else self.held, decision, self.heard)

    @property
    def said(self) -> str:
        """What is known of them, in words."""
        if self.table is None:
            return f"by {self.column!r}; none is shifted, since events are too few to hold any out."
        return " ".join(self.table.sentences)

    def to_dict(self) -> dict[str, Any]:
        """Plain values (JSON)."""
        return {
            "column": self.column,
            "at": self.at,
            "names": list(self.names),
            "values": self.values.tolist(),
            "shift": self.shift.tolist(),
            "rest": self.rest,
            "prior_events": float(self.prior_events) if np.isfinite(self.prior_events) else None,
            "pooled": self.pooled,
            "table": None if self.table is None else self.table.to_dict(),
        }

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Self:
        """What `to_dict` described."""
        prior, table = saved["prior_events"], saved["table"]
        return cls(
            column=str(saved["column"]),
            at=int(saved["at"]),
            names=tuple(map(str, saved["names"])),
            values=np.array(saved["values"], dtype=np.float64),
            shift=np.array(saved["shift"], dtype=np.float64),
            rest=float(saved.get("rest", 0.0)),
            prior_events=np.inf if prior is None else float(prior),
            pooled=int(saved["pooled"]),
            table=None if table is None else SliceTable.from_dict(table),
        )
