"""A table as a problem: its target, groups, times and costs apart from the features."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from rareclass.data.read import read_table
from rareclass.errors import InputError, SchemaError

COST_KEYS = ("fp", "fn", "tp", "tn")


@dataclass(frozen=True)
class Problem:
    """A table, its target, and the columns that are not features.

    Attributes
    ----------
    features : pyarrow.Table
    y : ndarray of shape (n,)
    target : str
    groups, times : ndarray of shape (n,) or None
    costs : mapping of arrays, or None
    pos_label : label or None
    categorical : tuple of str
    time_ordered : bool
    """

    features: pa.Table
    y: np.ndarray
    target: str
    groups: Any = None
    times: Any = None
    costs: Any = None
    pos_label: Any = None
    categorical: tuple[str, ...] = ()
    time_ordered: bool = False
    dropped: tuple[str, ...] = field(default=())
    name: str = ""


def read_problem(
    source: Any,
    target: str,
    *,
    pos_label: Any = None,
    drop: Sequence[str] = (),
    groups: str | None = None,
    time: str | None = None,
    time_ordered: bool = False,
    cost_columns: dict[str, str] | None = None,
    categorical: Sequence[str] = (),
) -> Problem:
    """Read a table and set its target, groups, time and cost columns apart from the features.

    Parameters
    ----------
    source : path, frame or table
    target : str
        Column that holds the labels.
    drop : sequence of str
        Columns that are no features.
    groups, time : str, optional
        Columns of entities and of times; neither is a feature.
    cost_columns : dict, optional
        Cost name (fp, fn, tp, tn) to column.

    Raises
    ------
    SchemaError
        When a named column does not exist.
    """
    table = read_table(source)
    wanted = {"the target": target, "--groups": groups, "--time": time}
    wanted |= {f"--drop {name}": name for name in drop} | {f"--categorical {name}": name for name in categorical}
    wanted |= {f"the cost {k}": name for k, name in (cost_columns or {}).items()}
    for what, name in wanted.items():
        if name is not None and name not in table.column_names:
            near = [c for c in table.column_names if c.lower() == name.lower()]
            hint = f" Did you mean {near[0]!r}?" if near else f" The columns are: {', '.join(table.column_names[:12])}."
            raise SchemaError(f"There is no column {name!r} ({what}).{hint}")
    away = {target, *drop, *(v for v in (groups, time) if v), *(cost_columns or {}).values()}
    costs = None
    if cost_columns:
        unknown = set(cost_columns) - set(COST_KEYS)
        if unknown:
            raise InputError(f"Costs are named fp, fn, tp and tn; got {', '.join(sorted(unknown))}.")
        costs = {k: cost_numbers(table[name], name) for k, name in cost_columns.items()}
    return Problem(
        table.select([c for c in table.column_names if c not in away]), column_values(table[target]), target,
        None if groups is None else column_values(table[groups]), None if time is None else column_values(table[time]),
        costs, pos_label, tuple(c for c in categorical if c not in away), time_ordered, tuple(sorted(away - {target})),
        Path(source).name if isinstance(source, str | os.PathLike) else "",
    )  # fmt: skip


def column_values(column: pa.ChunkedArray) -> np.ndarray:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if column.null_count or pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return np.array(column.to_pylist(), dtype=object)
    return np.asarray(column.to_numpy())


def cost_numbers(column: pa.ChunkedArray, name: str) -> np.ndarray:
    try:
        return np.asarray(column.cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
    except pa.ArrowInvalid:
        raise InputError(f"The cost column {name!r} must hold numbers.") from None
