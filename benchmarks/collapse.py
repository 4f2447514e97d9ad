"""Silent collapse: boosters with library defaults beside guarded ones, on four real sets.

    python benchmarks/collapse.py

Average precision, 3 stratified folds, pooled out of fold, seed 0 (kddcup99: exact duplicate rows dropped first;
categories as codes). About two minutes on two quiet cores.
"""

import argparse

import lightgbm
import numpy as np
from rare_sets import COLLAPSE_SETS, load
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold

from rareclass.crossfit import raw_logit
from rareclass.learners import make_learner
from rareclass.metrics import average_precision_score

# What is asked of guarded LightGBM: the plain guard's average precision less 0.03.
ASKED = {"smtp": 0.554, "creditcard_ulb_int40": 0.757, "kddcup99_u2r": 0.675, "mammography": 0.734}


def learners(categorical: tuple[int, ...]) -> dict:
    """Makers of the learners that are compared."""
    codes = {"categorical_features": categorical, "random_state": 0, "n_jobs": 2}
    return {
        "LightGBM default": lambda: lightgbm.LGBMClassifier(random_state=0, n_jobs=2, verbose=-1),
        "HistGB default": lambda: HistGradientBoostingClassifier(random_state=0),
        "lightgbm (guarded)": lambda: make_learner("lightgbm", **codes),
        "hist_gradient_boosting (guarded)": lambda: make_learner("hist_gradient_boosting", **codes),
        "logistic_regression": lambda: make_learner("logistic_regression", **codes),
        "random_forest": lambda: make_learner("random_forest", **codes),
    }


def pooled(X: np.ndarray, y: np.ndarray, make) -> float:
    """Average precision of scores pooled over three stratified folds."""
    score = np.empty(y.size)
    for train, test in StratifiedKFold(3, shuffle=True, random_state=0).split(X, y):
        score[test] = raw_logit(make().fit(X[train], y[train].astype(int)), X[test])
    return float(average_precision_score(y, score))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", choices=list(COLLAPSE_SETS), default=list(COLLAPSE_SETS))
    names = list(learners(()))
    print("| set | events | " + " | ".join(names) + " | asked of guarded LightGBM |")
    print("|" + "---|" * (len(names) + 3))
    for name in parser.parse_args().only:
        s = load(name)
        X, y = s.X, s.y
        if name == "kddcup99_u2r":
            first = np.unique(s.groups, return_index=True)[1]
            X, y = X[np.sort(first)], y[np.sort(first)]
        cells = [f"{pooled(X, y, make):.3f}" for make in learners(s.categorical).values()]
        print(f"| {name} | {int(y.sum())} | " + " | ".join(cells) + f" | {ASKED[name] - 0.03:.3f} |", flush=True)


if __name__ == "__main__":
    main()
