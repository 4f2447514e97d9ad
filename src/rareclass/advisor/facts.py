"""Facts about one table that bear on its events: drift, telling values, missing values, how far the classes overlap."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
from scipy.stats import chi2, norm

from rareclass.data.columns import to_time
from rareclass.data.schema import Schema
from rareclass.evaluation.column_views import View, views
from rareclass.evaluation.columns import separation

TENTHS = 10
SHOWN = 3
LEVEL = 0.01


def table_facts(
    table: pa.Table, y: np.ndarray, schema: Schema, *, weight: np.ndarray | None = None, seed: int = 0
) -> list[str]:
    """What this table shows about its events, in sentences with numbers; no sentence where nothing is sure.

    Parameters
    ----------
    table : pyarrow.Table
    y : ndarray of shape (n,), bool
    schema : Schema
        The features.
    weight : ndarray of shape (n,), optional
        How much each row counts.
    seed : int, default=0
        Of the rows that are looked at in large tables.
    """
    if not 5 <= y.sum() < y.size:
        return []
    w = np.ones(y.size) if weight is None else weight
    facts = list(drift(table, y, schema, w))
    rng = np.random.default_rng(seed)
    kept = [rng.permutation(np.flatnonzero(c))[:20_000] for c in (y, ~y)]
    index = np.sort(np.concatenate(kept))
    # each row looked at stands for as many of its class
    share = np.where(y, y.sum() / kept[0].size, (~y).sum() / kept[1].size)
    y, w = y[index], (w * share)[index]
    looked = list(views(table.take(index), schema.columns, y))
    return [*facts, *_strongest(looked, y), *_missing(looked, y, w), *_levels(looked, y, w)]


def drift(table: pa.Table, y: np.ndarray, schema: Schema, w: np.ndarray) -> Iterator[str]:
    """How the prevalence moves along the rows, and along each column of dates."""
    runs = int(y[0]) + int((y[1:] & ~y[:-1]).sum())
    if runs <= 0.05 * y.sum() * (~y).mean():
        yield (
            f"The rows are sorted by their label: the {y.sum():,} events stand in {runs:,} block(s). What numbers the "
            "rows gives the label away, and the order is no order of time."
        )
    elif said := _moves(y, w, np.arange(y.size)):
        yield (
            f"The prevalence moves along the rows: {said}. If they are in the order of time, say --time-ordered: folds "
            "at random would learn from the future, and probabilities go stale."
        )
    for column in schema.columns:
        moments = to_time(table.column(column.name)) if column.kind == "time" else None
        if moments is None:
            continue
        known = ~moments.is_null().to_numpy()
        when = np.asarray(moments.cast(pa.int64()).fill_null(0).to_numpy())[known]
        if said := _moves(y[known], w[known], when):
            yield f"The prevalence moves with {column.name!r}: {said}. Split forward: --time {column.name}."


def _moves(y: np.ndarray, w: np.ndarray, order: np.ndarray) -> str:
    """From where to where the prevalence goes over tenths of the rows; nothing where chance explains it."""
    if y.size < 10 * TENTHS or not 10 <= y.sum() < y.size:
        return ""
    part = np.empty(y.size, dtype=np.int64)
    part[np.argsort(order, kind="stable")] = np.arange(y.size) * TENTHS // y.size
    events, rows = np.bincount(part[y], minlength=TENTHS), np.bincount(part)
    expected = rows * y.mean()
    statistic = ((events - expected) ** 2 / (expected * (1 - y.mean()))).sum()
    rates = np.bincount(part, weights=w * y) / np.bincount(part, weights=w)
    if chi2.sf(statistic, TENTHS - 1) > LEVEL / 10 or rates.max() < 1.5 * rates.min():
        return ""
    first, last = f"{rates[0]:.2%} in the first tenth", f"{rates[-1]:.2%} in the last"
    return f"{first}, {last} (lowest {rates.min():.2%}, highest {rates.max():.2%})"


def _strongest(looked: Sequence[View], y: np.ndarray) -> Iterator[str]:
    """The columns that tell the classes apart most, each alone."""
    of: dict[str, float] = {}
    for view in looked:
        if not view.part.startswith("word"):
            of[view.name] = max(of.get(view.name, 0.0), separation(view, y)[0])
    best = sorted(of.items(), key=lambda item: -item[1])[:SHOWN]
    if best:
        said = ", ".join(f"{name} {auc:.2f}" for name, auc in best)
        yield f"The classes overlap: the strongest columns alone reach ROC AUC {said} (0.5 is chance, 1 no overlap)."


def _missing(looked: Sequence[View], y: np.ndarray, w: np.ndarray) -> Iterator[str]:
    """Columns that are missing more often for one class."""
    found = []
    for view in looked:
        if view.first and view.missing.any():
            of_events, of_others = (np.average(view.missing[c], weights=w[c]) for c in (y, ~y))
            found.append((*_surely(of_events, of_others, y), view.name, of_events, of_others))
    for _, sure, name, a, b in sorted(found, reverse=True)[:SHOWN]:
        if sure < LEVEL / len(found):
            yield f"Column {name!r} is missing for {a:.1%} of the events and {b:.1%} of the other rows."


def _surely(a: float, b: float, y: np.ndarray) -> tuple[float, float]:
    """How far two shares differ, and the chance of so much where they are equal."""
    n1, n0 = y.sum(), (~y).sum()
    pooled = (a * n1 + b * n0) / (n1 + n0)
    spread = np.sqrt(max(pooled * (1 - pooled), 1e-12) * (1 / n1 + 1 / n0))
    return abs(a - b), float(2 * norm.sf(abs(a - b) / spread))


def _levels(looked: Sequence[View], y: np.ndarray, w: np.ndarray) -> Iterator[str]:
    """The levels with most and fewest events, and how many levels are too rare to learn from."""
    overall = np.average(y, weights=w)
    telling, rare, tried = [], {}, 0
    for view in looked:
        if view.numbers is not None or view.part or view.distinct < 2:
            continue
        rows = np.bincount(view.codes, weights=w, minlength=len(view.levels))
        counts = np.bincount(view.codes, minlength=len(view.levels))
        events = np.bincount(view.codes[y], weights=w[y], minlength=len(view.levels))
        if few := int(((counts[1:] > 0) & (counts[1:] < 3)).sum()):
            rare[view.name] = few
        for code in np.flatnonzero(counts >= 20).tolist():
            tried += 1
            rate = events[code] / rows[code]
            chance = 2 * norm.sf(abs(rate - overall) / np.sqrt(overall * (1 - overall) / counts[code]))
            telling.append((rate / overall, chance, view.said(code), rate, rows[code]))
    sure = [t for t in telling if t[1] < LEVEL / tried]
    for lift, _, said, rate, rows in sorted(sure, reverse=True)[:SHOWN]:
        if lift > 1.5:
            yield f"{said}: {rate:.1%} events in {rows:,.0f} rows ({overall:.2%} overall)."
    if rare:
        names = ", ".join(f"{name} ({n:,})" for name, n in sorted(rare.items(), key=lambda item: -item[1])[:SHOWN])
        yield f"Levels with fewer than 3 rows, which are pooled: {names}."
