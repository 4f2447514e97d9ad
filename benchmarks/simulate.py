"""How fast and how large the transaction simulator is, and whether its probabilities are true.

Run ``python benchmarks/simulate.py [--rows 10000000]``. Prints one JSON object. Each size runs in a process of its
own, so that the peak memory is that of the size. Targets: 10 million rows in under a minute on one core.
"""

import argparse
import json
import platform
import resource
import subprocess
import sys
import time

import numpy as np


def measure(rows: int, prevalence: float) -> dict[str, float]:
    """Simulate once and compare outcomes with probabilities."""
    from rareclass.data import simulate_transactions

    simulate_transactions(1_000)  # imports
    started = time.perf_counter()
    simulated = simulate_transactions(rows, prevalence=prevalence, seed=0)
    seconds = time.perf_counter() - started
    p, y = simulated.probability, simulated.y
    # outcomes against probabilities in ten bins of equal expected events: z should look standard normal
    order = np.argsort(p)
    cumulative = np.cumsum(p[order])
    part = np.minimum((10 * cumulative / cumulative[-1]).astype(int), 9)
    variance = np.bincount(part, (p * (1 - p))[order])
    z = (np.bincount(part, y[order]) - np.bincount(part, p[order])) / np.sqrt(variance)
    return {
        "rows": rows,
        "prevalence": prevalence,
        "seconds": round(seconds, 2),
        "million_rows_per_second": round(rows / seconds / 1e6, 3),
        "peak_memory_gib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 3),
        "table_gib": round(simulated.table.nbytes / 2**30, 3),
        "events": int(y.sum()),
        "mean_probability": float(p.mean()),
        "best_average_precision": round(simulated.best_average_precision, 4),
        "largest_bin_z": round(float(np.abs(z).max()), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="*", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--prevalence", type=float, default=0.001)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one is not None:
        print(json.dumps(measure(arguments.one, arguments.prevalence)))
        return
    runs = []
    for rows in arguments.rows:
        command = [sys.executable, __file__, "--one", str(rows), "--prevalence", str(arguments.prevalence)]
        runs.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    versions = {"python": platform.python_version(), "numpy": np.__version__}
    print(json.dumps({"date": time.strftime("%Y-%m-%d"), "versions": versions, "runs": runs}, indent=2))


if __name__ == "__main__":
    main()
