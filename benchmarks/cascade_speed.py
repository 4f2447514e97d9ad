"""How fast a deployed cascade is: one row by the stage that decides, its reasons, and a batch with few events.

    python benchmarks/cascade_speed.py [--set u2r] [--rows 60000] [--gate-recall 0.944] [--judge auto]

A cascade is fitted on `--rows` distinct connections of kddcup99 (all events among them) or simulated transactions at
0.05 %, and compiled. One row: a mapping in and a decision out (or its four reasons), processor microseconds, median of
loops of 200 calls and 99th percentile of single calls by the clock. Batch: an Arrow table with as many events as nature
sends (0.05 %), encoded and scored on one thread, rows a second of processor; *encoded* without the encoding. Yardsticks
of the same run, to tell how quiet the machine is: sorting 1,000,000 random numbers (16 ms), and LightGBM's
own `predict` of the gate's trees on the same encoded rows.
"""

import argparse
import time
import warnings
from collections.abc import Callable
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import pyarrow as pa
from scoring_champion import one_row

from cascade import COSTS, Case, carried, load
from rareclass.cascade import CascadeClassifier
from rareclass.scoring import Scorer

PREVALENCE = 0.0005


def least(call: Callable[[], Any], times: int = 7) -> float:
    """Processor seconds of the quickest of some calls."""
    found = []
    for _ in range(times):
        begin = time.process_time()
        call()
        found.append(time.process_time() - begin)
    return min(found)


def thinned(case: Case, rows: int, seed: int) -> Case:
    """All events and so many rows altogether."""
    rng = np.random.default_rng(seed)
    negatives = np.flatnonzero(~case.y)
    wanted = min(rows - int(case.y.sum()), negatives.size)
    kept = np.sort(np.concatenate([np.flatnonzero(case.y), rng.choice(negatives, wanted, replace=False)]))
    return Case(case.table.iloc[kept].reset_index(drop=True), case.y[kept])


def stream(case: Case, rows: int, rng: np.random.Generator) -> pd.DataFrame:
    """Rows (with replacement) of which `PREVALENCE` are events."""
    events = max(1, round(PREVALENCE * rows))
    drawn = [rng.choice(np.flatnonzero(mask), n) for mask, n in ((case.y, events), (~case.y, rows - events))]
    return case.table.iloc[rng.permutation(np.concatenate(drawn))].reset_index(drop=True)


def explained(scorer: Scorer, rows: list[dict[str, Any]], loops: int) -> float:
    """Median processor microseconds of the four reasons of one mapping."""
    spent = []
    for _ in range(loops):
        begin = time.process_time()
        for row in rows:
            scorer.explain(row)
        spent.append((time.process_time() - begin) / len(rows))
    return 1e6 * float(np.median(spent))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--set", default="u2r", choices=("u2r", "r2l", "transactions"))
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--gate-recall", type=float)
    parser.add_argument("--judge", default="auto")
    parser.add_argument("--batch", type=int, default=50_000)
    parser.add_argument("--loops", type=int, default=15)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(0)
    case = thinned(load(options.set, options.rows, seed=0), options.rows, seed=0)
    recall = carried(case) if options.gate_recall is None else options.gate_recall
    model = CascadeClassifier(judge=options.judge, gate_recall=recall, cv=2).fit(case.table, case.y, costs=COSTS)
    scorer = Scorer.from_model(model, case.table.head(20_000))
    if not scorer.exact:
        raise SystemExit(f"Not compiled: {scorer.why_not}")
    some = stream(case, options.batch, rng)
    through = model.passes(some)
    print(f"{options.set}: {case.y.size:,} rows fitted, judge {options.judge}, {through.mean():.2%} of the batch pass")
    numbers = rng.random(1_000_000)
    print(f"yardstick: sorting 1,000,000 numbers {1e3 * least(lambda: np.sort(numbers)):.0f} ms")
    for stage, rows in (("the gate decides", ~through), ("both stages", through)):
        if not rows.any():
            print(f"one row, {stage}: none")
            continue
        taken = (some[rows].head(200).to_dict("records") * 200)[:200]
        spent, clock, late = one_row(scorer, taken, options.loops)
        reasons = explained(scorer, taken, options.loops)
        print(
            f"one row, {stage}: {spent:.0f} us of processor; clock p50 {clock:.0f}, p99 {late:.0f} us; "
            f"reasons {reasons:.0f} us"
        )
    table, X = pa.Table.from_pandas(some), scorer.encoded(some).matrix
    scorer.logit(table)
    whole, encoded = least(lambda: scorer.logit(table)), least(lambda: scorer.logit_of(X))
    print(f"batch of {len(some):,}: {len(some) / whole:,.0f} rows a second; encoded {len(some) / encoded:,.0f}")
    booster = getattr(model.model_.arm.learner.gate_, "booster_", None)
    if isinstance(booster, lightgbm.Booster):
        theirs = least(lambda: booster.predict(X, raw_score=True, num_threads=1), 3)
        print(f"yardstick: LightGBM's own predict of the gate's trees {len(some) / theirs:,.0f} rows a second")


if __name__ == "__main__":
    main()
