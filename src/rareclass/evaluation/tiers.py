"""Alert tiers and the gate of a cascade in words and rows of text; page, terminal and card lay them out."""

import numpy as np

from rareclass.decisions.tier_rates import TierRecord, TierTable
from rareclass.evaluation import words
from rareclass.evaluation.results import GateRecord
from rareclass.fitting.slice_table import SliceTable
from rareclass.kernels.logits import sigmoid
from rareclass.uncertainty.estimate import Interval

MOST = 10
"""Slices whose tiers are shown; results.json holds all of them."""


def told(table: TierTable) -> tuple[list[str], list[list[str]]]:
    """Head and rows of text, mildest tier first."""
    volume = any(t.volume is not None for t in table.tiers) and table.per != "run"
    weighted = " (weights)" if table.weighted else ""
    each = [f"A {table.per}"] if volume else []
    head = ["Tier", f"Rows{weighted}", *each, f"Events{weighted}", "Precision", "Recall", "Cost per row"]
    return head, [[t.name, *_cells(t, volume)] for t in table.tiers]


def _cells(t: TierRecord, volume: bool) -> list[str]:
    share = f"{words.count(t.rows)} ({words.percent(t.share.estimate)})"
    each = [_said(t.volume, words.number)] if volume else []
    rates = [_said(v, words.percent) for v in (t.precision, t.recall)]
    return [share, *each, words.count(t.events), *rates, _said(t.cost, words.number)]


def _said(value: Interval | None, write: words.Write) -> str:
    if value is None or words.finite(value.estimate) is None:
        return words.NONE
    return f"{write(value.estimate)} {words.interval(value.low, value.high, write)}".strip()


def cost_said(table: TierTable) -> str:
    """What the tiers cost together, in a sentence; nothing where there are none."""
    if not table.tiers:
        return ""
    return (
        f"The tiers together cost {_said(table.cost, words.number)} per row; with all rows in {table.tiers[0].name} it "
        f"would be {words.number(table.cost_first_tier)}."
    )


def told_slices(found: SliceTable | None, most: int = MOST) -> tuple[list[str], list[list[str]]]:
    """Head and rows of text: the tiers of each slice, the slices with most events first, the rest last."""
    if found is None:
        return [], []
    shown = [*found.slices[:most], *([] if found.rest is None else [found.rest])]
    head = ["Slice", "Tier", "Rows", "Events", "Precision", "Recall", "Cost per row"]
    return head, [[row.name, t.name, *_cells(t, False)] for row in shown for t in row.tiers]


def gate_said(gate: GateRecord) -> list[str]:
    """What the gate of a cascade promises and does, in sentences."""
    passes = float(sigmoid(np.array(gate.threshold)))
    asked = ""
    if gate.asked is not None and gate.recall < gate.asked:
        asked = f" These events cannot carry the {gate.asked:g} that was asked for."
    elif gate.asked is None:
        asked = " It was placed by costs, not by a recall."
    own = "" if gate.independent == gate.events else f" (worth {gate.independent:,.4g} that are independent)"
    return [
        f"A row passes from {words.signed(gate.threshold)} log-odds of the gate on (a probability of "
        f"{words.number(passes)}).",
        f"It keeps at least {gate.recall:.3f} of the events with one-sided confidence {gate.confidence:g}: out of fold "
        f"{words.count(gate.lost)} of {words.counted(gate.events, 'event')}{own} are let go.{asked}",
        f"{words.percent(gate.passed, 3)} of the rows pass, and are all that the second stage sees: {gate.judge}.",
        f"Rows that are let go share one probability, {words.number(float(sigmoid(np.array(gate.rest))))}.",
    ]
