"""What drives a model, as values: contributions of columns with intervals, their effects, and the reasons of rows."""

from dataclasses import dataclass, field
from typing import Any

from rareclass._record import Record
from rareclass.uncertainty.estimate import Interval

GROUP = "group"
"""Kind of several columns that are one reason."""


@dataclass(frozen=True, kw_only=True)
class DriverRecord(Record):
    """How far a column, or a group of columns that are one reason, moves the log-odds.

    `events` and `rows` are its mean absolute contribution over events, and over a sample of all rows.

    `rank_low` and `rank_high` hold 95 % of its ranks (by events) over rows drawn anew, `first` how often it was among
    the first five.
    """

    name: str
    kind: str = ""
    events: Interval
    rows: Interval
    rank_low: int | None = None
    rank_high: int | None = None
    first: float | None = None


@dataclass(frozen=True, kw_only=True)
class EffectRecord(Record):
    """Partial dependence: the mean change of the log-odds where all rows get one value of a column.

    `values` are numbers, or `labels` words; `share` of the rows lies near each.
    """

    name: str
    kind: str = ""
    values: list[float | None] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    change: list[float | None] = field(default_factory=list)
    share: list[float | None] = field(default_factory=list)
    missing: float | None = None  # change where the value is missing


@dataclass(frozen=True, kw_only=True)
class ReasonRecord(Record):
    """What one column, or a group of columns, adds to the log-odds of a row; `text` says it with the row's value."""

    name: str
    text: str = ""
    contribution: float


@dataclass(frozen=True, kw_only=True)
class ExplainedRecord(Record):
    """A row with its reasons, the strongest first."""

    row: int
    probability: float
    alert: bool = False
    event: bool = False
    reasons: list[ReasonRecord] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class DriversRecord(Record):
    """What drives the deployed model: the strongest first, judged on `events` events and `rows` other rows.

    `part` says in words which rows these are; `why_not` why there are no reasons: why the model is not compiled, or,
    where it is `compiled`, what keeps its kind from giving any.
    """

    part: str = ""
    weighted: bool = False  # whether rows count by their weights
    rows: int | None = None
    events: int | None = None
    columns: list[DriverRecord] = field(default_factory=list)  # and groups, as the reasons have them
    more: int = 0  # of these, those that are not listed
    unused: int = 0  # of all columns, those that never contribute
    effects: list[EffectRecord] = field(default_factory=list)
    top: list[ExplainedRecord] = field(default_factory=list)
    gate: list[DriverRecord] = field(default_factory=list)  # those that move the gate of a cascade most
    why_not: str = ""
    compiled: bool = False

    @property
    def grouped(self) -> bool:
        """Whether groups are among them."""
        return any(c.kind == GROUP for c in self.columns)

    def evidence(self) -> dict[str, Any]:
        """What a model keeps of it for its summary and its card: the columns, and no row."""
        return {k: v for k, v in self.to_dict().items() if k not in ("effects", "top")}
