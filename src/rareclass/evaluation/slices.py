"""Slices on rows that their model has not seen, and the table of slices in words."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from rareclass.evaluation import words
from rareclass.evaluation.judge import Judged
from rareclass.fitting.model import FittedModel
from rareclass.fitting.slice_table import SlicedRows, SliceRow, SliceTable
from rareclass.uncertainty.estimate import Interval

MOST = 50
"""Slices that are shown; `slices_` and results.json hold all of them."""


def judge_slices(rows: Judged, table: pa.Table, logit: np.ndarray, model: FittedModel) -> SliceTable | None:
    """The slices of a model on rows that it has not seen, by its log-odds (n,) there; None where it has none."""
    slices = model.slices
    if slices is None:
        return None
    number = slices.number(model.encoder.transform(table).matrix)
    sliced = SlicedRows(
        number=number,
        y=rows.y,
        before=logit - slices.shift_of(number),
        after=logit,
        weight=rows.weight,
        groups=rows.groups,
        costs=rows.costs,
        level=rows.level,
    )
    return slices.judged(sliced, model.decision)


def told(table: SliceTable, most: int = MOST) -> tuple[list[str], list[list[str]]]:
    """Head and rows of text, most events first, the rest last; with costs where they are known."""
    shown = [*table.slices[:most], *([] if table.rest is None else [table.rest])]
    money = any(row.cost is not None for row in shown)
    share, alerts = ("Weighted prevalence", "Alerts (weights)") if table.weighted else ("Prevalence", "Alerts")
    head = ["Slice", "Events", "Rows", share, "O/E by the whole", "O/E by slice", alerts, "Of them right"]
    return [*head, *(["Cost per row"] if money else []), "Verdict"], [_cells(row, money) for row in shown]


def _cells(row: SliceRow, money: bool) -> list[str]:
    right = words.percent(row.caught / row.alerts) if row.alerts else words.NONE
    return [
        row.name,
        words.count(row.events),
        words.count(row.rows),
        _said(row.prevalence, words.percent),
        _said(row.before, words.ratio),
        _said(row.observed_to_expected, words.ratio),
        words.count(row.alerts),
        right,
        *([_said(row.cost, words.number)] if money else []),
        row.verdict or words.NONE,
    ]


def _said(value: Interval | None, write: Callable[[object], str]) -> str:
    if value is None:
        return words.NONE
    return f"{write(value.estimate)} {words.interval(value.low, value.high, write)}".strip()


def left_out(table: SliceTable, most: int = MOST) -> str:
    """How many slices `told` does not show; empty where it shows all."""
    more = len(table.slices) - most
    return f"{more:,} more slice(s) with fewer events stand in results.json." if more > 0 else ""
