"""Tables in, scored tables out: what `rareclass predict` does."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from rareclass._json import to_plain
from rareclass.artifact.bundle import Bundle
from rareclass.artifact.incoming import kept_as_text, spelt_before, strange_columns, written_alike, written_before
from rareclass.data.columns import name_hint
from rareclass.data.layout import TextFormat
from rareclass.data.problem import column_values, cost_numbers
from rareclass.data.read import read_source
from rareclass.decisions.budget import AlertBudget
from rareclass.decisions.periods import periods_of
from rareclass.decisions.ranking import Grouping
from rareclass.decisions.rule import DecisionRule
from rareclass.decisions.tiers import TierPolicy
from rareclass.errors import InputError, SchemaError
from rareclass.scoring.reasons import Reason
from rareclass.serving.scoring import Asked, Scored, score


@dataclass(frozen=True)
class Prediction:
    """Probabilities, labels and what was odd about the rows."""

    table: pa.Table
    notes: list[str]


@dataclass(frozen=True, kw_only=True)
class PeriodColumns:
    """Columns that say the period of each row to an alert budget, and settle ties within it."""

    time: str | None = None  # of dates, cut into the hours, days, weeks or months of the budget
    period: str | None = None  # of labels
    one_period: bool = False  # the whole table
    key: str | None = None

    @property
    def columns(self) -> dict[str, str]:
        """Option to column."""
        named = {"--time": self.time, "--period": self.period, "--key": self.key}
        return {option: name for option, name in named.items() if name is not None}

    def grouping(self, table: pa.Table, rule: DecisionRule | TierPolicy) -> Grouping:
        """The periods and keys of the rows of a table."""
        if sum((self.time is not None, self.period is not None, self.one_period)) > 1:
            raise InputError("Give one of --time, --period and --one-period: a row is of one period.")
        columns = {name: _column(table, name, f"{option} column") for option, name in self.columns.items()}
        periods: Any = "table" if self.one_period else None
        if self.period is not None:
            periods = column_values(columns[self.period])
        elif self.time is not None:
            per = getattr(rule, "per", None)
            if per is None or per == "run":
                raise InputError(
                    "--time cuts a table into the hours, days, weeks or months of an alert budget such as 100/day; "
                    f"this bundle decides by {rule.phrase()}. Leave it out, or name a column with --period."
                )
            periods = periods_of(columns[self.time], per)
        return Grouping(periods, keys=None if self.key is None else column_values(columns[self.key]))


def predict_table(
    bundle: Bundle,
    source: Any,
    *,
    cost_columns: dict[str, str] | None = None,
    periods: PeriodColumns = PeriodColumns(),
    keep: Sequence[str] = (),
    asked: Asked | None = None,
    how: TextFormat = TextFormat(),
) -> Prediction:
    """Score a table with a bundle: its probability, the decision, and what is odd about the rows.

    The columns `keep` stand beside the row number, written as they are in the table. With `asked` there is a column
    ``reasons``, a JSON list for each row. `how` says how a file of text is
    written; what it leaves open, the training table settles. A table without rows gives one without rows.
    """
    model, cost_names = bundle.model, (cost_columns or {}).values()
    as_text = kept_as_text(bundle, [*cost_names, periods.time])
    before = written_before(bundle)
    reading = read_source(source, how, before=before, as_text=as_text)
    table, notes = reading.settled(), list(reading.notes)
    if not written_alike(before, reading.found):
        notes += reading.column_notes
    model.model_.schema.check(table)
    kept = {name: _column(table if reading.cells is None else reading.cells, name, "column") for name in keep}
    taken = [name for name in keep if name in ("row", "probability", "alert", "label", "tier", "reasons")]
    if taken:
        raise SchemaError(f"The column {taken[0]!r} cannot be kept: the output has one of this name. Rename it.")
    found = {k: _column(table, name, "cost column") for k, name in (cost_columns or {}).items()}
    costs = {k: cost_numbers(column, (cost_columns or {})[k]) for k, column in found.items()} or None
    tiers = model.model_.tiers
    grouping = periods.grouping(table, model.decision_.rule if tiers is None else tiers.policy)
    if table.num_rows == 0:
        none = np.empty(0, dtype=object)
        tier = None if tiers is None else none
        reasons: list[list[Reason] | None] | None = [] if asked else None
        nothing = Scored(np.empty(0), np.empty(0, dtype=bool), none, {}, reasons=reasons, tier=tier)
        return Prediction(_scored_table(kept, nothing), notes)
    scored = score(bundle, table, costs=costs, grouping=grouping, asked=asked)
    notes += [
        f"Column {name!r}: {count:,} value(s) that were never seen in training, treated as unknown."
        for name, count in scored.unknown.items()
        if count
    ]
    notes += strange_columns(bundle, table)
    known = {c.name for c in model.model_.schema.columns} | {bundle.target, *keep}
    extra = sorted(set(table.column_names) - known - {*cost_names, *periods.columns.values()})
    if extra:
        notes.append(f"{len(extra)} column(s) are not used by the model: {', '.join(extra[:8])}.")
    if tiers is not None and tiers.policy.limited and grouping.periods is None:
        notes.append(
            "Capacities are kept on average, by the stored thresholds. To keep them exactly, say the period of each "
            "row: --time, --period or --one-period."
        )
    elif isinstance(model.decision_.rule, AlertBudget) and grouping.periods is None:
        notes.append(
            f"The budget is kept by the stored threshold, {model.decision_.threshold:.4g}, which flags "
            f"{int(scored.alert.sum()):,} of these {table.num_rows:,} rows. For {model.decision_.rule.phrase()}, say "
            "the period of each: --time, --period or --one-period."
        )
    return Prediction(_scored_table(kept, scored, spelt_before(bundle)), notes)


def _scored_table(kept: dict[str, pa.ChunkedArray], scored: Scored, spelt: Mapping[str, str] = {}) -> pa.Table:
    rows = {"row": pa.array(np.arange(scored.probability.size))}
    label = pa.array([spelt.get(str(v), str(v)) for v in scored.label], pa.string())
    found = rows | kept | {"probability": scored.probability, "alert": scored.alert, "label": label}
    if scored.tier is not None:
        found["tier"] = pa.array([str(v) for v in scored.tier], pa.string())
    if scored.reasons is not None:
        found["reasons"] = pa.array([_written(reasons) for reasons in scored.reasons], pa.string())
    return pa.table(found)


def _written(reasons: list[Reason] | None) -> str | None:
    return (
        None if reasons is None else json.dumps(to_plain([reason._asdict() for reason in reasons]), ensure_ascii=False)
    )


def _column(table: pa.Table, name: str, what: str) -> pa.ChunkedArray:
    if name not in table.column_names:
        raise SchemaError(f"There is no {what} {name!r} in the table.{name_hint(name, table.column_names)}")
    return table[name]
