"""What a request asks for besides rows: outputs, reasons, ids and costs; the same words in both forms of request."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rareclass import _check
from rareclass.serving.batch import Batch
from rareclass.serving.errors import did_you_mean, sentenced, shown, wrong

PROBABILITY, LOGIT, ALERT, TIER, REASONS = OUTPUTS = ("probability", "logit", "alert", "tier", "reasons")
DEFAULT_OUTPUTS = (PROBABILITY, LOGIT, ALERT)
ALERTS, ALL, NONE = EXPLAIN = ("alerts", "all", "none")
COSTS = ("fp", "fn", "tp", "tn")
_NUMBERS = (int, float)


def object_of(said: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The object under a key; an empty one where there is none."""
    found = said.get(name)
    if found is None:
        return {}
    if type(found) is not dict:
        raise wrong(f"`{name}` must be an object; got {shown(found)}.")
    return found


def id_of(said: Mapping[str, Any]) -> str | None:
    """The id of the request."""
    return _text(said, "id")


def slice_of(said: Mapping[str, Any]) -> str | None:
    """The slice that all rows are of, where the request says so."""
    found = _text(said, "slice")
    return None if found is None else _bare(found)


def explain_of(said: Mapping[str, Any], default: str) -> str:
    """Which rows are to be explained."""
    found = said.get("explain", default)
    if found not in EXPLAIN:
        raise wrong(f"`explain` is one of {', '.join(EXPLAIN)}; got {shown(found)}.")
    return str(found)


def ids_of(said: Mapping[str, Any], rows: Batch, id_column: str | None) -> list[str | None] | None:
    """One id a row (None where it has none), of the request's `ids` or of the column of ids."""
    found = said.get("ids")
    if found is None:
        return None if id_column is None else rows.texts(id_column)
    if type(found) is not list:
        found = [found]
    if len(found) != len(rows) or any(type(value) not in (str, int) for value in found):
        raise wrong(f"`ids` must be a list of {len(rows)} texts or whole numbers, one a row; got {shown(found)}.")
    return [_bare(str(value)) for value in found]


def _bare(text: str) -> str | None:
    """Without the blanks around it, as in columns of ids and slices; None where nothing is left."""
    return text.strip() or None


def costs_of(said: Mapping[str, Any], n: int) -> dict[str, Any] | None:
    """Costs of the rows, for decisions by row: numbers, or one number a row."""
    if said.get("costs") is None:
        return None
    found = object_of(said, "costs")
    for name, value in found.items():
        if name not in COSTS:
            raise wrong(f"`costs` are named {', '.join(COSTS)}; got {shown(name)}.")
        values = value if type(value) is list else [value]
        if any(type(v) not in _NUMBERS for v in values) or (type(value) is list and len(value) != n):
            raise wrong(f"The cost `{name}` must be a number, or a list of {n} numbers; got {shown(value)}.")
    return {name: _cost(name, value) for name, value in found.items()}


def _cost(name: str, value: Any) -> np.ndarray:
    """Costs, () or (n,), that are finite; a false alarm and a missed event earn nothing."""
    costs = np.asarray(value, dtype=np.float64)
    odd = np.flatnonzero(~np.isfinite(costs))
    if odd.size:
        where = f" in row {odd[0] + 1:,}" if costs.ndim else ""
        raise wrong(f"The cost `{name}` must be a finite number; got {costs.flat[odd[0]]:g}{where}.")
    if name in ("fp", "fn"):
        with sentenced:
            _check.mistake_costs(costs, name)
    return costs


def outputs_of(
    said: Mapping[str, Any], parameters: Mapping[str, Any], tiers: Sequence[str]
) -> tuple[tuple[str, ...], frozenset[str] | None]:
    """The outputs that a protocol request asks for, and which of them as binary tensors; None for all."""
    asked, all_binary = said.get("outputs"), _flag(parameters, "binary_data_output", False)
    if asked is None:
        return DEFAULT_OUTPUTS, None if all_binary else frozenset()
    if type(asked) is not list or not asked:
        raise wrong(f"`outputs` must be a list of objects with a name; got {shown(asked)}.")
    names: list[str] = []
    binary: set[str] = set()
    for entry in asked:
        name = entry.get("name") if type(entry) is dict else None
        if type(name) is not str:
            raise wrong(f"`outputs` must be a list of objects with a name; got {shown(entry)}.")
        if name not in OUTPUTS:
            raise wrong(
                f"There is no output {shown(name)}; outputs are {', '.join(OUTPUTS)}.{did_you_mean(name, OUTPUTS)}"
            )
        if name == TIER and not tiers:
            raise wrong("This model has no tiers; leave the output 'tier' out.")
        if name in names:
            raise wrong(f"The output {name!r} stands twice in `outputs`.")
        names.append(name)
        if _flag(object_of(entry, "parameters"), "binary_data", all_binary):
            binary.add(name)
    return tuple(names), frozenset(binary)


def _flag(said: Mapping[str, Any], name: str, default: bool) -> bool:
    found = said.get(name, default)
    if type(found) is not bool:
        raise wrong(f"`{name}` must be true or false; got {shown(found)}.")
    return found


def _text(said: Mapping[str, Any], name: str) -> str | None:
    found = said.get(name)
    if found is not None and type(found) is not str:
        raise wrong(f"`{name}` must be a text; got {shown(found)}.")
    return found
