"""`results.json`: written in one step, never half; read back with its version checked."""

import json
import os
from pathlib import Path
from typing import Any

from rareclass._json import to_json
from rareclass.artifact.atomic import atomic_file
from rareclass.errors import ReadError
from rareclass.evaluation.results import SCHEMA_VERSION


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
    return write_text(path, to_json({"schema_version": SCHEMA_VERSION, **results}, readable=True) + "\n")


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
