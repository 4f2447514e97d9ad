"""How much each tier holds, and how much of it is right, with intervals."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass._record import Record
from rareclass._types import Label, Labels, Weights
from rareclass.decisions.costs import Costs, CostsLike
from rareclass.decisions.tier_rule import outcome_costs
from rareclass.decisions.tiers import TierCuts, TierPolicy
from rareclass.errors import CostError, InputError
from rareclass.uncertainty.estimate import Interval
from rareclass.uncertainty.interval import confidence_interval


@dataclass(frozen=True, kw_only=True)
class TierRecord(Record):
    """What one tier holds.

    Attributes
    ----------
    name : str
    rows, events : float
        Rows in the tier and events among them (weights, where there are any).
    share : Interval
        Rows in the tier / all rows.
    precision : Interval
        Events in the tier / rows in the tier. NaN where it holds no row.
    recall : Interval
        Events in the tier / all events.
    recall_from_here : Interval
        Events in the tier or a more severe one / all events.
    cost : Interval
        What the rows in the tier cost, shared among all rows: the tiers' sum is the cost of a row.
    volume : Interval or None
        Rows a period; None where nobody said how many rows a period holds.
    """

    name: str
    rows: float
    events: float
    share: Interval
    precision: Interval
    recall: Interval
    recall_from_here: Interval
    cost: Interval
    volume: Interval | None = None


@dataclass(frozen=True, kw_only=True)
class TierTable(Record):
    """The tiers of some rows, mildest first, and what they cost a row beside all rows in the first tier.

    `per` is the period of `volume`; `weighted` says that rows and events are sums of weights.
    """

    tiers: list[TierRecord]
    cost: Interval
    cost_first_tier: float
    per: str = "run"
    weighted: bool = False

    def __str__(self) -> str:
        lines = [f"{'tier':<14}{'rows':>10}{'events':>9}{'share':>10}  {'precision':<24}{'recall':<24}{'cost a row'}"]
        for t in self.tiers:
            rates = "".join(f"{_said(v):<24}" for v in (t.precision, t.recall)) + _said(t.cost, ".4g")
            lines.append(f"{t.name:<14}{t.rows:>10,.6g}{t.events:>9,.6g}{t.share.estimate:>10.3%}  {rates}")
        lines.append(f"cost a row {_said(self.cost, '.4g')}; all rows {self.tiers[0].name}: {self.cost_first_tier:.4g}")
        return "\n".join(lines)


def tier_table(
    y_true: Labels,
    tiers: ArrayLike,
    policy: TierPolicy,
    costs: CostsLike,
    *,
    sample_weight: Weights = None,
    groups: ArrayLike | None = None,
    rows_per_period: float | None = None,
    pos_label: Label = None,
    level: float = 0.95,
) -> TierTable:
    """Volume, precision and recall of each tier with intervals, and the cost of a row.

    Parameters
    ----------
    y_true : array-like of shape (n,)
    tiers : array-like of shape (n,)
        Name of the tier of each row (`TierCuts.tier`), best of rows that were not used to cut them.
    policy : TierPolicy
    costs : CostMatrix, RowCosts or mapping
    sample_weight : array-like of shape (n,), optional
    groups : array-like of shape (n,), optional
        Rows of one group are dependent; intervals are then over groups.
    rows_per_period : float > 0, optional
        For `volume`.
    pos_label : label, optional
    level : float in (0, 1), default=0.95
        Level of each interval.

    Raises
    ------
    InputError
        A row is in a tier that the policy does not have.

    Examples
    --------
    >>> from rareclass.decisions import Tier
    >>> policy = TierPolicy([Tier("allow"), Tier("review", cost=5, prevents=0.9)])
    >>> table = tier_table([0, 0, 1, 1], ["allow", "review", "review", "allow"], policy, {"fp": 5, "fn": 100})
    >>> table.tiers[1].recall.estimate, table.cost.estimate  # (0 + 5 + (5 + 10) + 100) / 4
    (0.5, 30.0)
    """
    y = _check.binary_target(y_true, pos_label)
    name = _check.column(tiers, "tiers")
    _check.same_length(y_true=y, tiers=name)
    odd = sorted({str(v) for v in np.unique(name.astype(str))} - set(policy.names))
    if odd:
        raise InputError(f"Tier {odd[0]!r} is none of the policy's: {', '.join(policy.names)}.")
    place = np.array([policy.names.index(v) for v in name.astype(str)])
    given = _check.weights(sample_weight, y.size)
    weight = np.ones(y.size) if given is None else given
    size = None
    if rows_per_period is not None:
        size = _check.fraction(rows_per_period, "rows_per_period", high=np.inf, closed="neither")

    spent = outcome_costs(policy, place, costs)

    def interval(metric: str, inside: np.ndarray, money: Mapping[str, np.ndarray] | None = None) -> Interval:
        if metric == "recall" and not y.any():
            return Interval(np.nan, np.nan, np.nan, level, "undefined")
        return confidence_interval(metric, y, inside, level=level, groups=groups, sample_weight=given, costs=money)

    records = []
    for k, tier in enumerate(policy.names):
        inside = place == k
        share = interval("alert_rate", inside)
        first = {"fp": spent["tn"], "tp": spent["fn"]} if k == 0 else {"fp": spent["fp"], "tp": spent["tp"]}
        held = bool((weight[inside] > 0).any())
        records.append(
            TierRecord(
                name=tier,
                rows=float(weight[inside].sum()),
                events=float(weight[inside & y].sum()),
                share=share,
                precision=interval("precision", inside) if held else Interval(np.nan, 0.0, 1.0, level, "undefined"),
                recall=interval("recall", inside),
                recall_from_here=interval("recall", place >= k),
                cost=interval("expected_cost", inside, {**first, "fn": np.zeros(y.size), "tn": np.zeros(y.size)}),
                volume=None if size is None else _scaled(share, size),
            )
        )
    return TierTable(
        tiers=records,
        cost=interval("expected_cost", place > 0, spent),
        cost_first_tier=float(np.average(np.where(y, spent["fn"], spent["tn"]), weights=weight)),
        per=policy.per,
        weighted=given is not None,
    )


def tiers_of(
    cuts: TierCuts,
    y: np.ndarray,
    proba: np.ndarray,
    *,
    costs: Costs | None = None,
    sample_weight: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    level: float = 0.95,
) -> TierTable:
    """The table of rows (n,) that tiers take by their stored thresholds; costs are theirs unless others are given."""
    money = cuts.costs if costs is None else costs
    if money is None:
        raise CostError("These tiers weigh each row by its own costs; pass those of these rows as `costs`.")
    names = cuts.tier(proba, money if cuts.costs is None else None)
    how: dict[str, Any] = {"sample_weight": sample_weight, "groups": groups, "level": level, "pos_label": True}
    return tier_table(y, names, cuts.policy, money, rows_per_period=cuts.rows_per_period, **how)


def _scaled(value: Interval, by: float) -> Interval:
    return Interval(value.estimate * by, value.low * by, value.high * by, value.level, value.method)


def _said(value: Interval, how: str = ".3f") -> str:
    if np.isnan(value.estimate):
        return "-"
    return f"{value.estimate:{how}} [{value.low:{how}}, {value.high:{how}}]"
