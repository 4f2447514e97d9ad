"""Calibration maps on out-of-fold scores of real learners: log-loss, Brier skill, observed/expected, average precision.

    python benchmarks/calibration.py [--sets mammography annthyroid_full ...] [--seeds 3]

Every learner is cross-fitted in 5 stratified folds; a map is fitted on the scores of four folds and judged on the
fifth. "ceiling" is scikit-learn's isotonic regression fitted in the same way. The learners are those whose scores need
it: class weights, balanced forests, plain votes.
"""

import argparse
import platform
import time
import warnings
from collections.abc import Callable

import numpy as np
import sklearn
from lightgbm import LGBMClassifier
from rare_sets import load
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import QuantileTransformer

from rareclass.calibration import choose_calibration
from rareclass.kernels.logits import log_loss_from_logits, logit, sigmoid
from rareclass.metrics.ranking import average_precision_score

METHODS = ["none", "intercept", "sigmoid", "beta", "isotonic", "venn_abers", "histogram", "auto"]
SETS = ["mammography", "annthyroid", "polish_5year", "coil2000", "thyroid_sick", "imblearn_wine_quality"]

LEARNERS: dict[str, Callable[[float], object]] = {
    "lightgbm": lambda r: LGBMClassifier(reg_lambda=10, min_child_weight=1, max_delta_step=1, verbose=-1, n_jobs=1),
    "lightgbm x ratio": lambda r: LGBMClassifier(reg_lambda=10, scale_pos_weight=r, verbose=-1, n_jobs=1),
    "hist boosting": lambda r: HistGradientBoostingClassifier(l2_regularization=10, early_stopping=False),
    "logistic x ratio": lambda r: make_pipeline(
        QuantileTransformer(), LogisticRegression(class_weight="balanced", max_iter=500)
    ),
    "forest votes": lambda r: RandomForestClassifier(100, random_state=0, n_jobs=1),
    "forest leaf 5 x ratio": lambda r: RandomForestClassifier(
        100, min_samples_leaf=5, class_weight="balanced", random_state=0, n_jobs=1
    ),
}


def oof_scores(make: Callable[[float], object], X: np.ndarray, y: np.ndarray, folds: list) -> np.ndarray:
    """Out-of-fold log-odds, probabilities moved from 0 and 1 by 1e-12 as `rareclass.crossfit.raw_logit` does."""
    out = np.empty(y.size)
    for train, test in folds:
        model = make((~y[train]).sum() / y[train].sum()).fit(X[train], y[train].astype(int))
        out[test] = logit(np.clip(model.predict_proba(X[test])[:, 1], 1e-12, 1 - 1e-12))
    return out


def cross_calibrated(z: np.ndarray, y: np.ndarray, folds: list, method: str) -> np.ndarray:
    """Log-odds by maps fitted on the other folds."""
    out = np.empty(z.size)
    for train, test in folds:
        if method == "ceiling":
            fitted = IsotonicRegression(out_of_bounds="clip").fit(z[train], y[train])
            out[test] = logit(np.clip(fitted.predict(z[test]), 1e-6, 1 - 1e-6))
        else:
            out[test] = choose_calibration(z[train], y[train], method=method).predict_logit(z[test])
    return out


def skill(y: np.ndarray, p: np.ndarray) -> float:
    return 1 - float(np.mean((p - y) ** 2) / (y.mean() * (1 - y.mean())))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="+", default=SETS)
    parser.add_argument("--seeds", type=int, default=1)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    print(f"{time.strftime('%Y-%m-%d')} {platform.machine()} scikit-learn {sklearn.__version__} numpy {np.__version__}")
    worst: dict[str, list[float]] = {m: [] for m in METHODS}
    rate: dict[str, list[float]] = {m: [] for m in METHODS}
    for name in options.sets:
        data = load(name)
        X, y = np.nan_to_num(data.X, nan=-999.0), data.y
        print(f"\n{name}: {y.size} rows, {int(y.sum())} events")
        print(
            f"{'learner':24s}{'map':12s}{'log-loss':>10s}{'Brier skill':>13s}{'to ceiling':>12s}{'obs/exp':>9s}"
            f"{'AP':>8s}"
        )
        for seed in range(options.seeds):
            folds = list(StratifiedKFold(5, shuffle=True, random_state=seed).split(X, y))
            for label, make in LEARNERS.items():
                z = oof_scores(make, X, y, folds)
                top = skill(y, sigmoid(cross_calibrated(z, y, folds, "ceiling")))
                for method in METHODS:
                    c = cross_calibrated(z, y, folds, method)
                    p = sigmoid(c)
                    below, ratio = skill(y, p) - top, y.sum() / p.sum()
                    worst[method].append(below)
                    rate[method].append(ratio)
                    print(
                        f"{label:24s}{method:12s}{log_loss_from_logits(y, c):10.5f}{skill(y, p):13.4f}{below:12.4f}"
                        f"{ratio:9.3f}{average_precision_score(y, c):8.4f}",
                        flush=True,
                    )
    print(f"\n{'map':12s}{'worst to ceiling':>18s}{'mean':>9s}{'obs/exp range':>20s}")
    for method in METHODS:
        print(
            f"{method:12s}{min(worst[method]):18.4f}{np.mean(worst[method]):9.4f}"
            f"{min(rate[method]):11.3f} to {max(rate[method]):.3f}"
        )


if __name__ == "__main__":
    main()
