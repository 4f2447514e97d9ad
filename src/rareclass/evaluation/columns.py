"""Columns that know the label: what separates the classes, and values that only events have."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pyarrow as pa
from scipy.stats import hypergeom

from rareclass.data.schema import Schema
from rareclass.evaluation.column_blocks import pure_block
from rareclass.evaluation.column_pairs import Together, columns_together
from rareclass.evaluation.column_views import View, date_differences, views
from rareclass.evaluation.results import Finding
from rareclass.metrics.ranking import roc_auc_score

SEPARATES = 0.97
"""Area under the ROC curve of one column from which on it is named, whatever it is."""
PURE = 0.97
"""Share of events among the rows with a value that only events are said to have."""
MOSTLY = (0.6, 0.6, 30)
"""Share of the events with a value, of events among its rows, and how many times more frequent it is among events than
among others, from which on it is a noisy copy of the label: a good rule stays below."""
MOSTLY_EVENTS = 20
MOSTLY_PREVALENCE = 0.3
"""Prevalence above which such a value is nothing odd."""
LEVEL = 0.01
"""Chance of one false alarm on a table whose columns know nothing: shared out among all values that are looked at."""
LEAST_EVENTS = 5
MANY = 50
"""Distinct numbers from which on event rates are those of ranges."""
A_COPY = 0.9995
"""Area from which on a column, or two, are held for the label itself; more of them show classes that lie apart."""
COMMON = 0.45
"""Prevalence above which two columns that separate the classes together are nothing odd."""
BLOCKS = 0.25
"""Share of the runs to be expected by chance up to which events stand in blocks."""
ROWS = 20_000
"""Rows of each class that are looked at."""


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """Rows that are looked at: the table's part, its labels, and how many negatives each negative stands for."""

    table: pa.Table
    y: np.ndarray
    scale: float

    @classmethod
    def of(cls, table: pa.Table, y: np.ndarray, seed: int, weight: np.ndarray | None = None) -> Self:
        rng = np.random.default_rng(seed)
        kept = []
        for of_class in (np.flatnonzero(y), np.flatnonzero(~y)):
            kept.append(of_class if of_class.size <= ROWS else rng.choice(of_class, ROWS, replace=False))
        events, negatives = kept
        index = np.sort(np.concatenate(kept))
        scale = ((~y).sum() / max(negatives.size, 1)) / (y.sum() / max(events.size, 1))
        return cls(table=table.take(index), y=y[index], scale=float(scale) * _relative(y, weight))

    @property
    def events(self) -> int:
        return int(self.y.sum())

    @property
    def prevalence(self) -> float:
        return self.events / (self.events + self.scale * (self.y.size - self.events))


@dataclass(frozen=True, kw_only=True)
class Clue:
    """Why a column is suspicious: rows that it marks, as one finding would say it."""

    names: tuple[str, ...]  # the column, or two that are subtracted
    code: str
    marks: np.ndarray  # (n,) rows that the value marks
    covers: float  # share of the events among them
    finding: Finding
    certain: bool  # named whatever the other columns know
    separates: float = 0.0  # area under the ROC curve of the column


def column_findings(
    table: pa.Table, y: np.ndarray, *, categorical: Sequence[str] = (), weight: np.ndarray | None = None, seed: int = 0
) -> list[Finding]:
    """What the audit finds in the columns of a table; see `audit_columns`."""
    return audit_columns(table, y, categorical=categorical, weight=weight, seed=seed).findings


@dataclass(frozen=True)
class ColumnAudit:
    """What was found, and the columns that it names."""

    findings: list[Finding]
    names: tuple[str, ...]


def audit_columns(
    table: pa.Table, y: np.ndarray, *, categorical: Sequence[str] = (), weight: np.ndarray | None = None, seed: int = 0
) -> ColumnAudit:
    """What the columns of a table know about its label that they should not.

    Named are columns that separate the classes alone or together with others; values, missing values, words, stretches
    of numbers and days between two dates that only events have; values that most events have and few other rows; and
    columns in whose order events stand in blocks. Of tables whose columns know nothing one in a
    hundred gets a finding. Where a column separates without being a copy of the label, the classes lie apart by nature:
    what such a column knows of the marked events as well is then no finding. Judged on `ROWS` rows of each class; what
    is said of values holds for all rows.

    Parameters
    ----------
    table : pyarrow.Table
        Features only.
    y : ndarray of shape (n,), bool
    categorical : sequence of column names
    weight : ndarray of shape (n,), optional
        How much each row counts, where the table is a sample.
    seed : int, default=0
        Of the sample.
    """
    if not LEAST_EVENTS <= y.sum() < y.size:
        return ColumnAudit([], ())
    schema = Schema.infer(table, categorical=tuple(c for c in categorical if c in table.column_names))
    rows = Sampled.of(table, y, seed, weight)
    looked = looked_at(rows.table, schema, rows.y)
    clues = clues_of(looked, rows)
    copies = {c.names for c in clues if c.separates >= A_COPY}
    natural = {c.names for c in clues if c.certain} - (copies if len(copies) <= 2 else set())
    if rows.y.size < y.size and any(not c.certain for c in clues):
        part = table.select(dict.fromkeys(name for c in clues if not c.certain for name in c.names))
        whole = Sampled(table=part, y=y, scale=_relative(y, weight))
        kept = {c.names for c in clues_of(looked_at(part, Schema.infer(part), y), whole)}
        clues = [c for c in clues if c.certain or c.names in kept or (c.names[1:] and c.names[::-1] in kept)]
    pairs: list[Together] = []
    if not any(c.certain for c in clues) and rows.prevalence < COMMON:
        marking = {name for c in clues for name in c.names}
        alone = [v for v in looked if v.first and v.name not in marking]
        pairs = columns_together(alone, rows.y, seed)
    lean_on = [v for v in looked if v.names in natural]
    clues = [c for c in clues if c.certain or not _known_to(lean_on, c.marks, rows.y)]
    names = dict.fromkeys([*(name for c in clues for name in c.names), *(name for p in pairs for name in p.names)])
    found = [*(c.finding for c in clues), *_together(clues, rows), *(_of_pair(p) for p in pairs)]
    return ColumnAudit(found, tuple(names))


def looked_at(table: pa.Table, schema: Schema, y: np.ndarray) -> list[View]:
    """The columns of a table in all ways, and the days between its dates."""
    looked = list(views(table, schema.columns, y))
    return [*looked, *date_differences(looked)]


def _relative(y: np.ndarray, weight: np.ndarray | None) -> float:
    """What a negative counts, relative to an event."""
    return 1.0 if weight is None else float(weight[~y].mean() / max(weight[y].mean(), 1e-300))


def _together(clues: Sequence[Clue], rows: Sampled) -> list[Finding]:
    """Several columns of which each marks some events, summed up."""
    some = [c for c in clues if not c.certain and c.covers < 0.9]
    if len(some) < 2:
        return []
    marked = np.any([c.marks for c in some], axis=0)
    share, names = marked[rows.y].mean(), list(dict.fromkeys(name for c in some for name in c.names))
    title = f"Together the columns {', '.join(map(repr, names))} mark {share:.0%} of the events."
    evidence = f"{int(marked[rows.y].sum()):,} events and {int(marked[~rows.y].sum()):,} of the other rows seen"
    return [Finding("columns-add-up", "warning", title, evidence, remedy_of(names))]


def _of_pair(pair: Together) -> Finding:
    title = f"The columns {' and '.join(map(repr, pair.names))} together separate the classes almost perfectly."
    evidence = f"area under the ROC curve {pair.auc:.4f} {pair.how}, on rows they were not chosen on"
    return Finding("columns-together-too-good", "warning", title, evidence, remedy_of(pair.names))


def _known_to(columns: Sequence[View], marks: np.ndarray, y: np.ndarray) -> bool:
    """Whether one of these columns separates the marked events from the negatives as well."""
    judged = (marks & y) | ~y
    return any(separation(v.take(judged), y[judged])[0] >= SEPARATES for v in columns)


def clues_of(looked: Sequence[View], rows: Sampled) -> list[Clue]:
    """The strongest clue of each column."""
    tried = sum(_testable(v, rows.y) for v in looked)
    best: dict[tuple[str, ...], Clue] = {}
    for view in looked:
        for clue in _of_view(view, rows, LEVEL / max(tried, 1)):
            old = best.get(clue.names)
            if old is None or (clue.certain, clue.covers) > (old.certain, old.covers):
                best[clue.names] = clue
    alone = {names[0] for names in best if len(names) == 1}
    return [c for names, c in best.items() if len(names) == 1 or not alone.intersection(names)]


def _testable(view: View, y: np.ndarray) -> int:
    return int((np.bincount(view.codes[y], minlength=len(view.levels)) >= LEAST_EVENTS).sum())


def _of_view(view: View, rows: Sampled, level: float) -> list[Clue]:
    found = []
    y = rows.y
    events = np.bincount(view.codes[y], minlength=len(view.levels))
    others = np.bincount(view.codes[~y], minlength=len(view.levels))
    auc, how = separation(view, y)
    if auc >= SEPARATES and not view.part.startswith("word"):
        title = f"Column {view.name!r} alone separates the classes almost perfectly: is it known before the event?"
        name = "column-too-good"
        if view.beside:
            title = f"The days between {view.beside!r} and {view.name!r} separate the classes almost perfectly."
            name = "columns-together-too-good"
        evidence = f"area under the ROC curve {auc:.4f} {how} on {y.size:,} rows"
        clue = _clue(view, name, np.ones(y.size, bool), 1.0, title, evidence, certain=True)
        found.append(replace(clue, separates=auc))
    for code, marks in _values(view, events, others, rows, level):
        covers = float(marks[y].mean())
        title = f"{view.said(max(code, 0))} for events only: is it known before the event?"
        name = "value-only-for-events"
        if code == 0:
            title, name = f"Column {view.name!r} is missing for events only.", "missing-only-for-events"
        elif code == -1:
            title, name = f"Column {view.name!r} is filled for events only.", "filled-only-for-events"
        elif code < 0:
            title = f"Column {view.name!r} is other than {view.level(-1 - code)} for events only."
        found.append(_clue(view, name, marks, covers, title, _evidence(marks, rows), certain=False))
    found += _mostly(view, events, others, rows)
    if block := pure_block(view, y, rows.scale, PURE):
        covers, ends = float(block.marks[y].mean()), f"{view.level(block.low)} and {view.level(block.high)}"
        what = f"Column {view.name!r}" + (f" ({view.part})" if view.part else "")
        title = f"{what} lies between {ends} for events only: is it known before the event?"
        evidence = _evidence(block.marks, rows)
        found.append(_clue(view, "value-only-for-events", block.marks, covers, title, evidence, certain=False))
    if blocks := _blocks(view, rows, level):
        title = f"In the order of column {view.name!r} events stand in blocks: it tells how the table was put together."
        evidence = f"{rows.events:,} events in {blocks:,} block(s)"
        found.append(_clue(view, "events-in-blocks", np.ones(y.size, bool), 1.0, title, evidence, certain=True))
    return found


def _mostly(view: View, events: np.ndarray, others: np.ndarray, rows: Sampled) -> list[Clue]:
    """The value, or missing or filled, that most events have and few other rows: a copy of the label with errors."""
    if rows.prevalence > MOSTLY_PREVALENCE or view.part.startswith("word"):
        return []
    found = []
    filled = [(-1, view.codes > 0)] if view.first and view.missing.any() and view.distinct > 1 else []
    code = int(np.argmax(events))
    looked = [(code, view.codes == code)] if code or view.first else []
    for code, marks in [*looked, *filled]:
        n1, n0 = int(marks[rows.y].sum()), rows.scale * marks[~rows.y].sum()
        share, purity, lift = MOSTLY
        odds = rows.prevalence / (1 - rows.prevalence)
        if n1 < max(MOSTLY_EVENTS, share * rows.events) or n1 < purity * (n1 + n0) or n1 < lift * odds * n0:
            continue
        ordered = code > 0 and view.numbers is not None and view.distinct > 2
        if ordered and not _stands_alone(view, code, events, others, rows):
            continue
        what = "Column " + repr(view.name) + " is filled" if code < 0 else view.said(code)
        title = f"{what} for most events and few other rows: is it known before the event?"
        evidence = _evidence(marks, rows)
        found.append(_clue(view, "value-mostly-for-events", marks, n1 / rows.events, title, evidence, certain=False))
    return found


def _evidence(marks: np.ndarray, rows: Sampled) -> str:
    """How many events and other rows are marked, and how pure that is."""
    n1, n0 = int(marks[rows.y].sum()), int(marks[~rows.y].sum())
    purity = n1 / (n1 + rows.scale * n0)
    said = f"{n1:,} of {rows.events:,} events, {n0:,} of the other rows seen"
    return f"{said}: {purity:.1%} events, {rows.prevalence:.2%} overall"


def _clue(view: View, code: str, marks: np.ndarray, covers: float, title: str, evidence: str, *, certain: bool) -> Clue:
    finding = Finding(code, "warning", title, evidence, remedy_of(view.names))
    return Clue(names=view.names, code=code, marks=marks, covers=covers, finding=finding, certain=certain)


def remedy_of(names: Sequence[str]) -> str:
    """What to do about columns."""
    drop = " ".join(f"--drop {shlex.quote(n)}" for n in names)
    if len(names) == 1:
        return f"Leave it out unless it is known before the event: {drop}."
    return f"Leave out those that are not known before the event: {drop}."


def separation(view: View, y: np.ndarray) -> tuple[float, str]:
    """How far a column alone ranks events first: by its order, or by event rates learnt on the other half."""
    best, how = 0.0, ""
    known = ~view.missing
    codes = view.codes
    if view.numbers is not None and view.distinct > 1:
        if known.mean() > 0.5 and 0 < y[known].sum() < known.sum():
            auc = roc_auc_score(y[known], view.numbers[known])
            best, how = max(auc, 1 - auc), "by its order"
        if view.distinct > MANY and (known & y).any():
            cuts = np.unique(np.quantile(view.numbers[known & y], np.linspace(0, 1, 21)))
            codes = np.where(known, 1 + np.searchsorted(cuts, view.numbers, side="right"), 0)
    auc = _rate_auc(codes, y)
    return (auc, "by the event rates of its values") if auc > best else (best, how)


def _rate_auc(codes: np.ndarray, y: np.ndarray) -> float:
    """ROC AUC of event rates that were learnt on one half of the rows and judged on the other, both ways."""
    half = np.zeros(y.size, dtype=bool)
    for of_class in (np.flatnonzero(y), np.flatnonzero(~y)):
        half[of_class[::2]] = True
    size = int(codes.max()) + 1
    found = []
    for learnt in (half, ~half):
        events = np.bincount(codes[learnt & y], minlength=size)
        rows = np.bincount(codes[learnt], minlength=size)
        prior = max(y[learnt].mean(), 1e-9)
        rate = (events + prior) / (rows + 1)
        found.append(roc_auc_score(y[~learnt], rate[codes[~learnt]]))
    return float(np.mean(found))


def _values(
    view: View, events: np.ndarray, others: np.ndarray, rows: Sampled, level: float
) -> list[tuple[int, np.ndarray]]:
    """Values that only events have, with the rows that have them.

    Code 0 is "missing", -1 "filled", -1 - k "other than the usual value k".
    """
    n1, n0 = rows.events, rows.y.size - rows.events
    purity = events / np.maximum(events + rows.scale * others, 1e-9)
    least = max(LEAST_EVENTS, _least_share(view) * n1)
    pure = (purity >= PURE) & (events >= LEAST_EVENTS)
    chance = hypergeom.sf(events[pure] - 1, n0 + n1, n1, (events + others)[pure])
    pure[np.flatnonzero(pure)[chance > level]] = False
    found = []
    if view.first or view.beside:
        if pure[0] and events[0] >= max(LEAST_EVENTS, 0.05 * n1):
            found.append((0, view.missing))
        usual = int(np.argmax(events + others))
        known, also = n1 - events[usual], n0 - others[usual]
        if (
            (usual == 0 or view.distinct > 2)  # else the other value says it
            and 2 * (known + also) < n0 + n1
            and known >= max(LEAST_EVENTS, 0.05 * n1)
            and known >= PURE * (known + rows.scale * also)
            and hypergeom.sf(known - 1, n0 + n1, n1, known + also) <= level
        ):
            found.append((-1 - usual, view.codes != usual))
    pure[0] = False
    codes = np.flatnonzero(pure)
    if codes.size and view.distinct > 1:
        first = int(codes[np.argmax(events[codes])])
        if view.numbers is not None and view.distinct > 2:  # of numbers only one value: several are a mere trend
            codes = codes[codes == first] if _stands_alone(view, first, events, others, rows) else codes[:0]
        if codes.size and events[codes].sum() >= least:
            found.append((first, np.isin(view.codes, codes)))
    return found


def _stands_alone(view: View, code: int, events: np.ndarray, others: np.ndarray, rows: Sampled) -> bool:
    """Whether a value is no end of a trend: rare events are far rarer among the values beside it."""
    if 3 * rows.prevalence > PURE:
        return False
    counts = events + others
    for side in (np.arange(code + 1, counts.size), np.arange(code - 1, 0, -1)):
        near = side[: int(np.searchsorted(np.cumsum(counts[side]), 10)) + 1]
        n1, n0 = events[near].sum(), rows.scale * others[near].sum()
        if n1 + n0 and n1 / (n1 + n0) > 0.5:
            return False
    return True


def _least_share(view: View) -> float:
    """Share of the events that pure values must hold: a number of many values is pure somewhere by a mere trend."""
    if view.part.startswith("word"):
        return 0.3
    if view.numbers is None or view.distinct <= 2:
        return 0.05 if view.distinct <= 2 else 0.1
    return 0.3 if view.distinct > 10 else 0.5


def _blocks(view: View, rows: Sampled, level: float) -> int:
    """Runs of events in the order of a column whose values nearly all differ; 0 where they are as many as by chance."""
    if view.numbers is None or view.part or view.missing.any() or view.distinct < 0.9 * rows.y.size or rows.events < 10:
        return 0
    y = rows.y[np.argsort(view.numbers, kind="stable")]
    runs = int(y[0]) + int((y[1:] & ~y[:-1]).sum())
    n1, n0 = rows.events, rows.y.size - rows.events
    # runs of events in a random order of the rows: of the n0 + 1 gaps between negatives, those that hold events
    chance = hypergeom.cdf(runs, n0 + n1, n0 + 1, n1)
    return runs if chance <= level and runs <= BLOCKS * n1 * n0 / (n0 + n1) else 0
