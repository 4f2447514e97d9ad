"""Learners written to disk without pickle."""

from pathlib import Path
from typing import Any

from rareclass.scoring.learner import checked_types
from rareclass.scoring.learner import load_learner as load_learner


def dump_learner(learner: Any, path: Path) -> None:
    """Write a fitted learner; refuses what could not be read again."""
    import skops.io

    skops.io.dump(learner, path)
    checked_types(path.read_bytes(), path)
