"""What treatments gain over the data as they are, in calibrated out-of-fold log-loss: why "auto" tries what it tries.

    python benchmarks/auto_treatment.py                                       (about 40 minutes on one core)
    python benchmarks/auto_treatment.py --sets mammography_thin annthyroid --learners lightgbm

Five folds, exact duplicates together, at most 40,000 negatives. z is the gain over its standard error across rows; 2
is where `RareClassifier(treatment="auto")` takes a challenger.
"""

import argparse
import time
import warnings

import numpy as np
from rare_sets import TEN_SETS, RareSet, grouped_folds, load
from sklearn.metrics import average_precision_score

from rareclass.errors import RareclassWarning
from rareclass.fitting.calibrate import cross_calibrated
from rareclass.kernels.logits import softplus
from rareclass.treatments import Arm, make_treatment

LEARNERS = ("lightgbm", "random_forest", "logistic_regression")
TREATMENTS = ("none", "random_under", "balanced_ensemble", "class_weight_sqrt", "smote")
FOLDS, NEGATIVES = 5, 40_000


def sampled(data: RareSet) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """X, y and groups of all events and at most `NEGATIVES` negatives."""
    negatives = np.flatnonzero(~data.y)
    if negatives.size > NEGATIVES:
        negatives = np.random.default_rng(0).choice(negatives, NEGATIVES, replace=False)
    rows = np.sort(np.r_[np.flatnonzero(data.y), negatives])
    return data.X[rows], data.y[rows], np.unique(data.groups[rows], return_inverse=True)[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="*", choices=TEN_SETS, default=list(TEN_SETS))
    parser.add_argument("--learners", nargs="*", choices=LEARNERS, default=list(LEARNERS))
    given = parser.parse_args()
    print("| set | events | learner | treatment | average precision | gain, nats | z | processor s |")
    print("|---|---|---|---|---|---|---|---|")
    for name in given.sets:
        data = load(name)
        X, y, groups = sampled(data)
        fold = grouped_folds(y, groups, folds=FOLDS)
        for learner in given.learners:
            untreated = np.empty(0)
            for treatment in TREATMENTS:
                if treatment == "smote" and learner != "logistic_regression":
                    continue  # trees gain nothing from synthetic events (benchmarks/learners.py)
                started, score = time.process_time(), np.empty(y.size)
                for k in range(FOLDS):
                    seen, unseen = fold != k, fold == k
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore", RareclassWarning)
                        arm = Arm(learner, make_treatment(treatment))
                        fitted = arm.fit(X[seen], y[seen], categorical_features=data.categorical, seed=k)
                    score[unseen] = fitted.logit(X[unseen])
                logit = cross_calibrated(score, y, fold)
                losses = softplus(np.where(y, -logit, logit))
                untreated = losses if treatment == "none" else untreated
                gain = untreated - losses
                error = max(float(gain.std()) * np.sqrt(gain.size), 1e-12)
                print(
                    f"| {name} | {int(y.sum())} | {learner} | {treatment} | {average_precision_score(y, score):.3f} | "
                    f"{gain.sum():+.1f} | {gain.sum() / error:+.1f} | {time.process_time() - started:.0f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
