"""A diagnosis in the terminal."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table


def render_diagnosis(found: Mapping[str, Any], console: Console | None = None) -> None:
    """Print a diagnosis (`Diagnosis.to_dict()`): what the table holds, what its events allow, what to do first."""
    out = Console() if console is None else console
    share = f"{found['prevalence']:.3%}" if found["prevalence"] < 0.1 else f"{found['prevalence']:.1%}"
    out.print(
        f"[bold]{found['events']:,} events[/bold] of class {found['pos_label']!r} in {found['rows']:,} rows: "
        f"prevalence {share}, one event to {found['imbalance_ratio']:,.0f} others.",
        highlight=False,
    )
    kinds = ", ".join(f"{n} {kind}" for kind, n in Counter(kind for _, kind in found["columns"]).items())
    out.print(f"{len(found['columns'])} features: {kinds}.", highlight=False)
    _sentences(out, "What so many events allow", found["allows"])
    seen = []
    if found["duplicates"]:
        seen.append(f"{found['duplicates']:,} rows repeat an earlier one; they must stay on one side of a split.")
    if found["conflicting"]:
        seen.append(f"{found['conflicting']:,} rows have the same features as a row with the other label.")
    gaps = sorted(found["missing"].items(), key=lambda item: -item[1])
    if gaps:
        some = ", ".join(f"{name} {part:.0%}" for name, part in gaps[:5])
        seen.append(f"{len(gaps)} columns have missing values: {some}{', ...' if len(gaps) > 5 else ''}.")
    _sentences(out, "What to know about the rows", [*seen, *found["notes"]])
    findings = [f"{f['title']} ({f['evidence']}) {f.get('remedy', '')}".strip() for f in found["findings"]]
    _sentences(out, "Look at this first", findings)
    out.print("\n[bold]Advice: textbook beside measured[/bold]")
    table = Table(box=None, pad_edge=False, show_edge=False)
    for name, width in (("topic", 10), ("textbook", 26), ("measured", None)):
        table.add_column(name, style="dim" if name == "textbook" else None, min_width=width, overflow="fold")
    for row in found["advice"]:
        table.add_row(row["topic"], row["textbook"], row["measured"])
    out.print(Padding(table, (0, 0, 0, 2)))


def _sentences(out: Console, title: str, sentences: Sequence[str]) -> None:
    if not sentences:
        return
    out.print(f"\n[bold]{title}[/bold]")
    for sentence in sentences:
        out.print(f"  {sentence}", highlight=False, markup=False)
