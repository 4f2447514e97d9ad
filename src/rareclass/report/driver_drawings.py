"""Pictures of partial dependence: how the log-odds change where all rows get one value of a column."""

from collections.abc import Sequence

from rareclass.evaluation import words
from rareclass.evaluation.drivers import EffectRecord
from rareclass.html.svg import Plot, Scale, tick
from rareclass.report.drawing import Drawing

_WIDTH, _EDGES = 360, (10, 12, 24, 46)
_NAME, _ROOM = 18, 44
"""Characters that a level may have on its axis, and that all values below an axis may have."""


def effect_range(effects: Sequence[EffectRecord]) -> tuple[float, float]:
    """Ends of an axis that holds all changes of the log-odds, and 0: the same for all pictures."""
    known = [v for e in effects for v in map(words.finite, [*e.change, e.missing]) if v is not None]
    low, high = min([0.0, *known]), max([0.0, *known])
    room = max(0.06 * (high - low), 0.02)
    return low - room, high + room


def effect(data: EffectRecord, ends: tuple[float, float]) -> Drawing | None:
    """The effect of one column; None where nothing is known of it."""
    changes, shares = [words.finite(v) for v in data.change], [words.finite(v) for v in data.share]
    names = data.labels or [value_text(v) for v in data.values]
    points = [(n, c, s) for n, c, s in zip(names, changes, shares, strict=False) if c is not None]
    if not points:
        return None
    missing = words.finite(data.missing)
    rows = [(n, words.moved(c), words.percent(s)) for n, c, s in points]
    if missing is not None:
        rows.append(("missing", words.moved(missing), ""))
    draw = _levels if data.labels else _curve
    svg = draw(data.name, points, missing, ends)
    return Drawing(data.name, "", svg, [], ("Value", "Change of the log-odds", "Rows near it"), rows)


def value_text(value: float | None) -> str:
    """A value of a column, without separators where it may be a year or a code."""
    v = words.finite(value)
    if v is None:
        return words.NONE
    return words.minus(f"{v:.0f}") if v == int(v) and abs(v) < 10_000 else words.number(v)


Known = Sequence[tuple[str, float, float | None]]
"""Value, change of the log-odds and share of the rows near it, from left to right or from the top down."""


def _curve(name: str, points: Known, missing: float | None, ends: tuple[float, float]) -> str:
    """Numbers from left to right, one step each however far apart they are; bars say where the rows are."""
    steps, gone = len(points), float(len(points)) + 0.5
    plot = Plot(
        "", (-0.5, steps - 0.5 if missing is None else gone + 0.5), ends, width=_WIDTH, height=190, margin=_EDGES
    )
    most = max((s for *_, s in points if s is not None), default=0.0)
    plot.axes("", "", x_ticks=_value_ticks(points, missing), y_ticks=_change_ticks(plot.y))
    half = (plot.x(1) - plot.x(0)) * 0.35 if steps > 1 else 8.0
    for i, (_, _, share) in enumerate(points):
        if share and most:
            x, foot = plot.x(i), plot.y.start
            plot.rect(x - half, foot, x + half, foot - max(34 * share / most, 1), "bin")
    plot.across(0, "zero")
    at = [(float(i), change) for i, (_, change, _) in enumerate(points)]
    plot.line(at, "line-a")
    told = [_tip(*point) for point in points]
    for (x, y), tip in zip(at, told, strict=True):
        plot.dot(x, y, "mark", tip, radius=2.6)
    if missing is not None:
        told.append(_tip("missing", missing, None))
        at.append((gone, missing))
        plot.dot(gone, missing, "open", told[-1])
    plot.readout(at, told)
    plot.label = f"Change of the log-odds by {name}, at {steps} values."
    return plot.render()


def _value_ticks(points: Known, missing: float | None) -> list[tuple[float, str]]:
    """As many values below the axis as there is room for."""
    last = len(points) - 1
    for wanted in (5, 4, 3, 2):
        some = sorted({round(i * last / (wanted - 1)) for i in range(wanted)})
        ticks = [(float(i), points[i][0]) for i in some]
        if sum(len(text) + 2 for _, text in ticks) <= _ROOM:
            break
    return ticks if missing is None else [*ticks[: max(len(ticks) - 1, 1)], (last + 1.5, "missing")]


def _levels(name: str, points: Known, missing: float | None, ends: tuple[float, float]) -> str:
    """Levels from the most frequent down, their names on the left, their shares on the right."""
    shown = [*points, ("missing", missing, None)] if missing is not None else list(points)
    height = 34 + 20 * len(shown)
    plot = Plot("", ends, (-0.5, len(shown) - 0.5), width=_WIDTH, height=height, margin=(4, 44, 24, 112))
    plot.axes("", "", x_ticks=_change_ticks(plot.x), y_ticks=[])
    plot.upright(0, "zero")
    for i, (text, change, share) in enumerate(shown):
        row = float(len(shown) - 1 - i)
        y = plot.y(row) + 3.5
        plot.text(
            plot.x.start - 6, y, text if len(text) <= _NAME else text[: _NAME - 1] + "…", anchor="end", cls="tick"
        )
        plot.line([(0.0, row), (change, row)], "whisker")
        plot.dot(change, row, "open" if share is None else "mark", _tip(text, change, share))
        plot.text(_WIDTH, y, "" if share is None else words.percent(share), anchor="end", cls="tick")
    plot.label = f"Change of the log-odds by {name}, for {len(shown)} levels."
    return plot.render()


def _change_ticks(scale: Scale) -> list[tuple[float, str]]:
    return [(v, f"+{tick(v)}" if v > 0 else tick(v)) for v in scale.ticks(6)]


def _tip(value: str, change: float, share: float | None) -> str:
    near = "" if share is None else f", {words.percent(share)} of the rows"
    return f"{value}: {words.moved(change)}{near}"
