"""The report on a terminal: the answer, the table of arms, the verdicts, what to mind."""

import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rareclass.decisions.tier_rates import TierTable
from rareclass.evaluation import tiers, words
from rareclass.evaluation.results import SEVERITIES, Finding, Results
from rareclass.evaluation.slices import left_out, told
from rareclass.evaluation.textbook_records import TextbookRecord
from rareclass.fitting.slice_table import SliceTable
from rareclass.html.reading import Reading
from rareclass.report.drivers import NO_CAUSES, no_reasons, where
from rareclass.report.html_seven import HOW
from rareclass.report.html_seven import told as told_ways
from rareclass.report.story import ArmRow, Story, tell

STYLES = {"helps": "green", "hurts": "red", "cannot tell": "yellow", "no evidence": "dim", "baseline": "dim"}
SEVERITY_STYLES = {"error": "bold red", "warning": "bold yellow"}
BAR = 20
WIDE = 160  # characters from which every number of the table has its interval
DRIVERS = 6  # columns of which it is said how far they move the log-odds
NAME = {0: 24, 100: 32}  # room kept for names, by the width of the console
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")  # a column name must not steer the terminal
PLAIN = {"−": "-", "–": "-", "≥": ">=", "·": "|", "\u00a0": " ", "…": "...", "━": "=", "●": "o"}


def render_terminal(results: Mapping[str, Any] | Results, console: Console | None = None) -> None:
    """Print `results` as a table of arms with the verdicts in words.

    Use it while working; `render_html` draws the curves. Without a terminal (piped, redirected) there is neither
    colour nor control characters, and where the output is not UTF-8, plain signs stand in for typographic ones.

    Parameters
    ----------
    results : Results or dict
        What `Comparison.to_dict` returns or `load_results` reads. Keys may be missing and numbers null.
    console : rich.console.Console, optional
        Where to print; standard output by default. What does not fit its width is left out: fit time and Brier skill
        first, then the difference to the baseline and the bars.

    Examples
    --------
    >>> from rich.console import Console
    >>> render_terminal({"arms": [], "data": {"rows": 10, "events": 2, "prevalence": 0.2}}, Console(width=60))
    2 events in 10 rows (20%) · 0 arms
    <BLANKLINE>
    No model is deployed.
    """
    page = Page(Console(highlight=False) if console is None else console)
    story = tell(results)
    page.say(story.subject, "dim")
    _findings(story.findings, page)
    page.gap()
    page.say(story.headline, "bold")
    page.say(story.standing if story.standing != story.headline else "")
    page.say(story.reason)
    if story.arms:
        page.gap()
        page.say(f"{story.judged_on}.", "dim")
        page.grid([(f.label, f.value, "; ".join(t for t in (f.detail, f.note) if t)) for f in story.facts])
        page.gap()
        page.console.print(_table(story, page))
        page.gap()
        page.say(story.tally)
        rough = [a.found.name for a in story.arms if not a.found.exact and a.found.restoration]
        page.say(f"Probabilities come back only approximately: {', '.join(rough)}." if rough else "", "dim")
    say_tiers(story.results.tiers, page.console, "out of fold")
    if story.results.test is not None:
        say_tiers(story.results.test.tiers, page.console, "on the locked test part")
    if story.results.gate is not None:
        page.gap()
        page.say("Gate", "bold")
        for sentence in tiers.gate_said(story.results.gate):
            page.say(sentence, "", "- ", "  ")
    if story.results.slices is not None:
        say_slices(story.results.slices, page.console)
    _trade_off(story, page)
    _seven_ways(story, page)
    _textbook(story.results.textbook, page)
    _drivers(story, page)
    _notes(story, page)


@dataclass(frozen=True)
class Page:
    """A console that wraps its lines, and writes plain signs where the output is not UTF-8."""

    console: Console

    def sign(self, text: str) -> str:
        text = CONTROL.sub("?", text)
        encoding = self.console.encoding or "ascii"
        if "utf" in encoding.lower():
            return text
        for fancy, stand_in in PLAIN.items():
            text = text.replace(fancy, stand_in)
        return text.encode(encoding, "replace").decode(encoding)

    def say(self, text: str, style: str = "", first: str = "", rest: str = "") -> None:
        """A paragraph; nothing for an empty one."""
        if text:
            said, wide = self.sign(text), max(self.console.width, 20)
            lines = textwrap.wrap(said, wide, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)
            self.console.print(Text("\n".join(lines), style=style), soft_wrap=True)

    def gap(self) -> None:
        self.console.print()

    def grid(self, rows: list[tuple[str, str, str]]) -> None:
        """Key figures: label, value, what to hold it against."""
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(style="dim")
        grid.add_column(style="bold", no_wrap=True)
        grid.add_column()
        for row in rows:
            grid.add_row(*(Text(self.sign(cell)) for cell in row))
        self.console.print(grid)


@dataclass
class _Column:
    """A column of the table of arms, with the order in which columns get room."""

    title: str
    rank: int
    right: bool = False
    cells: list[Text] = field(default_factory=list)

    @property
    def width(self) -> int:
        return max(cell_len(self.title), max((cell_len(c.plain) for c in self.cells), default=0))


def _table(story: Story, page: Page) -> Table:
    columns = [c for c in _columns(story, page) if c.cells]
    names = [a.found.name + (" (exhibit)" if a.exhibit else " (textbook)" if a.textbook else "") for a in story.arms]
    longest = max(cell_len(n) for n in names)
    # two characters mark the champion; the last column needs no gap after it
    room = page.console.width - min(longest, max(v for k, v in NAME.items() if k <= page.console.width)) - 2
    kept: list[_Column] = []
    for column in sorted(columns, key=lambda c: c.rank):
        if column.width + 2 > room and column.rank > 1:
            break
        room -= column.width + 2
        kept.append(column)
    left = max(page.console.width - 2 - sum(c.width + 2 for c in kept), 12)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("  Arm", no_wrap=True)
    kept = [c for c in columns if c in kept]
    for column in kept:
        table.add_column(column.title, justify="right" if column.right else "left", no_wrap=True)
    for i, (arm, name) in enumerate(zip(story.arms, names, strict=True)):
        style = "bold cyan" if arm.champion else "red" if arm.exhibit else ""
        shown = page.sign(("* " if arm.champion else "  ") + _wrapped(name, left).replace("\n", "\n  "))
        table.add_row(Text(shown, style=style), *(c.cells[i] for c in kept))
    return table


def _wrapped(name: str, width: int) -> str:
    """A long name in lines that break after its underscores, plus signs and spaces where they can."""
    lines = [""]
    for piece in re.findall(r"[^_+\s]*[_+\s]?", name):
        if lines[-1] and cell_len(lines[-1] + piece) > width:
            lines.append("")
        while cell_len(lines[-1] + piece) > width:
            lines[-1], piece = (lines[-1] + piece)[:width], (lines[-1] + piece)[width:]
            lines.append("")
        lines[-1] += piece
    return "\n".join(line for line in lines if line)


def _columns(story: Story, page: Page) -> list[_Column]:
    """All columns from left to right; a lower rank gets room first."""
    end = max((v for a in story.arms for v in (a.precision.high, a.precision.value) if v is not None), default=1.0)
    precision = _Column("Average precision", 0)
    bars = _Column(f"0{f'{end:.2f}':>{BAR - 1}}", 4)
    gap, verdict = _Column("To the baseline", 5), _Column("Verdict", 1)
    cost, ratio = _Column("Cost/row", 2, True), _Column("O/E", 3, True)
    skill, fit = _Column("Brier skill", 6, True), _Column("Fit", 7, True)

    def said(value: Reading, write: Callable[[object], str]) -> str:
        """With its interval where the console is wide enough for all of them."""
        return page.sign(value.text(write) if page.console.width >= WIDE else write(value.value))

    for a in story.arms:
        d, found = a.difference, a.found
        precision.cells.append(Text(page.sign(a.precision.text())))
        bars.cells.append(Text(page.sign(_bar(a, end)), style="cyan" if a.champion else "red" if a.exhibit else ""))
        gap.cells.append(
            Text(page.sign(f"{words.signed(d.value)} {words.interval(d.low, d.high, words.signed)}".strip()))
        )
        verdict.cells.append(Text(page.sign(found.verdict or words.NONE), style=STYLES.get(found.verdict, "")))
        if story.has_costs:
            cost.cells.append(Text(said(a.cost, words.number)))
        off = "yellow" if a.off else ""
        ratio.cells.append(Text(said(a.observed_to_expected, words.ratio), style=off))
        skill.cells.append(Text(said(a.brier_skill, words.score)))
        fit.cells.append(Text(page.sign(words.seconds(found.fit_seconds))))
    return [precision, bars, gap, verdict, cost, ratio, skill, fit]


def _bar(arm: ArmRow, end: float) -> str:
    """The interval as a line, the estimate as a dot on it."""
    estimate, cells = arm.precision, [" "] * BAR

    def at(value: float) -> int:
        return min(max(int(value / end * (BAR - 1) + 0.5), 0), BAR - 1) if end > 0 else 0

    if estimate.low is not None and estimate.high is not None:
        for i in range(at(estimate.low), at(estimate.high) + 1):
            cells[i] = "━"
    if estimate.value is not None:
        cells[at(estimate.value)] = "●"
    return "".join(cells)


def say_tiers(found: TierTable | None, console: Console, where: str, slices: SliceTable | None = None) -> None:
    """Print what each alert tier holds, and each of every slice; nothing where there are none."""
    if found is None or not found.tiers:
        return
    page = Page(console)
    page.gap()
    page.say(f"Tiers {where}", "bold")
    _text_table(*tiers.told(found), page)
    page.say(tiers.cost_said(found), "", "- ", "  ")
    head, rows = tiers.told_slices(slices)
    if rows:
        page.gap()
        _text_table(head, rows, page)


def _text_table(head: Sequence[str], rows: Sequence[Sequence[str]], page: Page) -> None:
    """Rows of text; where the console is narrow, intervals go below their numbers."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for i, title in enumerate(head):
        table.add_column(
            title,
            justify="left" if i == 0 or title == "Tier" else "right",
            no_wrap=i > 0,
            overflow="fold",
            min_width=6 if i == 0 else None,
        )
    break_at = re.compile(r" (?=[\[(])" if page.console.width < WIDE else "$^")
    for row in rows:
        table.add_row(*(Text(page.sign(break_at.sub("\n", cell))) for cell in row))
    page.console.print(table)


def say_slices(found: SliceTable, console: Console) -> None:
    """Print the table of slices with what it says; on narrow consoles without what can be worked out from the rest."""
    if not found.slices:
        return
    page, most = Page(console), 20
    page.gap()
    page.say(f"Slices by {found.column}", "bold")
    head, rows = told(found, most)
    first = {"Slice", "O/E by the whole", "O/E by slice", "Verdict"} | ({"Events"} if console.width >= 72 else set())
    kept = [i for i, title in enumerate(head) if title in first or console.width >= WIDE]
    table = Table(box=None, pad_edge=False, header_style="dim")
    for i in kept:
        side: Literal["left", "right"] = "left" if i in (0, len(head) - 1) else "right"
        table.add_column(head[i], justify=side, no_wrap=i > 0, overflow="fold", min_width=6)
    for row in rows:
        table.add_row(*(Text(page.sign(row[i])) for i in kept))
    console.print(table)
    for sentence in [*found.sentences, left_out(found, most)]:
        page.say(sentence, "", "- ", "  ")


def say_findings(findings: Sequence[Finding], console: Console | None = None) -> None:
    """Print findings, worst first, with their evidence and what to do."""
    page = Page(Console(highlight=False) if console is None else console)
    _findings(sorted(findings, key=lambda f: (*SEVERITIES, f.severity).index(f.severity)), page)
    if findings:
        page.gap()


def _findings(findings: Sequence[Finding], page: Page) -> None:
    """Worst first, above all numbers: they decide how far those can be trusted."""
    for f in findings:
        page.gap()
        page.say(f"{f.severity or 'note'}: {f.title or f.code}", SEVERITY_STYLES.get(f.severity, "bold"))
        page.say(f"{f.evidence} [{f.code}]" if f.code else f.evidence, "", "  ", "  ")
        page.say(f.remedy, "", "  ", "  ")


def _trade_off(story: Story, page: Page) -> None:
    """What each arm costs and how fast it answers, and the choice in words."""
    found = story.results.trade_off
    if found is None or not found.arms:
        return
    page.gap()
    page.say("Trade-off", "bold")
    rows = [("arm", "cost of 1,000 rows", "one row, p50")]
    for a in found.arms:
        cost = words.number(1000 * a.expected_cost.estimate)
        rows.append((_wrapped(CONTROL.sub("?", a.name), NAME[100]), cost, f"{words.number(a.p50)} us"))
    page.grid(rows)
    page.say(" ".join(found.paragraph))


def _drivers(story: Story, page: Page) -> None:
    """The columns that move the champion's log-odds most."""
    found = story.results.drivers
    if found is None or not (found.columns or found.why_not):
        return
    page.gap()
    page.say("What drives it", "bold")
    if found.why_not:
        page.say(no_reasons(found))
        return
    page.say(f"{where(found)} {NO_CAUSES}", "dim")
    rows = [("column", "events", "all rows")]
    for c in found.columns[:DRIVERS]:
        events, every = (Reading.of(v).text(words.number) for v in (c.events, c.rows))
        rows.append((_wrapped(CONTROL.sub("?", c.name), NAME[100]), events, every))
    page.grid(rows)


def _seven_ways(story: Story, page: Page) -> None:
    """The textbook's seven ways, where they were asked for."""
    found = story.results.seven_ways
    if found is None or not found.ways:
        return
    page.gap()
    page.say("Seven ways", "bold")
    wide = page.console.width >= 2 * WIDE
    _text_table(*told_ways(found, intervals=wide), page)
    more = () if wide else ("Intervals stand in results.json and in the report; a wide terminal shows them too.",)
    for said in (*found.sentences, HOW, *more, *found.notes):
        page.say(said, "", "- ", "  ")


def _textbook(found: TextbookRecord | None, page: Page) -> None:
    """What the textbook says, what was measured, and the numbers that its loop asks for."""
    if found is None:
        return
    page.gap()
    page.say("Textbook", "bold")
    floors = (f"{'' if f.asked else 'No floor was asked for; as an example: '}{f.sentence}" for f in found.floors)
    for said in (f"It says: {found.says}", f"Measured here: {found.measured}", *floors):
        page.say(words.prose(said), "", "- ", "  ")


def _notes(story: Story, page: Page) -> None:
    found = story.results
    advice = [f"{a.topic}: {words.prose(a.measured)} (textbook: {a.textbook})" for a in found.advice]
    blocks = (
        ("Before you rely on it", story.warnings, "yellow"),
        ("Data", story.data_notes, ""),
        ("Design", story.design_notes, ""),
        ("Arms not run", [f"{s.name}: {s.reason}" for s in found.arms_not_run], ""),
        ("Advice, measured on other tables", advice, ""),
    )
    for title, lines, style in blocks:
        if lines:
            page.gap()
            page.say(title, f"bold {style}".strip())
        for line in lines:
            page.say(line, "", "- ", "  ")
