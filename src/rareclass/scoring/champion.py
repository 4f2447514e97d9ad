"""The champion of a registry, read from its journal: the standard library only, so that what answers requests can ask.

A registry is a folder of bundles under their versions and a journal, one line of JSON an entry. The journal alone says
which bundle is the champion, so nothing can contradict it; a last line that is torn was never written.
"""

import functools
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rareclass.errors import RegistryError

JOURNAL, BUNDLES = "journal.jsonl", "bundles"
ADDED, REMOVED = "added", "removed"
PROMOTED, ROLLED_BACK = "promoted", "rolled back"
Entry = Mapping[str, Any]


def bundle_place(path: Path) -> Path:
    """The folder of a bundle: `path` itself or, where it is a registry, that of its champion.

    Raises
    ------
    RegistryError
        The registry has no champion yet, or its journal cannot be read.
    """
    journal = path / JOURNAL
    try:
        stat = os.stat(journal)
    except (OSError, ValueError):  # no folder, or no name for one
        return path
    version = _champion(journal, stat.st_mtime_ns, stat.st_size, stat.st_ino)
    if version is None:
        raise RegistryError(
            f"The registry {path} has no champion yet. Promote a bundle first: rareclass promote {path} BUNDLE."
        )
    return path / BUNDLES / version


def challenger_place(path: Path) -> Path:
    """The folder of a bundle: `path` itself or, where it is a registry, that of its newest challenger.

    Raises
    ------
    RegistryError
        Every version of the registry was its champion already, or its journal cannot be read.
    """
    journal = path / JOURNAL
    try:
        stat = os.stat(journal)
    except (OSError, ValueError):
        return path
    version = _challenger(journal, stat.st_mtime_ns, stat.st_size, stat.st_ino)
    if version is None:
        raise RegistryError(f"The registry {path} holds no challenger: each of its versions was its champion already.")
    return path / BUNDLES / version


@functools.lru_cache(maxsize=64)
def _challenger(journal: Path, *seen: int) -> str | None:
    """The newest version of a journal that was never its champion; None where there is none."""
    found: list[str] = []
    for entry in read_journal(journal)[0]:
        if entry["what"] == ADDED:
            found.append(entry["version"])
        elif entry["what"] in (PROMOTED, REMOVED):
            found = [version for version in found if version != entry["version"]]
    return found[-1] if found else None


@functools.lru_cache(maxsize=64)
def _champion(journal: Path, *seen: int) -> str | None:
    """The champion of a journal that was `seen` like this; those who serve ask twice a second."""
    return next(reversed(champions(read_journal(journal)[0])), None)


def champions(entries: Iterable[Entry]) -> list[str]:
    """Who took over from whom, the present champion last: a promotion adds one, going back takes one away."""
    found: list[str] = []
    for entry in entries:
        if entry["what"] == PROMOTED:
            found.append(entry["version"])
        elif entry["what"] == ROLLED_BACK:
            del found[-1:]
    return found


def read_journal(path: Path) -> tuple[list[dict[str, Any]], int]:
    """The entries of a journal, oldest first, and how many of its bytes they are; none where there is no file.

    Raises
    ------
    RegistryError
        It cannot be read, or a line before the last is damaged.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return [], 0
    except OSError as error:
        raise RegistryError(f"The journal {path} cannot be read ({error.strerror or error}).") from None
    entries: list[dict[str, Any]] = []
    end = 0
    for number, line in enumerate(raw.splitlines(keepends=True), start=1):
        entry = _entry(line)
        if entry is None and end + len(line) < len(raw):
            raise RegistryError(
                f"The journal {path} is damaged in line {number}, so who is the champion is not known. Restore the "
                "file from a backup, or promote the bundles of this registry into a new one."
            )
        if entry is None:
            break
        entries.append(entry)
        end += len(line)
    return entries, end


def _entry(line: bytes) -> dict[str, Any] | None:
    """What a whole line says; None for a torn one."""
    try:
        found = json.loads(line.decode("utf-8")) if line.endswith(b"\n") else None
    except ValueError:
        return None
    whole = isinstance(found, dict) and isinstance(found.get("what"), str) and isinstance(found.get("version"), str)
    return found if whole else None
