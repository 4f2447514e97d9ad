"""A trade-off in sentences that a business owner can sign."""

from collections.abc import Sequence
from typing import Any

from rareclass.decisions.tier_rates import TierTable
from rareclass.evaluation.trade_records import TradeRecord
from rareclass.uncertainty.estimate import Interval


def reason_of(arms: Sequence[TradeRecord], plain: str, champion: str) -> str:
    """Why an arm is chosen, in a sentence."""
    if champion == plain:
        cheaper = [a for a in arms if a.saving is not None and a.saving.estimate > 0]
        if not cheaper:
            return f"No arm costs less than {plain}: it stays."
        best = cheaper[0]
        return (
            f"No arm is surely cheaper than {plain} ({best.name} saves {_thousand(best.saving)} on these rows, which "
            "may be chance): it stays."
        )
    best = next(a for a in arms if a.name == champion)
    return f"{champion} is chosen: it is surely cheaper than {plain}, and no arm of which that holds costs less."


def paragraph_of(arms: Sequence[TradeRecord], plain: str, champion: str, costs: Any, nothing: float) -> list[str]:
    """What is paid and got, in sentences; `nothing` is the cost of a row where none is flagged."""
    means = costs.to_dict() if hasattr(costs, "to_dict") else costs.means()
    base, best = (next(a for a in arms if a.name == name) for name in (plain, champion))
    typical = "" if hasattr(costs, "to_dict") else " on average"
    said = [
        f"A missed event costs {_money(means['fn'])} and a false alarm {_money(means['fp'])}{typical}.",
        *([] if base.tiers is None else [_of_tiers(base.tiers)]),
        f"Per 1,000 rows {plain} costs {_thousand(base.expected_cost)}.",
        f"Without any alarm they would cost {_money(1000 * nothing)}.",
    ]
    if best is not base and best.saving is not None:
        said.append(
            f"{champion} costs {_thousand(best.expected_cost)}, {_thousand(best.saving)} less on the same rows, and "
            f"catches {best.recall.estimate:.0%} of the events within the alert budget ({base.recall.estimate:.0%})."
        )
    said.append(
        f"A single row is answered in {best.p50:,.0f} microseconds, one in a hundred in more than {best.p99:,.0f}."
    )
    more = (best.p50 - base.p50) / 1000
    if best is not base and best.saving is not None and more > 0:
        said.append(
            f"That is {more:,.3g} ms more than {plain} takes: each ms more is worth "
            f"{_money(1000 * best.saving.estimate / more)} per 1,000 rows."
        )
    return said


def _of_tiers(table: TierTable) -> str:
    names = ", ".join(t.name for t in table.tiers)
    return f"Rows are put into the tiers {names}, and cost what they cost there."


def _thousand(value: Interval | None) -> str:
    """Money for 1,000 rows, with its interval."""
    assert value is not None
    estimate, low, high = (_money(1000 * v) for v in (value.estimate, value.low, value.high))
    return f"{estimate} [{low}, {high}]"


def _money(value: float) -> str:
    """Four significant digits, never fewer than to the unit, and no exponent: 31,415 and 0.3142."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"
