"""The picture of a trade-off: cost against the time of an answer."""

from typing import TYPE_CHECKING

from rareclass.evaluation.trade_records import TradeOffRecord
from rareclass.report.displays import base

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_trade_off(record: TradeOffRecord, ax: "Axes | None" = None) -> "Axes":
    """Cost of 1,000 rows, with its interval, against microseconds of a single-row answer; the front is joined."""
    ax = base.Display()._place(ax, "Single-row answer, microseconds (p50)", "Cost of 1,000 rows")
    ax.set_xscale("log")
    front = sorted((a for a in record.arms if a.front), key=lambda a: a.p50)
    ax.plot(
        [a.p50 for a in front],
        [1000 * a.expected_cost.estimate for a in front],
        color=base.ACCENT,
        linewidth=1.4,
        label="no other arm is cheaper and faster",
    )
    for a in record.arms:
        cost, color = a.expected_cost, base.ACCENT if a.front else base.SOFT
        ax.plot([a.p50] * 2, [1000 * cost.low, 1000 * cost.high], color=color, linewidth=0.8)
        ax.plot([a.p50], [1000 * cost.estimate], "o", color=color)
        bold = "bold" if a.name == record.champion else "normal"
        ax.annotate(
            a.name,
            (a.p50, 1000 * cost.estimate),
            xytext=(5, 4),
            textcoords="offset points",
            fontsize="x-small",
            fontweight=bold,
        )
    base.show_legend(ax)
    return ax
