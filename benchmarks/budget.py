"""Whether a comparison keeps within its budget: seconds of the whole run, report included, over the budget.

    OMP_NUM_THREADS=1 python benchmarks/budget.py                                all sizes at the default budget
    OMP_NUM_THREADS=1 python benchmarks/budget.py --rows 100000 --columns 300 --budgets 30 90 --coded 0 1

Simulated tables, half of whose columns hold codes where `--coded`. Each run is a process of its own. Seconds are
counted so that a busy machine can measure them: processor seconds of everything, those of cross-fitted arms and last
fits halved, since they run on two cores. Beside them what the plan reckoned with before the first fit, the seconds of
the clock, the load, and by how many times the processor was slower than when it is idle: of a fixed fit, before and
after. Where others use the memory, large tables take longer than that says. Asked: at most 1.2 times the budget.
"""

import argparse
import multiprocessing
import os
import tempfile
import time
from itertools import product
from pathlib import Path

import numpy as np
import pyarrow as pa

CORES = 2
IDLE = 0.42
"""Processor seconds of `yardstick` on the reference machine when it is idle."""
SHOWN = (
    *("rows", "columns", "prevalence", "half coded", "budget", "planned", "seconds", "of the budget"),
    *("processor seconds", "clock", "load", "slower", "arms", "fitted rows"),
)


def table(rows: int, columns: int, prevalence: float, *, coded: bool) -> pa.Table:
    """A simulated table whose column "target" is true for a share `prevalence` of its rows."""
    rng = np.random.default_rng(rows + columns)
    X = rng.normal(size=(rows, columns))
    z = 1.2 * X[:, 0] + 0.8 * X[:, 1] * X[:, 2] + rng.logistic(size=rows)
    made: dict[str, np.ndarray] = {f"c{j}": X[:, j] for j in range(columns)}
    for j in range(columns // 2, columns) if coded else ():
        made[f"c{j}"] = np.array([f"level {k}" for k in range(40)])[rng.integers(40, size=rows)]
    return pa.table({**made, "target": (z >= np.quantile(z, 1 - prevalence)).astype(int)})


def yardstick() -> float:
    """Processor seconds of one fixed fit."""
    from lightgbm import LGBMClassifier

    data = table(5000, 30, 0.03, coded=False).to_pandas()
    started = time.process_time()
    LGBMClassifier(n_jobs=1, verbose=-1).fit(data.drop(columns="target").to_numpy(), data["target"])
    return time.process_time() - started


def measure(rows: int, columns: int, prevalence: float, coded: bool, budget: float) -> dict[str, float]:
    """Seconds on two cores, what the plan reckoned with, and what else is shown."""
    given = table(rows, columns, prevalence, coded=coded)
    started, clock = time.process_time(), time.perf_counter()
    import rareclass.evaluation.champion as champion
    import rareclass.evaluation.run as road
    from rareclass.data.problem import Roles, read_problem
    from rareclass.evaluation.plan import planned_seconds
    from rareclass.workflow import compare_table

    parallel, plans = 0.0, []

    def timed(work):
        def watched(*given, **named):
            nonlocal parallel
            before = time.process_time()
            found = work(*given, **named)
            parallel += time.process_time() - before
            return found

        return watched

    choose = road.within
    road.within = lambda *given, **named: plans.append(choose(*given, **named)) or plans[-1]
    road._run, champion.fit_side_by_side = timed(road._run), timed(champion.fit_side_by_side)
    problem = read_problem(given, "target", Roles())
    with tempfile.TemporaryDirectory() as folder:
        found = compare_table(problem, out=Path(folder) / "run", budget=budget)
    took = time.process_time() - started
    return {
        "planned": planned_seconds(*plans[-1]),
        "seconds": took - parallel + parallel / CORES,
        "processor seconds": took,
        "clock": time.perf_counter() - clock,
        "arms": len(found.results),
        "fitted rows": max(r.scores.rows for r in found.results if r.arm.treatment.name == "none"),
    }


def sized(size: tuple) -> tuple[dict[str, float], float]:
    """What `measure` says of a run, and how many times slower than idle the processor was before and after."""
    before = yardstick()
    found = measure(*size)
    return found, (before + yardstick()) / 2 / IDLE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--budgets", nargs="*", type=float, default=[45.0])
    parser.add_argument("--rows", nargs="*", type=int, default=[1000, 10_000, 100_000])
    parser.add_argument("--columns", nargs="*", type=int, default=[10, 30, 100, 300])
    parser.add_argument("--prevalences", nargs="*", type=float, default=[0.01])
    parser.add_argument("--coded", nargs="*", type=int, default=[0])
    asked = parser.parse_args()
    print("| " + " | ".join(SHOWN) + " |")
    print("|" + "---|" * len(SHOWN))
    for size in product(asked.rows, asked.columns, asked.prevalences, asked.coded, asked.budgets):
        rows, columns, prevalence, coded, budget = size
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            found, slower = pool.apply(sized, (size,))
        print(
            f"| {rows:,} | {columns} | {prevalence:g} | {'yes' if coded else 'no'} | {budget:g} "
            f"| {found['planned']:.0f} | {found['seconds']:.0f} | {found['seconds'] / budget:.2f} "
            f"| {found['processor seconds']:.0f} | {found['clock']:.0f} | {os.getloadavg()[0]:.1f} | {slower:.2f} "
            f"| {found['arms']} | {found['fitted rows']:,} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
