"""The section of the HTML page where the textbook's flowcharts stand beside what was measured on this table."""

from rareclass.evaluation import words
from rareclass.evaluation.flowcharts import FLOWCHARTS, Taken
from rareclass.evaluation.textbook_records import ChartRecord, TextbookRecord
from rareclass.html.parts import bullets, chip, esc, name
from rareclass.report.flowcharts import flowchart_svg, path_said
from rareclass.report.story import Story


def textbook(story: Story) -> str:
    """What the textbook says, what was measured, the numbers that its loop asks for, and the charts themselves."""
    found = story.results.textbook
    if found is None or not found.charts:
        return ""
    said = ((chip("textbook says"), found.says), (chip("measured here", "accent"), words.prose(found.measured)))
    beside = "".join(f"<li><div>{who}</div><div><p>{esc(what)}</p></div></li>" for who, what in said)
    charts = "".join(_figure(chart) for chart in found.charts if chart.name in FLOWCHARTS)
    return (
        "<p>Common advice, walked with this table's numbers. It is one arm among the others, and wins when it wins.</p>"
        f'<ul class="verdicts">{beside}</ul>{_floors(found)}<h3 class="sub">The textbook\'s flowcharts, and the path '
        f'of this table</h3><div class="board charts">{charts}</div>'
    )


def _floors(found: TextbookRecord) -> str:
    """The answers to the questions of the loop."""
    if not found.floors:
        return ""
    asked = any(f.asked for f in found.floors)
    title = "The floors that were asked for" if asked else "No floor was asked for; two as examples"
    said = [words.prose(f.sentence) for f in found.floors]
    return f'<h3 class="sub">{title}: the champion out of fold</h3>{bullets(said)}'


def _figure(chart: ChartRecord) -> str:
    whole = FLOWCHARTS[chart.name]
    known = {box.key for box in whole.boxes}
    path = [Taken(whole[step.key], step.answer) for step in chart.path if step.key in known]
    led = f" It leads to <b>{name(chart.treatment)}</b>." if chart.treatment else ""
    if path and path[-1].box.asks:
        led += " That is yours to say."
    return (
        f'<figure><h3>{esc(chart.title)}</h3><div class="canvas">{flowchart_svg(whole, path, alone=False)}</div>'
        f"<figcaption>{esc(path_said(chart))}{led}</figcaption></figure>"
    )
