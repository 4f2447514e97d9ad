"""A year of retraining by the command: what it costs beside a model that is left alone.

    python benchmarks/lifecycle.py retraining [--runs 50] [--drift 0 or 1]

Twelve months of payments (`lifecycle_challengers.world`); after each, `retrain` is given the rows of the last four,
with their times, and promotes, refuses or asks for more. Fraud moves suddenly once, and slowly all the time. Costs are those
of the true labels of the next month, beside the first model left alone.
"""

import argparse
import collections
import tempfile
import time
import warnings

import numpy as np
import pyarrow as pa
from lifecycle_challengers import COSTS, cost, world

from rareclass import RareClassifier
from rareclass.artifact.trained import period_of, trained_bundle
from rareclass.lifecycle import Registry, retrain

ROWS, MONTHS = 5_000, 4


def month_of(number: int, moved: float, rng: np.random.Generator) -> pa.Table:
    X, y = world(ROWS, rng, moved)
    return pa.table({**X, "fraud": y, "t": number + np.sort(rng.random(ROWS))})


def first(table: pa.Table) -> object:
    """The model of a first month, as `rareclass train --time` would leave it."""
    rows, y, times = table.drop_columns(["fraud", "t"]), table["fraud"].to_numpy(), table["t"].to_numpy()
    model = RareClassifier("logistic_regression", treatment="none", calibration="intercept", cv=2)
    model.fit(rows, y, costs=COSTS, times=times)
    recipe = {"arm": "logistic", **period_of(times)}
    return trained_bundle(model, rows, y, weight=None, whole=rows, recipe=recipe, target="fraud")


def year(drift: float, seed: int) -> tuple[float, collections.Counter]:
    """Cost over that of the frozen model, and what came of the retrainings."""
    rng = np.random.default_rng(seed)
    sudden, slope = rng.integers(2, 8), rng.uniform(0.02, 0.05)
    moved = [drift * (slope * m + 0.35 * (m >= sudden)) for m in range(13)]
    seen, said = [month_of(0, 0.0, rng)], collections.Counter()
    spent = left = 0.0
    with tempfile.TemporaryDirectory() as folder:
        registry = Registry(folder)
        registry.promote(registry.add(first(seen[0])))
        frozen = champion = registry.champion()
        for m in range(1, 13):
            seen.append(month_of(m, moved[m], rng))
            now = {k: seen[-1][k].to_numpy() for k in "abcd"} | {"channel": np.array(seen[-1]["channel"])}
            rows = now, seen[-1]["fraud"].to_numpy()
            spent, left = spent + cost(champion, rows), left + cost(frozen, rows)
            found = retrain(registry, pa.concat_tables(seen[-MONTHS:]), time="t")
            said[f"{found.outcome} ({found.figures.get('history', 'none')})"] += 1
            champion = registry.champion()
    return spent / left, said


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--drift", type=float, default=1.0)


def run(options: argparse.Namespace) -> None:
    warnings.simplefilter("ignore")
    begin, ratios, said = time.process_time(), [], collections.Counter()
    for seed in range(options.runs):
        ratio, outcomes = year(options.drift, seed)
        ratios.append(ratio)
        said += outcomes
        print(f"{ratio:.3f}", end=" ", flush=True)
    print(f"\nretrained / frozen: mean {np.mean(ratios):.3f}, below 1 in {np.mean(np.array(ratios) < 1):.0%}", end=", ")
    print(f"at most {max(ratios):.3f}; {', '.join(f'{k} {v}' for k, v in said.most_common())}")
    print(f"{time.process_time() - begin:.0f} s of processor time")
