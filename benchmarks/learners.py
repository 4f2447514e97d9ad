"""Guarded learners and the blend beside the 17 library arms on ten real rare sets.

    python benchmarks/learners.py --seeds 0 --cache /tmp/learners      (about an hour on two quiet cores for one seed)

Average precision, 3 folds, exact duplicates together, pooled out of fold; positives thinned as in `rare_sets`. The
best arm is the one that is best on that set in hindsight, on average over the seeds. Scores are kept in the cache, so
an interrupted run goes on where it stopped. `--learners lightgbm --arms lightgbm+none lightgbm+weights
lightgbm+smote lightgbm+under` is the comparison of the guarded LightGBM with what users do to the plain one.
"""

import argparse
import time
import warnings
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from library_arms import ARMS, fit_score
from rare_sets import TEN_SETS, grouped_folds, load
from sklearn.metrics import average_precision_score

from rareclass.errors import RareclassWarning
from rareclass.learners import make_learner
from rareclass.metrics import paired_difference

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


def kept(cache: Path, name: str, data, fold: np.ndarray, seed: int) -> tuple[np.ndarray, float]:
    """Scores and seconds, from the cache where they are there."""
    file = cache / f"{data.name}_{seed}_{name}.npz"
    if not file.exists():
        score, seconds = out_of_fold(name, data, fold, seed)
        np.savez(file, score=score, seconds=seconds)
    found = np.load(file)
    return found["score"], float(found["seconds"])


@dataclass
class Results:
    """Average precision by set and arm, one for each seed; the differences of the judged learner at the first seed."""

    judged: str
    precision: dict[str, dict[str, list[float]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    difference: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, data, seed: int, scores: dict[str, np.ndarray]) -> None:
        """Scores (n,) by arm on the rows of one set and seed."""
        for arm, score in scores.items():
            self.precision[data.name][arm].append(float(average_precision_score(data.y, score)))
        arms = [arm for arm in scores if arm in ARMS]
        if arms and data.name not in self.difference:
            best = max(arms, key=lambda arm: self.precision[data.name][arm][-1])
            found = paired_difference("average_precision", data.y, scores[self.judged], scores[best])
            self.difference[data.name] = f"{found.estimate:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"

    def table(self, ours: list[str]) -> None:
        """Print a Markdown table with the mean over seeds."""
        columns = ["library default LightGBM", "best library arm", *ours, f"{self.judged} / best arm"]
        print("| set | " + " | ".join(columns) + " | difference at the first seed [95 %] |")
        print("|" + "---|" * (len(columns) + 2))
        means = {name: {arm: float(np.mean(v)) for arm, v in found.items()} for name, found in self.precision.items()}
        rows = []
        for name, mean in means.items():
            arms = [arm for arm in ARMS if arm in mean]
            best = max(arms, key=mean.__getitem__)
            rows.append([mean.get("lightgbm+none", np.nan), mean[best], *(mean[arm] for arm in ours)])
            cells = [f"{rows[-1][0]:.3f}", f"{mean[best]:.3f} ({best})", *(f"{v:.3f}" for v in rows[-1][2:])]
            ratio = mean[self.judged] / mean[best]
            print(f"| {name} | " + " | ".join(cells) + f" | {ratio:.2f} | {self.difference[name]} |")
        average = np.mean(rows, axis=0)
        mine = np.mean([mean[self.judged] for mean in means.values()])
        print("| mean | " + " | ".join(f"{v:.3f}" for v in average) + f" | {mine / average[1]:.2f} | |")
        everywhere = [arm for arm in ARMS if all(arm in mean for mean in means.values())]
        if everywhere:
            overall = {arm: float(np.mean([mean[arm] for mean in means.values()])) for arm in everywhere}
            best = max(overall, key=overall.__getitem__)
            print(f"\nbest single arm over all sets: {best} with {overall[best]:.3f}; {self.judged}: {mine:.3f}")
        if "lightgbm+none" in everywhere:
            print(f"{self.judged} / library default LightGBM, of the means: {mine / average[0]:.2f}")
        print("processor seconds of a fit, mean: " + ", ".join(f"{k} {np.mean(self.seconds[k]):.1f}" for k in ours))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", nargs="*", type=int, default=[0])
    parser.add_argument("--sets", nargs="*", choices=TEN_SETS, default=list(TEN_SETS))
    parser.add_argument("--learners", nargs="*", choices=OURS, default=list(OURS))
    parser.add_argument("--arms", nargs="*", choices=ARMS, default=list(ARMS), help="library arms to fit")
    parser.add_argument("--cache", type=Path, required=True)
    given = parser.parse_args()
    given.cache.mkdir(parents=True, exist_ok=True)
    results = Results(judged=given.learners[-1])
    for name in given.sets:
        for seed in given.seeds:
            data = load(name, seed=seed)
            fold = grouped_folds(data.y, data.groups, seed=seed)
            scores = {}
            for arm in [*given.learners, *given.arms]:
                scores[arm], took = kept(given.cache, arm, data, fold, seed)
                results.seconds[arm].append(took)
            results.add(data, seed, scores)
    results.table(given.learners)


if __name__ == "__main__":
    main()
