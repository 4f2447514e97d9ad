"""The sections of the HTML page about alert tiers, and about the gate of a cascade."""

from rareclass.decisions.tier_rates import TierTable
from rareclass.evaluation import tiers as said_of
from rareclass.evaluation import words
from rareclass.fitting.slice_table import SliceTable
from rareclass.html.parts import bullets, esc, name, stacked, table
from rareclass.html.reading import Reading
from rareclass.report.story import Story


def tiers(story: Story) -> str:
    """The champion's tiers out of fold, on the locked test part, and by slice."""
    found, test = story.results.tiers, story.results.test
    if found is None or not found.tiers:
        return ""
    locked = "" if test is None else tiered(test.tiers, "On the locked test part")
    how = "and judged once on the locked test part" if locked else "which judge them here: a little too good"
    where = f"The thresholds were cut on the rows out of fold, {how}."
    each = _sliced(story.results.slices, "Tiers by slice, out of fold")
    last = "" if test is None else _sliced(test.slices, "Tiers by slice, on the locked test part")
    begin = next((a.found.decision.why for a in story.arms if a.champion), "")
    return f"<p>{esc(begin)} {where}</p>{locked}{tiered(found, 'Out of fold')}{last or each}"


def tiered(found: TierTable | None, where: str) -> str:
    """A table of tiers and what they cost together; nothing where there are none."""
    if found is None or not found.tiers:
        return ""
    head, rows = said_of.told(found)
    cells = [[f"<b>{name(row[0])}</b>", *map(stacked, row[1:])] for row in rows]
    drawn = table(head, cells, caption=f"{where}; the costs of the tiers add up to that of a row", cls="cards")
    return f"{drawn}{bullets([said_of.cost_said(found)])}"


def _sliced(found: SliceTable | None, title: str) -> str:
    head, rows = said_of.told_slices(found)
    if not rows or found is None:
        return ""
    cells = [[f"<b>{name(row[0])}</b>", esc(row[1]), *map(stacked, row[2:])] for row in rows]
    drawn = table(head, cells, caption=f"By {name(found.column)}; the slices with most events", cls="cards")
    return f"<details><summary>{title}</summary>{drawn}</details>"


def gate(story: Story) -> str:
    """What the gate of a cascade promises, and what moves it."""
    found, drivers = story.results.gate, story.results.drivers
    if found is None:
        return ""
    rows = [
        [f"<b>{name(c.name)}</b>", *(stacked(Reading.of(v).text(words.number)) for v in (c.events, c.rows))]
        for c in ([] if drivers is None else drivers.gate)
    ]
    caption = "What moves the log-odds of the gate most: mean absolute contribution over events and over all rows"
    drawn = table(["Column", "Events", "All rows"], rows, caption=caption, cls="cards few")
    return f"{bullets(said_of.gate_said(found))}{drawn}"
