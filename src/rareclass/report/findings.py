"""Findings in the terminal, and how many there are of each kind."""

from collections import Counter
from collections.abc import Sequence

from rich.console import Console

from rareclass.evaluation.results import SEVERITIES, Finding
from rareclass.evaluation.words import counted
from rareclass.report.terminal import say_findings


def render_findings(findings: Sequence[Finding], console: Console | None = None) -> None:
    """Print findings as sentences with their codes, and how many of each kind there are."""
    out = Console(highlight=False) if console is None else console
    say_findings(findings, out)
    of = Counter(f.severity for f in findings)
    told = [counted(of[s], s) for s in SEVERITIES if of[s]]
    out.print(f"{', '.join(told)}." if told else "Nothing was found.", style="bold", highlight=False)
