"""Learners by name, as the comparison and the command line use them."""

from typing import Any

import numpy as np

from rareclass.errors import InputError
from rareclass.learners.base import RareLearner, best_intercept, categorical_columns
from rareclass.learners.lgbm import load_lightgbm

LEARNERS = (
    "lightgbm",
    "lightgbm_library_default",
    "hist_gradient_boosting",
    "logistic_regression",
    "random_forest",
    "blend",
    "xgboost",
    "catboost",
)


class LibraryDefaultLGBMClassifier(RareLearner):
    """LightGBM exactly as the library ships it: the exhibit that shows how defaults collapse on rare events.

    Do not use it for anything else.

    Examples
    --------
    >>> LibraryDefaultLGBMClassifier(random_state=0).takes_offset
    True
    """

    def __init__(self, *, categorical_features: Any = None, random_state: Any = None, n_jobs: int = 1) -> None:
        self.categorical_features = categorical_features
        self.random_state = random_state
        self.n_jobs = n_jobs

    def _fit(
        self,
        X: np.ndarray,
        y: np.ndarray,
        weight: np.ndarray | None,
        offset: np.ndarray | None,
        rng: np.random.Generator,
    ) -> None:
        lightgbm = load_lightgbm()
        codes = categorical_columns(self.categorical_features, X.shape[1])
        self.intercept_ = 0.0 if offset is None else best_intercept(y, weight, offset)
        # the seed goes in as given, so that the exhibit equals a plain LGBMClassifier(random_state=seed)
        seed = self.random_state if isinstance(self.random_state, int | None) else int(rng.integers(2**31))
        self.model_ = lightgbm.LGBMClassifier(random_state=seed, n_jobs=self.n_jobs, verbose=-1)
        self.model_.fit(
            X,
            y.astype(int),
            sample_weight=weight,
            init_score=None if offset is None else offset + self.intercept_,
            categorical_feature=[int(j) for j in np.flatnonzero(codes)],
        )

    def _logit(self, X: np.ndarray) -> np.ndarray:
        return self.intercept_ + np.asarray(self.model_.booster_.predict(X, raw_score=True), dtype=np.float64)


def make_learner(
    name: str,
    *,
    categorical_features: Any = (),
    events: int | None = None,
    random_state: Any = 0,
    n_jobs: int = 1,
) -> RareLearner:
    """Return an unfitted learner by its name.

    Parameters
    ----------
    name : str
        One of `LEARNERS`: "lightgbm", "lightgbm_library_default", "hist_gradient_boosting", "logistic_regression",
        "random_forest", "blend", "xgboost", "catboost".
    categorical_features : sequence of int
        Columns of the encoded matrix that hold codes.
    events : int, optional
        Number of events, where it is known; learners otherwise count them when they are fitted.
    random_state : int, Generator or None, default=0
    n_jobs : int, default=1

    Raises
    ------
    InputError
        The name is unknown.

    Examples
    --------
    >>> make_learner("logistic_regression").takes_offset
    True
    """
    options: dict[str, Any] = {
        "categorical_features": tuple(int(j) for j in categorical_features),
        "random_state": random_state,
        "n_jobs": n_jobs,
    }
    if name == "lightgbm_library_default":
        return LibraryDefaultLGBMClassifier(**options)
    where = {
        "lightgbm": ("lgbm", "RareLGBMClassifier"),
        "hist_gradient_boosting": ("hist_gradient_boosting", "RareHistGradientBoostingClassifier"),
        "logistic_regression": ("quantile_logistic", "QuantileLogisticRegression"),
        "random_forest": ("forest", "RareForestClassifier"),
        "blend": ("blend", "RareBlendClassifier"),
        "xgboost": ("xgb", "RareXGBClassifier"),
        "catboost": ("catboost_guarded", "RareCatBoostClassifier"),
    }
    if name not in where:
        raise InputError(f"There is no learner {name!r}. Choose one of: {', '.join(LEARNERS)}.")
    import importlib

    module, cls = where[name]
    return getattr(importlib.import_module(f"rareclass.learners.{module}"), cls)(**options)
