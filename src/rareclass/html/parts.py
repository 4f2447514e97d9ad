"""Pieces of a page: escaped text, chips, interval bars, tables, lists. Strings of users go through `esc`."""

import re
from collections.abc import Sequence
from html import escape

from rareclass.evaluation import words
from rareclass.html.reading import Reading

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def esc(value: object) -> str:
    """Text that cannot become markup."""
    return escape(CONTROL.sub("\ufffd", str(value)), quote=True)


def name(value: object) -> str:
    """A name that may break after its underscores and plus signs."""
    return esc(value).replace("_", "_<wbr>").replace("+", "+<wbr>")


def chip(text: str, kind: str = "plain") -> str:
    """A small label."""
    return f'<span class="chip {kind}">{esc(text)}</span>'


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


def stacked(text: str) -> str:
    """A number, and below it its interval."""
    value, mark, limits = text.partition(" [")
    below = f"<small>[{esc(limits)}</small>" if mark else ""
    return f'<span class="n">{esc(value)}{below}</span>'


def bullets(items: Sequence[str], cls: str = "notes") -> str:
    """A list of escaped sentences."""
    return f'<ul class="{cls}">{"".join(f"<li>{esc(i)}</li>" for i in items)}</ul>' if items else ""
