"""A trade-off as values: what each arm brings, and what it costs to fit and to ask."""

from dataclasses import dataclass, field

from rareclass._record import Record
from rareclass.decisions.tier_rates import TierTable
from rareclass.uncertainty.estimate import Interval


@dataclass(frozen=True, kw_only=True)
class TradeRecord(Record):
    """One arm of a trade-off.

    Attributes
    ----------
    name : str
    average_precision, recall, expected_cost, calibration_top : Interval
        Out of fold: average precision; share of the events among the alerts of the budget; money a row under the arm's
        own decision; observed / expected events among the highest 1 % of the probabilities.
    saving : Interval or None
        Money a row that it costs less than plain, on the same rows; its level allows for all arms. None for plain.
    fit_rows : int
    fit_seconds, p50, p99 : float
        Measured on one machine under whatever load it had: seconds of the fit on all rows, microseconds of a
        single-row answer. They decide nothing but the picture.
    size : int or None
        Bytes of the compiled model; None where it is not compiled, which `why_not` explains.
    front : bool
        No other arm is both cheaper and faster.
    tiers : TierTable or None
        What each alert tier holds and costs out of fold, where rows are decided by tiers.
    """

    name: str
    average_precision: Interval
    recall: Interval
    expected_cost: Interval
    calibration_top: Interval
    saving: Interval | None = None
    fit_rows: int | None = None
    fit_seconds: float
    p50: float
    p99: float
    size: int | None = None
    why_not: str = ""
    front: bool = False
    tiers: TierTable | None = None


@dataclass(frozen=True, kw_only=True)
class TradeOffRecord(Record):
    """All arms of a trade-off, cheapest first, and what a business owner is asked to sign."""

    plain: str
    champion: str
    budget: str
    reason: str
    paragraph: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    arms: list[TradeRecord] = field(default_factory=list)
