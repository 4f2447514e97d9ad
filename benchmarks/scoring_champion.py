"""What the deployed champion costs: one mapping in and a decision out, a batch, a new process, and the bundle's size.

    rareclass demo --out demo-run && python benchmarks/scoring_champion.py demo-run/champion

One row: processor microseconds a call (median over loops of 200 calls) and the 99th percentile of single calls by the
clock, which load from elsewhere lengthens. Batch: rows a second of an Arrow table, encoding included, by processor time
on one thread, and by the clock on one and on two (best of the repetitions, in turn). New process: processor seconds and
clock of `Scorer.load` and the first decision, imports included, kernels cached (`rareclass warm`).

28 November 2026, AMD EPYC, two quiet cores, the champion of `make demo` (CatBoost, HistGradientBoosting, extra trees,
logistic regression):

    trees, trees, votes, quantile_linear: 600 trees; bundle 0.78 MB
    one mapping, decision out: 92 us of processor; clock p50 89, p99 160 us
    batch of 50,000: 110,231 rows a second of processor; by the clock 110,219 on one thread, 204,102 on two
    new process, load and first row: 0.59 s of processor, 0.57 s by the clock; loads []
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from rareclass.data.simulate import simulate_transactions
from rareclass.scoring import Scorer

FRESH = """
import json, sys, time
begin = time.perf_counter()
from rareclass.scoring import Scorer
scorer = Scorer.load(sys.argv[1])
scorer.decide(json.loads(sys.argv[2]))
heavy = {"sklearn", "lightgbm", "skops", "scipy.linalg", "scipy.special", "pyarrow", "pandas"} & set(sys.modules)
print(json.dumps([time.process_time(), time.perf_counter() - begin, sorted(heavy)]))
"""


def members(spec: dict) -> list[str]:
    """The kinds of the members that are scored."""
    return [kind for part in spec["members"] for kind in members(part)] if "members" in spec else [spec["kind"]]


def one_row(scorer: Scorer, rows: list[dict], loops: int) -> tuple[float, float, float]:
    """Median processor time, median and 99th percentile by the clock of a decision about one mapping, microseconds."""
    for row in rows[:100]:
        scorer.decide(row)
    spent, each = [], []
    for _ in range(loops):
        begin = time.process_time()
        for row in rows[:200]:
            start = time.perf_counter()
            scorer.decide(row)
            each.append(time.perf_counter() - start)
        spent.append((time.process_time() - begin) / 200)
    return 1e6 * float(np.median(spent)), 1e6 * float(np.median(each)), 1e6 * float(np.quantile(each, 0.99))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--loops", type=int, default=25)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    scorer = Scorer.load(options.bundle)
    spec, arrays = scorer.saved()
    trees = sum(a.size for name, a in arrays.items() if name.split(".")[-1] == "root")
    size = sum(file.stat().st_size for file in options.bundle.iterdir())
    print(f"{', '.join(members(spec))}: {trees:,} trees; bundle {size / 1e6:.2f} MB")
    table = simulate_transactions(options.rows, prevalence=0.01, seed=1).table.select(scorer.columns)
    spent, middle, high = one_row(scorer, table.slice(0, 200).to_pylist(), options.loops)
    print(f"one mapping, decision out: {spent:.0f} us of processor; clock p50 {middle:.0f}, p99 {high:.0f} us")
    scorer.logit(table, threads=2)
    clock: dict[int, float] = {1: np.inf, 2: np.inf}
    least = np.inf
    for _ in range(options.repeats):
        for threads in clock:
            begin, start = time.process_time(), time.perf_counter()
            scorer.logit(table, threads=threads)
            clock[threads] = min(clock[threads], time.perf_counter() - start)
            if threads == 1:
                least = min(least, time.process_time() - begin)
    print(
        f"batch of {options.rows:,}: {options.rows / least:,.0f} rows a second of processor; by the clock "
        f"{options.rows / clock[1]:,.0f} on one thread, {options.rows / clock[2]:,.0f} on two"
    )
    row = {
        k: v if isinstance(v, int | float | str | bool | None) else str(v)
        for k, v in table.slice(0, 1).to_pylist()[0].items()
    }
    fresh = []
    for _ in range(options.repeats):
        code = [sys.executable, "-c", FRESH, str(options.bundle), json.dumps(row)]
        fresh.append(json.loads(subprocess.run(code, capture_output=True, text=True, check=True).stdout))
    spent, took = (float(np.median([f[k] for f in fresh])) for k in (0, 1))
    print(
        f"new process, load and first row: {spent:.2f} s of processor, {took:.2f} s by the clock; loads {fresh[0][2]}"
    )


if __name__ == "__main__":
    main()
