"""A table as a problem: its target, groups, times and costs apart from the features."""

import os
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rareclass import _check
from rareclass._types import Label, Rows
from rareclass.data.cells import IF_CODES
from rareclass.data.columns import name_hint, to_float
from rareclass.data.layout import TextFormat
from rareclass.data.read import read_source
from rareclass.data.sides import clean_times, group_numbers
from rareclass.data.target import encode_target
from rareclass.errors import CostError, InputError, SchemaError

COST_KEYS = ("fp", "fn", "tp", "tn")
KEEP = "keep_probability"
"""Column in which `rareclass sample` writes with which probability each row was kept."""


@dataclass(frozen=True, kw_only=True)
class Roles:
    """Which label is the event, and which columns are no plain features."""

    pos_label: Label = None
    drop: Sequence[str] = ()  # columns that are no features
    # groups, time, weights: columns of entities, of times and of row weights; none is a feature
    groups: str | None = None
    time: str | None = None
    weights: str | None = None
    time_ordered: bool = False  # the rows are in the order of time
    cost_columns: Mapping[str, str] | None = None  # cost name (fp, fn, tp, tn) to column
    categorical: Sequence[str] = ()  # numeric columns that hold codes

    def or_else(self, other: "Roles") -> "Roles":
        """These roles; where one is not given, that of `other`."""
        return replace(other, **{f.name: value for f in fields(self) if (value := getattr(self, f.name))})


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A table, its target, and the columns that are not features."""

    features: pa.Table
    y: np.ndarray  # (n,)
    target: str
    # groups, times, weights, keep: (n,)
    groups: np.ndarray | None = None
    times: np.ndarray | None = None
    weights: np.ndarray | None = None
    keep: np.ndarray | None = None  # with which probability each row was kept when the table was sampled
    costs: Mapping[str, np.ndarray | float] | None = None
    pos_label: Label = None
    categorical: tuple[str, ...] = ()
    time_ordered: bool = False
    dropped: tuple[str, ...] = ()
    weighted_by: str = ""  # what each row counts, in words: a column, 1 / keep_probability, both; "" for one
    notes: tuple[str, ...] = ()  # what was read out of the table unasked
    name: str = ""  # the file or data set
    written: TextFormat = TextFormat()  # noqa: RUF009 - frozen; how the file shows that it is written
    cost_columns: Mapping[str, str] = field(default_factory=dict)  # fp, fn, tp, tn to the column that holds its costs
    spelt: Mapping[str, str] = field(default_factory=dict)  # label to how the file writes it: "True" to "TRUE"

    @property
    def prevalence(self) -> float:
        """Share of events among the rows that the table stands for: each row counts its weight."""
        positive = encode_target(self.y, self.pos_label, name=self.target)[0]
        return float(np.average(positive, weights=self.counts))

    @property
    def counts(self) -> np.ndarray | None:
        """How much each row (n,) counts wherever rows are judged: its weight over its probability of being kept."""
        return counted(self.weights, self.keep)


def read_problem(
    source: Rows,
    target: str,
    roles: Roles = Roles(),
    how: TextFormat = TextFormat(),
    *,
    before: TextFormat = TextFormat(),
    as_text: Container[str] = (),
) -> Problem:
    """Read a table and set its target, groups, time and cost columns apart from the features.

    A column ``keep_probability`` with numbers in (0, 1], as `rareclass sample` writes it, is no feature: each row
    counts its weight / keep_probability, so that prevalence, calibration and metrics are those of the whole table. Drop
    it by name where it means something else.

    Parameters
    ----------
    source : path, frame or table
    target : str
        Column that holds the labels.
    roles : Roles
        What the other columns are; by default all are features.
    how, before, as_text
        How a file of text is read, as in `read_source`.

    Raises
    ------
    SchemaError
        When a named column does not exist.
    ReadError
        When a column that is used may mean two things.
    """
    reading = read_source(source, how, before=before, as_text=as_text or set(roles.drop))
    table = reading.table
    if table.num_rows == 0:
        raise SchemaError("The table holds column names but no rows.")
    costs, weights = roles.cost_columns or {}, roles.weights
    wanted = {"the target": target, "--groups": roles.groups, "--time": roles.time, "--weights": roles.weights}
    wanted |= {f"--drop {name}": name for name in roles.drop}
    wanted |= {f"--categorical {name}": name for name in roles.categorical}
    wanted |= {f"the cost {k}": name for k, name in costs.items()}
    for what, name in wanted.items():
        if name is not None and name not in table.column_names:
            hint = name_hint(name, table.column_names)
            if "mean" not in hint:
                hint = f" The columns are: {', '.join(table.column_names[:12])}.{hint}"
            raise SchemaError(f"There is no column {name!r} ({what}).{hint}")
    unknown = set(costs) - set(COST_KEYS)
    if unknown:
        raise InputError(f"Costs are named fp, fn, tp and tn; got {', '.join(sorted(unknown))}.")
    reading.settled()
    sampled = _sampled(table, {target, *roles.drop, *costs.values(), roles.groups, roles.time, weights})
    settled = tuple(f"Column {name!r} is read as numbers, " for name in roles.categorical)  # of codes with zeros ahead
    notes = (*reading.notes, *(note for note in reading.column_notes if not note.startswith(settled)))
    if as_text is not None:  # of a bundle, whose training said what is a code
        notes = tuple(note for note in notes if not note.endswith(IF_CODES))
    if sampled is not None:
        notes = (
            *notes,
            f"The rows are a sample: each counts 1 / {KEEP}, so {table.num_rows:,} rows stand for "
            f"{np.sum(1 / sampled):,.0f}, and {KEEP} is no feature.",
        )
    groups = None if roles.groups is None else column_values(table[roles.groups])
    times = None if roles.time is None else column_values(table[roles.time])
    counts = None if weights is None else numbers(table[weights], f"column of weights {weights!r}")
    if groups is not None:
        group_numbers(groups, str(roles.groups))
    if times is not None:
        clean_times(times, str(roles.time))
    _check.weights(counts, table.num_rows, str(weights))
    money = CostColumns(costs)
    by_row = money.read(table)
    away = {target, *roles.drop, *(v for v in (roles.groups, roles.time, roles.weights) if v), *costs.values()}
    away |= {KEEP} if sampled is not None else set()
    return Problem(
        features=table.select([c for c in table.column_names if c not in away]),
        y=column_values(table[target]),
        target=target,
        groups=groups,
        times=times,
        weights=counts,
        keep=sampled,
        costs=by_row,
        pos_label=roles.pos_label,
        categorical=tuple(c for c in roles.categorical if c not in away),
        time_ordered=roles.time_ordered,
        dropped=tuple(sorted(away - {target})),
        weighted_by=(weights or "") if sampled is None else f"{weights or 1} / {KEEP}",
        notes=(*notes, *money.notes),
        name=Path(source).name if isinstance(source, str | os.PathLike) else "",
        written=reading.found,
        cost_columns=costs,
        spelt={} if reading.cells is None else _spelt(table[target], reading.cells[target]),
    )


def _spelt(labels: pa.ChunkedArray, cells: pa.ChunkedArray) -> dict[str, str]:
    """How a file writes each label that it writes in one way."""
    seen: dict[str, set[str]] = {}
    pairs = pa.table({"label": labels, "cell": pc.utf8_trim_whitespace(cells)})
    pairs = pairs.group_by(["label", "cell"]).aggregate([])
    for label, cell in zip(pairs["label"].to_pylist(), pairs["cell"].to_pylist(), strict=True):
        if label is not None:
            seen.setdefault(str(label), set()).add(cell)
    return {label: found.pop() for label, found in seen.items() if len(found) == 1 and label not in found}


def counted(weight: np.ndarray | None, keep: np.ndarray | None) -> np.ndarray | None:
    """Weights (n,) over the probabilities of being kept; each may be absent."""
    if keep is None:
        return weight
    return 1 / keep if weight is None else weight / keep


def _sampled(table: pa.Table, named: set[str | None]) -> np.ndarray | None:
    """With which probability each row was kept, where the table says so and the column has no other role."""
    if KEEP not in table.column_names or KEEP in named:
        return None
    keep = to_float(table[KEEP])
    return keep if keep is not None and np.all((keep > 0) & (keep <= 1)) else None


def column_values(column: pa.ChunkedArray) -> np.ndarray:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if column.null_count or pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return np.array(column.to_pylist(), dtype=object)
    return np.asarray(column.to_numpy())


class CostColumns:
    """Columns of costs (of fp, fn, tp, tn) as numbers, of tables whose rows follow one another.

    Parameters
    ----------
    columns : mapping, optional
        The column of each cost.
    strict : bool, default=False
        Refuse mistakes that cost less than nothing, as the service does; otherwise they are noted.
    """

    def __init__(self, columns: Mapping[str, str] | None, *, strict: bool = False) -> None:
        self.columns, self._strict = columns or {}, strict
        self._rows = 0
        self._negative: dict[str, tuple[int, int, float]] = {}  # how many, the first row, its cost

    def read(self, table: pa.Table) -> dict[str, np.ndarray] | None:
        """The costs (n,) of the next rows, by their names; None without columns.

        Raises
        ------
        CostError
            A cost is missing, or below 0 where that is refused; the sentence names its column or cost, and its row.
        """
        costs = {key: self._numbers(table[name], name, key) for key, name in self.columns.items()}
        self._rows += table.num_rows
        return costs or None

    @property
    def notes(self) -> list[str]:
        """A sentence for each column in which a mistake costs less than nothing."""
        return [
            f"Column {self.columns[key]!r} holds {count:,} negative costs ({key}), the first in row {row:,}: {cost:g}. "
            "A negative cost is a benefit; look over the signs if none is meant."
            for key, (count, row, cost) in self._negative.items()
        ]

    def _numbers(self, column: pa.ChunkedArray, name: str, key: str) -> np.ndarray:
        found = numbers(column, f"cost column {name!r}")
        bad = np.flatnonzero(~np.isfinite(found))
        if bad.size:
            raise CostError(
                f"The cost column {name!r} holds no number in row {self._rows + bad[0] + 1:,}. Fill it, or leave out "
                "rows without a cost."
            )
        if self._strict and key in ("fp", "fn"):
            _check.mistake_costs(found, key, before=self._rows)
        below = np.flatnonzero(found < 0)
        if below.size and key in ("fp", "fn"):  # catching an event may well earn something
            first = (0, self._rows + int(below[0]) + 1, float(found[below[0]]))
            count, row, cost = self._negative.get(key, first)
            self._negative[key] = count + below.size, row, cost
        return found


def numbers(column: pa.ChunkedArray, what: str) -> np.ndarray:
    """A column as float64; `what` names it where it holds none."""
    found = to_float(column)
    if found is None:
        raise InputError(f"The {what} must hold numbers.")
    return found
