"""What a challenger in the shadow costs those who ask: `python benchmarks/serving.py shadow`.

One worker with a prediction log, with and without a challenger (as large as the champion), in turn; one row a request
at one connection, and 16 connections at once.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from serving_client import Service, in_json, machine, numbers, one_by_one, pump, save_trees
from serving_latency import single


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement at 16 connections")
    parser.add_argument("--requests", type=int, default=5_000, help="of each measurement at one connection")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--trees", type=Path, help="the bundle of trees of an earlier run; made there where it is not")


def run(options: argparse.Namespace) -> None:
    """Print the table."""
    requests = [in_json("m", row) for row in single(numbers(500, seed=2), 500)]
    with tempfile.TemporaryDirectory() as work:
        trees = Path(work) / "trees" if options.trees is None else options.trees
        if not trees.exists():
            save_trees(trees)
        challenger = Path(work) / "challenger"
        save_trees(challenger, seed=1)
        arms = {"log": (), "log and shadow": ("--shadow", f"m={challenger}")}
        found: dict[str, list[tuple[float, ...]]] = {name: [] for name in arms}
        for _ in range(options.turns):
            for name, more in arms.items():
                with tempfile.TemporaryDirectory() as log, Service(f"m={trees}", "--log", log, *more) as service:
                    one_by_one(service.port, requests, 500)
                    begun = service.processor_seconds()
                    spent = one_by_one(service.port, requests, options.requests)
                    used = (service.processor_seconds() - begun) / options.requests
                    rate = len(pump(service.port, requests, 16, options.seconds)) / options.seconds
                    found[name].append((*(1e3 * np.quantile(spent, [0.5, 0.99])), rate, 1e6 * used))
    print(f"{machine()}\n")
    for line in (("service", "p50, ms", "p99, ms", "16 connections", "processor, µs a request"), ["---"] * 5):
        print(f"| {' | '.join(line)} |")
    for name, each in found.items():
        half, late, rate, used = np.median(each, axis=0)
        print(f"| {name} | {half:.3f} | {late:.3f} | {rate:,.0f} requests/s | {used:,.0f} |")
