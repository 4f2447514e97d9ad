"""The seven ways as values."""

from dataclasses import dataclass, field

from rareclass._record import Record
from rareclass.uncertainty.estimate import Interval

NUMBERS: dict[str, str] = {
    "accuracy": "accuracy",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "matthews_corrcoef": "MCC",
    "average_precision": "average precision",
    "expected_cost": "cost a row",
}
"""The numbers of the classic table, and what they are called."""


@dataclass(frozen=True, kw_only=True)
class WayRecord(Record):
    """One way: the arm that it is read from, how it cuts, and its numbers out of fold with intervals."""

    way: str
    arm: str
    threshold: str
    numbers: dict[str, Interval]


@dataclass(frozen=True, kw_only=True)
class SevenWaysRecord(Record):
    """All ways in the textbook's order, and what their intervals allow to say."""

    ways: list[WayRecord] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
