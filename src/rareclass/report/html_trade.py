"""The section of the HTML page that weighs what each arm brings against what it costs."""

from collections.abc import Sequence

from rareclass.evaluation import words
from rareclass.evaluation.trade_records import TradeOffRecord, TradeRecord
from rareclass.html.parts import bullets, esc, name, stacked, table
from rareclass.html.reading import Reading
from rareclass.html.svg import Plot, tick
from rareclass.report.drawing import Drawing
from rareclass.report.html_parts import figure
from rareclass.report.html_tiers import tiered
from rareclass.report.story import Story

HEAD = (
    "Arm", "Cost of 1,000 rows", "Saved against plain", "Average precision", "Recall at the budget",
    "O/E in the top 1%", "Rows fitted", "Fit", "One row p50 / p99", "Size",
)  # fmt: skip
MEASURED = (
    "Costs, recall and calibration are out of fold. Seconds and microseconds were measured on one machine under "
    "whatever load it had; nothing but the picture rests on them."
)


def trade_off(story: Story) -> str:
    """The trade-off; nothing where none was asked for."""
    found = story.results.trade_off
    if found is None or not found.arms:
        return ""
    caption = f"Cheapest first. Budget: {found.budget}"
    rows = [cells(a, number) for number, a in enumerate(found.arms, 1)]
    body = table(HEAD, rows, caption=esc(caption), row_cls=_marked(found), cls="cards trade")
    said = "".join(f"{esc(s)} " for s in found.paragraph).rstrip()
    return f"<p>{said}</p>{figure(drawing(found))}{body}{_tiers(found)}<p>{esc(MEASURED)}</p>{bullets(found.warnings)}"


def _tiers(found: TradeOffRecord) -> str:
    """What the tiers hold under plain and under the choice; nothing where rows are only flagged or not."""
    shown = [a for a in found.arms if a.name in (found.plain, found.champion)]
    return "".join(tiered(a.tiers, f"Under {name(a.name)}, out of fold") for a in shown)


def _marked(found: TradeOffRecord) -> list[str]:
    return ["champion" if a.name == found.champion else "" for a in found.arms]


def cells(a: TradeRecord, number: int) -> list[str]:
    """The row of one arm, with its number in the picture."""
    money, saved = (_thousand(v) for v in (a.expected_cost, a.saving))
    speed = f"{words.number(a.p50)} / {words.number(a.p99)} µs"
    size = f"{words.number(a.size / 1024)} kB" if a.size is not None else "not compiled"
    rates = [Reading.of(v).text() for v in (a.average_precision, a.recall, a.calibration_top)]
    fit = [words.number(a.fit_rows), f"{words.number(a.fit_seconds)} s"]
    return [f'<b class="arm">{number} {name(a.name)}</b>', *map(stacked, [money, saved, *rates, *fit, speed, size])]


def _thousand(value: object) -> str:
    """Money for 1,000 rows with its interval."""
    ends = [words.finite(getattr(value, end, None)) for end in ("estimate", "low", "high")]
    if ends[0] is None:
        return words.NONE
    estimate, low, high = (words.number(None if v is None else 1000 * v) for v in ends)
    return f"{estimate} [{low}, {high}]"


def drawing(found: TradeOffRecord) -> Drawing | None:
    """Cost against the time of an answer, the front joined."""
    arms = [a for a in found.arms if words.finite(a.p50) and words.finite(a.expected_cost.estimate) is not None]
    if not arms:
        return None
    times, ends = [a.p50 for a in arms], [1000 * v for a in arms for v in _span(a)]
    room = max((max(ends) - min(ends)) * 0.08, 1e-9)
    plot = Plot(
        f"Cost of 1,000 rows against the time of a single-row answer, {len(arms)} arms.",
        (min(times) / 1.4, max(times) * 1.4),
        (min(ends) - room, max(ends) + room),
        x_kind="log",
        width=760,
        height=320,
        margin=(10, 12, 38, 60),
    )
    plot.axes("Single-row answer, µs (log scale)", "Cost of 1,000 rows", x_ticks=_ticks(plot, times))
    front = sorted((a for a in arms if a.front), key=lambda a: a.p50)
    plot.line([(a.p50, 1000 * a.expected_cost.estimate) for a in front], "line-a")
    tips = []
    for number, a in enumerate(found.arms, 1):
        if a not in arms:
            continue
        low, high = _span(a)
        plot.band(
            [(a.p50 / 1.006, 1000 * low), (a.p50 * 1.006, 1000 * low)],
            [(a.p50 / 1.006, 1000 * high), (a.p50 * 1.006, 1000 * high)],
        )
        tips.append(f"{a.name}: {_thousand(a.expected_cost)}, {words.number(a.p50)} µs")
        plot.dot(a.p50, 1000 * a.expected_cost.estimate, "mark" if a.front else "open", tips[-1])
        cls = "note strong" if a.name == found.champion else "note"
        plot.text(plot.x(a.p50) + 8, plot.y(1000 * a.expected_cost.estimate) - 6, str(number), cls=cls)
    plot.readout([(a.p50, 1000 * a.expected_cost.estimate) for a in arms], tips)
    rows = [(a.name, words.number(a.p50), _thousand(a.expected_cost), "yes" if a.front else "") for a in arms]
    return Drawing(
        "Cost against latency",
        "Joined: arms than which no other is both cheaper and faster. Shades: 95% intervals of the cost. Numbers are "
        "those of the table.",
        plot.render(),
        [("line-a", "the front")],
        ("Arm", "µs", "Cost of 1,000 rows", "On the front"),
        rows,
    )


def _span(a: TradeRecord) -> tuple[float, float]:
    value = a.expected_cost
    low, high = words.finite(value.low), words.finite(value.high)
    return value.estimate if low is None else low, value.estimate if high is None else high


def _ticks(plot: Plot, times: Sequence[float]) -> list[tuple[float, str]]:
    """One, two and five times powers of ten; the ends where fewer than two of them are in sight."""
    low, high = plot.x.low, plot.x.high
    inside = [v for k in range(-3, 9) for digit in (1, 2, 5) if low <= (v := digit * 10.0**k) <= high]
    ends = sorted({min(times), max(times)})
    return [(v, tick(v)) for v in inside] if len(inside) > 1 else [(v, words.number(v)) for v in ends]
