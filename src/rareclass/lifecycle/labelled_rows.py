"""The labelled rows that a champion is retrained on, oldest first, with all that belongs to them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pyarrow as pa

from rareclass import _check
from rareclass._types import Flags, Floats, Rows
from rareclass.artifact.bundle import Bundle
from rareclass.artifact.incoming import COST_COLUMNS, kept_as_text, written_before
from rareclass.data.columns import name_hint
from rareclass.data.duplicates import duplicate_groups
from rareclass.data.layout import TextFormat
from rareclass.data.problem import KEEP, Problem, Roles, column_values, counted, read_problem
from rareclass.data.sides import clean_times
from rareclass.data.target import known_events
from rareclass.decisions.costs import Costs, as_costs
from rareclass.errors import InputError, SchemaError
from rareclass.fitting.rows import at
from rareclass.lifecycle.field import stored_costs


@dataclass(frozen=True, kw_only=True)
class LabelledRows:
    """Rows whose labels are known.

    Attributes
    ----------
    table : pyarrow.Table
        Columns of the champion, and others.
    labels : ndarray of shape (n,)
        As the table writes them; `event` says which are events.
    groups, times, weights, keep : ndarray of shape (n,), or None
    costs : dict of ndarrays of shape (n,), or None
        Named fp, fn, tp, tn; None where each row costs the same.
    notes : tuple of str
        What was read out of the table unasked, and which rows were left out.
    """

    table: pa.Table
    labels: np.ndarray
    event: Flags
    groups: np.ndarray | None = None
    times: np.ndarray | None = None
    weights: Floats | None = None
    keep: Floats | None = None
    costs: Mapping[str, Floats] | None = None
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        return int(self.event.size)

    @property
    def events(self) -> int:
        return int(self.event.sum())

    @property
    def counts(self) -> Floats | None:
        """What each row (n,) counts: its weight over the probability with which it was drawn."""
        return counted(self.weights, self.keep)

    def priced(self, champion: Bundle) -> Costs | None:
        """The costs of these rows: their own, or those that the champion decides by."""
        return stored_costs(champion) if self.costs is None else as_costs(dict(self.costs), n=self.rows)

    def take(self, index: np.ndarray) -> Self:
        """Some of them."""
        return type(self)(
            table=self.table.take(index),
            labels=self.labels[index],
            event=self.event[index],
            **{name: at(getattr(self, name), index) for name in ("groups", "times", "weights", "keep")},
            costs=None if self.costs is None else {k: v[index] for k, v in self.costs.items()},
            notes=self.notes,
        )

    def split_at(self, cut: int) -> tuple[Self, Self]:
        """The rows before, and those from `cut` on."""
        return self.take(np.arange(cut)), self.take(np.arange(cut, self.rows))

    def newest(self, share: float) -> int:
        """Where the newest `share` of the rows begins; rows of one time are on one side, the newer one."""
        cut = self.rows - int(np.ceil(share * self.rows))
        return cut if self.times is None else int(np.searchsorted(self.times, self.times[cut], side="left"))


def labelled_rows(
    champion: Bundle, source: Rows, *, target: str | None = None, roles: Roles = Roles(), how: TextFormat = TextFormat()
) -> LabelledRows:
    """Read a table as the champion's was read, and keep the rows that have a label, in the order of time.

    Target and columns of costs are by default those of the champion; of `roles` the columns of times, groups, weights
    and costs are used.

    Raises
    ------
    SchemaError
        A column is missing, or holds another kind of values than the champion knows.
    InputError
        No row has a label, all are of one class, or the labels are others than the champion knows.
    """
    name = target if target is not None else champion.target
    if name is None:
        raise InputError("The champion does not know its target. Name the column with --target.")
    money = dict(champion.recipe.get(COST_COLUMNS, {}) if roles.cost_columns is None else roles.cost_columns)
    time, groups, weights = roles.time, roles.groups, roles.weights
    if champion.model.decision_.per_row and not money:
        raise InputError("The champion decides by costs of each row; name their columns with --cost-columns.")
    as_text = kept_as_text(champion, [name, time, groups, weights, KEEP, *money.values()])
    named = Roles(weights=weights, cost_columns=money or None)
    problem = read_problem(source, name, named, how, before=written_before(champion), as_text=as_text)
    model = champion.model.model_
    model.schema.check(problem.features)
    model.encoder.transform(problem.features)  # refuses a column of another kind, wherever it is so
    unknown = np.array([_check.is_missing(v) for v in problem.y])
    if unknown.all():
        raise InputError(f"There are no new labels: the target {name!r} holds none. Add rows with labels.")
    known = np.flatnonzero(~unknown)
    event = np.zeros(problem.y.size, dtype=bool)
    event[known] = known_events(problem.y[known], model.pos_label, champion.model.classes_.tolist(), name)
    times = None if time is None else clean_times(_column(problem.features, time, "--time"), time)
    notes = list(problem.notes)
    if unknown.any():
        notes.append(f"{unknown.sum():,} rows have no label yet and are left out.")
    again = 0 if times is None else problem.y.size - int(np.unique(duplicate_groups(problem.features)).size)
    if again:
        notes.append(
            f"{again:,} rows repeat another wholly, its time too, and count as often: where a join or a second export "
            "doubled them, intervals are too narrow; leave the repeats out."
        )
    ahead = None if times is None else far_ahead(times[known])
    if ahead is not None:
        notes.append(ahead)
    found = LabelledRows(
        table=problem.features,
        labels=problem.y,
        event=event,
        groups=None if groups is None else _column(problem.features, groups, "--groups"),
        times=times,
        weights=problem.weights,
        keep=problem.keep,
        costs=_by_row(problem),
        notes=tuple(notes),
    )
    return found.take(known if times is None else known[np.argsort(times[known], kind="stable")])


def far_ahead(times: np.ndarray) -> str | None:
    """What is said of the few rows (at most 1 in 100) that lie further ahead than all others reach; None without any.

    A year that was typed wrongly makes them the newest rows, which judge, and hides which labels are new.
    """
    moment = np.sort(times)
    first = moment.size - moment.size // 100
    if first == moment.size or moment[0] == moment[first - 1]:
        return None
    cut = first + int(np.argmax(np.diff(moment[first - 1 :])))
    if moment[cut] - moment[cut - 1] <= moment[cut - 1] - moment[0]:
        return None
    return (
        f"{moment.size - cut:,} rows are dated {moment[cut]} or later, further ahead than the other rows, up to "
        f"{moment[cut - 1]}, reach altogether. Where the date is wrong, mend it: they count as the newest, which judge."
    )


def _by_row(problem: Problem) -> dict[str, Any] | None:
    if not problem.costs:
        return None
    return {k: np.broadcast_to(v, problem.y.size) for k, v in problem.costs.items()}


def _column(table: pa.Table, name: str, option: str) -> np.ndarray:
    if name not in table.column_names:
        raise SchemaError(f"There is no column {name!r} ({option}).{name_hint(name, table.column_names)}")
    return column_values(table[name])
