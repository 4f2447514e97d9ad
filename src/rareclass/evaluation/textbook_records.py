"""What the textbook's flowcharts say of a table, and what was measured on it, as values."""

from dataclasses import dataclass, field

from rareclass._record import Record
from rareclass.uncertainty.estimate import Interval


@dataclass(frozen=True, kw_only=True)
class StepRecord(Record):
    """A box on the path of the table, and its answer there ("" for advice, and for what is not known)."""

    key: str
    text: str
    answer: str = ""


@dataclass(frozen=True, kw_only=True)
class ChartRecord(Record):
    """The path that the table takes through a flowchart, and the treatment that this advises ("" for none)."""

    name: str
    title: str
    path: list[StepRecord] = field(default_factory=list)
    treatment: str = ""


@dataclass(frozen=True, kw_only=True)
class FloorRecord(Record):
    """Whether a threshold of the champion reaches a floor, out of fold, and what it brings there.

    `metric` is "recall" or "precision"; `asked` says whether somebody asked for this floor, or it is an example;
    `surely` whether the interval of the metric lies above it. What follows is None where no threshold reaches it.
    """

    metric: str
    floor: float
    asked: bool = False
    reached: bool = False
    surely: bool = False
    threshold: float | None = None
    threshold_low: float | None = None
    threshold_high: float | None = None
    recall: Interval | None = None
    precision: Interval | None = None
    alert_rate: float | None = None
    sentence: str = ""


@dataclass(frozen=True, kw_only=True)
class TextbookRecord(Record):
    """The textbook beside the measurement.

    Attributes
    ----------
    treatment, arm : str
        What the flowchart by ratio ends in, and the arm that it is judged by; "" where none is.
    says, measured : str
        A sentence each.
    charts : list of ChartRecord
    floors : list of FloorRecord
        What answers the questions of the loop.
    """

    treatment: str = ""
    arm: str = ""
    says: str = ""
    measured: str = ""
    charts: list[ChartRecord] = field(default_factory=list)
    floors: list[FloorRecord] = field(default_factory=list)
