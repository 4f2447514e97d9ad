"""Does `rareclass sample`, then train, say the same as the whole table?

    python benchmarks/sampled.py [--rows 40000] [--negatives 20] [--seeds 5] [--learner auto]      about 1 min a seed

Each seed simulates card transactions (2 % frauds), keeps all events and some negatives as `rareclass sample` does,
trains on both files, and judges both models on the same fresh transactions. The first lines are what `train` says of
itself out of fold, the last what is true. Differences are in standard errors of the whole table's own figure.

Measured 2026-11-28 with lightgbm, four seeds, 20 negatives an event: mean differences prevalence -0.02, average
precision out of fold -0.24 and on fresh rows -0.42, observed/expected -0.01 and +0.23 standard errors.
"""

import argparse
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from rareclass.cli import main as cli
from rareclass.data.problem import Roles, read_problem
from rareclass.data.simulate import simulate_transactions
from rareclass.fitting.classifier import RareClassifier
from rareclass.kernels.logits import sigmoid
from rareclass.metrics import average_precision_score, confidence_interval, observed_to_expected

LINES = ("prevalence", "AP out of fold", "O/E out of fold", "AP on fresh rows", "O/E on fresh rows")


def figures(path: Path, fresh: Path, learner: str, whole: object) -> tuple[dict, dict]:
    """Figures of a model trained on a file, and their standard errors."""
    problem = read_problem(path, whole.target, Roles(groups=whole.group, drop=[whole.time]))
    model = RareClassifier(learner)
    model.fit(problem.features, problem.y, keep_probability=problem.keep, groups=problem.groups)
    fit, new = model.model_, read_problem(fresh, whole.target)
    found = {"prevalence": (problem.prevalence, np.sqrt(problem.prevalence / fit.oof_y.sum()))}
    for where, y, z, weight in (
        ("out of fold", fit.oof_y, fit.oof_logit, problem.counts),
        ("on fresh rows", new.y == 1, model.positive_logit(new.features), None),
    ):
        for short, metric, values in (("AP", "average_precision", z), ("O/E", "observed_to_expected", sigmoid(z))):
            i = confidence_interval(metric, y, values, sample_weight=weight)
            value = average_precision_score if short == "AP" else observed_to_expected
            found[f"{short} {where}"] = (value(y, values, sample_weight=weight), (i.high - i.low) / 3.92)
    return {k: v[0] for k, v in found.items()}, {k: v[1] for k, v in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=40_000)
    parser.add_argument("--negatives", type=float, default=20.0)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--learner", default="auto")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    print("| seed | figure | whole table | sample | difference in standard errors |")
    print("|---|---|---|---|---|")
    far = []
    for seed in range(asked.seeds):
        with tempfile.TemporaryDirectory() as folder:
            path, few, fresh = (Path(folder) / f"{name}.parquet" for name in ("whole", "few", "fresh"))
            whole = simulate_transactions(asked.rows, prevalence=0.02, seed=seed)
            pq.write_table(whole.table, path)
            pq.write_table(simulate_transactions(asked.rows, prevalence=0.02, seed=seed + 1000).table, fresh)
            cli(["sample", str(path), "--target", whole.target, "--negatives", str(asked.negatives), "--out", str(few)])
            (all_rows, errors), (sampled, _) = (figures(p, fresh, asked.learner, whole) for p in (path, few))
        for line in LINES:
            far.append((sampled[line] - all_rows[line]) / errors[line])
            print(f"| {seed} | {line} | {all_rows[line]:.4f} | {sampled[line]:.4f} | {far[-1]:+.2f} |", flush=True)
    by_line = np.array(far).reshape(asked.seeds, len(LINES))
    for line, values in zip(LINES, by_line.T, strict=True):
        print(f"{line}: mean difference {values.mean():+.2f}, {np.mean(abs(values) <= 1):.0%} within one")


if __name__ == "__main__":
    main()
