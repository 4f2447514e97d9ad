"""The catalogue: data sets by name, with everything a comparison needs to know about them."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rareclass._types import Label
from rareclass.data import public
from rareclass.data.entry import CatalogueEntry, DataInfo
from rareclass.data.read import read_table
from rareclass.errors import ReadError

_VARIABLE = "RARECLASS_DATA"
_COSTS = {"fp": "false_positive", "fn": "false_negative", "tp": "true_positive", "tn": "true_negative"}


def list_data() -> list[DataInfo]:
    """Data sets that `load_data` knows: first those on this machine, then public ones that it can fetch.

    Local sets are found in the folder named by the environment variable RARECLASS_DATA, else in ``../shared/data``
    beside the working directory or beside a checkout of this project.
    """
    here = [
        DataInfo(r["name"], r.get("rows"), r.get("positives"), "local", r.get("exercises", ""))
        for r in _records().values()
    ]
    names = {info.name for info in here}
    return here + [
        DataInfo(p.name, p.rows, p.events, p.origin, p.description) for p in public.PUBLIC if p.name not in names
    ]


def load_data(name: str) -> CatalogueEntry:
    """Load a data set of the catalogue by name.

    A set that is on this machine is read from there; else a public one is fetched once and kept in scikit-learn's data
    folder. Names of the imbalanced-learn collection work with and without the prefix "imblearn\\_".

    Parameters
    ----------
    name : str
        A name of `list_data`.

    Raises
    ------
    ReadError
        The name is unknown, or the set must be fetched and there is no network.
    """
    records = _records()
    key = name if name in records else f"imblearn_{name}"
    if key in records:
        return _local_entry(records[key])
    wanted = next((p for p in public.PUBLIC if name in (p.name, f"imblearn_{p.name}")), None)
    if wanted is not None:
        return public.fetch(wanted)
    raise ReadError(_unknown(name, [*records, *(p.name for p in public.PUBLIC)], found=bool(records)))


def data_folder() -> Path | None:
    """Folder of the local data sets (with an ``index.json``), or None."""
    return next((folder for folder in _folders() if (folder / "index.json").is_file()), None)


def _folders() -> Iterator[Path]:
    named = os.environ.get(_VARIABLE)
    if named:
        yield Path(named)
        return
    yield Path.cwd() / "../shared/data"
    checkout = Path(__file__).resolve().parents[3]
    if (checkout / "pyproject.toml").is_file():
        yield checkout / "../shared/data"


def _records() -> dict[str, dict[str, Any]]:
    folder = data_folder()
    if folder is None:
        return {}
    index = folder / "index.json"
    try:
        records = json.loads(index.read_text(encoding="utf-8"))
        return {str(r["name"]): {**r, "file": str(folder / r["file"])} for r in records}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ReadError(f"The catalogue {str(index)!r} cannot be read: {error}.") from None


def _local_entry(record: dict[str, Any]) -> CatalogueEntry:
    table = read_table(record["file"])
    why = dict(record.get("not_features") or {})
    group = record.get("group_column")
    matrix, columns = _costs(record.get("cost"), record["positive_label"])
    return CatalogueEntry(
        name=record["name"],
        table=table,
        target=record["target"],
        pos_label=record["positive_label"],
        drop=tuple(why),
        why_dropped=why,
        categorical=tuple(record.get("categorical_columns") or ()),
        groups=group,
        times=record.get("time_column"),
        time_ordered=bool(record.get("time_ordered")),
        cost_matrix=matrix,
        cost_columns=columns,
        true_prevalence=record.get("true_prior"),
        notes=record.get("notes", ""),
        licence=record.get("licence", ""),
    )


def _costs(cost: dict[str, Any] | None, pos_label: Label) -> tuple[dict[str, float] | None, dict[str, str] | None]:
    """Cost matrix of a two-class problem and cost columns; a matrix of more classes does not fit one event."""
    if cost is None:
        return None, None
    if cost["kind"] == "example":
        return None, {short: cost["columns"][long] for short, long in _COSTS.items()}
    if len(cost["labels"]) != 2:
        return None, None
    event = cost["labels"].index(pos_label)
    other, matrix = 1 - event, cost["matrix"]
    return {
        "fp": float(matrix[other][event]),
        "fn": float(matrix[event][other]),
        "tp": float(matrix[event][event]),
        "tn": float(matrix[other][other]),
    }, None


def _unknown(name: str, names: list[str], *, found: bool) -> str:
    import difflib

    close = difflib.get_close_matches(name, sorted(set(names)), n=3)
    said = f"There is no data set {name!r} in the catalogue."
    if close:
        said += f" Did you mean {' or '.join(map(repr, close))}?"
    if not found:
        said += f" No local sets were found either; name their folder in the environment variable {_VARIABLE}."
    return said
