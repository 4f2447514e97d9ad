"""Answers without a model, for the tests of the prediction log; as a program: a worker that logs until it is killed."""

import sys
import time
from types import SimpleNamespace
from typing import Any

import numpy as np

from rareclass.serving.log import LogOptions, PredictionLog

KINDS = {"amount": "number", "new": "boolean", "when": "time", "shop": "category", "words": "text"}
WIDTHS = {"when": 2, "words": 3}


def served(kinds: dict[str, str] = KINDS, *, name: str = "cards", version: str = "0a1b2c3d4e5f") -> Any:
    starts = np.cumsum([0, *(WIDTHS.get(column, 1) for column in kinds)])[:-1]
    encoder = SimpleNamespace(columns=list(kinds.items()), names=list(kinds), starts=starts)
    return SimpleNamespace(name=name, version=version, scorer=SimpleNamespace(encoder=encoder))


def answers(probability: Any, *, tier: Any = None, slices: Any = None) -> Any:
    p = np.asarray(probability, dtype=float)
    return SimpleNamespace(probability=p, logit=np.log(p / (1 - p)), alert=p > 0.5, tier=tier, slices=slices)


def rows(matrix: Any, **columns: list[Any]) -> Any:
    encoder = SimpleNamespace(saved=None)
    return SimpleNamespace(matrix=np.asarray(matrix, dtype=float), column=columns.get, encoder=encoder)


def plain(n: int = 1) -> tuple[Any, Any, Any]:
    """A model of two numbers, `n` answers of it, and their rows."""
    return served({"a": "number", "b": "number"}), answers(np.full(n, 0.25)), rows(np.ones((n, 2)))


if __name__ == "__main__":
    log = PredictionLog(sys.argv[1], "killed", LogOptions(every=0.02, rows=int(sys.argv[2])))
    model, said, batch = plain()
    row = 0
    print("begun", flush=True)
    while True:
        log.add(model, [row], said, batch)
        row += 1
        time.sleep(2e-4)
