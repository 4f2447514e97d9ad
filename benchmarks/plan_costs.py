"""What a comparison costs: the coefficients of `rareclass.evaluation.work`, in processor seconds.

    OMP_NUM_THREADS=1 python benchmarks/plan_costs.py                  all, about ten minutes of one core
    OMP_NUM_THREADS=1 python benchmarks/plan_costs.py --only catboost audit

Each learner is fitted as an arm, on one core, on simulated tables; each stage that every comparison has is run by
itself. Prints the seconds; of learners the nanoseconds of each operation that `operations` counts (none below zero,
least squares of relative errors), of stages the log-linear fit exp(a) rows^b columns^c events^d; and by how much each
is off. Processor seconds, so that it can be measured on a busy machine, on which they are still a tenth to a half
longer: a fixed fit, before and after, says by how much. The level of "audit" and `START` follow whole comparisons.
"""

import argparse
import time
import warnings

import numpy as np
import pyarrow as pa
from budget import IDLE, yardstick
from scipy.optimize import nnls
from threadpoolctl import threadpool_limits

from rareclass.artifact.reference import sketched
from rareclass.crossfit import out_of_fold
from rareclass.data.encode import TableEncoder
from rareclass.data.sketch import RowSketch
from rareclass.decisions.costs import CostMatrix
from rareclass.decisions.minimum_cost import MinimumCost
from rareclass.evaluation.columns import audit_columns
from rareclass.evaluation.figures import figure_data
from rareclass.evaluation.judge import Judged, decide, judge, paired_verdict
from rareclass.evaluation.work import LEARNER_SECONDS, STAGE_SECONDS, Work, operations
from rareclass.fitting.arm import make_arm
from rareclass.fitting.calibrate import cross_calibrated
from rareclass.fitting.design import Design, make_design
from rareclass.fitting.rows import Beside

# rows, columns, events, distinct values of a column (0: all differ)
SIZES = [
    (2000, 5, 40, 0), (2000, 30, 400, 0), (3500, 300, 260, 0), (3500, 300, 260, 8), (8000, 30, 100, 0),
    (8000, 30, 4000, 0), (8000, 90, 1600, 12), (32_000, 5, 300, 0), (32_000, 30, 6000, 12), (32_000, 30, 300, 0),
    (12_000, 100, 200, 0), (5300, 300, 160, 0),
]  # fmt: skip
MOST_OF_FOREST = 1e6
"""Rows times columns from which on a forest of best splits is not measured: its counts carry that far."""
STAGE_SIZES = [
    (4000, 10, 200),
    (4000, 100, 200),
    (20_000, 10, 200),
    (20_000, 100, 2000),
    (60_000, 10, 3000),
    (60_000, 60, 600),
    (20_000, 300, 200),
]
LEAST = 0.003
OF_SCORES = ("judge", "figures")
"""Stages that see scores only, whatever the columns."""


def simulated(rows: int, columns: int, events: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers (rows, columns), of which three tell the events; exactly so many events."""
    rng = np.random.default_rng(rows + columns)
    X = rng.normal(size=(rows, columns))
    z = 1.2 * X[:, 0] + 0.8 * X[:, 1] * X[:, 2] + rng.logistic(size=rows)
    y = np.zeros(rows, dtype=bool)
    y[np.argsort(-z)[:events]] = True
    return X, y


def work_of_size(rows: int, columns: int, events: int, levels: int) -> Work:
    """A fit on so many rows, as a plan sees it."""
    known = (levels,) * columns if levels else ()
    return Work(
        rows=rows, events=events, columns=columns, parts=1, scored=0, fitted=rows, fitted_events=events, levels=known
    )


def learner_seconds(learner: str, rows: int, columns: int, events: int, levels: int) -> tuple[float, float]:
    """Processor seconds of one fit, and of scoring a row."""
    X, y = simulated(rows, columns, events)
    if levels:
        X = np.floor(np.clip(X / 5 + 0.5, 0, 0.999) * levels)
    started = time.process_time()
    fitted = make_arm(learner).fit(X, y, n_jobs=1)
    took = time.process_time() - started
    new = X[np.arange(5000) % rows]
    started = time.process_time()
    fitted.logit(new)
    return took, (time.process_time() - started) / 5000


def stage_seconds(rows: int, columns: int, events: int) -> dict[str, float]:
    """Processor seconds of what every comparison does beside its fits; those of judging for one arm."""
    X, y = simulated(rows, columns, events)
    table = pa.table({f"c{j}": X[:, j] for j in range(columns)})
    took, clock = {}, time.process_time()

    def mark(stage: str) -> None:
        nonlocal clock
        now = time.process_time()
        took[stage] = now - clock
        clock = time.process_time()

    design: Design = make_design(table, y, Beside())
    mark("read")
    audit_columns(design.rows.features, design.rows.y)
    mark("audit")
    parts = design.parts()
    mark("encode")
    took["encode"] /= len(parts)
    score = (1.1 * X[:, 0] - 5)[design.split.scored]
    folds = design.folds(out_of_fold(score.size, design.split.parts, lambda train, test: score[test]).fold)
    clock = time.process_time()
    logit = cross_calibrated(score, design.y, folds)
    dev = Judged.out_of_fold(design, level=0.95, folds=folds)
    judged = judge(dev, logit, decide(MinimumCost(CostMatrix(fp=1.0, fn=1.0)), dev, logit), score)
    paired_verdict(dev, score, -score, 0.1, ranked=True)
    mark("judge")
    figure_data(dev, logit, judged, score)
    mark("figures")
    encoded = TableEncoder(design.rows.schema.columns).fit(table).transform(table).matrix
    sketched(encoded, y)
    RowSketch.of(encoded, y)
    mark("keep")
    return took


def fit_counts(counts: list[tuple[float, ...]], took: np.ndarray) -> tuple[np.ndarray, str]:
    """Nanoseconds of each operation, none below zero, that fit the seconds best, and how far off they are."""
    share = 1e-9 * np.array(counts) / took[:, None]
    found = nnls(share, np.ones(took.size))[0]
    off = np.exp(np.abs(np.log(share @ found)))
    return found, f"off by {np.median(off):.2f}x, at most {off.max():.2f}x; {np.round(took, 6).tolist()}"


def fit_powers(sizes: list[tuple[int, ...]], took: np.ndarray, *, columns: bool) -> tuple[np.ndarray, str]:
    """Powers that fit the seconds best, of columns where they may matter, and a sentence on how far off they are."""
    design = np.column_stack([np.ones(len(sizes)), np.log(np.array(sizes, dtype=float))]) * [1, 1, columns, 1]
    kept = took > LEAST
    found = np.linalg.lstsq(design[kept], np.log(took[kept]), rcond=None)[0]
    off = np.exp(np.abs(design[kept] @ found - np.log(took[kept])))
    return found, f"off by {np.median(off):.2f}x, at most {off.max():.2f}x; {np.round(took, 2).tolist()}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known = [*LEARNER_SECONDS, *STAGE_SECONDS]
    parser.add_argument("--only", nargs="*", choices=known, default=known)
    asked = parser.parse_args().only
    warnings.simplefilter("ignore")
    with threadpool_limits(1):
        print(f"    # {yardstick() / IDLE:.2f} times as slow as idle", flush=True)
        for learner in (name for name in asked if name in LEARNER_SECONDS):
            learner_seconds(learner, 500, 3, 50, 0)
            sizes = [s for s in SIZES if learner != "random_forest" or s[0] * s[1] < MOST_OF_FOREST]
            took = np.array([learner_seconds(learner, *size) for size in sizes])
            counts = list(zip(*(operations(learner, work_of_size(*size)) for size in sizes), strict=True))
            for what, one, seconds in zip(("fit", "score"), counts, took.T, strict=True):
                found, off = fit_counts(list(one), seconds)
                print(f'    "{learner}" {what}: ({", ".join(f"{v:.3g}" for v in found)}),  # {off}', flush=True)
        if any(name in STAGE_SECONDS for name in asked):
            stage_seconds(1000, 3, 100)
            stages = [stage_seconds(*size) for size in STAGE_SIZES]
            for stage in STAGE_SECONDS:
                if stage in stages[0]:
                    seconds = np.array([one[stage] for one in stages])
                    found, off = fit_powers(STAGE_SIZES, seconds, columns=stage not in OF_SCORES)
                    print(f'    "{stage}": ({", ".join(f"{v:.2f}" for v in found)}),  # {off}', flush=True)
        print(f"    # {yardstick() / IDLE:.2f} times as slow as idle", flush=True)


if __name__ == "__main__":
    main()
