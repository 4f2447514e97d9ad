"""A diagnosis in the terminal."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table

from rareclass.evaluation import words
from rareclass.evaluation.results import Finding
from rareclass.evaluation.textbook_records import ChartRecord
from rareclass.report.flowcharts import path_said
from rareclass.report.terminal import say_findings


def render_diagnosis(found: Mapping[str, Any], console: Console | None = None) -> None:
    """Print a diagnosis (`Diagnosis.to_dict()`): what the table holds, what its events allow, what to do first."""
    out = Console() if console is None else console
    say_findings([Finding.from_dict(f) for f in found["findings"]], out)
    share = f"{found['prevalence']:.3%}" if found["prevalence"] < 0.1 else f"{found['prevalence']:.1%}"
    out.print(
        f"[bold]{found['events']:,} events[/bold] of class {found['pos_label']!r} in {found['rows']:,} rows: "
        f"{'weighted, ' if found.get('weight') is not None else ''}prevalence {share}, one event to "
        f"{found['imbalance_ratio']:,.0f} others.",
        highlight=False,
    )
    kinds = ", ".join(f"{n} {kind}" for kind, n in Counter(kind for _, kind in found["columns"]).items())
    out.print(f"{words.counted(len(found['columns']), 'feature')}: {kinds}.", highlight=False)
    _sentences(out, "What so many events allow", found["allows"])
    seen = []
    if found["duplicates"]:
        said = words.counted(found["duplicates"], "row repeats", "rows repeat")
        seen.append(f"{said} an earlier one; equal rows must stay on one side of a split.")
    if found["conflicting"]:
        seen.append(f"{found['conflicting']:,} rows have the same features as a row with the other label.")
    gaps = sorted(found["missing"].items(), key=lambda item: -item[1])
    if gaps:
        some = ", ".join(f"{name} {part:.0%}" for name, part in gaps[:5])
        more = f" and {len(gaps) - 5} more" if len(gaps) > 5 else ""
        seen.append(f"{words.counted(len(gaps), 'column has', 'columns have')} missing values: {some}{more}.")
    _sentences(out, "What to know about the rows", [*seen, *found["notes"]])
    _sentences(out, "What the rows show about the events", found["facts"])
    charts = [ChartRecord.from_dict(c) for c in found.get("textbook", ())]
    led = [f"{c.title}: {path_said(c)} In short: {c.treatment}" for c in charts if c.treatment]
    _sentences(out, "Where the textbook's flowcharts lead (compare judges the first as `textbook`)", led)
    out.print("\n[bold]Where to begin[/bold]")
    table = Table(box=None, pad_edge=False, show_edge=False)
    for name, width in (("topic", 10), ("instead of the textbook's", 26), ("begin with", None)):
        table.add_column(name, style=None if width is None else "dim", min_width=width, overflow="fold")
    for row in found["advice"]:
        table.add_row(row["topic"], row["textbook"], row["advised"])
    out.print(Padding(table, (0, 0, 0, 2)))
    ids = ", ".join(dict.fromkeys(row["evidence_id"] for row in found["advice"]))
    out.print(
        f"  Measured on other tables, not on this one: rareclass.advisor.EVIDENCE has the numbers ({ids}). `rareclass "
        "compare` measures on this one.",
        highlight=False,
        markup=False,
    )


def _sentences(out: Console, title: str, sentences: Sequence[str]) -> None:
    if not sentences:
        return
    out.print(f"\n[bold]{title}[/bold]")
    for sentence in sentences:
        out.print(f"  {sentence}", highlight=False, markup=False)
