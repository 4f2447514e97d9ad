"""The arms that a user would build from the libraries' defaults: the yardstick of the learners' benchmark.

{LightGBM, XGBoost, forest, logistic regression} x {none, weights, SMOTE, under-sampling 1:20} and a balanced forest.
Each arm is a function `(X, y, X_test, seed) -> scores`. Missing values are filled with medians where the library
cannot take them; logistic regression sees standardised columns.
"""

import warnings
from collections.abc import Callable

import numpy as np

LEARNERS = ("lightgbm", "xgboost", "forest", "logistic")
TREATMENTS = ("none", "weights", "smote", "under")
ARMS = tuple(f"{learner}+{treatment}" for learner in LEARNERS for treatment in TREATMENTS) + ("balanced_forest",)


def _filled(X: np.ndarray, X_test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        median = np.nan_to_num(np.nanmedian(X, axis=0))
    return np.where(np.isnan(X), median, X), np.where(np.isnan(X_test), median, X_test)


def _model(learner: str, ratio: float | None, seed: int):
    if learner == "lightgbm":
        from lightgbm import LGBMClassifier

        extra = {} if ratio is None else {"scale_pos_weight": ratio}
        return LGBMClassifier(n_jobs=1, verbose=-1, random_state=seed, **extra)
    if learner == "xgboost":
        from xgboost import XGBClassifier

        return XGBClassifier(n_jobs=1, random_state=seed, scale_pos_weight=ratio)
    weight = None if ratio is None else "balanced"
    if learner == "forest":
        from sklearn.ensemble import RandomForestClassifier

        return RandomForestClassifier(n_estimators=100, n_jobs=1, random_state=seed, class_weight=weight)
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000, class_weight=weight))


def fit_score(arm: str, X: np.ndarray, y: np.ndarray, X_test: np.ndarray, seed: int) -> np.ndarray:
    """Scores of `X_test` by one arm fitted on X, y."""
    events = int(y.sum())
    if arm == "balanced_forest":
        from imblearn.ensemble import BalancedRandomForestClassifier

        X, X_test = _filled(X, X_test)
        model = BalancedRandomForestClassifier(
            sampling_strategy="all", replacement=True, bootstrap=False, n_jobs=1, random_state=seed
        )
        return model.fit(X, y).predict_proba(X_test)[:, 1]
    learner, treatment = arm.split("+")
    if learner in ("forest", "logistic") or treatment == "smote":
        X, X_test = _filled(X, X_test)
    ratio = None
    if treatment == "weights":
        ratio = (y.size - events) / events
    elif treatment == "smote":
        from imblearn.over_sampling import SMOTE

        X, y = SMOTE(k_neighbors=min(5, events - 1), random_state=seed).fit_resample(X, y)
    elif treatment == "under":
        from imblearn.under_sampling import RandomUnderSampler

        share = min(1.0, max(0.05, events / (y.size - events)))
        X, y = RandomUnderSampler(sampling_strategy=share, random_state=seed).fit_resample(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _model(learner, ratio, seed).fit(X, y).predict_proba(X_test)[:, 1]


Arm = Callable[[np.ndarray, np.ndarray, np.ndarray, int], np.ndarray]
