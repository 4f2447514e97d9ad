"""Guarded learners and the blend beside the 17 library arms on ten real rare sets.

    python benchmarks/learners.py --seeds 0 --cache /tmp/learners      (about an hour on two quiet cores for one seed)

Average precision, 3 folds, exact duplicates together, pooled out of fold; positives thinned as in `rare_sets`. The
best arm is the one that is best on that set in hindsight, on average over the seeds. Scores are kept in the cache, so
an interrupted run goes on where it stopped, and arms can be left out with --no-arms once they are there.
"""

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
from library_arms import ARMS, fit_score
from rare_sets import TEN_SETS, grouped_folds, load
from sklearn.metrics import average_precision_score

from rareclass.errors import RareclassWarning
from rareclass.learners import make_learner

OURS = ("lightgbm", "hist_gradient_boosting", "random_forest", "logistic_regression", "blend")


def out_of_fold(name: str, data, fold: np.ndarray, seed: int) -> tuple[np.ndarray, float]:
    """Scores (n,) and the mean processor seconds of a fit."""
    score, seconds = np.empty(data.y.size), 0.0
    for k in range(fold.max() + 1):
        seen, unseen = fold != k, fold == k
        started = time.process_time()
        if name in ARMS:
            score[unseen] = fit_score(name, data.X[seen], data.y[seen], data.X[unseen], seed)
            seconds += time.process_time() - started
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RareclassWarning)
            learner = make_learner(name, categorical_features=data.categorical, random_state=seed)
            learner.fit(data.X[seen], data.y[seen])
        seconds += time.process_time() - started
        score[unseen] = learner.decision_function(data.X[unseen])
    return score, seconds / (fold.max() + 1)


def kept(cache: Path, name: str, data, fold: np.ndarray, seed: int) -> tuple[float, float]:
    """Average precision and seconds, from the cache where they are there."""
    file = cache / f"{data.name}_{seed}_{name}.npz"
    if not file.exists():
        score, seconds = out_of_fold(name, data, fold, seed)
        np.savez(file, score=score, seconds=seconds)
    found = np.load(file)
    return float(average_precision_score(data.y, found["score"])), float(found["seconds"])


def table(results: dict[str, dict[str, list[float]]], seconds: dict[str, list[float]], ours: list[str]) -> None:
    """Print a Markdown table with the mean over seeds."""
    print("| set | library default LightGBM | best library arm | " + " | ".join(ours) + " | blend / best arm |")
    print("|" + "---|" * (len(ours) + 4))
    rows = []
    for name, found in results.items():
        mean = {arm: float(np.mean(value)) for arm, value in found.items()}
        arms = [arm for arm in ARMS if arm in mean]
        best = max(arms, key=mean.__getitem__) if arms else None
        top = mean[best] if best else np.nan
        default = mean.get("lightgbm+none", np.nan)
        mine = [mean[learner] for learner in ours]
        rows.append([default, top, *mine, mean.get("blend", np.nan)])
        cells = [f"{default:.3f}", f"{top:.3f} ({best})", *(f"{v:.3f}" for v in mine)]
        print(f"| {name} | " + " | ".join(cells) + f" | {mean.get('blend', np.nan) / top:.2f} |")
    mean_row = np.mean(rows, axis=0)
    cells = [f"{v:.3f}" for v in mean_row[:-1]]
    print("| mean | " + " | ".join(cells) + f" | {mean_row[-1] / mean_row[1]:.2f} |")
    print("\nprocessor seconds of a fit, mean: " + ", ".join(f"{k} {np.mean(v):.1f}" for k, v in seconds.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", nargs="*", type=int, default=[0])
    parser.add_argument("--sets", nargs="*", choices=TEN_SETS, default=list(TEN_SETS))
    parser.add_argument("--learners", nargs="*", choices=OURS, default=list(OURS))
    parser.add_argument("--no-arms", action="store_true")
    parser.add_argument("--cache", type=Path, required=True)
    given = parser.parse_args()
    given.cache.mkdir(parents=True, exist_ok=True)
    results: dict[str, dict[str, list[float]]] = {}
    seconds: dict[str, list[float]] = {}
    for name in given.sets:
        results[name] = {}
        for seed in given.seeds:
            data = load(name, seed=seed)
            fold = grouped_folds(data.y, data.groups, seed=seed)
            there = [arm for arm in ARMS if (given.cache / f"{name}_{seed}_{arm}.npz").exists()]
            for arm in [*given.learners, *(there if given.no_arms else ARMS)]:
                value, took = kept(given.cache, arm, data, fold, seed)
                results[name].setdefault(arm, []).append(value)
                if arm in given.learners:
                    seconds.setdefault(arm, []).append(took)
    table(results, seconds, given.learners)


if __name__ == "__main__":
    main()
