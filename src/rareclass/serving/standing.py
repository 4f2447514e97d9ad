"""What each worker serves: a small file of its own beside the metrics, so that any worker can tell of all."""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from rareclass._json import to_json
from rareclass._record import Record


@dataclass(frozen=True, kw_only=True)
class Standing(Record):
    """One model as one worker serves it."""

    version: str = ""
    loaded: float = 0.0
    """Seconds since 1970."""
    problem: str = ""
    """Why the last reload failed; the version above is served on. Empty where it did not."""
    failed: float | None = None
    """Since when."""


class Standings:
    """The models of this worker, kept in a file that appears whole; it is removed when the worker is dead.

    Parameters
    ----------
    folder : Path
    worker : str
        Names the file.
    """

    def __init__(self, folder: Path, worker: str) -> None:
        self.folder, self.path = folder, _file(folder, worker)
        self.own: dict[str, Standing] = {}

    def note(self, model: str, version: str | None, problem: str | None = None) -> None:
        """A model was loaded in this version, or could not be for this problem."""
        now, before = time.time(), self.own.get(model, Standing())
        if problem is None:
            self.own[model] = Standing(version=version or "", loaded=now)
        else:
            self.own[model] = replace(before, problem=problem, failed=before.failed or now)
        partial = self.path.with_suffix(".partial")
        partial.write_text(to_json({name: s.to_dict() for name, s in self.own.items()}), encoding="utf-8")
        os.replace(partial, self.path)

    def of_all(self) -> dict[str, list[Standing]]:
        """The models of all living workers: one entry a worker."""
        found: dict[str, list[Standing]] = {}
        for held in _read(self.folder):
            for model, standing in held.items():
                found.setdefault(model, []).append(Standing.from_dict(standing))
        return found


def remove_standing(folder: Path, worker: str) -> None:
    """Forget a worker that is dead."""
    _file(folder, worker).unlink(missing_ok=True)


def _file(folder: Path, worker: str) -> Path:
    return folder / f"models-{worker}.json"


def _read(folder: Path) -> Iterator[dict[str, object]]:
    for path in sorted(folder.glob("models-*.json")):
        try:
            yield json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:  # its worker died meanwhile
            continue
