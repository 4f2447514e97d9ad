"""What a fit of each learner costs by rows and columns: the coefficients of `rareclass.evaluation.plan.COSTS`.

    python benchmarks/plan_costs.py          about 6 minutes; run it alone on the machine

Each learner is fitted as an arm, on one core, on simulated tables with one event in a hundred. Prints the seconds, the
log-linear fit exp(a) rows^b columns^c, and by how much it is off.
"""

import time
import warnings

import numpy as np
from threadpoolctl import threadpool_limits

from rareclass.fitting.arm import make_arm

LEARNERS = ("lightgbm", "logistic_regression", "random_forest", "hist_gradient_boosting")
SIZES = [(rows, columns) for rows in (1000, 4000, 16_000, 40_000) for columns in (5, 20, 80)]


def seconds_of(learner: str, rows: int, columns: int) -> float:
    """Seconds of one fit, of two the shorter where it is short."""
    rng = np.random.default_rng(rows + columns)
    X = rng.normal(size=(rows, columns))
    y = rng.random(rows) < 1 / (1 + np.exp(5.5 - 1.2 * X[:, 0] - 0.8 * X[:, 1] * X[:, 2]))
    y[:5] = True
    best = np.inf
    for _ in range(2):
        started = time.perf_counter()
        make_arm(learner).fit(X, y, n_jobs=1)
        best = min(best, time.perf_counter() - started)
        if best > 5:
            break
    return best


def main() -> None:
    warnings.simplefilter("ignore")
    with threadpool_limits(1):
        seconds_of("lightgbm", 500, 3)
        for learner in LEARNERS:
            took = np.array([seconds_of(learner, *size) for size in SIZES])
            design = np.column_stack([np.ones(len(SIZES)), np.log(np.array(SIZES, dtype=float))])
            found = np.linalg.lstsq(design, np.log(took), rcond=None)[0]
            off = np.exp(np.abs(design @ found - np.log(took)))
            fit = ", ".join(f"{v:.2f}" for v in found)
            print(f'    "{learner}": ({fit}),  # off by {np.median(off):.2f}x, at most {off.max():.2f}x', flush=True)
            print(f"        seconds {np.round(took, 2).tolist()}", flush=True)


if __name__ == "__main__":
    main()
