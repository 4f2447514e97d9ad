"""Years with and without drift: cost with retraining against a model left alone, through monitor and `retrain`.

    python benchmarks/lifecycle.py years [--runs 50] [--drift 0 or 1] [--first 0]

A quick world without a server (that of `challengers`): 80 payments a day, 3 % frauds, all labels known at once. With
drift fraud moves overnight in one month and slowly in all. Each month's rows go to the monitor of the champion; retrain
(`rareclass.lifecycle.retrain`, as the command line calls it, with a registry on disk) gets the newest three months each
quarter, and each month in which the monitor speaks of drift. Costs are those of the true labels of the next month.

Measured: with drift cost below that of the frozen model in 50 of 50 years, 0.568 of it on average and 0.822 at most, 65
promotions of 360 retrainings. Without (``--drift 0``) equal in 50 of 50, no promotion of 200. A year takes 12 and 8 s
of processor time on a busy machine. `challengers years` holds 50 years of the judgement alone.
"""

import argparse
import tempfile
import time
import warnings

import numpy as np
import pyarrow as pa
from lifecycle_challengers import Rows, cost, fitted, world

from rareclass.artifact import Bundle
from rareclass.artifact.trained import PERIOD
from rareclass.data.problem import Roles
from rareclass.data.read import read_table
from rareclass.lifecycle import Registry
from rareclass.lifecycle.retraining import PROMOTED, retrain
from rareclass.monitoring import RareClassMonitor

MONTH, ROWS, KEPT, QUARTER = 30, 2_400, 3, 3
"""Days and rows of a month; months that retraining gets, and after which it is due without an alarm."""


def timed(rows: Rows, month: int) -> pa.Table:
    """The rows of a month as a table with their moments, in days, and their labels."""
    moment = MONTH * (month + np.arange(ROWS) / ROWS)
    table = read_table(rows[0]).append_column("time", pa.array(moment))
    return table.append_column("fraud", pa.array(rows[1].astype(np.int8)))


def watched(bundle: Bundle) -> RareClassMonitor:
    return RareClassMonitor.from_bundle(bundle, mature_after=1.0)


def look(monitor: RareClassMonitor, bundle: Bundle, rows: Rows, month: int) -> str:
    """The state of the monitor after a month."""
    table = timed(rows, month)
    ids, moment = np.arange(ROWS) + ROWS * month, table["time"].to_numpy()
    monitor.predictions(
        ids, moment, bundle.scorer.probability(table), features=table, alerts=bundle.scorer.decide(table)
    )
    monitor.labels(ids, rows[1], times=moment)
    monitor.check(float(MONTH * (month + 1)))
    return monitor.state


def year(drift: float, seed: int) -> tuple[float, float, int, int]:
    """Cost of twelve months with and without retraining, promotions, and retrainings."""
    rng = np.random.default_rng(seed)
    sudden, slope = rng.integers(2, 8), rng.uniform(0.02, 0.05)
    moved = [drift * (slope * m + 0.35 * (m >= sudden)) for m in range(13)]
    first = world(ROWS, rng)
    seen = [timed(first, 0)]
    frozen = champion = fitted(first, **{PERIOD: [0.0, float(seen[0]["time"][-1].as_py())]})
    spent, left, taken, tried, last = 0.0, 0.0, 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        registry = Registry(folder)
        registry.promote(registry.add(champion))
        champion = registry.champion()
        monitor = watched(champion)
        for month in range(1, 13):
            now = world(ROWS, rng, moved[month])
            spent, left = spent + cost(champion, now), left + cost(frozen, now)
            seen = [*seen, timed(now, month)][-KEPT:]
            if look(monitor, champion, now, month) != "drift" and month - last < QUARTER:
                continue
            tried, last = tried + 1, month
            found = retrain(registry, pa.concat_tables(seen), target="fraud", roles=Roles(time="time"))
            if found.outcome == PROMOTED:
                champion, taken = registry.load(found.version), taken + 1
                monitor = watched(champion)
    return spent, left, taken, tried


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--first", type=int, default=0, help="seed of the first year")
    parser.add_argument("--drift", type=float, default=1.0)


def run(asked: argparse.Namespace) -> None:
    warnings.simplefilter("ignore")
    begin, found = time.process_time(), []
    for seed in range(asked.first, asked.first + asked.runs):
        spent, left, taken, tried = year(asked.drift, seed)
        found.append((spent / left, taken, tried))
        print(f"| {seed} | {spent / left:.3f} | {taken} of {tried} |", flush=True)
    ratio, taken, tried = np.array(found).T
    print(
        f"retrained / frozen: mean {ratio.mean():.3f}, below 1 in {np.mean(ratio < 1):.0%}, at most {ratio.max():.3f}; "
        f"promotions {taken.mean():.1f} of {tried.mean():.1f} retrainings a year"
    )
    print(f"{time.process_time() - begin:.0f} s of processor time")
