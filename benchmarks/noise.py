"""What `compare` says of features that mean nothing, or little: ROC AUC, average precision, coverage of intervals.

    python benchmarks/noise.py [--events 18] [--rows 500] [--runs 40] [--signal 0]      about 5 s a run

Each run draws a table of five normal features, with `signal` standard deviations between the classes in the first, and
walks the road of `compare`: the same folds, the guarded arms and their blend. Beside the scores that arms are ranked
by stand those of the fold models as they are and the cross-calibrated ones, by which they were ranked before. The truth
for signal 0 is 0.5 and the prevalence.
"""

import argparse
import warnings
from collections import defaultdict

import numpy as np

from rareclass.fitting.arm import make_arm
from rareclass.fitting.calibrate import cross_calibrated
from rareclass.fitting.design import SplitOptions, make_design
from rareclass.fitting.out_of_fold import blend_scores, folds_of, ranking_of, score_arms
from rareclass.fitting.rows import Beside
from rareclass.metrics import confidence_interval

ARMS = ("logistic_regression", "lightgbm", "random_forest", "hist_gradient_boosting")


def one_run(seed: int, asked: argparse.Namespace, found: dict) -> None:
    """Add the numbers of one table to those found so far."""
    rng = np.random.default_rng(seed)
    y = np.zeros(asked.rows, dtype=bool)
    y[rng.choice(asked.rows, asked.events, replace=False)] = True
    X = rng.normal(size=(asked.rows, 5))
    X[y, 0] += asked.signal
    design = make_design(X, y, Beside(), split=SplitOptions(test_share=0), seed=seed)
    scores = score_arms(design, [make_arm(name) for name in ARMS])
    scores.append(blend_scores(design, make_arm("blend"), scores))
    for s in scores:
        shown = {
            "ranked by": ranking_of(design, s),
            "as they are": s.oof.score,
            "calibrated": cross_calibrated(s.oof.score, y, folds_of(design, s)),
        }
        for name, score in shown.items():
            auc, ap = (confidence_interval(m, y, score, random_state=seed) for m in ("roc_auc", "average_precision"))
            held = auc.low <= 0.5 <= auc.high, ap.low <= asked.events / asked.rows <= ap.high
            found[s.arm.name, name].append((auc.estimate, held[0], ap.estimate, held[1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=18)
    parser.add_argument("--rows", type=int, default=500)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--signal", type=float, default=0.0)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    found: dict = defaultdict(list)
    for seed in range(asked.runs):
        one_run(1000 + seed, asked, found)
    print(f"{asked.events} events of {asked.rows} rows, signal {asked.signal:g}, {asked.runs} runs")
    print("| arm | scores | ROC AUC | interval holds 0.5 | average precision | interval holds the prevalence |")
    print("|---|---|---|---|---|---|")
    for (arm, name), rows in found.items():
        auc, auc_held, ap, ap_held = np.mean(rows, axis=0)
        print(f"| {arm} | {name} | {auc:.3f} | {auc_held:.0%} | {ap:.3f} | {ap_held:.0%} |")


if __name__ == "__main__":
    main()
