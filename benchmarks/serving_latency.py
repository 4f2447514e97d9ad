"""How fast one worker answers: `python benchmarks/serving.py latency`."""

import argparse
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from serving_client import (
    Service,
    in_binary,
    in_json,
    in_plain,
    machine,
    numbers,
    one_by_one,
    pump,
    save_trees,
    transactions,
)

from rareclass.scoring import Scorer

REASONS = {"parameters": {"explain": "alerts"}}
Rows = np.ndarray | pa.Table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=float, default=10.0, help="of each measurement at 16 connections")
    parser.add_argument("--requests", type=int, default=20_000, help="of each measurement at one connection")
    parser.add_argument("--trees", type=Path, help="the bundle of trees of an earlier run; made there where it is not")
    parser.add_argument("--demo", type=Path, help="champion of `rareclass demo --out DIR`, measured beside the trees")


def single(rows: Rows, count: int) -> list[Rows]:
    """Rows one by one."""
    return [rows[i : i + 1] if isinstance(rows, np.ndarray) else rows.slice(i, 1) for i in range(count)]


def arms_of(folder: Path, make: Callable[[int], Rows]) -> list[tuple[str, Sequence[bytes], int]]:
    """Kinds of request, requests of each, and their rows; the last one is the large one."""
    rows, scorer = make(10_000), Scorer.load(folder)
    flagged = np.flatnonzero(scorer.decide(rows if isinstance(rows, pa.Table) else _table(rows)))
    alerts = rows[flagged] if isinstance(rows, np.ndarray) else rows.take(flagged)
    some, few = single(rows, 500), single(alerts, min(len(flagged), 200))
    return [
        ("one row, JSON", [in_json("m", row) for row in some], 1),
        ("one row, binary", [in_binary("m", row) for row in some], 1),
        ("one row, /v1/score", [in_plain("m", row) for row in some], 1),
        ("one alert with reasons, JSON", [in_json("m", row, **REASONS) for row in few], 1),
        ("10,000 rows, binary", [in_binary("m", rows)], 10_000),
    ]


def measure(name: str, folder: Path, make: Callable[[int], Rows], options: argparse.Namespace) -> list[list[str]]:
    """The lines of the table for one bundle."""
    arms = arms_of(folder, make)
    return [
        *_lines(name, folder, arms[:-1], options, pinned=True),
        *_lines(name, folder, arms[-1:], options, pinned=False),
    ]


def _lines(
    name: str,
    folder: Path,
    arms: Sequence[tuple[str, Sequence[bytes], int]],
    options: argparse.Namespace,
    *,
    pinned: bool,
) -> list[list[str]]:
    """Measure these requests; pinned, the service has one core and this process the others."""
    cores = sorted(os.sched_getaffinity(0))
    lines = []
    with Service(f"m={folder}", cores={cores[0]} if pinned else None) as service:
        os.sched_setaffinity(0, set(cores[1:]) or set(cores) if pinned else set(cores))
        for what, requests, size in arms:
            one_by_one(service.port, requests, min(500, 500_000 // size))
            spent = one_by_one(service.port, requests, max(options.requests // (200 if size > 1 else 1), 20))
            half, late = 1e3 * np.quantile(spent, [0.5, 0.99])
            begun = service.processor_seconds()
            found = pump(service.port, requests, 16 if size == 1 else 1, options.seconds)
            used = (service.processor_seconds() - begun) / len(found)
            rate = f"{size * len(found) / options.seconds:,.0f} {'requests' if size == 1 else 'rows'}/s"
            full = f"{size / used:,.0f}/s"
            lines.append([name, what, f"{half:.3f}", f"{late:.3f}", rate, f"{1e6 * used:,.0f}", full])
        os.sched_setaffinity(0, set(cores))
    return lines


def _table(rows: np.ndarray) -> pa.Table:
    return pa.table({f"x{j}": rows[:, j] for j in range(rows.shape[1])})


def run(options: argparse.Namespace) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as work:
        trees = Path(work) / "trees" if options.trees is None else options.trees
        if not trees.exists():
            save_trees(trees)
        lines = measure("200 trees", trees, lambda n: numbers(n, seed=2), options)
    if options.demo is not None:
        columns = Scorer.load(options.demo).columns
        lines += measure("demo's blend", options.demo, lambda n: transactions(n, columns, seed=2), options)
    print(f"{machine()}\n")
    head = ["model", "request", "p50, ms", "p99, ms", "16 connections", "processor, µs", "of a core"]
    for line in (head, ["---"] * len(head), *lines):
        print(f"| {' | '.join(line)} |")
