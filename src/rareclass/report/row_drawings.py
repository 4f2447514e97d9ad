"""Pictures of one arm: reliability on log-odds axes, and the scores of both classes."""

import math
from collections.abc import Sequence
from itertools import zip_longest
from typing import NamedTuple

from rareclass.evaluation import words
from rareclass.evaluation.results import ConfusionRecord, ReliabilityBins, ScoreCounts
from rareclass.html.svg import Plot, Scale
from rareclass.report.drawing import Drawing

_ROUND = (1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999)
ODDS = tuple((p, f"{100 * p:.7f}".rstrip("0").rstrip(".") + "%") for p in _ROUND)


class _Bin(NamedTuple):
    predicted: float
    observed: float
    low: float | None
    high: float | None
    rows: float | None
    events: float | None

    def cells(self) -> tuple[str, ...]:
        span = words.interval(self.low, self.high, words.percent)
        share = (words.percent(self.predicted), words.percent(self.observed), span)
        return (*share, words.count(self.events), words.count(self.rows))

    def tip(self) -> str:
        predicted, observed, span, events, rows = self.cells()
        return f"predicted {predicted}, observed {observed} {span}: {events} events in {rows} rows"


def reliability(data: ReliabilityBins | None, name: str) -> Drawing | None:
    """Observed against predicted share of events on log-odds axes; bars on the axis show the events of each bin."""
    data = ReliabilityBins() if data is None else data
    every = (data.mean_predicted, data.observed, data.low, data.high, data.count, data.events)
    lists = ([words.finite(v) for v in values] for values in every)
    bins = [_Bin(p, o, *more) for p, o, *more in zip_longest(*lists) if p is not None and p > 0 and o is not None]
    if not bins:
        return None
    floor, top = _ends([v for b in bins for v in (b.predicted, b.observed)])
    plot = Plot("", (floor, top), (floor, top), x_kind="logit", y_kind="logit", margin=(10, 12, 38, 52))
    ticks = _odds_ticks(plot.x)
    plot.axes("Predicted probability, mean of the bin", "Observed share of events", x_ticks=ticks, y_ticks=ticks)
    plot.line([(floor, floor), (top, top)], "chance")
    most = max(b.events if b.events is not None else 0 for b in bins)
    for b in bins:
        if b.events is not None and b.events > 0:
            x, foot = plot.x(b.predicted), plot.y.start
            plot.rect(x - 3, foot, x + 3, foot - max(40 * b.events / most, 1.5), "bin", b.tip())
        if b.low is not None and b.high is not None:
            plot.line([(b.predicted, b.low), (b.predicted, b.high)], "whisker")
        plot.dot(b.predicted, b.observed, "mark" if floor <= b.observed <= top else "open", b.tip())
    plot.readout([(b.predicted, b.observed) for b in bins], [b.tip() for b in bins])
    plot.label = f"Reliability of {name} on log-odds axes, {len(bins)} bins."
    caption = "On the diagonal, as many events happen as predicted. The axes are log-odds: logarithmic for rare events."
    if any(not floor <= b.observed <= top for b in bins):
        caption += " Hollow: a bin without any event, or with events only."
    highest = f"events in the bin, at most {words.count(most)}"
    legend = [("mark", f"{name}, bins with 95% interval"), ("bin", highest), ("chance", "calibrated")]
    head = ("Predicted", "Observed", "95% interval", "Events", "Rows")
    return Drawing("Reliability", caption, plot.render(), legend, head, [b.cells() for b in bins])


def _ends(shares: Sequence[float]) -> tuple[float, float]:
    """Round ends of a log-odds axis that hold all shares strictly between 0 and 1."""
    inside = [v for v in shares if 0 < v < 1]
    low, high = min(inside, default=0.1), max(inside, default=0.5)
    if any(v >= 1 for v in shares):
        high = max(high, 0.9)
    tops = [0.5, *(1 - 10.0**-k for k in range(1, 7))]
    return 10.0 ** max(math.floor(math.log10(low) - 0.05), -7), next((e for e in tops if e > high), tops[-1])


def _odds_ticks(scale: Scale) -> list[tuple[float, str]]:
    """Round probabilities inside the range and far enough apart, or their log-odds on a linear scale of those."""
    out: list[tuple[float, str]] = []
    for p, text in ODDS:
        at = p if scale.kind == "logit" else math.log(p / (1 - p))
        room = 2.9 * (len(text) + len(out[-1][1])) + 9 if out else 0
        if scale.low <= at <= scale.high and (not out or scale(at) - scale(out[-1][0]) > room):
            out.append((at, text))
    return out


def histogram(data: ScoreCounts | None, confusion: ConfusionRecord, name: str) -> Drawing | None:
    """Events up, other rows down, on the log-odds; the threshold cuts both into the four outcomes."""
    data = ScoreCounts() if data is None else data
    edges = [e for e in map(words.finite, data.edges) if e is not None]
    up, down = ([words.finite(v) or 0.0 for v in values] for values in (data.positives, data.negatives))
    if len(edges) < 2 or not edges[0] < edges[-1] or not len(up) == len(down) == len(edges) - 1:
        return None
    plot = Plot("", (edges[0], edges[-1]), (-1, 1), margin=(10, 12, 38, 30))
    plot.axes("Probability, spaced by its log-odds", "Rows (log scale)", x_ticks=_odds_ticks(plot.x), y_ticks=[])
    _bars(plot, edges, up, "events", "event")
    _bars(plot, edges, down, "others", "other row")
    plot.across(0, "zero")
    legend = [("events", f"events ({words.count(sum(up))})"), ("others", f"other rows ({words.count(sum(down))})")]
    threshold = words.finite(confusion.threshold)
    if threshold is not None and 0 < threshold < 1:
        cut = math.log(threshold / (1 - threshold))
        if edges[0] <= cut <= edges[-1]:
            plot.upright(cut, "chosen")
            _outcomes(plot, plot.x(cut), confusion)
            legend.append(("chosen-line", f"threshold {words.number(threshold)}"))
    caption = f"The further the two halves are apart, the better {name} tells events from other rows."
    plot.label = f"Histograms of the scores of {name}: events above, other rows below. {caption}"
    return Drawing("Scores by class", caption, plot.render(), legend)


def _bars(plot: Plot, edges: Sequence[float], counts: Sequence[float], cls: str, word: str) -> None:
    """Bars from the middle outwards, as high as the logarithm of the count, so that single rows are seen."""
    tallest = math.log10(1 + max(counts))
    sign = 1 if cls == "events" else -1
    for left, right, count in zip(edges, edges[1:], counts, strict=False):
        if count > 0:
            height = max(math.log10(1 + count) / tallest, 0.02) * 0.86
            tip = f"{_probability(left)} to {_probability(right)}: {words.counted(count, word)}"
            plot.rect(plot.x(left) + 0.4, plot.y(0), plot.x(right) - 0.4, plot.y(sign * height), cls, tip)


def _probability(log_odds: float) -> str:
    return words.percent(1 / (1 + math.exp(-max(min(log_odds, 700), -700))))


def _outcomes(plot: Plot, cut: float, confusion: ConfusionRecord) -> None:
    """Counts of the four outcomes in the corners that the threshold makes."""
    corners = {
        "fn": ("missed", False, True),
        "tp": ("caught", True, True),
        "tn": ("passed", False, False),
        "fp": ("false alerts", True, False),
    }
    for key, (word, right, top) in corners.items():
        value = words.finite(getattr(confusion, key))
        text = f"{words.count(value)} {word}"
        room = ((plot.x.end - cut if right else cut - plot.x.start) - 6) / 5.6
        text = text if room > len(text) else words.count(value)
        if value is not None and room > len(text):
            y = plot.y.end + 9 if top else plot.y.start - 5
            plot.text(cut + 6 if right else cut - 6, y, text, anchor="start" if right else "end", cls="note strong")
