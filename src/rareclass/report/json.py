"""`results.json`: written in one step, never half; read back with its version checked."""

import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np

from rareclass.artifact.atomic import atomic_file
from rareclass.errors import InputError, ReadError

SCHEMA_VERSION = 1


def to_plain(value: Any) -> Any:
    """Plain JSON values: NumPy types become Python's, NaN and infinite numbers null, tuples lists.

    Parameters
    ----------
    value : dict, list, number, str, array, object with ``to_dict`` or ``isoformat``, or None

    Raises
    ------
    InputError
        The value is of a kind that JSON cannot hold.

    Examples
    --------
    >>> import numpy as np
    >>> to_plain({"rows": np.int64(3), "auc": np.array([0.5, np.nan])})
    {'rows': 3, 'auc': [0.5, None]}
    """
    if value is None or isinstance(value, str | bool | np.bool_):
        return bool(value) if isinstance(value, np.bool_) else value
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(k): to_plain(v) for k, v in value.items()}
    if isinstance(value, np.ndarray):
        return to_plain(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [to_plain(v) for v in value]
    if hasattr(value, "to_dict"):
        return to_plain(value.to_dict())
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    raise InputError(f"A value of type {type(value).__name__} cannot be written to JSON; convert it to plain values.")


def to_json(results: dict[str, Any]) -> str:
    """`results` as the text of `results.json`, without NaN (RFC 8259) and with every character readable."""
    return json.dumps(to_plain(results), ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def write_text(path: str | os.PathLike[str], text: str) -> Path:
    """Write a whole file or leave the old one as it was: a temporary neighbour takes its place in one step."""
    with atomic_file(path) as work, open(work, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return Path(path)


def dump_results(results: dict[str, Any], path: str | os.PathLike[str]) -> Path:
    """Write `results.json`, whole or not at all.

    Parameters
    ----------
    results : dict
        What `Comparison.to_dict` returns; a missing ``schema_version`` is set.
    path : str or path
        File to write; its folder is made where needed.

    Returns
    -------
    Path
    """
    return write_text(path, to_json({"schema_version": SCHEMA_VERSION, **results}))


def load_results(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read `results.json`, or the one in a run folder.

    Raises
    ------
    ReadError
        The file is missing, empty, truncated, no results file, or of a newer version.
    """
    source = Path(path)
    if source.is_dir():
        source = source / "results.json"
    try:
        text = source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ReadError(f"{source} cannot be read: {error}. Give the folder of a finished `compare` run.") from None
    if not text.strip():
        raise ReadError(f"{source} is empty. Run `compare` again.")
    try:
        results = json.loads(text)
    except json.JSONDecodeError as error:
        raise ReadError(f"{source} is truncated or no JSON ({error}). Run `compare` again.") from None
    version = results.get("schema_version") if isinstance(results, dict) else None
    if not isinstance(version, int) or isinstance(version, bool) or not isinstance(results.get("arms"), list):
        raise ReadError(f"{source} holds no results of `compare`: `schema_version` or `arms` is missing.")
    if version > SCHEMA_VERSION:
        raise ReadError(
            f"{source} has schema version {version}; this rareclass reads up to {SCHEMA_VERSION}. Upgrade rareclass."
        )
    return results
