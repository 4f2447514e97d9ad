"""Copies of what is served, so that a worker that starts finds it even where the folder was damaged since."""

import os
import shutil
from pathlib import Path

from rareclass.scoring.files import CARD, LEARNER, MANIFEST, MODEL, SCORER

_FILES = (MANIFEST, MODEL, SCORER, LEARNER, CARD)
"""What serving reads."""


def keep(root: Path, name: str, version: str, folder: Path) -> None:
    """Copy a bundle, unless another worker did; older versions of the model are removed.

    What is copied is verified when it is read: the folder may have been replaced meanwhile.
    """
    place = root / name / version
    if not place.exists():
        partial = root / name / f".{version}.{os.getpid()}"
        partial.mkdir(parents=True, exist_ok=True)
        for file in _FILES:
            if (folder / file).exists():
                shutil.copyfile(folder / file, partial / file)
        try:
            partial.rename(place)
        except OSError:  # another worker was faster
            shutil.rmtree(partial, ignore_errors=True)
    os.utime(place)
    for old in _newest_first(root / name)[2:]:
        shutil.rmtree(old, ignore_errors=True)


def last_kept(root: Path, name: str) -> Path | None:
    """The folder of the version that was served last; None where none was kept."""
    return next(iter(_newest_first(root / name)), None)


def _newest_first(folder: Path) -> list[Path]:
    found = []
    for path in folder.glob("[0-9a-f]*"):
        try:
            found.append((path.stat().st_mtime_ns, path))
        except FileNotFoundError:  # another worker removed it
            continue
    return [path for _, path in sorted(found, reverse=True)]
