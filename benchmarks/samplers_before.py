"""Processor time of the samplers beside that of an older checkout: no method may have become slower.

    git worktree add ../before COMMIT
    python benchmarks/samplers.py --before ../before [--only SMOTE NearMiss] [--repeats 5] [--rows 1000] [--columns 30]

Each side runs in a process of its own, on the same data; runs alternate, after one that is not counted.
"""

import json
import os
import statistics
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

ROWS, COLUMNS = (1_000, 10_000, 100_000), (2, 30, 200)
SEEDED = {"random_state": 0}
METHODS: list[tuple[str, str, dict]] = [
    ("over_sampling", "SMOTE", SEEDED),
    ("over_sampling", "BorderlineSMOTE", SEEDED),
    ("over_sampling", "ADASYN", SEEDED),
    ("over_sampling", "KMeansSMOTE", SEEDED | {"cluster_balance_threshold": 0.001}),
    ("over_sampling", "GeometricSMOTE", SEEDED),
    ("over_sampling", "MWMOTE", SEEDED),
    ("over_sampling", "ProWSyn", SEEDED),
    ("over_sampling", "RandomOverSampler", SEEDED),
    ("under_sampling", "RandomUnderSampler", SEEDED),
    ("under_sampling", "NearMiss", {"version": 1}),
    ("under_sampling", "NearMiss", {"version": 2}),
    ("under_sampling", "NearMiss", {"version": 3}),
    ("under_sampling", "TomekLinks", {}),
    ("under_sampling", "EditedNearestNeighbours", {}),
    ("under_sampling", "NeighbourhoodCleaningRule", {}),
    ("under_sampling", "OneSidedSelection", SEEDED),
    ("combine", "SMOTEENN", SEEDED),
    ("combine", "SMOTETomek", SEEDED),
]


class Side:
    """A process that runs samplers of the package in a folder."""

    def __init__(self, folder: Path) -> None:
        environment = os.environ | {"PYTHONPATH": str(folder / "src")}
        self.process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def time(self, task: dict) -> float:
        """Processor seconds of one run; NaN where the method cannot work on such data."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(task) + "\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def close(self) -> None:
        """End the process."""
        self.process.communicate()


def data(n: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    """N(0, I), 2 % positives (at least 30) shifted by 0.5 in each column, seed 0."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((n, d)), np.zeros(n, dtype=np.int64)
    y[rng.choice(n, max(30, n // 50), replace=False)] = 1
    X[y == 1] += 0.5
    return X, y


def serve() -> None:
    """Runs inside each process: read tasks, answer with seconds."""
    import importlib

    warnings.simplefilter("ignore")
    known: dict[tuple[int, int], Any] = {}
    for line in sys.stdin:
        task = json.loads(line)
        size = task["n"], task["d"]
        if size not in known:
            known = {size: data(*size)}
        sampler = getattr(importlib.import_module(f"rareclass.{task['room']}"), task["name"])(**task["parameters"])
        start = time.process_time()
        try:
            sampler.fit_resample(*known[size])
            print(time.process_time() - start, flush=True)
        except ValueError:
            print("nan", flush=True)


def compare(before: Path, words: list[str], repeats: int, rows: list[int], columns: list[int]) -> None:
    """Print the table."""
    now = Path(__file__).resolve().parents[1]
    sides = Side(before.resolve()), Side(now)
    print("| method | rows x columns | before s | now s | before / now |\n|---|---|---|---|---|")
    for n in rows or ROWS:
        for d in columns or COLUMNS:
            for room, name, parameters in METHODS:
                said = f"{name} {parameters['version']}" if "version" in parameters else name
                if words and not any(word.lower() in said.lower() for word in words):
                    continue
                task = {"room": room, "name": name, "parameters": parameters, "n": n, "d": d}
                runs = [[side.time(task) for side in sides] for _ in range(repeats + 1)][1:]
                old, new = (statistics.median(times) for times in zip(*runs, strict=True))
                print(f"| {said} | {n:,} x {d} | {old:.4f} | {new:.4f} | {old / new:.2f} |", flush=True)
    for side in sides:
        side.close()


if __name__ == "__main__":
    serve()
