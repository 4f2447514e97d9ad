"""Do deployed models expect as many events on new rows as there are? Each arm through the whole of `RareClassifier`.

    python benchmarks/expected_events.py [--seeds 20] [--rows 5000] [--events 100] [--fresh 20000] [--arms ...]

Each seed draws a table of eight normal features with about so many events (tables whose number of events is off by more
than 2 % are drawn again, since no model can know the prevalence better than its training rows do), fits each arm and
scores fresh rows, whose true probabilities say how many events there are. Shown: the mean over seeds of
log(observed/expected) with its standard error and the standard deviation over seeds, for the model as it is deployed
and for the same fit without its `level`, which is how the calibration of the fold models was put on the fit on all
rows before. Asked: within 0.04 on average. About a minute a seed on one core.
"""

import argparse
import warnings
from collections import defaultdict
from dataclasses import replace

import numpy as np
from lightgbm import LGBMClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier

from rareclass import RareClassifier
from rareclass.kernels.logits import sigmoid
from rareclass.kernels.newton import fit_intercept
from rareclass.learners import FewEventsLogisticRegression

OWN = {
    "few_events": FewEventsLogisticRegression(),
    "own lightgbm": LGBMClassifier(n_estimators=100, verbose=-1, n_jobs=1),
    "own forest": RandomForestClassifier(100, min_samples_leaf=3, n_jobs=1),
    "own neighbours": KNeighborsClassifier(25),
}
ARMS = (
    *(f"lightgbm+{t}" for t in ("none", "class_weight", "random_under", "smote", "focal", "asymmetric", "tversky")),
    *(f"logistic_regression+{t}" for t in ("none", "class_weight", "random_under", "smote")),
    *(f"random_forest+{t}" for t in ("none", "class_weight", "random_under")),
    "hist_gradient_boosting+none",
    *(f"{name}+none" for name in OWN),
    "own lightgbm+class_weight",
    "own lightgbm+random_under",
    "blend+none",
)


def draw(rows: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Features (rows, 8) and log-odds up to an intercept, not linear and with an interaction."""
    X = rng.normal(size=(rows, 8))
    return X, 1.2 * X[:, 0] + 0.8 * X[:, 1] * (X[:, 2] > 0) + 0.6 * np.abs(X[:, 3]) + 0.5 * X[:, 4]


def table(rows: int, events: int, intercept: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Features and labels with the number of events that was asked for, within 2 %."""
    while True:
        X, score = draw(rows, rng)
        y = rng.random(rows) < sigmoid(score + intercept)
        if abs(int(y.sum()) - events) <= 0.02 * events:
            return X, y


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--events", type=int, default=100)
    parser.add_argument("--fresh", type=int, default=20_000)
    parser.add_argument("--arms", nargs="*", default=list(ARMS))
    parser.add_argument("--forward", action="store_true", help="cross-fit in the order of the rows")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    score = draw(200_000, np.random.default_rng(0))[1]
    intercept = fit_intercept(score, score.size * asked.events / asked.rows, np.ones(score.size))
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for seed in range(asked.seeds):
        rng = np.random.default_rng(1000 + seed)
        X, y = table(asked.rows, asked.events, intercept, rng)
        fresh, score = draw(asked.fresh, rng)
        observed = sigmoid(score + intercept).sum()
        times = np.arange(asked.rows) if asked.forward else None
        for arm in asked.arms:
            learner, treatment = arm.split("+")
            model = RareClassifier(OWN.get(learner, learner), treatment=treatment, random_state=seed)
            model.fit(X, y, times=times)
            deployed = sigmoid(model.positive_logit(fresh)).sum()
            model.model_ = replace(model.model_, arm=replace(model.model_.arm, level=0.0))
            before = sigmoid(model.positive_logit(fresh)).sum()
            found[arm].append((np.log(observed / deployed), np.log(observed / before)))
        print(f"seed {seed}: {int(y.sum())} events", flush=True)
    print(f"{asked.rows} rows, about {asked.events} events, {asked.seeds} seeds{', forward' * asked.forward}")
    print("| arm | log(observed/expected) | standard deviation | without the level | standard deviation |")
    print("|---|---|---|---|---|")
    for arm, pairs in found.items():
        numbers = np.array(pairs)
        mean, spread = numbers.mean(axis=0), numbers.std(axis=0, ddof=1)
        error = spread / np.sqrt(asked.seeds)
        cells = [f"{m:+.3f} ± {e:.3f} | {s:.3f}" for m, e, s in zip(mean, error, spread, strict=True)]
        print(f"| {arm} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
