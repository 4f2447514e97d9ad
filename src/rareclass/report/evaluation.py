"""The judgement of a bundle on labelled rows, in the terminal."""

from typing import Any

NAMES = {
    "average_precision": "average precision", "roc_auc": "area under the ROC curve", "recall": "recall at the decision",
    "precision": "precision at the decision", "expected_cost": "cost per row",
}  # fmt: skip


def render_evaluation(found: dict[str, Any], console: Any = None) -> None:
    """Print what `workflow.evaluate_table` found."""
    from rich.console import Console
    from rich.table import Table

    out = console if console is not None else Console()
    out.print(f"[bold]{found['bundle']}[/bold] on {found['rows']:,} rows with {found['events']:,} events "
              f"(prevalence {found['prevalence']:.3%})", highlight=False)  # fmt: skip
    table = Table(box=None, pad_edge=False)
    table.add_column("metric")
    for name in ("estimate", "95 % interval"):
        table.add_column(name, justify="right")
    for key, label in NAMES.items():
        m = found["metrics"].get(key)
        if m is not None and m["estimate"] is not None:
            table.add_row(label, _number(m["estimate"]), f"{_number(m['low'])} to {_number(m['high'])}")
    table.add_row("observed/expected", _number(found["calibration"]["observed_to_expected"]), "")
    table.add_row("Brier skill", _number(found["calibration"]["brier_skill"]), "")
    out.print(table)
    c = found["decision"]["confusion"]
    flagged = f"{c['tp'] + c['fp']:,.0f} rows flagged, {c['tp']:,.0f} of them events"
    out.print(f"Alerts: {flagged}; {c['fn']:,.0f} events missed.", highlight=False)


def _number(value: float | None) -> str:
    return "–" if value is None or value != value else f"{value:.4f}"
