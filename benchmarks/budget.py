"""Whether a comparison keeps within its budget: seconds of the whole run, report included, over the budget.

    OMP_NUM_THREADS=1 python benchmarks/budget.py                           all sizes at 30 and 90 s
    OMP_NUM_THREADS=1 python benchmarks/budget.py --budgets 30 --rows 100000 --columns 300

Simulated tables, half of whose columns hold codes where `--coded`. Each run is a process of its own. Seconds are
counted so that a busy machine can measure them: processor seconds of everything, those of cross-fitted arms and last
fits halved, since they run on two cores. Asked: at most 1.2 times the budget.
"""

import argparse
import multiprocessing
import tempfile
import time
from itertools import product
from pathlib import Path

import numpy as np
import pyarrow as pa

CORES = 2
SHOWN = (
    *("rows", "columns", "prevalence", "half coded", "budget", "seconds", "of the budget", "processor seconds", "arms"),
    "fitted rows",
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


def measure(rows: int, columns: int, prevalence: float, coded: bool, budget: float) -> tuple[float, float, int, int]:
    """Seconds on two cores, processor seconds, arms, rows that were fitted."""
    started = time.process_time()
    import rareclass.evaluation.run as road
    import rareclass.fitting.assemble as last
    from rareclass.data.problem import Roles, read_problem
    from rareclass.workflow import compare_table

    parallel = 0.0

    def timed(work):
        def watched(*given, **named):
            nonlocal parallel
            before = time.process_time()
            found = work(*given, **named)
            parallel += time.process_time() - before
            return found

        return watched

    road._run, last.fit_side_by_side = timed(road._run), timed(last.fit_side_by_side)
    problem = read_problem(table(rows, columns, prevalence, coded=coded), "target", Roles())
    with tempfile.TemporaryDirectory() as folder:
        found = compare_table(problem, out=Path(folder) / "run", budget=budget)
    took = time.process_time() - started
    fitted = max(r.scores.rows for r in found.results if r.arm.treatment.name == "none")
    return took - parallel + parallel / CORES, took, len(found.results), fitted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--budgets", nargs="*", type=float, default=[30.0, 90.0])
    parser.add_argument("--rows", nargs="*", type=int, default=[1000, 10_000, 50_000, 100_000])
    parser.add_argument("--columns", nargs="*", type=int, default=[10, 100, 300])
    parser.add_argument("--prevalences", nargs="*", type=float, default=[0.01, 0.2])
    parser.add_argument("--coded", nargs="*", type=int, default=[0, 1])
    asked = parser.parse_args()
    print("| " + " | ".join(SHOWN) + " |")
    print("|" + "---|" * len(SHOWN))
    for size in product(asked.rows, asked.columns, asked.prevalences, asked.coded, asked.budgets):
        rows, columns, prevalence, coded, budget = size
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            seconds, took, arms, fitted = pool.apply(measure, (rows, columns, prevalence, bool(coded), budget))
        print(
            f"| {rows:,} | {columns} | {prevalence:g} | {'yes' if coded else 'no'} | {budget:g} | {seconds:.0f} "
            f"| {seconds / budget:.2f} | {took:.0f} | {arms} | {fitted:,} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
