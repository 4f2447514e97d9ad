"""Guarded boosters on each row loss beside their own cross-entropy: events expected, ranking, log-loss, seconds.

    OMP_NUM_THREADS=1 python benchmarks/boosted_losses.py --seeds 3      (about five core-minutes)
    python benchmarks/boosted_losses.py --keep runs.jsonl                keeps each fit, and goes on where it stopped

Simulated rows (120,000 x 10, 600 events on average, steps, bends and an interaction) and 100 trees, guard and
recalibration as they come. What is judged are 100,000 new rows with their true probabilities, so that only the fits
carry noise: observed/expected is the mean true probability over the mean of the predicted ones, times what the training
rows drew too many (four per cent of luck that no learner could know); log-loss and average precision are expectations.
Differences are paired: relative to the same library's built-in objective on the same rows, as mean over seeds with two
standard errors. Seconds are the process's own, of the whole fit, inner fits and recalibration included.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import brentq

from rareclass.kernels.logits import sigmoid
from rareclass.learners import RareCatBoostClassifier, RareLGBMClassifier, RareXGBClassifier
from rareclass.losses import (
    AsymmetricLoss,
    ClassBalancedLoss,
    CrossEntropy,
    FocalLoss,
    LDAMLoss,
    LogitAdjustedLoss,
    PolyLoss,
    VectorScalingLoss,
    WeightedCrossEntropy,
)

LIBRARIES: dict[str, tuple[Any, str]] = {
    "LightGBM": (RareLGBMClassifier, "n_estimators"),
    "XGBoost": (RareXGBClassifier, "n_estimators"),
    "CatBoost": (RareCatBoostClassifier, "iterations"),
}
PREVALENCE = 0.005


def losses(y: np.ndarray) -> dict[str, Any]:
    counts = (int((~y).sum()), int(y.sum()))
    return {
        "built in": None,
        "cross-entropy": CrossEntropy(),
        "focal": FocalLoss(2.0),
        "weighted": WeightedCrossEntropy(float(np.sqrt(counts[0] / counts[1]))),
        "balanced": WeightedCrossEntropy(counts[0] / counts[1]),
        "class-balanced": ClassBalancedLoss(counts),
        "LDAM": LDAMLoss(counts),
        "logit-adjusted": LogitAdjustedLoss(float(y.mean())),
        "asymmetric": AsymmetricLoss(),
        "poly": PolyLoss(1.0),
        "vector-scaling": VectorScalingLoss((1.0, 14.0), (0.4, 0.4), (0.7, 0.7)),
    }


def simulate(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Features (n, 10) and log-odds but for their constant."""
    X = np.random.default_rng([seed, 7]).normal(size=(rows, 10))
    return X, 0.8 * X[:, 0] + 0.9 * X[:, 1] * X[:, 2] + 1.2 * (X[:, 3] > 1) + 0.7 * np.abs(X[:, 4])


def expected_average_precision(p: np.ndarray, score: np.ndarray) -> float:
    """Average precision in expectation over labels drawn from the true probabilities."""
    ranked = p[np.argsort(-score, kind="stable")]
    return float(ranked @ (np.cumsum(ranked) / np.arange(1, p.size + 1)) / p.sum())


def measure(options: argparse.Namespace, keep: Path | None) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in keep.read_text().splitlines()] if keep and keep.exists() else []
    done = {(run["seed"], run["library"], run["loss"]) for run in found}
    fresh, z_fresh = simulate(options.fresh, 10**6)
    constant = brentq(lambda c: sigmoid(z_fresh + c).mean() - PREVALENCE, -20, 5)
    p = sigmoid(z_fresh + constant)
    for seed in range(options.seeds):
        X, z = simulate(options.rows, seed)
        y = np.random.default_rng([seed, 8]).random(options.rows) < sigmoid(z + constant)
        luck = y.sum() / sigmoid(z + constant).sum()
        for library in options.libraries:
            kind, trees = LIBRARIES[library]
            for name, loss in losses(y).items():
                if (seed, library, name) in done or name not in options.losses:
                    continue
                learner = kind(loss=loss, collapse_alarm=False, random_state=seed, **{trees: options.trees})
                started = time.process_time()
                learner.fit(X, y)
                seconds = time.process_time() - started
                score = learner.decision_function(fresh)
                run = {
                    "seed": seed,
                    "library": library,
                    "loss": name,
                    "ratio": float(p.sum() / sigmoid(score).sum() * luck),
                    "log_loss": float(np.mean(np.logaddexp(0, score) - p * score)),
                    "average_precision": expected_average_precision(p, score),
                    "seconds": seconds,
                }
                found.append(run)
                if keep:
                    with keep.open("a") as file:
                        file.write(json.dumps(run) + "\n")
    return found


def show(found: list[dict[str, Any]]) -> None:
    print(
        f"{'':26s} {'O/E':>16s} {'log-loss, relative':>20s} {'average precision, relative':>28s} {'seconds':>8s} seeds"
    )
    for library in LIBRARIES:
        runs = {(run["seed"], run["loss"]): run for run in found if run["library"] == library}
        for name in dict.fromkeys(loss for _, loss in runs):
            seeds = [seed for seed, loss in runs if loss == name and (seed, "built in") in runs]
            pairs = [(runs[seed, name], runs[seed, "built in"]) for seed in seeds]
            columns = [
                [own["ratio"] for own, _ in pairs],
                [own["log_loss"] / base["log_loss"] - 1 for own, base in pairs],
                [own["average_precision"] / base["average_precision"] - 1 for own, base in pairs],
            ]
            row = [_mean(values) for values in columns]
            ratio = np.median([own["seconds"] / base["seconds"] for own, base in pairs])
            print(f"{library:10s} {name:15s} {row[0]:>16s} {row[1]:>20s} {row[2]:>28s} {ratio:8.2f} {len(seeds):5d}")


def _mean(values: list[float]) -> str:
    error = 2 * np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else float("nan")
    return f"{np.mean(values):+.3f} ± {error:.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=120_000)
    parser.add_argument("--fresh", type=int, default=100_000)
    parser.add_argument("--trees", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--libraries", nargs="*", choices=list(LIBRARIES), default=list(LIBRARIES))
    parser.add_argument("--losses", nargs="*", default=list(losses(np.arange(200) < 1)))
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    show(measure(options, options.keep))


if __name__ == "__main__":
    main()
