"""What the catalogue says of a data set: a line of its list, and a set with its design."""

from dataclasses import dataclass, field

import pyarrow as pa

from rareclass._types import Label
from rareclass.data.problem import Roles


@dataclass(frozen=True)
class DataInfo:
    """A line of the catalogue: name, rows and events where known, where it comes from, what it is good for."""

    name: str
    rows: int | None
    events: int | None
    origin: str
    description: str

    @property
    def prevalence(self) -> float | None:
        """Share of events, None where unknown."""
        return None if self.rows is None or self.events is None else self.events / self.rows


@dataclass(frozen=True, kw_only=True)
class CatalogueEntry:
    """A data set with its design.

    Attributes
    ----------
    name : str
        Name in the catalogue.
    table : pyarrow.Table
        All columns of the file.
    target : str
        Label column.
    pos_label : label
        The event.
    drop : tuple of str
        Columns that must not be features: identifiers, what is known only afterwards, costs, official splits.
    why_dropped : dict of str to str
        The reason for each of them.
    categorical : tuple of str
        Nominal features, some of them integer codes.
    groups : str or None
        Column of the unit that must stay on one side of a split (such as the patient).
    times : str or None
        Column of time, where there is one.
    time_ordered : bool
        The rows are in the order of time.
    cost_matrix : dict or None
        Costs per decision: ``{"fp": 1.0, "fn": 5.0, "tp": 0.0, "tn": 0.0}``.
    cost_columns : dict or None
        Columns that hold the costs of each row: ``{"fp": "C_FP", ...}``.
    true_prevalence : float or None
        The real prevalence, where that of the table is not natural.
    notes, licence : str
        What to know before use; the licence as stated by the source.
    """

    name: str
    table: pa.Table
    target: str
    pos_label: Label
    drop: tuple[str, ...] = ()
    why_dropped: dict[str, str] = field(default_factory=dict)
    categorical: tuple[str, ...] = ()
    groups: str | None = None
    times: str | None = None
    time_ordered: bool = False
    cost_matrix: dict[str, float] | None = None
    cost_columns: dict[str, str] | None = None
    true_prevalence: float | None = None
    notes: str = ""
    licence: str = ""

    @property
    def features(self) -> pa.Table:
        """The feature columns alone."""
        away = {self.target, *self.drop}
        return self.table.select([name for name in self.table.column_names if name not in away])

    @property
    def roles(self) -> Roles:
        """Which label is the event, and which columns are no plain features."""
        return Roles(
            pos_label=self.pos_label,
            drop=self.drop,
            groups=self.groups,
            cost_columns=self.cost_columns,
            categorical=self.categorical,
        )
