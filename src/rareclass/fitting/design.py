"""The design of a fit or a comparison: which rows are locked away, which are cross-fitted, what is sampled, and why."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from rareclass import _check
from rareclass.crossfit import Folds, Splits, check_splits, own_splits
from rareclass.data.duplicates import count_duplicates, duplicate_notes
from rareclass.data.read import read_table
from rareclass.data.schema import Schema
from rareclass.data.split import locked_test, make_splits
from rareclass.data.target import encode_target
from rareclass.errors import DroppedWarning, InputError, TooFewEventsError
from rareclass.fitting.part import Part, Sampling, encode_part
from rareclass.fitting.rows import Beside, Rows, Target, at, of_weight
from rareclass.fitting.slice_column import SliceColumn

EVENTS_TO_RANK = 10
"""Fewer out-of-fold events than this: no ranking, the default is deployed with the verdict "cannot tell"."""
LARGE_TABLE = 50_000
"""Above so many rows a fit uses all events and sampled negatives; every row is still judged."""
FIT_ROWS = 40_000
"""Rows of such a fit."""
MORE_THAN = f"More than {LARGE_TABLE:,} rows"
MANY_CELLS = 2_000_000
"""Above so many values of features 3 folds do for 5, which would take most of the time."""
MANY_EVENTS = 5_000
"""The same for so many events outside the test part: trees are larger, and scores of 3 folds as sure."""
LAST = 10_000
"""Number of the random stream of the fit on all rows, where there is no comparison."""


@dataclass(frozen=True, kw_only=True)
class Split:
    """Which rows are developed on (`dev`), which are locked away (`test`), and which the fold models score.

    `scored` (m,) are the rows of the out-of-fold scores: those of `dev`, and again each row that is tested once more.
    `parts` are splits of `scored`. A mean over tests would judge an ensemble that nobody deploys.
    """

    dev: np.ndarray
    test: np.ndarray
    scored: np.ndarray
    parts: Splits
    kind: str = "stratified"
    folds: int = 0
    repeats: int = 1

    @classmethod
    def of(cls, dev: np.ndarray, test: np.ndarray, parts: Splits, **kind: Any) -> Self:
        """From splits of `dev`, which may test a row more than once."""
        often = np.zeros(dev.size, dtype=np.int64)
        again: list[np.ndarray] = []
        total, own = dev.size, []
        for train, tested in parts:
            later = tested[often[tested] > 0]
            at = tested.copy()
            at[often[tested] > 0] = total + np.arange(later.size)
            total += later.size
            again.append(later)
            own.append((train, at))
            often[tested] += 1
        return cls(dev=dev, test=test, scored=dev[np.concatenate([np.arange(dev.size), *again])], parts=own, **kind)

    @property
    def forward(self) -> bool:
        return self.kind == "time"

    @property
    def once(self) -> bool:
        """Whether no row is tested more than once."""
        return self.scored.size == self.dev.size


@dataclass(frozen=True, kw_only=True)
class SplitOptions:
    """How the rows of a comparison are to be split, as `compare` was asked to."""

    folds: int | None = None
    repeats: int = 1
    test_share: float = 0.2
    gap: Any = 0
    time_ordered: bool = False
    split_duplicates: bool = False


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Which columns are no features, which numeric ones hold codes, and which feature names the slice of a row."""

    drop: Sequence[str] = ()
    categorical: Sequence[str] = ()
    slices: str | None = None


@dataclass(frozen=True, kw_only=True)
class Design:
    """Rows, how they are split and how they are sampled; and what is to be said about it."""

    rows: Rows
    split: Split
    sampling: Sampling
    last: int = LAST  # number of the random stream of the fit on all development rows
    ranked: bool = True  # whether there are events enough to rank arms
    # duplicates, conflicting: rows that repeat an earlier one, and rows that also stand with the other label
    duplicates: int = 0
    conflicting: int = 0
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def y(self) -> np.ndarray:
        """Labels (m,) of the rows that are scored out of fold."""
        return self.rows.y[self.split.scored]

    @property
    def weight(self) -> np.ndarray | None:
        """Weights (m,) of these rows; a row that is tested k times counts 1/k each time."""
        weight = at(self.rows.weight, self.split.scored)
        if self.split.once:
            return weight
        share = 1 / np.bincount(self.split.scored)[self.split.scored]
        return share if weight is None else weight * share

    @property
    def groups(self) -> np.ndarray | None:
        """Groups (m,) of these rows; each row is one where rows are tested more than once."""
        groups = at(self.rows.groups, self.split.scored)
        return self.again if groups is None else groups

    @property
    def slices(self) -> SliceColumn | None:
        """The slice (m,) of each of these rows."""
        return None if self.rows.slices is None else self.rows.slices.take(self.split.scored)

    @property
    def again(self) -> np.ndarray | None:
        """Numbers (m,) of these rows where some are tested more than once; None where none is."""
        return None if self.split.once else self.split.scored

    def on_fewer_rows(self, rows: int) -> Self:
        """The same with so many rows in each fit, and said why."""
        said = (
            f"The budget holds fits on {rows:,} rows: events and sampled negatives, undone by the log of the shares "
            "kept; every row is judged. A larger budget fits on more."
        )
        notes = [note for note in self.notes if not note.startswith(MORE_THAN)]
        return replace(self, sampling=replace(self.sampling, fit_rows=rows), notes=[*notes, said])

    def folds(self, fold: np.ndarray) -> Folds:
        """Which part (m,) tested each of these rows."""
        return Folds(fold, self.split.forward, self.again)

    def parts(self) -> list[Part]:
        """All splits of the development rows, encoded."""
        scored = self.split.scored
        return [
            encode_part(self.rows, self.sampling, scored[train], scored[test], number=k)
            for k, (train, test) in enumerate(self.split.parts)
        ]

    def whole(self) -> Part:
        """All development rows to fit on, none to score."""
        return encode_part(self.rows, self.sampling, self.split.dev, self.split.dev[:0], number=self.last)


def cross_fit_design(rows: Rows, cv: Any, sampling: Sampling) -> Design:
    """All rows for development, cross-fitted: what `RareClassifier` fits on. No parts where events are too few.

    Parameters
    ----------
    cv : int, None, splitter of scikit-learn or iterable of (train, test)
        Folds (None: 5), lowered to what the distinct events allow; or splits of one's own.
    """
    everything = np.arange(rows.y.size)
    parts, kind = _own_parts(rows, cv, sampling.seed)
    split = Split.of(everything, everything[:0], parts, kind=kind, folds=len(parts))
    return Design(rows=rows, split=split, sampling=sampling)


def _own_parts(rows: Rows, cv: Any, seed: int) -> tuple[Splits, str]:
    """Splits of the cross-fitting and their kind: equal rows and groups together, or forward in time."""
    y, forward = rows.y, rows.times is not None
    cv = 5 if cv is None else cv
    if not isinstance(cv, int | np.integer):
        splits = own_splits(cv, y, rows.groups, n=y.size if rows.number is None else None)
        if not hasattr(cv, "split"):
            splits = [(rows.numbered(train), rows.numbered(test)) for train, test in splits]
        check_splits(splits, y)
        _check_groups(splits, rows.groups)
        return splits, "time" if forward else "stratified"
    folds = _check.whole_number(cv, "cv", low=2)
    if forward:
        kind, together = "time", rows.groups
        folds = min(folds, int(y.sum()))
    else:
        whole = rows.together
        folds = min(folds, np.unique(whole[y]).size, np.unique(whole[~y]).size)
        kind, together = kind_of(whole)
    if folds < 2:
        return [], kind
    how: dict[str, Any] = {"folds": folds, "kind": kind, "times": rows.times, "seed": seed}
    parts = make_splits(y, groups=together, **how)
    if forward and together is not None:
        for sentence in _left_out(parts, make_splits(y, **how)):
            warnings.warn(sentence, DroppedWarning, stacklevel=5)
    return parts, kind


def _check_groups(splits: Splits, groups: np.ndarray | None) -> None:
    """Raise where a group stands on both sides of a split of the user's own."""
    for number, (train, test) in enumerate(splits):
        shared = 0 if groups is None else np.intersect1d(groups[train], groups[test]).size
        if shared:
            raise InputError(
                f"Split {number} of `cv`: {shared} group(s) of `groups` are both fitted and tested. Split by group "
                "(GroupKFold), or give a number of folds."
            )


def _left_out(parts: Splits, without_groups: Splits) -> list[str]:
    """What keeping groups whole costs a forward split, where it costs more than a tenth of the training rows."""
    kept, all_rows = (sum(len(train) for train, _ in splits) for splits in (parts, without_groups))
    if kept > 0.9 * all_rows:
        return []
    return [
        f"Groups come back over time: {1 - kept / all_rows:.0%} of the earlier rows were left out of the training "
        "because their group is tested. Scores are those for groups never seen; leave `groups` out if the model will "
        "meet known ones."
    ]


def kind_of(together: np.ndarray | None) -> tuple[str, np.ndarray | None]:
    """How to split rows of which some stay together; groups of one row each are none."""
    if together is None or np.unique(together).size == together.size:
        return "stratified", None
    return "group", together


def make_design(
    X: Any,
    y: Any,
    beside: Beside,
    *,
    columns: Columns = Columns(),
    split: SplitOptions = SplitOptions(),
    pos_label: Any = None,
    full: bool = False,
    seed: int = 0,
) -> Design:
    """Read the data, lock the test part, split the rest. All sentences about unusable input come from here."""
    _check.same_index(X, y)
    table = read_table(X)
    labels = _check.column(y, "y")
    _check.same_length(X=table, y=labels, groups=beside.groups, times=beside.times, sample_weight=beside.sample_weight)
    table, labels, beside = of_weight(table, labels, beside)
    forward = beside.times is not None or split.time_ordered
    if not forward and split.gap not in (0, None):
        raise InputError("`gap` keeps training and testing apart in time; it needs `times` or `time_ordered`.")
    schema = Schema.infer(table, drop=tuple(columns.drop), categorical=tuple(columns.categorical))
    rows = Rows.of(table, Target(*encode_target(labels, pos_label)), beside, schema, slices=columns.slices)
    notes, warnings = list(schema.notes), []
    found = count_duplicates(rows.features, rows.y, groups=rows.same)
    conflicting = found.conflicting if found.conflicting is not None else 0
    together = rows.groups
    apart = forward or split.split_duplicates
    notes += duplicate_notes(found, forward=apart)
    if found.repeated and not apart:
        together = rows.together
    elif found.repeated and not forward and not found.ordinary:
        warnings.append(
            f"{found.repeated:,} repeated rows may stand on both sides of a split (asked for): scores leak."
        )
    how: dict[str, Any] = {"gap": split.gap, "seed": seed, "times": None}
    if forward:
        order = np.arange(rows.y.size) if rows.times is None else rows.times
        rows = replace(rows, times=order)
        how |= {"kind": "time", "groups": rows.groups, "times": order}
        warnings += _prevalence_drift(rows.y, order)
    else:
        how["kind"], how["groups"] = kind_of(together)
    dev, test, ranked = _lock(rows.y, how, split.test_share, notes)
    large = rows.y.size > LARGE_TABLE and not full
    wide = rows.y.size * len(schema.columns) > MANY_CELLS
    long = large or wide or rows.y[dev].sum() > MANY_EVENTS
    count = _fold_count(rows.y[dev], split.folds, 3 if long and not full else 5, notes)
    inner = {**how, **{k: at(how[k], dev) for k in ("groups", "times")}}
    parts = make_splits(rows.y[dev], folds=count, repeats=split.repeats, **inner)
    if forward and rows.groups is not None:
        warnings += _left_out(parts, make_splits(rows.y[dev], folds=count, **{**inner, "groups": None}))
    if large:
        notes.append(
            f"{MORE_THAN}: every fit uses all events and sampled negatives (about "
            f"{FIT_ROWS:,} rows), undone by the log of the share kept; every row is judged."
        )
    kind = "time" if forward else "stratified" if rows.groups is None else "group"
    return Design(
        rows=rows,
        split=Split.of(dev, test, parts, kind=kind, folds=count, repeats=split.repeats),
        sampling=Sampling(FIT_ROWS if large else None, seed),
        last=len(parts),
        ranked=ranked,
        duplicates=int(found.repeated),
        conflicting=int(conflicting),
        notes=notes,
        warnings=warnings,
    )


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


def _fold_count(y: np.ndarray, folds: int | None, count: int, notes: list[str]) -> int:
    events = int(y.sum())
    if folds is not None:
        _check.whole_number(folds, "folds", low=2)
        if events < folds:
            raise TooFewEventsError(
                f"{folds} folds need at least {folds} events outside the test part; got {events}. Lower `folds`."
            )
        return folds
    if events < count:
        notes.append(f"{events} events allow {events} folds instead of {count}.")
        return events
    return count
