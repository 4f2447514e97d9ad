"""The section of the HTML page that says what drives the champion: columns, their effects, the highest-scored rows."""

from collections.abc import Sequence

from rareclass.evaluation import words
from rareclass.evaluation.drivers import DriverRecord, DriversRecord, ExplainedRecord
from rareclass.html.parts import bullets, chip, esc, name, table
from rareclass.html.reading import Reading
from rareclass.html.svg import round_up
from rareclass.report.driver_drawings import effect, effect_range
from rareclass.report.drivers import NO_CAUSES, no_reasons, where
from rareclass.report.html_parts import figure
from rareclass.report.story import Story

SHOWN = 10
"""Columns in sight; the others are folded away."""


def drivers(story: Story) -> str:
    """What drives the champion; nothing in results that were written before it was measured."""
    found = story.results.drivers
    if found is None:
        return ""
    if found.why_not:
        return f"<p>{esc(no_reasons(found))}</p>"
    if not found.columns:
        return f"<p>No column moves the log-odds of {name(story.champion)}: it gives all rows one probability.</p>"
    return f"<p>{esc(where(found))} {esc(NO_CAUSES)}</p>{_columns(found)}{_effects(found)}{_top(found)}"


def _columns(found: DriversRecord) -> str:
    known = [v for c in found.columns for d in (c.events, c.rows) for v in (d.high, d.estimate)]
    end = round_up(max((f for v in known if (f := words.finite(v)) is not None), default=1.0))
    first, others = found.columns[:SHOWN], found.columns[SHOWN:]
    caption = f"Mean absolute contribution, bars from 0 to {end:g}; ranks over rows drawn anew, the model unchanged"
    rest = ""
    if others:
        title = words.counted(len(others), "more column")
        rest = f"<details><summary>{title}</summary>{_table(others, end, 'The columns below these')}</details>"
    more = [f"{words.counted(found.more, 'other column')} contribute less."] if found.more else []
    more += (
        [f"{words.counted(found.unused, 'column contributes', 'columns contribute')} nothing."] if found.unused else []
    )
    return _table(first, end, caption) + rest + bullets(more)


def _table(columns: Sequence[DriverRecord], end: float, caption: str) -> str:
    rows = [
        [
            f'<b class="arm">{name(c.name)}</b><small>{esc(c.kind)}</small>',
            _size(Reading.of(c.events), end, "lead"),
            _size(Reading.of(c.rows), end, ""),
            f'<span class="n">{"" if c.rank_low is None else words.ranks(c.rank_low, c.rank_high)}</span>',
        ]
        for c in columns
    ]
    return table(["Column", "Events", "All rows", "Rank"], rows, caption=esc(caption), cls="drivers")


def _size(value: Reading, end: float, cls: str) -> str:
    """A bar from 0 with its interval, and the number."""

    def at(v: float) -> str:
        return f"{100 * min(max(v / end, 0), 1):.2f}%"

    said = value.text(words.number)
    drawn = "" if value.value is None else f'<i class="size" style="width:{at(value.value)}"></i>'
    if value.low is not None and value.high is not None:
        drawn += f'<i class="reach" style="left:{at(value.low)};width:{at(value.high - value.low)}"></i>'
    span = f"<small>{words.interval(value.low, value.high, words.number)}</small>"
    shown = f'<span class="n">{words.number(value.value)} {span}</span>'
    return f'<span class="bar {cls}" role="img" aria-label="{esc(said)}">{drawn}</span>{shown}'


def _effects(found: DriversRecord) -> str:
    ends = effect_range(found.effects)
    board = "".join(figure(effect(e, ends)) for e in found.effects)
    if not board:
        return ""
    said = (
        "How the log-odds change, on average, where all rows get one value of a column and keep the others (partial "
        "dependence). Values stand one step apart; bars and percentages say how many rows lie near each. Where few do, "
        "or where columns move together, such rows may not exist."
    )
    title = '<h3 class="sub">Effects of the strongest columns</h3>'
    return f'{title}<p class="muted">{said}</p><div class="board">{board}</div>'


def _top(found: DriversRecord) -> str:
    rows = [_explained(r) for r in found.top]
    head = ["Row", "Probability", "Decision", "Truth", "Reasons (change of the log-odds)"]
    caption = f"The {words.counted(len(rows), 'highest-scored row')} of the {esc(found.part)}; rows count from 0"
    drawn = table(head, rows, caption=caption, cls="reasons")
    return f'<h3 class="sub">The highest scores and their reasons</h3>{drawn}' if drawn else ""


def _explained(row: ExplainedRecord) -> list[str]:
    reasons = "".join(
        f'<li><b class="{"up" if r.contribution > 0 else "down"}">{words.moved(r.contribution)}</b> '
        f"{esc(words.prose(r.text or r.name))}</li>"
        for r in row.reasons
    )
    return [
        words.count(row.row),
        f'<span class="n">{words.percent(row.probability, 3)}</span>',
        chip("alert", "accent") if row.alert else "no alert",
        chip("event", "good") if row.event else "no event",
        f'<ul class="why">{reasons}</ul>',
    ]
