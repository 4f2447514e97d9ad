"""What happened in simulated months as pictures: cost with and without retraining, alarms and changes, alerts."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from rareclass.html.svg import Plot, Point, round_up

Results = dict[str, Any]
SMOOTH = 7
"""Days of the moving means."""
LANES = ("changes", "alarms", "promotions")
COST_LEGEND = (
    ("line-a", "retrained"),
    ("line-c", "frozen: the first model left alone"),
    ("others", "slow change"),
    ("chosen-line", "sudden change"),
    ("chosen", "alarm"),
    ("mark", "promotion"),
)
ALERT_LEGEND = (("line-a", "alerts a day, mean of a week"), ("line-c", "capacity: what can be stopped"))
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_WIDE, _MARGIN = 900.0, (8.0, 14.0, 38.0, 92.0)


def place(results: Results, date: str) -> float:
    """Day of a date since service began."""
    return float((np.datetime64(date) - np.datetime64(results["days"][0]["date"])).astype(int))


def smooth(values: Sequence[float]) -> list[Point]:
    """Means (day, value) over `SMOOTH` days up to each."""
    total = np.concatenate([[0.0], np.cumsum(np.asarray(values, dtype=float))])
    first = np.maximum(np.arange(len(values)) + 1 - SMOOTH, 0)
    means = (total[1:] - total[first]) / (np.arange(len(values)) + 1 - first)
    return [(float(day), float(mean)) for day, mean in enumerate(means)][min(SMOOTH, len(values)) - 1 :]


def month_ticks(results: Results) -> list[tuple[float, str]]:
    """The first of each month."""
    dates = [day["date"] for day in results["days"]]
    firsts = [(float(i), _MONTHS[int(date[5:7]) - 1]) for i, date in enumerate(dates) if date.endswith("-01")]
    return firsts if firsts else [(0.0, f"{int(dates[0][8:])} {_MONTHS[int(dates[0][5:7]) - 1]}")]


def cost_plot(results: Results) -> Plot:
    """Cost a day of both models; above it lanes with true changes, alarms and promotions."""
    days = results["days"]
    retrained, frozen = (smooth([day[name] for day in days]) for name in ("retrained", "frozen"))
    top = round_up(max(y for _, y in retrained + frozen))
    lanes = [top * (1.28 - 0.1 * i) for i in range(len(LANES))]
    plot = Plot("", (0, max(len(days) - 1, 1)), (0, 1.36 * top), width=_WIDE, height=330, margin=_MARGIN)
    ticks = [(v, f"{v:,.0f}") for v in plot.y.ticks(6) if v <= top]
    plot.axes("", "Cost a day, mean of a week", x_ticks=month_ticks(results), y_ticks=ticks)
    for name, y in zip(LANES, lanes, strict=True):
        plot.text(plot.x.start - 7, plot.y(y) + 3.5, name, anchor="end")
    _events(plot, results, lanes)
    plot.line(frozen, "line-c")
    plot.line(retrained, "line-a")
    said = [
        f"{days[int(x)]['date']}: retrained {y:,.0f}, frozen {z:,.0f} a day"
        for (x, y), (_, z) in zip(retrained, frozen)
    ]
    plot.readout(retrained, said)
    cost = results["cost"]
    plot.label = (
        f"Cost a day with retraining ({cost['retrained']:,.0f} altogether) and without ({cost['frozen']:,.0f}), with "
        "the true changes, the alarms and the promotions."
    )
    return plot


def _events(plot: Plot, results: Results, lanes: Sequence[float]) -> None:
    """True changes, alarms and promotions in their lanes."""
    high = plot.y(lanes[0])
    for change in results["changes"]:
        first, last = (plot.x(place(results, change[end])) for end in ("from", "to"))
        if change["kind"] == "sudden":
            plot.upright(place(results, change["from"]), "chance")
            plot.rect(first - 1.5, high - 6, first + 1.5, high + 6, "strong-bar", _said(change))
        elif change["kind"] == "slow":
            plot.rect(first, high - 4, last, high + 4, "others", _said(change))
    for alarm in results["alarms"]:
        plot.dot(place(results, alarm["date"]), lanes[1], "chosen", f"{alarm['date']}: {alarm['sentence']}")
    for promoted in results["promotions"]:
        plot.dot(place(results, promoted["date"]), lanes[2], "mark", f"{promoted['date']}: {promoted['why']}")


def alert_plot(results: Results) -> Plot:
    """Alerts a day against what can be stopped."""
    alerts, capacity = results["alerts_per_day"], results["capacity"]
    means = smooth(alerts)
    top = round_up(1.15 * max([capacity, *(y for _, y in means)]))
    plot = Plot("", (0, max(len(alerts) - 1, 1)), (0, top), width=_WIDE, height=190, margin=_MARGIN)
    plot.axes("", "Alerts a day", x_ticks=month_ticks(results))
    plot.across(capacity, "line line-c")
    plot.line(means, "line-a")
    plot.readout(means, [f"{results['days'][int(x)]['date']}: {y:.0f} alerts a day" for x, y in means])
    plot.label = f"Alerts a day, mean {np.mean(alerts):.0f}, against a capacity of {capacity}."
    return plot


def _said(change: dict[str, str]) -> str:
    until = "" if change["to"] == change["from"] else f" to {change['to']}"
    return f"{change['from']}{until}: {change['what']}"
