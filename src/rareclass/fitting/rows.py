"""A table with everything that belongs to its rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np
import pyarrow as pa

from rareclass import _check
from rareclass._types import Label, PerRow
from rareclass.data.duplicates import duplicate_groups, twins
from rareclass.data.grouping import merge_groups
from rareclass.data.problem import counted
from rareclass.data.schema import Schema
from rareclass.data.sides import clean_times, group_numbers
from rareclass.decisions.costs import Costs, RowCosts, as_choice, as_costs
from rareclass.decisions.rule import DecisionRule
from rareclass.decisions.tier_rule import as_rule
from rareclass.decisions.tiers import TierPolicy
from rareclass.errors import InputError, TooFewEventsError
from rareclass.fitting.slice_column import SliceColumn
from rareclass.kernels.effective import unit


class Target(NamedTuple):
    """Event indicator (n,), the event's label, and all labels: what `encode_target` returns."""

    y: np.ndarray
    pos_label: Label
    classes: Sequence[Label]


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What the caller knows of each row beside its features; arrays (n,), None where there is nothing.

    `keep_probability` is that with which each row came into the table, where it is a sample. Costs are a `CostMatrix`,
    or a mapping of numbers or arrays (n,) named fp, fn, tp, tn. `number` says which rows of the caller's table these
    are, where rows of weight zero were left out.
    """

    sample_weight: PerRow | None = None
    keep_probability: PerRow | None = None
    groups: PerRow | None = None
    times: PerRow | None = None
    costs: Costs | Mapping[str, PerRow] | None = None
    number: np.ndarray | None = None

    def take(self, index: np.ndarray, n: int) -> Self:
        """What belongs to the rows `index` of n."""
        each = {k: getattr(self, k) for k in ("sample_weight", "keep_probability", "groups", "times")}
        _check.same_length(sample_weight=range(n), **{k: v for k, v in each.items() if k != "sample_weight"})
        costs = None if self.costs is None else costs_at(as_costs(self.costs, n=n), index)
        taken = {k: at(None if v is None else _check.column(v, k), index) for k, v in each.items()}
        return type(self)(**taken, costs=costs, number=index)


def of_weight(table: pa.Table, labels: np.ndarray, beside: Beside) -> tuple[pa.Table, np.ndarray, Beside]:
    """Table, labels and what stands beside them, without the rows of weight zero: these are as good as absent.

    Raises
    ------
    TooFewEventsError
        Rows of weight zero are all there is of one of two classes.
    """
    weight = _check.weights(beside.sample_weight, labels.size)
    if weight is None or weight.all():
        return table, labels, beside
    index = np.flatnonzero(weight)
    kept = labels[index]
    gone = [label for label in _check.class_values(labels) if not (kept == label).any()]
    if gone and (kept == kept[0]).all():
        raise TooFewEventsError(f"All rows of class {gone[0]!r} have weight zero. Give some of them a weight.")
    return table.take(index), kept, beside.take(index, labels.size)


@dataclass(frozen=True, kw_only=True)
class Rows:
    """A table of features, its labels, and what is known of each row."""

    table: pa.Table  # as it was given; `features` are the columns of the schema
    schema: Schema
    y: np.ndarray  # (n,)
    pos_label: Label
    classes: tuple[Label, ...]
    same: np.ndarray  # (n,) rows with equal features share a number
    # weight, keep, groups, times: (n,); a row counts its weight over the probability with which it was kept
    weight: np.ndarray | None = None
    keep: np.ndarray | None = None
    groups: np.ndarray | None = None
    times: np.ndarray | None = None
    costs: Costs | None = None
    number: np.ndarray | None = None  # (n,) rows of the caller's table; None where none of weight zero was left out
    slices: SliceColumn | None = None

    @classmethod
    def of(cls, table: pa.Table, target: Target, beside: Beside, schema: Schema, *, slices: str | None = None) -> Self:
        """Check and clean what belongs to the rows of a table; `slices` names the feature that says their slice.

        Raises
        ------
        InputError
            No feature is left, or weights, groups, times, costs or slices cannot be used.
        """
        if not schema.columns:
            raise InputError("No usable feature column is left. Check the target and the dropped columns.")
        n = target.y.size
        keep = None if beside.keep_probability is None else _keep(beside.keep_probability, n)
        return cls(
            table=table,
            schema=schema,
            y=target.y,
            pos_label=target.pos_label,
            classes=tuple(target.classes),
            same=duplicate_groups(table.select([c.name for c in schema.columns])),
            weight=counted(_check.weights(beside.sample_weight, n), keep),
            keep=keep,
            groups=None if beside.groups is None else group_numbers(beside.groups),
            times=None if beside.times is None else clean_times(beside.times),
            costs=None if beside.costs is None else as_choice(beside.costs, n=n),
            number=beside.number,
            slices=None if slices is None else SliceColumn.of(table, schema, slices),
        )

    @cached_property
    def together(self) -> np.ndarray:
        """Numbers (n,) of the rows that a split keeps together: groups, and equal rows that are `twins`."""
        apart = twins(self.same, self.y)
        return apart if self.groups is None else merge_groups(self.groups, apart)

    def to_fit(self, index: np.ndarray) -> tuple[np.ndarray | None, float]:
        """Weights for a fit on the rows `index`, and the log-odds to add to its scores.

        Events weigh together as much as the rows that they are worth: what counts is how weights compare, not their
        scale, which penalties and least leaves would feel. Equal weights are none.

        Where all events and all negatives were kept at one rate each, a shift undoes the sampling, without the few
        negatives that count for many which weights of 1 / keep_probability bring. At other rates weights it is.
        """
        weight = at(self.weight, index)
        if weight is None:
            return None, 0.0
        if self.keep is None:
            return _scaled(weight, self.y[index]), 0.0
        keep, y = self.keep[index], self.y[index]
        rates = [np.unique(keep[c]) for c in (y, ~y)]
        if any(r.size != 1 for r in rates):
            return _scaled(weight, y), 0.0
        return _scaled(weight * keep, y), float(np.log(rates[1][0] / rates[0][0]))

    def numbered(self, numbers: np.ndarray) -> np.ndarray:
        """Where the caller's rows `numbers` stand here, in their order; those left out are passed over."""
        if self.number is None:
            return numbers
        numbers = np.flatnonzero(numbers) if numbers.dtype == bool else numbers
        place = np.minimum(np.searchsorted(self.number, numbers), self.number.size - 1)
        return place[self.number[place] == numbers]

    def of_caller(self, index: np.ndarray) -> np.ndarray:
        """Which rows of the caller's table the rows `index` are."""
        return index if self.number is None else self.number[index]

    @property
    def features(self) -> pa.Table:
        return self.table.select([c.name for c in self.schema.columns])


def rule_of(decision: DecisionRule | TierPolicy, rows: Rows) -> DecisionRule:
    """The rule of a decision that was asked for, told what it needs to know of the rows it will be chosen on.

    Raises
    ------
    InputError
        It is no rule, or costs or times that it needs are missing.
    """
    return as_rule(decision).with_costs(rows.costs).with_times(rows.times, rows.weight)


def _keep(values: PerRow, n: int) -> np.ndarray:
    keep = _check.column(values, "keep_probability").astype(np.float64)
    if keep.size != n or not np.all((keep > 0) & (keep <= 1)):
        raise InputError(f"`keep_probability` must hold {n} numbers above 0 and at most 1.")
    return keep


def _scaled(weight: np.ndarray, y: np.ndarray) -> np.ndarray | None:
    scaled = weight / unit(weight[y])
    return None if np.allclose(scaled, 1, rtol=1e-12) else scaled


def at(values: np.ndarray | None, index: np.ndarray) -> np.ndarray | None:
    """Rows `index` of an array that may be absent."""
    return None if values is None else values[index]


def costs_at(costs: Costs | None, index: np.ndarray) -> Costs | None:
    """Costs of the rows `index`: class costs stay, costs by row are taken."""
    return costs.take(index) if isinstance(costs, RowCosts) else costs
