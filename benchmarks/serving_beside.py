"""One worker of this checkout beside one of another: `python benchmarks/serving.py beside --other CHECKOUT`.

Both serve the same bundles from the same core, one of them at a time, in short turns, so that what an hour does to a
machine it does to both. The ratio is that of processor time; its interval holds 95 % of the bootstrap of the turns.
"""

import argparse
import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from serving_client import Service, machine, numbers, one_by_one, pump, save_trees, transactions
from serving_latency import Rows, arms_of

from rareclass.scoring import Scorer

Found = dict[str, dict[str, list[tuple[float, ...]]]]
HERE, OTHER = "this", "other"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--other", type=Path, required=True, help="root of another checkout")
    parser.add_argument("--turns", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=0.5, help="of each turn at 16 connections")
    parser.add_argument("--requests", type=int, default=500, help="of each turn at one connection")
    parser.add_argument("--trees", type=Path, help="the bundle of trees of an earlier run; made there where it is not")
    parser.add_argument("--demo", type=Path, help="champion of `rareclass demo --out DIR`, measured beside the trees")
    parser.add_argument("--kinds", nargs="*", help="kinds of request, by the beginning of their names")


def compare(folder: Path, make: Callable[[int], Rows], options: argparse.Namespace) -> Found:
    """Of each kind of request and side: p50, p99 (ms), requests a second of 16, processor time of one (µs), by turn."""
    arms = arms_of(folder, make)[:-1]
    if not (options.other / "src" / "rareclass").is_dir():  # the package would be measured beside itself
        raise SystemExit(f"There is no checkout in {options.other}.")
    if options.kinds:
        arms = [arm for arm in arms if arm[0].startswith(tuple(options.kinds))]
    cores = sorted(os.sched_getaffinity(0))
    found: Found = {what: {HERE: [], OTHER: []} for what, _, _ in arms}
    with ExitStack() as stack:
        sides = {
            HERE: stack.enter_context(Service(f"m={folder}", cores={cores[0]})),
            OTHER: stack.enter_context(Service(f"m={folder}", cores={cores[0]}, source=options.other / "src")),
        }
        os.sched_setaffinity(0, set(cores[1:]) or set(cores))
        for turn in range(-1, options.turns):
            for what, requests, _ in arms:
                for name, side in sorted(sides.items(), reverse=turn % 2 == 1):
                    line = _turn(side, requests, options)
                    if turn >= 0:
                        found[what][name].append(line)
        os.sched_setaffinity(0, set(cores))
    return found


def _turn(service: Service, requests: Sequence[bytes], options: argparse.Namespace) -> tuple[float, ...]:
    spent = one_by_one(service.port, requests, options.requests)
    begun = service.processor_seconds()
    count = len(pump(service.port, requests, 16, options.seconds))
    used = (service.processor_seconds() - begun) / count
    return (*(1e3 * np.quantile(spent, [0.5, 0.99])), count / options.seconds, 1e6 * used)


def _line(name: str, what: str, sides: dict[str, list[tuple[float, ...]]]) -> list[str]:
    here, other = np.array(sides[HERE]), np.array(sides[OTHER])
    a, b = np.median(here, axis=0), np.median(other, axis=0)
    chosen = np.random.default_rng(0).integers(len(here), size=(2_000, len(here)))
    ratios = np.median(here[chosen, 3] / other[chosen, 3], axis=1)
    low, high = np.quantile(ratios, [0.025, 0.975])
    ratio = f"{np.median(here[:, 3] / other[:, 3]):.3f} [{low:.3f}, {high:.3f}]"
    times = [f"{mine:.3f} / {its:.3f}" for mine, its in zip(a[:2], b[:2], strict=True)]
    return [name, what, *times, f"{a[2]:,.0f} / {b[2]:,.0f}", f"{a[3]:.0f} / {b[3]:.0f}", ratio]


def run(options: argparse.Namespace) -> None:
    """Print the table: this checkout / the other."""
    with tempfile.TemporaryDirectory() as work:
        trees = Path(work) / "trees" if options.trees is None else options.trees
        if not trees.exists():
            save_trees(trees)
        found = {"200 trees": compare(trees, lambda n: numbers(n, seed=2), options)}
    if options.demo is not None:
        columns = Scorer.load(options.demo).columns
        found["demo's blend"] = compare(options.demo, lambda n: transactions(n, columns, seed=2), options)
    print(f"{machine()}; this checkout / the other, medians of {options.turns} turns\n")
    head = ["model", "request", "p50, ms", "p99, ms", "16 connections, requests/s", "processor, µs", "ratio of it"]
    lines = [_line(name, what, sides) for name, each in found.items() for what, sides in each.items()]
    for line in (head, ["---"] * len(head), *lines):
        print(f"| {' | '.join(line)} |")
