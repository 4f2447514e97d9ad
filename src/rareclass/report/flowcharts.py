"""Flowcharts as pictures: boxes in rows from the top, ways between them, and the path of a table marked."""

import textwrap
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from html import escape
from itertools import count, pairwise

from rareclass.evaluation.flowcharts import Box, Flowchart, Taken
from rareclass.evaluation.textbook_records import ChartRecord
from rareclass.html.svg import picture

WIDTH, SIDE = 360, 18
GAP, LINE = 36, 13
LETTERS = 6.1
"""Pixels of a letter."""


@dataclass(frozen=True, kw_only=True)
class _Placed:
    """A box in the picture: its middle, top, size, and the lines of its text."""

    box: Box
    x: float
    top: float
    width: float
    lines: tuple[str, ...]

    @property
    def height(self) -> float:
        return 14 + LINE * len(self.lines)

    @property
    def bottom(self) -> float:
        return self.top + self.height


def path_said(chart: ChartRecord) -> str:
    """The path of a table in words: "How many rows? to 10,000; SMOTE." """
    said = "; ".join(f"{step.text} {step.answer}".strip() for step in chart.path)
    return _ended(said)


def flowchart_svg(chart: Flowchart, path: Sequence[Taken] = (), *, alone: bool = True) -> str:
    """A flowchart as SVG that reads in light and dark, with title and description for screen readers.

    Parameters
    ----------
    chart : Flowchart
        Of `rareclass.advisor.flowchart`.
    path : sequence of Taken, optional
        What a table takes (`Flowchart.path`); it is marked.
    alone : bool, default=True
        Whether the picture is a file of its own that brings its colours, not part of a report.

    Examples
    --------
    >>> from rareclass.advisor import flowchart
    >>> flowchart_svg(flowchart("loop")).count('role="graphics-symbol img"')
    8
    """
    taken = [t.box.key for t in path]
    placed = _places(chart)
    height = max(p.bottom for p in placed.values()) + 8
    drawn = "".join(_ways(chart, placed, {*pairwise(taken)}))
    drawn += "".join(_boxed(p, p.box.key in taken) for p in placed.values())
    key = f"flowchart-{chart.name}"
    about = " ".join(_said(chart, box) for box in chart.boxes if box.ways)
    if path:
        about += f" This table's path: {' '.join(_ended(f'{t.box.text} {t.answer}'.strip()) for t in path)}"
    return picture(
        drawn,
        key=key,
        title=f"Flowchart: {chart.title}",
        about=about,
        size=(WIDTH, height),
        kind="plot flow",
        role="graphics-document document",
        alone=alone,
    )


def _said(chart: Flowchart, box: Box) -> str:
    """A box with where it leads, in words."""
    ways = "; ".join(f"{answer or 'then'}: {chart[key].text}" for answer, key in box.ways)
    return _ended(f"{box.text}{'' if box.asks else ','} {ways}")


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith("?") else f"{sentence}."


def _rows(chart: Flowchart) -> list[list[Box]]:
    """The boxes by how many ways lie between the start and them on the longest road without a turn back."""
    order = {box.key: i for i, box in enumerate(chart.boxes)}
    depth = dict.fromkeys(order, 0)
    for _ in chart.boxes:
        for box in chart.boxes:
            for _, key in box.ways:
                if order[key] > order[box.key]:
                    depth[key] = max(depth[key], depth[box.key] + 1)
    return [[box for box in chart.boxes if depth[box.key] == level] for level in range(max(depth.values()) + 1)]


def _places(chart: Flowchart) -> dict[str, _Placed]:
    placed: dict[str, _Placed] = {}
    top = 4.0
    turns = any(_back(chart, box, key) for box in chart.boxes for _, key in box.ways)
    room = WIDTH - (SIDE if turns else 0)
    for row in _rows(chart):
        wide = min(room / len(row) - 12, 190)
        made = [
            _Placed(
                box=box,
                x=room * (i + 0.5) / len(row),
                top=top,
                width=wide,
                lines=tuple(textwrap.wrap(box.text, int((wide - 10) / LETTERS))),
            )
            for i, box in enumerate(row)
        ]
        placed |= {p.box.key: p for p in made}
        top = max(p.bottom for p in made) + GAP
    return placed


def _back(chart: Flowchart, box: Box, key: str) -> bool:
    return chart.boxes.index(chart[key]) < chart.boxes.index(box)


def _ways(chart: Flowchart, placed: dict[str, _Placed], taken: Collection[tuple[str, str]]) -> list[str]:
    """The ways between boxes, those that were taken last, so that they lie on top."""
    found: list[tuple[bool, str]] = []
    for box in chart.boxes:
        for answer, key in box.ways:
            here, there, on = placed[box.key], placed[key], (box.key, key) in taken
            cls = "way on" if on else "way"
            if _back(chart, box, key):
                right, up = WIDTH - SIDE / 2, there.top + there.height / 2
                start, end = here.x + here.width / 2, there.x + there.width / 2
                line = f"M{start:.0f} {here.top + here.height / 2:.0f}H{right:.0f}V{up:.0f}H{end:.0f}"
                found.append((on, f'<path class="{cls}" d="{line}"/>{_tip(end, up, "left", on)}'))
                continue
            middle = there.top - GAP / 2 - 3
            line = f"M{here.x:.0f} {here.bottom:.0f}V{middle:.0f}H{there.x:.0f}V{there.top:.0f}"
            label = _answer(answer, there.x, middle + 12, on)
            found.append((on, f'<path class="{cls}" d="{line}"/>{_tip(there.x, there.top, "down", on)}{label}'))
    return [text for _, text in sorted(found, key=lambda pair: pair[0])]


def _tip(x: float, y: float, where: str, on: bool) -> str:
    """The head of an arrow that ends at a point."""
    d = f"M{x:.0f} {y:.0f}l-4 -7h8z" if where == "down" else f"M{x:.0f} {y:.0f}l7 -4v8z"
    return f'<path class="head{" on" if on else ""}" d="{d}"/>'


def _answer(text: str, x: float, y: float, on: bool) -> str:
    """An answer beside the way that ends at x, on the side where there is room for it."""
    if not text:
        return ""
    right = x + 8 + LETTERS * len(text) < WIDTH
    cls, anchor = f"note{' strong' if on else ''}", "start" if right else "end"
    at = f'x="{x + (7 if right else -7):.0f}" y="{y:.0f}"'
    return f'<text class="{cls}" {at} text-anchor="{anchor}" aria-hidden="true">{escape(text)}</text>'


def _boxed(p: _Placed, on: bool) -> str:
    """A box with its text; a question has round ends."""
    left, radius = p.x - p.width / 2, p.height / 2 if p.box.asks else 4
    cls = f"box{' asks' if p.box.asks else ''}{' on' if on else ''}"
    lines = "".join(
        f'<text x="{p.x:.0f}" y="{y:.0f}" text-anchor="middle" aria-hidden="true">{escape(line)}</text>'
        for y, line in zip(count(p.top + 18, LINE), p.lines)
    )
    said = escape(p.box.text + (", on the path of this table" if on else ""), quote=True)
    return (
        f'<g class="{cls}" role="graphics-symbol img" aria-label="{said}"><rect x="{left:.0f}" y="{p.top:.0f}" '
        f'width="{p.width:.0f}" height="{p.height:.0f}" rx="{radius:.0f}"/>{lines}</g>'
    )
