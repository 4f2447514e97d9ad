"""The columns of a model as inputs of a graph, and rows of tables as what these inputs take."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from rareclass.data.columns import canonical_texts, dictionary_codes, to_time
from rareclass.data.encode import column_numbers
from rareclass.data.schema import Column
from rareclass.errors import InputError
from rareclass.scoring.export.graph import ML, Graph, Value, absolute, where
from rareclass.scoring.export.members import Rows
from rareclass.scoring.rows import RowEncoder

NO_TIME = np.iinfo(np.int64).min
"""What stands for no date: NumPy's NaT as a whole number."""
OUTPUTS = ("logit", "probability", "alert")
_DAY = 86_400_000_000  # microseconds
_NUMBER, _TIME, _TEXT = "a number; NaN for no value", "microseconds since 1970 (UTC); -2^63 for no value", "a text"
_KINDS: dict[str, tuple[type, str]] = {
    "number": (float, _NUMBER),
    "integer": (float, _NUMBER),
    "boolean": (float, "0 or 1; NaN for no value"),
    "time": (np.int64, _TIME),
    "category": (str, 'a text, numbers as 1, 2.5; "" for no value'),
}


def refuse_columns(encoder: RowEncoder) -> None:
    """Raise where a column has no form as an input.

    Raises
    ------
    InputError
        It holds texts that are described by their words, has the empty text as a level, or the name of an output.
    """
    for name, kind in encoder.columns:
        if kind not in _KINDS:
            raise InputError(
                f"Column {name!r} holds texts that the model reads by their words, which ONNX has no exact form for. "
                "Train without it (--drop), or serve the bundle itself."
            )
        known = encoder.saved["categories"][name] if kind == "category" else {}
        if "" in (*known.get("levels", ()), *known.get("rare", ())):
            raise InputError(
                f"Column {name!r} has the empty text as a level, which stands for no value in ONNX. Leave these cells "
                "empty (null) and train again."
            )
        if name in OUTPUTS or not name:
            raise InputError(f"Column {name!r} has the name of an output of the graph. Rename it and train again.")


def places(encoder: RowEncoder) -> list[tuple[str, str, int]]:
    """Name and kind of each column, and the first column of the encoded matrix that comes from it."""
    found, at = [], 0
    for name, kind in encoder.columns:
        found.append((name, kind, at))
        at += len(encoder.saved["time_parts"][name]) if kind == "time" else 1
    return found


def encoded(graph: Graph, encoder: RowEncoder) -> Rows:
    """Inputs for all columns, and the rows that the encoder makes of them."""
    parts: list[Value] = []
    codes: dict[int, int] = {}
    flags: list[Value] = []
    for name, kind, at in places(encoder):
        given = graph.input(name, *_KINDS[kind])
        if kind == "category":
            known = encoder.saved["categories"][name]
            codes[at] = len(known["levels"]) + bool(known["rare"])
            parts.append(_codes(given, known))
        elif kind == "time":
            parts += _dates(given, encoder.saved["time_parts"][name])
        else:
            parts.append(given)
            flags += [given] if kind == "boolean" else []
    X = graph.side_by_side(parts)
    return Rows(
        where(graph.node("IsInf", X), np.nan, X), codes, _no_truth(graph.side_by_side(flags)) if flags else None
    )


def _no_truth(flags: Value) -> Value:
    """Rows (n, 1) in which a flag is a number other than 0 and 1."""
    odd = (absolute(flags) < np.inf) & (absolute(flags * (flags - 1.0)) > 0.0)
    return flags.graph.node("ReduceMax", odd.as_kind(float), np.array([1]), keepdims=1) > 0.0


def _codes(given: Value, known: Mapping[str, Any]) -> Value:
    """Codes of levels; unknown ones share the last code where training saw rare ones, and are NaN otherwise."""
    graph, levels = given.graph, known["levels"]
    pooled = float(len(levels)) if known["rare"] else np.nan
    texts = [text.encode() for text in (*levels, "")]
    keys = graph.onnx.helper.make_tensor("keys", graph.kind(str), [len(texts)], texts)
    return graph.node(
        "LabelEncoder",
        given,
        domain=ML,
        keys_tensor=keys,
        values_tensor=graph.tensor(np.append(np.arange(len(levels), dtype=np.float64), np.nan)),
        default_tensor=graph.tensor(np.array([pooled])),
    )


def _dates(given: Value, wanted: list[str]) -> list[Value]:
    """Parts of microseconds since 1970: days with their fraction, month, weekday (0 is Monday), hour with its."""
    day = np.int64(_DAY)
    gone = given.equals(np.int64(NO_TIME))
    micros = where(gone, np.int64(0), given)
    rest = micros % day
    days = (micros - rest) / day
    parts: dict[str, Any] = {
        "epoch_days": lambda: micros.as_kind(float) / float(_DAY),
        "month": lambda: _month(days).as_kind(float),
        "weekday": lambda: ((days + np.int64(3)) % np.int64(7)).as_kind(float),
        "hour": lambda: rest.as_kind(float) / 3.6e9,
    }
    return [where(gone, np.nan, parts[name]()) for name in wanted]


def _month(days: Value) -> Value:
    """Month of days since 1970: years that begin in March, in cycles of 400 of them (146,097 days).

    After Fliegel and van Flandern (1968), in the arrangement of Hinnant's ``civil_from_days``.
    """

    def whole(number: int) -> np.int64:
        return np.int64(number)

    of_cycle = (days + whole(719_468)) % whole(146_097)
    leap = of_cycle - of_cycle / whole(1_460) + of_cycle / whole(36_524) - of_cycle / whole(146_096)
    year = leap / whole(365)
    of_year = of_cycle - (year * whole(365) + year / whole(4) - year / whole(100))
    month = (of_year * whole(5) + whole(2)) / whole(153)
    return where(month < whole(10), month + whole(3), month - whole(9))


def typed(table: pa.Table, encoder: RowEncoder) -> dict[str, np.ndarray]:
    """Rows of a table as the inputs of the graph take them, (n, 1) each."""
    found: dict[str, np.ndarray] = {}
    for name, kind, _ in places(encoder):
        column = table[name]
        if kind == "category":
            rows, values = dictionary_codes(column)
            texts = np.array([text or "" for text in canonical_texts(values)] + [""], dtype=object)
            found[name] = texts[rows][:, None]
        elif kind == "time":
            moments = to_time(column)
            micros = pa.chunked_array([[]], pa.int64()) if moments is None else moments.cast(pa.int64())
            found[name] = micros.fill_null(NO_TIME).to_numpy()[:, None]
        else:
            found[name] = np.ascontiguousarray(column_numbers(Column(name, kind), column)[:, None])
    return found
