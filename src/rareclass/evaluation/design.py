"""The design of a comparison: which rows are locked away, which are cross-fitted, what is sampled, and why."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from rareclass import _check
from rareclass.data.duplicates import count_duplicates, duplicate_groups
from rareclass.data.read import read_table
from rareclass.data.schema import Schema
from rareclass.data.sides import clean_times, group_numbers
from rareclass.data.split import locked_test, make_splits, merge_groups
from rareclass.data.target import encode_target
from rareclass.errors import InputError, TooFewEventsError

EVENTS_TO_RANK = 10
"""Fewer out-of-fold events than this: no ranking, the default is deployed with the verdict "cannot tell"."""

LARGE_TABLE = 50_000
"""Above so many rows the default budget fits on all events and sampled negatives, and judges on all rows."""


@dataclass(frozen=True)
class Design:
    """Rows, labels and splits of a comparison. `dev` and `test` index the table; splits index `dev`."""

    table: pa.Table
    schema: Schema
    y: np.ndarray
    pos_label: Any
    classes: tuple[Any, ...]
    dev: np.ndarray
    test: np.ndarray
    splits: list[tuple[np.ndarray, np.ndarray]]
    kind: str
    folds: int
    repeats: int
    seed: int
    duplicate_id: np.ndarray
    sample_weight: np.ndarray | None = None
    groups: np.ndarray | None = None
    fit_rows: int | None = None
    ranked: bool = True
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    duplicates: int = 0
    conflicting: int = 0

    @property
    def forward(self) -> bool:
        return self.kind == "time"

    def dev_y(self) -> np.ndarray:
        return self.y[self.dev]


def make_design(
    X: Any,
    y: Any,
    *,
    groups: Any = None,
    times: Any = None,
    time_ordered: bool = False,
    gap: Any = 0,
    sample_weight: Any = None,
    pos_label: Any = None,
    categorical: Sequence[str] = (),
    drop: Sequence[str] = (),
    folds: int | None = None,
    repeats: int = 1,
    test_share: float = 0.2,
    split_duplicates: bool = False,
    full: bool = False,
    seed: int = 0,
) -> Design:
    """Read the data, lock the test part, split the rest. All sentences about unusable input come from here."""
    _check.same_index(X, y)
    table = read_table(X)
    target = _check.column(y, "y")
    _check.same_length(X=table, y=target, groups=groups, times=times, sample_weight=sample_weight)
    truth, positive, classes = encode_target(target, pos_label)
    schema = Schema.infer(table, drop=tuple(drop), categorical=tuple(categorical))
    if not schema.columns:
        raise InputError("No usable feature column is left. Check the target and the dropped columns.")
    weight = _check.weights(sample_weight, truth.size)
    notes, warnings = list(schema.notes), []
    features = table.select([c.name for c in schema.columns])
    same = duplicate_groups(features)
    found = count_duplicates(features, truth, groups=same)
    repeated, conflicting = found.repeated, found.conflicting if found.conflicting is not None else 0
    kind, keep_together = _split_kind(groups, times, time_ordered)
    if repeated and kind != "time":
        if split_duplicates:
            warnings.append(f"{repeated:,} repeated rows may stand on both sides of a split (asked for): scores leak.")
        else:
            notes.append(f"{repeated:,} rows repeat an earlier one; equal rows stay on one side of every split.")
            keep_together = same if keep_together is None else merge_groups(keep_together, same)
    if conflicting:
        notes.append(f"{conflicting:,} rows have the same features as a row with the other label.")
    order: np.ndarray | None = None
    if kind == "time":
        order = np.arange(truth.size) if times is None else clean_times(times)
        warnings += _prevalence_drift(truth, order)
    how: dict[str, Any] = {"kind": "group" if keep_together is not None and kind != "time" else kind,
                           "groups": keep_together, "times": order, "gap": gap, "seed": seed}  # fmt: skip
    dev, test, ranked = _lock(truth, how, test_share, notes)
    large = truth.size > LARGE_TABLE and not full
    count = _fold_count(truth[dev], folds, large, notes)
    inner = {**how, **{k: (None if how[k] is None else how[k][dev]) for k in ("groups", "times")}}
    splits = make_splits(truth[dev], folds=count, repeats=repeats, **inner)
    design = Design(
        table=table, schema=schema, y=truth, pos_label=positive, classes=tuple(classes), dev=dev, test=test,
        splits=splits, kind=how["kind"] if groups is not None or kind == "time" else "stratified", folds=count,
        repeats=repeats, seed=seed, duplicate_id=same, sample_weight=weight,
        groups=None if groups is None else group_numbers(groups),
        fit_rows=40_000 if large else None, ranked=ranked, notes=notes, warnings=warnings,
        duplicates=int(repeated), conflicting=int(conflicting),
    )  # fmt: skip
    if large:
        notes.append(
            f"More than {LARGE_TABLE:,} rows: every fit uses all events and sampled negatives (about "
            f"{design.fit_rows:,} rows), undone by the log of the share kept; every row is judged."
        )
    return design


def _split_kind(groups: Any, times: Any, time_ordered: bool) -> tuple[str, np.ndarray | None]:
    if times is not None or time_ordered:
        if groups is not None:
            raise InputError("Give either `groups` or `times`: a forward split already keeps the past from the future.")
        return "time", None
    return ("stratified", None) if groups is None else ("group", group_numbers(groups))


def _prevalence_drift(y: np.ndarray, order: np.ndarray) -> list[str]:
    parts = np.array_split(np.argsort(order, kind="stable"), 10)
    rates = np.array([y[p].mean() for p in parts if p.size])
    if rates.size < 2 or rates[0] == rates[-1]:
        return []
    n = min(p.size for p in parts)
    spread = np.sqrt(max(y.mean() * (1 - y.mean()), 1e-12) / n)
    if np.ptp(rates) < 5 * spread:
        return []
    return [
        f"The prevalence drifts: {rates[0]:.2%} in the first tenth of the time, {rates[-1]:.2%} in the last "
        f"(lowest {rates.min():.2%}, highest {rates.max():.2%}). Probabilities learnt on the past are off by that "
        "factor; recalibrate or update the prevalence before use."
    ]


def _lock(y: np.ndarray, how: dict[str, Any], share: float, notes: list[str]) -> tuple[np.ndarray, np.ndarray, bool]:
    """(dev, test, whether models can be ranked)."""
    events = int(y.sum())
    if events < 2:
        raise TooFewEventsError(f"The table holds {events} event(s); at least 2 are needed to fit and to judge.")
    everything = np.arange(y.size)
    if events * (1 - share) < EVENTS_TO_RANK:
        notes.append(
            f"Only {events} events: too few to rank models or to lock a test part away; "
            f"about {int(np.ceil(EVENTS_TO_RANK / (1 - share)))} are the least, 100 or more make it useful."
        )
        return everything, everything[:0], False
    if share == 0:
        return everything, everything[:0], True
    dev, test = locked_test(y, share=share, **how)
    return np.sort(dev), np.sort(test), int(y[dev].sum()) >= EVENTS_TO_RANK


def _fold_count(y: np.ndarray, folds: int | None, large: bool, notes: list[str]) -> int:
    events = int(y.sum())
    if folds is not None:
        _check.whole_number(folds, "folds", low=2)
        if events < folds:
            raise TooFewEventsError(
                f"{folds} folds need at least {folds} events outside the test part; got {events}. Lower `folds`."
            )
        return folds
    count = 3 if large else 5
    if events < count:
        notes.append(f"{events} events allow {events} folds instead of {count}.")
        return events
    return count
