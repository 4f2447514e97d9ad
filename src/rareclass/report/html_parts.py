"""Pieces of the HTML page: escaped text, chips, interval bars, tables, figures. Strings of users go through `esc`."""

import re
from collections.abc import Sequence
from html import escape

from rareclass.evaluation import words
from rareclass.evaluation.results import ConfusionRecord
from rareclass.report.drawing import Drawing
from rareclass.report.story import Reading

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
CHIPS = {"helps": "good", "hurts": "bad", "cannot tell": "doubt", "no evidence": "plain", "baseline": "plain"}
SEVERITY_CHIPS = {"error": "bad", "warning": "doubt"}


def esc(value: object) -> str:
    """Text that cannot become markup."""
    return escape(CONTROL.sub("\ufffd", str(value)), quote=True)


def name(value: object) -> str:
    """A name that may break after its underscores and plus signs."""
    return esc(value).replace("_", "_<wbr>").replace("+", "+<wbr>")


def chip(text: str, kind: str = "plain") -> str:
    """A small label."""
    return f'<span class="chip {kind}">{esc(text)}</span>'


def verdict_chip(verdict: str) -> str:
    """The verdict of an arm."""
    return chip(verdict, CHIPS.get(verdict, "plain")) if verdict else words.NONE


def bar(
    estimate: Reading, *, end: float, chance: float | None = None, guide: float | None = None, cls: str = ""
) -> str:
    """An estimate and its interval on the scale [0, end], with ticks for chance and for the baseline."""

    def at(value: float) -> str:
        return f"{100 * min(max(value / end, 0), 1):.2f}%"

    parts = []
    if guide is not None:
        parts.append(f'<i class="guide" style="left:{at(guide)}"></i>')
    if chance is not None:
        parts.append(f'<i class="chance" style="left:{at(chance)}"></i>')
    if estimate.low is not None and estimate.high is not None:
        wide = max(estimate.high - estimate.low, 0.0)
        parts.append(f'<i class="reach" style="left:{at(estimate.low)};width:{at(wide)}"></i>')
    if estimate.value is not None:
        parts.append(f'<i class="mark" style="left:{at(estimate.value)}"></i>')
    label = (
        "unknown"
        if estimate.value is None
        else estimate.text() + ("" if chance is None else f", chance {words.score(chance)}")
    )
    return f'<span class="bar {cls}" role="img" aria-label="{esc(label)}">{"".join(parts)}</span>'


def table(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, caption: str, cls: str = "", row_cls: Sequence[str] = ()
) -> str:
    """A table of escaped cells; the first cell of a row is its header. Cells name their column for narrow screens."""
    if not rows:
        return ""
    top = "".join(f'<th scope="col" role="columnheader">{h}</th>' for h in head)
    body = []
    for i, row in enumerate(rows):
        kind = f' class="{row_cls[i]}"' if row_cls and row_cls[i] else ""
        cells = [f'<th scope="row" role="rowheader">{row[0]}</th>']
        cells += [f'<td role="cell" data-label="{h}">{c}</td>' for h, c in zip(head[1:], row[1:], strict=True)]
        body.append(f'<tr role="row"{kind}>{"".join(cells)}</tr>')
    return (
        f'<table role="table" class="{cls}"><caption>{caption}</caption>'
        f'<thead role="rowgroup"><tr role="row">{top}</tr></thead>'
        f'<tbody role="rowgroup">{"".join(body)}</tbody></table>'
    )


def bullets(items: Sequence[str], cls: str = "notes") -> str:
    """A list of escaped sentences."""
    return f'<ul class="{cls}">{"".join(f"<li>{esc(i)}</li>" for i in items)}</ul>' if items else ""


def figure(drawing: Drawing | None) -> str:
    """A picture with its title, legend, caption and its main numbers as a table."""
    if drawing is None:
        return ""
    keys = "".join(f'<li><i class="key {cls}"></i>{name(text)}</li>' for cls, text in drawing.legend)
    numbers = ""
    if drawing.rows:
        cells = [[esc(c) for c in r] for r in drawing.rows]
        inner = table([esc(h) for h in drawing.head], cells, caption=esc(drawing.title), cls="small")
        numbers = f"<details class='numbers'><summary>Numbers</summary>{inner}</details>"
    return (
        f'<figure><h3>{esc(drawing.title)}</h3><ul class="legend">{keys}</ul><div class="canvas">{drawing.svg}</div>'
        f"<figcaption>{esc(drawing.caption)}</figcaption>{numbers}</figure>"
    )


def confusion(data: ConfusionRecord, arm: str) -> str:
    """The four outcomes in counts and as shares of the true class."""
    tp, fp, fn, tn = map(words.finite, (data.tp, data.fp, data.fn, data.tn))
    if tp is None or fp is None or fn is None or tn is None:
        return ""
    events = _outcome(tp, tp + fn, "caught", "right", "events") + _outcome(fn, tp + fn, "missed", "wrong", "events")
    others = _outcome(fp, fp + tn, "false alerts", "wrong", "others") + _outcome(
        tn, fp + tn, "passed", "right", "others"
    )
    alerts = "no row is flagged."
    if tp + fp > 0:
        alerts = f"{words.counted(tp + fp, 'alert')}, {words.percent(tp / (tp + fp))} of them right."
    threshold = words.finite(data.threshold)
    cut = "" if threshold is None else f" at p ≥ {words.number(threshold)}"
    return (
        '<figure><h3>Confusion matrix</h3><table class="confusion">'
        "<caption>Counts, and shares of each true class</caption>"
        '<thead><tr><td></td><th scope="col">flagged</th><th scope="col">not flagged</th></tr></thead><tbody>'
        f'<tr><th scope="row">events<small>{words.count(tp + fn)}</small></th>{events}</tr>'
        f'<tr><th scope="row">others<small>{words.count(fp + tn)}</small></th>{others}</tr>'
        f"</tbody></table><figcaption>{name(arm)}{cut}: {alerts}</figcaption></figure>"
    )


def _outcome(value: float, total: float, word: str, cls: str, of: str) -> str:
    share = value / total if total else 0.0
    said = f"{words.percent(share)} of the {of}" if total else ""
    return (
        f'<td class="{cls}" style="--depth:{100 * share:.0f}%"><b>{words.count(value)}</b>'
        f"<span>{word}</span><small>{said}</small></td>"
    )
