"""Are probabilities right after every treatment? Observed/expected and Brier skill, pooled over real sets.

    OMP_NUM_THREADS=1 python benchmarks/treatment_calibration.py        (about half an hour on one core)

Each treatment by its name, with LightGBM and logistic regression where they take it, cross-fitted in five folds with
exact duplicates together. *as fitted*: the learner's own probabilities, before the way back. *restored*: after the
treatment's shift, link or offset. *calibrated*: after the out-of-fold calibration that every model gets, each row
calibrated by other rows. *to isotonic*: Brier skill of the calibrated less that of scikit-learn's isotonic regression
fitted on the same scores in the same way (positive: better). Asked, pooled over sets with at least 100 events:
observed/expected in [0.95, 1.05], and a Brier skill at most 0.002 below.
"""

import argparse
import warnings
from collections import defaultdict

import numpy as np
from rare_sets import grouped_folds, load
from sklearn.isotonic import IsotonicRegression

from rareclass.decisions import CostMatrix
from rareclass.errors import InputError, RareclassWarning
from rareclass.fitting.calibrate import cross_calibrated
from rareclass.kernels.logits import sigmoid
from rareclass.metrics import brier_skill_score
from rareclass.treatments import Arm, CostWeights, make_treatment
from rareclass.treatments.names import SAMPLERS
from rareclass.treatments.registry import TREATMENTS

SETS = ("mammography", "coil2000", "thyroid_sick", "imblearn_wine_quality", "imblearn_sick_euthyroid")
LEARNERS = ("lightgbm", "logistic_regression")
USUAL = [name for name in TREATMENTS if name == "smote" or name not in SAMPLERS]  # the others: every_treatment.py
FOLDS = 5


def cross_fitted(arm: Arm, data, fold: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log-odds (n,) as fitted and after the way back, of rows that the arm did not see."""
    raw, restored = np.empty(data.y.size), np.empty(data.y.size)
    for k in range(FOLDS):
        seen, unseen = fold != k, fold == k
        fitted = arm.fit(data.X[seen], data.y[seen], categorical_features=data.categorical, seed=k)
        restored[unseen] = fitted.logit(data.X[unseen])
        raw[unseen] = restored[unseen] - fitted.shift
    return raw, restored


def isotonic(score: np.ndarray, y: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Probabilities (n,) of a monotone map of the scores, fitted on the other folds."""
    out = np.empty(y.size)
    for k in range(FOLDS):
        others = fold != k
        out[~others] = IsotonicRegression(out_of_bounds="clip").fit(score[others], y[others]).predict(score[~others])
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="*", default=list(SETS))
    parser.add_argument("--treatments", nargs="*", choices=list(TREATMENTS), default=list(USUAL))
    given = parser.parse_args()
    warnings.simplefilter("ignore", RareclassWarning)
    sums: dict[tuple[str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for name in given.sets:
        data = load(name)
        fold = grouped_folds(data.y, data.groups, folds=FOLDS)
        for learner in LEARNERS:
            for label in given.treatments:
                treatment = make_treatment(label)
                if isinstance(treatment, CostWeights):
                    treatment = CostWeights(CostMatrix(fp=1.0, fn=25.0))
                try:
                    raw, restored = cross_fitted(Arm(learner, treatment), data, fold)
                except InputError:
                    continue  # a learner that takes no such loss
                found = sums[learner, label]
                p = sigmoid(cross_calibrated(restored, data.y, fold))
                found["events"].append(data.y.sum())
                for stage, expected in (("raw", sigmoid(raw)), ("restored", sigmoid(restored)), ("calibrated", p)):
                    found[stage].append(expected.sum())
                found["skill as fitted"].append(brier_skill_score(data.y, sigmoid(raw)))
                found["skill"].append(brier_skill_score(data.y, p))
                found["gap"].append(found["skill"][-1] - brier_skill_score(data.y, isotonic(restored, data.y, fold)))
        print(f"{name}: {data.y.size:,} rows, {int(data.y.sum())} events", flush=True)
    print("\n| learner | treatment | observed/expected as fitted | restored | calibrated | worst set | Brier skill "
          "as fitted | calibrated | to isotonic |\n" + "|---" * 9 + "|")  # fmt: skip
    for (learner, label), found in sums.items():
        events, each = sum(found["events"]), np.array(found["events"]) / np.array(found["calibrated"])
        rates = [f"{events / sum(found[stage]):.3f}" for stage in ("raw", "restored", "calibrated")]
        cells = [*rates, f"{each[np.argmax(np.abs(np.log(each)))]:.3f}",
                 *(f"{np.mean(found[key]):.3f}" for key in ("skill as fitted", "skill")),
                 f"{np.mean(found['gap']):+.4f}"]  # fmt: skip
        print(f"| {learner} | {label} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
