"""The judgement of a bundle on labelled rows, in the terminal."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from rareclass.evaluation import words
from rareclass.evaluation.results import Finding, JudgementRecord
from rareclass.report.terminal import say_findings, say_slices, say_tiers

NAMES = {
    "average_precision": "average precision",
    "roc_auc": "area under the ROC curve",
    "recall": "recall at the decision",
    "precision": "precision at the decision",
    "expected_cost": "cost per row",
}
CALIBRATION = {"observed_to_expected": "observed/expected", "brier_skill": "Brier skill"}


def render_judgement(found: Mapping[str, Any], console: Console | None = None) -> None:
    """Print what `workflow.evaluate_table` found."""
    out = Console() if console is None else console
    said = JudgementRecord.from_dict(found)
    say_findings([Finding.from_dict(f) for f in found.get("findings", ())], out)
    for note in found.get("notes", ()):
        out.print(note, highlight=False, markup=False)
    weighted = "" if said.weight is None else f", weighted; sum of weights {said.weight:,.0f}"
    out.print(
        f"[bold]{found['bundle']}[/bold] on {said.rows:,} rows with {said.events:,} events "
        f"(prevalence {said.prevalence:.3%}{weighted})",
        highlight=False,
    )
    table = Table(box=None, pad_edge=False)
    table.add_column("metric")
    for name in ("estimate", "95 % interval"):
        table.add_column(name, justify="right")
    for key, label in NAMES.items():
        m = said.metrics.get(key)
        if m is not None and words.finite(m.estimate) is not None:
            table.add_row(label, _number(m.estimate), f"{_number(m.low)} to {_number(m.high)}")
    for key, label in CALIBRATION.items():
        m = said.metrics.get(key)
        known = m is not None and words.finite(m.estimate) is not None
        interval = f"{_number(m.low)} to {_number(m.high)}" if m is not None and known else ""
        table.add_row(label, _number(getattr(said.calibration, key)), interval)
    out.print(table)
    c = said.decision.confusion
    flagged = f"{words.count((c.tp or 0) + (c.fp or 0))} rows flagged, {words.count(c.tp)} of them events"
    summed = "" if said.weight is None else " (sums of weights)"
    out.print(f"Alerts{summed}: {flagged}; {words.count(c.fn)} events missed.", highlight=False)
    say_tiers(said.tiers, out, "on these rows", said.slices)
    if said.slices is not None:
        say_slices(said.slices, out)


def _number(value: float | None) -> str:
    v = words.finite(value)
    return words.NONE if v is None else f"{v:.4f}"
