"""Findings in the terminal, worst first: what is wrong, the numbers behind it, and what to do."""

from collections import Counter
from collections.abc import Sequence

from rich.console import Console

from rareclass.evaluation.results import SEVERITIES, Finding
from rareclass.report.words import counted

COLOURS = {"error": "red", "warning": "yellow", "note": "dim"}


def render_findings(findings: Sequence[Finding], console: Console | None = None) -> None:
    """Print findings as sentences with their codes, and how many of each kind there are."""
    out = Console() if console is None else console
    for f in findings:
        out.print(f"[{COLOURS.get(f.severity, 'dim')}]{f.severity}[/]", f.title, highlight=False, end=" ")
        out.print(f"({f.code})", style="dim", highlight=False)
        for line in (f.evidence, f.remedy):
            if line:
                out.print(f"    {line}", highlight=False, markup=False)
    of = Counter(f.severity for f in findings)
    told = [counted(of[s], s) for s in SEVERITIES if of[s]]
    out.print(f"{', '.join(told)}." if told else "Nothing was found.", style="bold", highlight=False)
