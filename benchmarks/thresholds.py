"""Speed of the one-sort threshold counts, and of metrics on them, beside scikit-learn.

    python benchmarks/thresholds.py                  1e5 to 1e7 scores, one core
    python benchmarks/thresholds.py --rows 1000000

Both sides run in one process on the same scores; each figure is the best of three runs.
"""

import argparse
import platform
import time

import numpy as np
import sklearn
from sklearn import metrics as sk

import rareclass.metrics as m
from rareclass.kernels.thresholds import threshold_counts


def best_of(function, times: int = 3) -> float:
    """Seconds of the fastest call."""
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def line(name: str, ours: float, theirs: float) -> None:
    print(f"  {name:36s} {ours:8.3f} s   scikit-learn {theirs:8.3f} s   {theirs / ours:5.1f} times")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--prevalence", type=float, default=0.01)
    rows = parser.parse_args()
    print(f"numpy {np.__version__}, scikit-learn {sklearn.__version__}, {platform.machine()}, {platform.system()}")
    rng = np.random.default_rng(0)
    threshold_counts(np.array([True]), np.array([1.0]))
    threshold_counts(np.array([True]), np.array([1.0]), np.array([1.0]))
    for n in rows.rows:
        y = rng.random(n) < rows.prevalence
        score = rng.normal(size=n) + 2 * y
        weight = rng.random(n)
        print(f"{n:,} scores, {int(y.sum()):,} events")
        line(
            "counts at every distinct score",
            best_of(lambda y=y, score=score: threshold_counts(y, score)),
            best_of(lambda y=y, score=score: sk.roc_curve(y, score, drop_intermediate=False)),
        )
        line(
            "the same with weights",
            best_of(lambda y=y, score=score, weight=weight: threshold_counts(y, score, weight)),
            best_of(
                lambda y=y, score=score, weight=weight: sk.roc_curve(
                    y, score, drop_intermediate=False, sample_weight=weight
                )
            ),
        )
        for name in ("average_precision_score", "roc_auc_score"):
            line(
                name,
                best_of(lambda y=y, score=score, name=name: getattr(m, name)(y, score)),
                best_of(lambda y=y, score=score, name=name: getattr(sk, name)(y, score)),
            )
        flag = score > 2
        line(
            "matthews_corrcoef",
            best_of(lambda y=y, flag=flag: m.matthews_corrcoef(y, flag)),
            best_of(lambda y=y, flag=flag: sk.matthews_corrcoef(y, flag)),
        )
        interval = best_of(lambda y=y, score=score: m.confidence_interval("average_precision", y, score))
        print(f"  interval of average precision        {interval:8.3f} s")


if __name__ == "__main__":
    main()
