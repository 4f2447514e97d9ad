"""The content of `results.json` as values: `evaluation` writes them, `report` reads them, one schema describes them."""

from dataclasses import dataclass, field
from typing import Any

from rareclass._json import to_json
from rareclass._record import EMPTY, Record, json_schema, one_of
from rareclass.decisions.tier_rates import TierTable
from rareclass.evaluation.drivers import DriversRecord
from rareclass.evaluation.seven_records import SevenWaysRecord
from rareclass.evaluation.textbook_records import TextbookRecord
from rareclass.evaluation.trade_records import TradeOffRecord
from rareclass.fitting.slice_table import SliceTable
from rareclass.uncertainty.estimate import Interval

SCHEMA_VERSION = 1
VERDICTS = ("baseline", "helps", "no evidence", "cannot tell", "hurts")
SEVERITIES = ("error", "warning", "note")
"""Scores are wrong; scores may be wrong; good to know."""

Points = list[float | None]


@dataclass(frozen=True)
class Finding(Record):
    """One finding about the data, the evaluation or its scores.

    Attributes
    ----------
    code : str
        Stable identifier, for example ``"duplicates-across-split"``.
    severity : str
        "error" (scores are wrong), "warning" (scores may be wrong) or "note".
    title, evidence : str
        What was found, and the numbers behind it.
    remedy : str
        What to do about it; empty where nothing need be done.
    """

    code: str
    severity: str = field(metadata=one_of(SEVERITIES))
    title: str
    evidence: str
    remedy: str = ""


@dataclass(frozen=True, kw_only=True)
class Advice(Record):
    """Textbook advice beside what was measured, on other tables; `evidence_id` leads to `rareclass.advisor.EVIDENCE`.

    `advised` is the advice alone, `measured` the same with the numbers that it rests on.
    """

    topic: str
    textbook: str
    measured: str
    advised: str = ""
    evidence_id: str = ""


@dataclass(frozen=True, kw_only=True)
class ColumnRecord(Record):
    """A feature column and its kind."""

    name: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class DataRecord(Record):
    """The rows that were compared on."""

    rows: int
    events: int
    prevalence: float  # weighted, where rows have weights
    weight: float | None = None  # their sum
    weighted_by: str | None = None
    pos_label: str
    target: str | None = None
    fingerprint: str | None = None
    columns: list[ColumnRecord] = field(default_factory=list)
    duplicates: int | None = None
    conflicting: int | None = None
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class DesignRecord(Record):
    """How the rows were split, and what was fitted on."""

    folds: int
    repeats: int
    split: str = field(metadata=one_of(("stratified", "group", "time")))
    dev_rows: int | None = None
    dev_events: int | None = None
    dev_prevalence: float | None = None
    test_rows: int
    test_events: int
    seed: int
    ranked: bool = True
    fit_rows: int | None = None
    seconds: float | None = None
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class CalibrationRecord(Record):
    """How far the probabilities can be taken at their word; the ceiling is that of a monotone recalibration."""

    observed_to_expected: float | None = None
    brier_skill: float | None = None
    brier_skill_ceiling: float | None = None


@dataclass(frozen=True, kw_only=True)
class DecisionRecord(Record):
    """The decision and what it brought; a threshold may be the text "inf" (never) or "-inf" (always)."""

    rule: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    per_row: bool = False
    threshold: float | str | None = None
    expected_cost: float | None = None
    alert_rate: float | None = None
    recall: float | None = None
    precision: float | None = None
    false_positive_rate: float | None = None
    prevalence: float | None = None
    rows: float | None = None
    events: float | None = None
    value: float | str | None = None
    level: float | None = None
    interval: list[float | str | None] | None = None
    why: str = ""
    shift: float = 0.0


@dataclass(frozen=True, kw_only=True)
class OutcomesRecord(Record):
    """Rows, or their weights, by truth and decision."""

    tp: float | None = None
    fp: float | None = None
    fn: float | None = None
    tn: float | None = None


@dataclass(frozen=True, kw_only=True)
class AppliedDecisionRecord(DecisionRecord):
    """A decision on rows that it was not chosen on, beside flagging none and all of them."""

    confusion: OutcomesRecord = field(default_factory=OutcomesRecord)
    cost_flag_none: float | None = None
    cost_flag_all: float | None = None


@dataclass(frozen=True, kw_only=True)
class DifferenceRecord(Record):
    """Difference of a metric to the baseline on the same rows, with its interval."""

    metric: str
    estimate: float
    low: float
    high: float
    level: float | None = None
    method: str = ""
    probability_better: float
    estimate_a: float | None = None
    estimate_b: float | None = None


@dataclass(frozen=True, kw_only=True)
class ArmRecord(Record):
    """One arm, judged out of fold. `learner_label` says in words what `learner` names."""

    name: str
    note: str = ""
    learner: str
    learner_label: str | None = None
    treatment: str
    metrics: dict[str, Interval]
    calibration: CalibrationRecord
    decision: DecisionRecord
    difference_to_baseline: DifferenceRecord | None = None
    verdict: str = field(metadata=one_of(VERDICTS))
    sentence: str = ""
    restoration: str = ""
    exact: bool = True
    fit_rows: int | None = None
    fit_seconds: float
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class SkippedRecord(Record):
    """An arm that did not run, and why."""

    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class GateRecord(Record):
    """The gate of a cascade, placed out of fold on the rows that it was fitted on.

    `threshold` and `rest` are log-odds: from which on a row passes, and what rows have that do not. `recall` is the
    lower bound of the recall with `confidence`, `asked` what was asked for (None where costs placed the gate);
    `passed` the share of the rows that pass, `lost` the events that do not, `independent` what all are worth.
    """

    threshold: float
    recall: float
    asked: float | None = None
    confidence: float = 0.95
    passed: float
    events: int
    lost: int
    independent: float
    rest: float
    judge: str = ""


@dataclass(frozen=True, kw_only=True)
class LuckRecord(Record):
    """How many arms the champion was chosen among, and how much of its number out of fold is luck of that choice."""

    arms: int
    metric: str = "average_precision"
    luck: float | None = None


@dataclass(frozen=True, kw_only=True)
class JudgementRecord(Record):
    """A model and its decision on rows that neither has seen."""

    arm: str = ""
    rows: int | None = None
    events: int | None = None
    prevalence: float | None = None
    weight: float | None = None  # sum of the weights, where rows have some
    metrics: dict[str, Interval]
    calibration: CalibrationRecord = field(default_factory=CalibrationRecord)
    decision: AppliedDecisionRecord
    tiers: TierTable | None = field(default=None, metadata=EMPTY)
    slices: SliceTable | None = field(default=None, metadata=EMPTY)


@dataclass(frozen=True, kw_only=True)
class PrecisionRecallPoints(Record):
    """Precision against recall, with the band of the precision."""

    recall: Points = field(default_factory=list)
    precision: Points = field(default_factory=list)
    low: Points = field(default_factory=list)
    high: Points = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class RocPoints(Record):
    """True-positive against false-positive rate, with the band of the former."""

    fpr: Points = field(default_factory=list)
    tpr: Points = field(default_factory=list)
    low: Points = field(default_factory=list)
    high: Points = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class ReliabilityBins(Record):
    """Observed share of events against the mean prediction of each bin."""

    mean_predicted: Points = field(default_factory=list)
    observed: Points = field(default_factory=list)
    low: Points = field(default_factory=list)
    high: Points = field(default_factory=list)
    count: Points = field(default_factory=list)
    events: Points = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class CostPoints(Record):
    """Cost per row against the threshold, with its band, and the two trivial rules.

    `decided` is the cost of the decision; `chosen` its threshold, None where each row has its own.
    """

    threshold: Points = field(default_factory=list)
    cost: Points = field(default_factory=list)
    low: Points = field(default_factory=list)
    high: Points = field(default_factory=list)
    chosen: float | None = None
    decided: Interval | None = None
    flag_none: float | None = None
    flag_all: float | None = None


@dataclass(frozen=True, kw_only=True)
class ScoreCounts(Record):
    """Rows of each class between edges of the log-odds."""

    edges: Points = field(default_factory=list)
    positives: Points = field(default_factory=list)
    negatives: Points = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class ConfusionRecord(OutcomesRecord):
    """The four outcomes at a threshold."""

    threshold: float | None = None


@dataclass(frozen=True, kw_only=True)
class TopRecord(Record):
    """What so many rows with the highest scores hold."""

    alerts: int
    precision: Interval
    recall: Interval


@dataclass(frozen=True, kw_only=True)
class FiguresRecord(Record):
    """Points of the pictures of one arm; None where there is nothing to draw."""

    precision_recall: PrecisionRecallPoints | None = None
    roc: RocPoints | None = None
    reliability: ReliabilityBins | None = None
    cost: CostPoints | None = None
    histogram: ScoreCounts | None = None
    confusion: ConfusionRecord | None = None
    top: list[TopRecord] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Results(Record):
    """Everything that `compare` found."""

    schema_version: int = SCHEMA_VERSION
    data: DataRecord
    design: DesignRecord
    arms: list[ArmRecord]
    arms_not_run: list[SkippedRecord] = field(default_factory=list)
    baseline: str
    champion: str
    champion_reason: str = ""
    champion_luck: LuckRecord | None = field(default=None, metadata=EMPTY)
    gate: GateRecord | None = field(default=None, metadata=EMPTY)
    tiers: TierTable | None = field(default=None, metadata=EMPTY)
    slices: SliceTable | None = field(default=None, metadata=EMPTY)
    test: JudgementRecord | None = field(default=None, metadata=EMPTY)
    warnings: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    advice: list[Advice] = field(default_factory=list)
    figures: dict[str, FiguresRecord] = field(default_factory=dict)
    figures_test: FiguresRecord | None = field(default=None, metadata=EMPTY)
    drivers: DriversRecord | None = field(default=None, metadata=EMPTY)
    trade_off: TradeOffRecord | None = field(default=None, metadata=EMPTY)
    seven_ways: SevenWaysRecord | None = field(default=None, metadata=EMPTY)
    textbook: TextbookRecord | None = field(default=None, metadata=EMPTY)
    title: str = ""
    created: str | None = None
    command: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    truth: list[str] = field(default_factory=list)  # what a simulator knows of the champion on fresh rows


def schema_text() -> str:
    """JSON schema of `results.json`, as it stands in `results.schema.json` beside this file."""
    return to_json(json_schema(Results), readable=True) + "\n"
