"""The timeline of a monitor as small pictures: volume, alerts, recall, precision, share of events, calibration."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from rareclass.evaluation import words
from rareclass.html.svg import Plot, Point, round_up, tick
from rareclass.monitoring.alarms import RARE_CLASS
from rareclass.monitoring.timeline import day_number
from rareclass.monitoring.told import Watched
from rareclass.report import watched as said
from rareclass.report.drawing import SHARES, Drawing, Legend

MOST_POINTS = 240


class _Figure(NamedTuple):
    """One picture: a figure of the windows, how it is called and written, and which alarms belong to it."""

    name: str
    title: str
    axis: str
    write: Callable[[object], str]
    codes: tuple[str, ...]
    caption: str
    beside: tuple[str, str] | None = None


FIGURES = (
    _Figure(
        "recall", "Recall", "Share of events caught", words.percent, ("recall-fell", "new-mode"),
        "Of the events, as labelled.",
    ),
    _Figure(
        "precision", "Precision", "Share of alerts right", words.percent, ("precision-fell",),
        "Of the alerts that have labels.",
    ),
    _Figure(
        "ratio", "Calibration", "Observed / expected events", words.ratio, ("calibration",),
        "Events that came for each that the probabilities expected; 1 is calibrated.",
    ),
    _Figure(
        "prevalence", "Share of events", "Among labelled rows", words.percent, ("prevalence",),
        "Of the rows that have labels.",
    ),
    _Figure(
        "alerts", "Alerts", "Alerts a day", words.number, ("scores-moved",),
        "Beside the events that the probabilities expect, before any label comes.",
        ("expected_events", "expected events a day"),
    ),
    _Figure("rows", "Volume", "Rows a day", words.number, ("volume", "inputs-moved"), "Predictions of the log."),
)  # fmt: skip


def drawings(found: Watched) -> list[Drawing]:
    """The pictures of all figures that some window knows."""
    made = (_drawing(figure, found) for figure in FIGURES)
    return [d for d in made if d is not None]


def _drawing(figure: _Figure, found: Watched) -> Drawing | None:
    windows = thinned(found.timeline)
    known = [w for w in windows if w[figure.name] is not None]
    if not known:
        return None
    days = [day_number(w["day"]) for w in windows]
    ends = (days[0], max(days[-1], days[0] + 1))
    read = [(day_number(w["day"]), said.reading(w, figure.name)) for w in known]
    top = _top(figure, [v for _, r in read for v in (r.value, r.high)], windows)
    plot = Plot("", ends, (0, top), margin=(10, 12, 38, 50))
    ticks = SHARES if top == 1 and figure.write is words.percent else None
    shares = [(v, words.percent(v)) for v, _ in (ticks or [(t, "") for t in plot.y.ticks(4)])]
    plot.axes(
        "", figure.axis, x_ticks=date_ticks(found, ends), y_ticks=shares if figure.write is words.percent else None
    )
    legend: Legend = [("line-a", figure.title.lower() + (", with 95% band" if read[0][1].low is not None else ""))]
    marked = _alarms(plot, figure, found)
    plot.band(
        [(x, r.low) for x, r in read if r.low is not None],
        [(x, r.high) for x, r in read if r.high is not None],
        "line-a",
    )
    if figure.name == "ratio":
        plot.across(1.0, "chance")
    if figure.beside is not None:
        plot.line(_points(windows, figure.beside[0]), "line-b")
        legend.append(("line-b", figure.beside[1]))
    line = [(x, r.value) for x, r in read if r.value is not None]
    plot.line(line, "line-a")
    plot.readout(line, [f"{w['day']}: {said.reading(w, figure.name).text(figure.write)}" for w in known])
    legend += [("alarm", "alarm")] if marked else []
    last = read[-1][1]
    caption = f"{figure.caption} Last: {last.text(figure.write)}."
    plot.label = f"{figure.title} over time. {caption}"
    step = max(len(known) // 10, 1)
    rows = [(str(w["day"]), said.reading(w, figure.name).text(figure.write)) for w in known[::-1][::step][:10]]
    return Drawing(figure.title, caption, plot.render(), legend, ("Window to", figure.axis), rows)


def thinned(windows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """At most 240 windows, the last among them."""
    step = -(-len(windows) // MOST_POINTS)
    return list(windows[::-1][::step][::-1]) if windows else []


def _points(windows: Sequence[Mapping[str, Any]], name: str) -> list[Point]:
    return [(day_number(w["day"]), w[name]) for w in windows if w[name] is not None]


def _top(figure: _Figure, values: Sequence[float | None], windows: Sequence[Mapping[str, Any]]) -> float:
    """End of the axis: that of the highest estimate and of most bands, 1 for shares that are large."""
    beside = [] if figure.beside is None else [w[figure.beside[0]] for w in windows if w[figure.beside[0]] is not None]
    found = np.array([v for v in [*values, *beside] if v is not None])
    most = float(max(np.quantile(found, 0.98), found[: 2 * len(windows) : 2].max()))
    if figure.write is words.percent:
        return 1.0 if most > 0.45 else min(round_up(1.05 * most), 1.0)
    return round_up(1.05 * most)


def _alarms(plot: Plot, figure: _Figure, found: Watched) -> bool:
    """Mark the alarms of a figure; whether there are any."""
    mine = [a for a in found.alarms if a["code"] in figure.codes]
    for a in mine:
        kind = "" if a["code"] in RARE_CLASS else " other"
        low, high = (day_number(v) for v in a["since"])
        x0, x1 = plot.x(low), plot.x(high + 1)
        plot.rect(x0, plot.y.start, max(x1, x0 + 1.5), plot.y.end, f"since{kind}", f"{a['code']}. {said.began(a)}")
        plot.upright(day_number(str(a["evidence"]["raised"])[:10]), f"alarm{kind}")
    return bool(mine)


def date_ticks(found: Watched, ends: tuple[float, float], most: int = 4) -> list[tuple[float, str]]:
    """Round days, weeks or months with their dates; plain numbers where the days have none."""
    low, high = ends
    if not isinstance(found.timeline[0]["day"], str):
        return [(float(v), tick(v)) for v in np.linspace(low, high, most)]
    days = np.arange(int(low), int(high) + 1).astype("datetime64[D]")
    for unit, steps in (("D", (1, 2, 7, 14)), ("M", (1, 2, 3, 6)), ("Y", (1, 2, 5))):
        for step in steps:
            starts = [d for d in days if d == d.astype(f"datetime64[{unit}]").astype("datetime64[D]")]
            picked = [d for d in starts if int(d.astype(f"datetime64[{unit}]").astype(int)) % step == 0]
            if len(picked) <= most:
                return [(float(d.astype(int)), _date(d, unit)) for d in picked]
    return []


def _date(day: np.datetime64, unit: str) -> str:
    text = str(day)
    return text[5:] if unit == "D" else text[: {"M": 7, "Y": 4}[unit]]
