"""Tables in, scored tables out: what `rareclass predict` does."""

import contextlib
import json
import os
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rareclass._json import to_plain
from rareclass.artifact.bundle import Bundle
from rareclass.artifact.incoming import (
    StrangeColumns,
    kept_as_text,
    numeric_columns,
    spelt_before,
    written_alike,
    written_before,
)
from rareclass.artifact.tables import Write
from rareclass.data.cells import Reading
from rareclass.data.columns import name_hint
from rareclass.data.layout import TextFormat
from rareclass.data.parts import Parts, ReadWholeError, read_parts
from rareclass.data.problem import CostColumns, column_values
from rareclass.data.read import read_source
from rareclass.decisions.budget import AlertBudget
from rareclass.decisions.periods import periods_of
from rareclass.decisions.ranking import Grouping
from rareclass.decisions.rule import DecisionRule
from rareclass.errors import InputError, SchemaError
from rareclass.scoring.reasons import Reason
from rareclass.serving.scoring import Asked, Scored, score


@dataclass(frozen=True)
class Prediction:
    """Probabilities, labels and what was odd about the rows."""

    table: pa.Table
    notes: list[str]


@dataclass(frozen=True)
class Predicted:
    """What was said of a file."""

    rows: int
    alerts: int
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

    def grouping(self, table: pa.Table, rule: DecisionRule) -> Grouping:
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
    return _Predicting(
        bundle=bundle, cost_columns=cost_columns or {}, periods=periods, keep=keep, asked=asked, how=how
    ).whole(source)


def predict_file(
    bundle: Bundle,
    source: str | os.PathLike,
    opened: Callable[[], contextlib.AbstractContextManager[Write]],
    *,
    cost_columns: dict[str, str] | None = None,
    periods: PeriodColumns = PeriodColumns(),
    keep: Sequence[str] = (),
    asked: Asked | None = None,
    how: TextFormat = TextFormat(),
    tick: Callable[[int, int], None] = lambda done, rows: None,
) -> Predicted:
    """What `predict_table` says of a file, in memory that does not grow with its rows.

    The whole file is read at once where its rows need each other: with periods, whose best rows are flagged; where a
    model has no compiled form; where a column of numbers or dates is text after all (or stands as text in parquet or
    Arrow), which only all its texts can settle; and so is standard input.

    Parameters
    ----------
    opened : callable
        Opens what takes the pieces of the table, at least one; called anew where the file must be read whole after all.
    tick : callable
        Told of rows that are done, and of about how many there are.
    """
    predicting = _Predicting(
        bundle=bundle, cost_columns=cost_columns or {}, periods=periods, keep=keep, asked=asked, how=how
    )
    with contextlib.suppress(ReadWholeError):
        parts = predicting.parts(source)
        with opened() as write:
            return predicting.by_parts(parts, write, tick)
    found = replace(predicting).whole(source)
    with opened() as write:
        write(found.table)
    return Predicted(found.table.num_rows, int(pc.sum(found.table["alert"]).as_py() or 0), found.notes)


@dataclass(kw_only=True)
class _Predicting:
    """A bundle, what is asked of it, and what was seen of the rows so far."""

    bundle: Bundle
    cost_columns: dict[str, str]
    periods: PeriodColumns
    keep: Sequence[str]
    asked: Asked | None
    how: TextFormat

    def __post_init__(self) -> None:
        self.before, self.spelt = written_before(self.bundle), spelt_before(self.bundle)
        self.tiers = self.bundle.model.model_.tiers
        self.unknown: dict[str, int] = {}
        self.strange = StrangeColumns(self.bundle)
        self.money = CostColumns(self.cost_columns, strict=True)
        self.rows = self.alerts = 0

    def whole(self, source: Any) -> Prediction:
        reading = read_source(source, self.how, before=self.before, as_text=self._as_text())
        table, notes = reading.settled(), self._read_notes(reading)
        grouping = self._checked(table)
        scored = self._scored(table, reading.cells, grouping)
        return Prediction(scored, notes + self._notes(table, grouping))

    def parts(self, source: str | os.PathLike) -> Parts:
        if self.periods != PeriodColumns() or not self.bundle.scorer.exact or str(source) == "-":
            raise ReadWholeError
        numeric = numeric_columns(self.bundle, self.cost_columns.values())
        return read_parts(source, self.how, before=self.before, as_text=self._as_text(), numeric=numeric)

    def by_parts(self, parts: Parts, write: Write, tick: Callable[[int, int], None]) -> Predicted:
        none: pa.Table | None = None
        for part in parts:
            if none is None:
                self._checked(part.table)
                none = part.table.slice(0, 0)
            scored = self._scored(part.table, part.cells, Grouping())
            if any(pa.types.is_dictionary(field.type) for field in scored.schema):
                raise ReadWholeError
            write(scored)
            tick(self.rows, max(self.rows, parts.rows))
        if none is None:
            raise ReadWholeError
        return Predicted(self.rows, self.alerts, self._read_notes(parts) + self._notes(none, Grouping()))

    def _as_text(self) -> Container[str]:
        return kept_as_text(self.bundle, [*self.cost_columns.values(), self.periods.time])

    def _read_notes(self, reading: Reading | Parts) -> list[str]:
        said = () if written_alike(self.before, reading.found) else reading.column_notes
        return [*reading.notes, *said]

    def _checked(self, table: pa.Table) -> Grouping:
        """The periods of the rows; raises where a column is missing, or may not be kept."""
        self.bundle.model.model_.schema.check(table)
        for name in self.keep:
            _column(table, name, "column")
        taken = [name for name in self.keep if name in ("row", "probability", "alert", "label", "tier", "reasons")]
        if taken:
            raise SchemaError(f"The column {taken[0]!r} cannot be kept: the output has one of this name. Rename it.")
        for name in self.cost_columns.values():
            _column(table, name, "cost column")
        return self.periods.grouping(table, self.bundle.model.decision_.rule)

    def _scored(self, table: pa.Table, cells: pa.Table | None, grouping: Grouping) -> pa.Table:
        """The answers to rows that follow those before."""
        kept = {name: (table if cells is None else cells)[name] for name in self.keep}
        costs = self.money.read(table)
        if table.num_rows == 0:
            none = np.empty(0, dtype=object)
            reasons: list[list[Reason] | None] | None = [] if self.asked else None
            tier = None if self.tiers is None else none
            scored = Scored(np.empty(0), np.empty(0, dtype=bool), none, {}, reasons=reasons, tier=tier)
        else:
            scored = score(self.bundle, table, costs=costs, grouping=grouping, asked=self.asked)
            self.strange.add(table)
        for name, count in scored.unknown.items():
            self.unknown[name] = self.unknown.get(name, 0) + count
        first, self.rows = self.rows, self.rows + table.num_rows
        self.alerts += int(scored.alert.sum())
        return _scored_table(first, kept, scored, self.spelt)

    def _notes(self, table: pa.Table, grouping: Grouping) -> list[str]:
        """What is odd about the rows that were scored; `table` has their columns."""
        if self.rows == 0:
            return []
        names = [column.name for column in self.bundle.model.model_.schema.columns]
        notes = [
            f"Column {name!r}: {self.unknown[name]:,} value(s) that were never seen in training, treated as unknown."
            for name in names
            if self.unknown.get(name)
        ]
        notes += [*self.strange.notes()]
        known = {*names, self.bundle.target, *self.keep, *self.cost_columns.values(), *self.periods.columns.values()}
        extra = sorted(set(table.column_names) - known)
        if extra:
            notes.append(f"{len(extra)} column(s) are not used by the model: {', '.join(extra[:8])}.")
        decision = self.bundle.model.decision_
        if self.tiers is not None and self.tiers.policy.limited and grouping.periods is None:
            notes.append(
                "Capacities are kept on average, by the stored thresholds. To keep them exactly, say the period of "
                "each row: --time, --period or --one-period."
            )
        elif isinstance(decision.rule, AlertBudget) and grouping.periods is None:
            notes.append(
                f"The budget is kept by the stored threshold, {decision.threshold:.4g}, which flags "
                f"{self.alerts:,} of these {self.rows:,} rows. For {decision.rule.phrase()}, say the period of each: "
                "--time, --period or --one-period."
            )
        return notes


def _scored_table(
    first: int, kept: dict[str, pa.ChunkedArray], scored: Scored, spelt: Mapping[str, str] = {}
) -> pa.Table:
    rows = {"row": pa.array(np.arange(first, first + scored.probability.size))}
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
