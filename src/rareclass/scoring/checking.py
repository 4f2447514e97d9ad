"""Whether a scorer equals the model it was compiled from: on rows at hand, and on rows with odd values."""

import datetime
import warnings
from typing import Any

import numpy as np
import pyarrow as pa

from rareclass._types import Rows
from rareclass.data.read import read_table
from rareclass.errors import InputError
from rareclass.fitting.model import FittedModel
from rareclass.kernels.evenly import evenly
from rareclass.kernels.logits import apart, sigmoid
from rareclass.scoring.members import takes_missing
from rareclass.scoring.scorer import Scorer

MOST_ROWS, MOST_VALUES = 50_000, 1_000_000
"""Rows that are compared, and values of features in them: of wide tables fewer rows."""
TOLERANCE = 1e-9
"""How far the two may be `apart`."""
_MADE, _SPOILED, _ALONE = 2_000, 1_000, 50
_ODD = np.array([0.0, -1.0, 1e-300, -1e-38, 2.0**53 + 2, -(2.0**63), 1e9, 0.5])
_HUGE = np.array([3.5e38, -1e300, 1e30])


def difference(scorer: Scorer, model: FittedModel, rows: Rows | None) -> str:
    """What a scorer says otherwise than the model on `rows` and on rows with odd values; empty where nothing."""
    names = list(model.schema.names)
    most = min(MOST_ROWS, max(MOST_VALUES // len(names), _MADE))
    table = _made(model) if rows is None else some_rows(read_table(rows), most).select(names)
    X = model.encoder.transform(table).matrix
    parts = [X, *(_spoiled(X[evenly(X.shape[0], _SPOILED)], model.encoder.categorical, odd) for odd in (_ODD, _HUGE))]
    if not takes_missing(scorer.member):
        parts = [part[~np.isnan(part).any(axis=1)] for part in parts]
    for part in parts:
        if part.shape[0]:
            wanted = _said(model, part)
            if wanted is None:
                continue
            found = scorer.logit_of(part)
            off = apart(found, wanted) > TOLERANCE
            if off.any():
                i = int(np.argmax(off))
                return (
                    f"compiled, its log-odds differ in {int(off.sum()):,} of {off.size:,} rows "
                    f"({found[i]:.12g} instead of {wanted[i]:.12g})"
                )
            plain = not (scorer.cut.per_row or scorer.cut.by_entity)
            if plain and (scorer.flag(sigmoid(found)) != model.decision.apply(sigmoid(wanted))).any():
                return "compiled, it decides otherwise on some rows"
    return _difference_alone(scorer, model, some_rows(table, _ALONE))


def _said(model: FittedModel, X: np.ndarray) -> np.ndarray | None:
    """The model's log-odds (n,); None where its library refuses numbers as large as these."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of numbers that overflow in float32
        try:
            return model.logit_of(X)
        except ValueError:
            return None


def _difference_alone(scorer: Scorer, model: FittedModel, table: pa.Table) -> str:
    """The same for rows as mappings, as they are and with values missing and unknown here and there."""
    rows = table.to_pylist()
    if takes_missing(scorer.member):
        rng, words = np.random.default_rng(2), {c.name for c in model.schema.columns if c.kind == "category"}
        rows += [{name: _lost(value, name in words, rng) for name, value in row.items()} for row in rows]
    for row in rows:
        try:
            wanted = scorer.logit_of(model.encoder.transform([row]).matrix)
            found = scorer.logit(row)
        except InputError:  # numbers and dates whose meaning only other rows tell, or a value that is missing
            continue
        if (apart(found, wanted) > TOLERANCE).any():
            return f"a mapping gets log-odds of {found[0]:.12g}, the same row in a table {wanted[0]:.12g}"
    return ""


def _lost(value: Any, is_level: bool, rng: np.random.Generator) -> Any:
    if rng.random() < 0.1:
        return None
    return "a level that nobody saw" if is_level and isinstance(value, str) and rng.random() < 0.2 else value


def some_rows(table: pa.Table, most: int) -> pa.Table:
    """At most so many rows, spread evenly."""
    return table if table.num_rows <= most else table.take(evenly(table.num_rows, most))


def _spoiled(X: np.ndarray, categorical: tuple[int, ...], odd_values: np.ndarray) -> np.ndarray:
    """A copy with values missing, unknown and extreme here and there."""
    rng, X = np.random.default_rng(1), X.copy()
    codes = np.zeros(X.shape[1], dtype=bool)
    codes[list(categorical)] = True
    odd = rng.random(X.shape) < 0.1
    X[odd & ~codes] = rng.choice(odd_values, int((odd & ~codes).sum()))
    with np.errstate(all="ignore"):
        most = np.nan_to_num(np.nanmax(X, axis=0, initial=0.0)) + 2
    X[odd & codes] = np.floor(rng.random(X.shape) * np.minimum(most, 1e9))[odd & codes]
    X[rng.random(X.shape) < 0.1] = np.nan
    return X


def _made(model: FittedModel) -> pa.Table:
    """Rows with values of each column's kind, where none are at hand."""
    rng = np.random.default_rng(0)
    start = datetime.datetime(1990, 1, 1)

    def values(name: str, kind: str) -> Any:
        if kind == "category":
            known = model.encoder.categories_[name]
            return rng.choice([*known.levels, *known.rare, "a level that nobody saw"], _MADE).tolist()
        if kind == "time":
            return [start + datetime.timedelta(seconds=int(s)) for s in rng.integers(0, 2**31, _MADE)]
        if kind == "text":
            return [" ".join(rng.choice(["a", "Bc", "42", "!"], 3)) for _ in range(_MADE)]
        if kind == "boolean":
            return (rng.random(_MADE) < 0.5).tolist()
        return (rng.normal(size=_MADE) * 10.0 ** rng.integers(-3, 7, _MADE)).tolist()

    return pa.table({column.name: values(column.name, column.kind) for column in model.schema.columns})
