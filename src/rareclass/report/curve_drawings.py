"""Pictures that lay arms over each other: precision-recall, ROC, cost against threshold."""

import math
from collections.abc import Sequence

from rareclass.evaluation import words
from rareclass.evaluation.results import ConfusionRecord, CostPoints
from rareclass.html.svg import Plot, Point, probability_tick, round_up
from rareclass.report.drawing import SHARES, Drawing, Layer, draw_band, legend_of, nearest, spans_of

RECALLS = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
ALARMS = (0.001, 0.01, 0.05, 0.1, 0.2)


def precision_recall(shown: Sequence[Layer], chance: float | None) -> Drawing | None:
    """Precision against recall, stepped as average precision sums it, with the band of the first arm."""
    main = shown[0].line("recall", "precision") if shown else []
    if not main:
        return None
    top = _highest(shown, chance)
    plot = Plot("", (0, 1), (0, top))
    ticks = SHARES if top == 1 else None
    plot.axes("Recall: share of the events that are caught", "Precision", x_ticks=SHARES, y_ticks=ticks)
    draw_band(plot, shown[0], "recall", step=True)
    for layer in reversed(shown):
        points = layer.line("recall", "precision")
        plot.line([(0.0, points[0][1]), *points] if points else [], layer.cls, step=True)
    legend = legend_of(shown, band=True)
    if chance is not None:
        plot.across(chance, "chance")
        legend.append(("chance", f"chance {words.score(chance)}"))
    spans = spans_of(shown[0], "recall", main)
    said = [(words.percent(x), words.percent(y), span) for (x, y), span in zip(main, spans, strict=True)]
    plot.readout(main, [f"recall {x}, precision {y} {span}" for x, y, span in said])
    here = _operating(shown[0].confusion)
    if here is not None:
        recall, precision = here
        plot.dot(recall, precision, "chosen", f"recall {words.percent(recall)}, precision {words.percent(precision)}")
        legend.append(("chosen", "where the decision cuts"))
    half = said[nearest(main, 0.5)]
    caption = f"Catching {half[0]} of the events, {half[1]} of the alerts are right {half[2]}".rstrip() + "."
    plot.label = f"Precision-recall curves of {', '.join(s.name for s in shown)}. {caption}"
    rows = [said[i] for i in dict.fromkeys(nearest(main, level) for level in RECALLS)]
    return Drawing(
        "Precision and recall", caption, plot.render(), legend, ("Recall", "Precision", "95% interval"), rows
    )


def _highest(shown: Sequence[Layer], chance: float | None) -> float:
    """End of the precision axis: 1, or less where all of it happens below one half.

    The first alerts, of which one right one says little, do not count.
    """
    found = [y for layer in shown for x, y in layer.line("recall", "precision") if x >= 0.05]
    cut = _operating(shown[0].confusion)
    most = max([*found, *([cut[1]] if cut else []), chance or 0.0], default=1.0)
    return 1.0 if most > 0.5 else min(round_up(1.5 * most), 1.0)


def _operating(confusion: ConfusionRecord) -> Point | None:
    """(recall, precision) of the decision, from its counts."""
    tp, fp, fn = map(words.finite, (confusion.tp, confusion.fp, confusion.fn))
    if tp is None or fp is None or fn is None or tp + fp == 0 or tp + fn == 0:
        return None
    return tp / (tp + fn), tp / (tp + fp)


def roc(shown: Sequence[Layer]) -> Drawing | None:
    """True-positive against false-positive rate with the band of the first arm."""
    main = shown[0].line("fpr", "tpr") if shown else []
    if not main:
        return None
    plot = Plot("", (0, 1), (0, 1))
    plot.axes("False-positive rate: share of the negatives flagged", "Recall", x_ticks=SHARES, y_ticks=SHARES)
    plot.line([(0, 0), (1, 1)], "chance")
    draw_band(plot, shown[0], "fpr", step=False)
    for layer in reversed(shown):
        plot.line([(0.0, 0.0), *layer.line("fpr", "tpr")], layer.cls)
    spans = spans_of(shown[0], "fpr", main)
    said = [(words.percent(x), words.percent(y), span) for (x, y), span in zip(main, spans, strict=True)]
    plot.readout(main, [f"false-positive rate {x}, recall {y} {span}" for x, y, span in said])
    few = said[nearest(main, 0.01)]
    caption = f"Flagging {few[0]} of the negatives catches {few[1]} of the events {few[2]}".rstrip()
    caption += ". Under rarity read it beside precision: a small false-positive rate can still be most of the alerts."
    plot.label = f"ROC curves of {', '.join(s.name for s in shown)}. {caption}"
    rows = [said[i] for i in dict.fromkeys(nearest(main, level) for level in ALARMS)]
    legend = [*legend_of(shown, band=True), ("chance", "chance")]
    head = ("False-positive rate", "Recall", "95% interval")
    return Drawing("Receiver operating characteristic", caption, plot.render(), legend, head, rows)


def cost(shown: Sequence[Layer]) -> Drawing | None:
    """Cost per row against the threshold, with the chosen point and the two trivial rules."""
    main = _costs(shown[0]) if shown else []
    if not main or not isinstance(data := shown[0].points, CostPoints):
        return None
    none, every, chosen = map(words.finite, (data.flag_none, data.flag_all, data.chosen))
    chosen = chosen if chosen is not None and 0 < chosen <= 1 else None
    low, high = _money(main, none, every)
    inside = [p for p in main if p[1] <= high]
    ends = [x for x, _ in inside] + [c for c in (chosen,) if c is not None]
    start = 10.0 ** min(max(math.floor(math.log10(min(ends))), -7), -1)
    plot = Plot("", (start, 1), (low, high), x_kind="log", margin=(10, 12, 38, 56))
    ticks = [(t, probability_tick(t)) for t in plot.x.ticks(5)]
    plot.axes("Threshold on the probability", "Cost per row", x_ticks=ticks)
    lower, upper = (_costs(shown[0], end) for end in ("low", "high"))
    band = bool(lower) and len(lower) == len(upper) == len(main)
    if band:
        part = _within(main, high)
        plot.band(lower[part], upper[part], shown[0].cls)
    for layer in reversed(shown):
        points = _costs(layer)
        plot.line(points[_within(points, high)], layer.cls)
    spans = [words.interval(a, b, words.number) for (_, a), (_, b) in zip(lower, upper, strict=True)] if band else []
    spans = spans or [""] * len(main)
    said = [(words.number(x), words.number(y), span) for (x, y), span in zip(main, spans, strict=True)]
    told = [f"threshold {x}: {y} {span} per row".replace("  ", " ") for x, y, span in said]
    plot.readout(inside, [text for text, (_, y) in zip(told, main, strict=True) if y <= high])
    legend = legend_of(shown, band=band)
    for value, name, cls in ((none, "flag none", "chance"), (every, "flag all", "chance-b")):
        if value is not None and value <= high:
            plot.across(value, cls)
        if value is not None:
            legend.append((cls, f"{name} {words.number(value)}" + ("" if value <= high else ", above the frame")))
    at, span = None, ""
    if data.decided is not None:
        at = words.finite(data.decided.estimate)
        span = words.interval(data.decided.low, data.decided.high, words.number)
    elif chosen is not None:  # a run of before the decision's own cost was kept: the nearest point of the curve
        k = nearest([(math.log(x), y) for x, y in main], math.log(chosen))
        at, span = main[k][1], spans[k]
    if chosen is not None and at is not None:
        tip = f"chosen threshold {words.number(chosen)}: {words.number(at)} {span} per row"
        plot.dot(chosen, at, "chosen", tip.replace("  ", " "))
        legend.append(("chosen", "chosen threshold"))
    caption = _cost_caption(chosen, at, span, none, every)
    plot.label = f"Cost per row against the threshold. {caption}"
    own = "each row its own" if data.decided is not None and chosen is None else words.number(chosen)
    rows = [("decision", own, words.number(at), span)]
    rows += [("flag none", words.NONE, words.number(none), ""), ("flag all", "0", words.number(every), "")]
    head = ("Rule", "Threshold", "Cost per row", "95% interval")
    return Drawing("Cost against threshold", caption, plot.render(), legend, head, rows)


def _costs(layer: Layer, what: str = "cost") -> list[Point]:
    return [p for p in layer.line("threshold", what) if p[0] > 0]


def _money(main: Sequence[Point], none: float | None, every: float | None) -> tuple[float, float]:
    """The part of the cost axis that matters: from 0 (or the least cost) to a little above the better trivial rule."""
    least = min(y for _, y in main)
    trivial = min((v for v in (none, every) if v is not None), default=0.0)
    top = 1.3 * trivial if trivial > 0 else max(y for _, y in main)
    return (-round_up(-least) if least < 0 else 0.0), round_up(max(top, least))


def _cost_caption(chosen: float | None, at: float | None, span: str, none: float | None, every: float | None) -> str:
    trivial = [f"{name} {words.number(v)}" for v, name in ((none, "none"), (every, "all")) if v is not None]
    here = f"{words.number(at)} {span}".rstrip()
    cut = "The decision, by the costs of each row," if chosen is None else f"The threshold {words.number(chosen)}"
    said = [] if at is None else [f"{cut} costs {here} per row"]
    said += [f"flagging {' and '.join(trivial)}"] if trivial else []
    text = "; ".join(said)
    return text[:1].upper() + text[1:] + "." if text else ""


def _within(points: Sequence[Point], high: float) -> slice:
    """Which of the points to draw: not those above the frame, but the line runs to its edge."""
    inside = [i for i, (_, y) in enumerate(points) if y <= high]
    return slice(max(inside[0] - 1, 0), inside[-1] + 2) if inside else slice(0)
