"""Learners that might be members of the default blend, and what users take instead, as arms by name."""

from typing import Any

import numpy as np
import pandas as pd
from catboost import CatBoostClassifier
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import QuantileTransformer, StandardScaler

from rareclass.fitting.arm import Arm, make_arm
from rareclass.learners import FewEventsLogisticRegression, RareExtraTreesClassifier
from rareclass.learners.table import LEARNERS

_LEVELS = 20


class OnNumbers(ClassifierMixin, BaseEstimator):
    """A classifier of plain numbers behind what it needs: missing ones filled, codes as indicators, columns scaled."""

    takes_offset = False

    def __init__(self, model: Any = None, scaler: Any = None, categorical_features: Any = (), random_state: Any = None):
        self.model = model
        self.scaler = scaler
        self.categorical_features = categorical_features
        self.random_state = random_state

    def fit(self, X: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None = None) -> "OnNumbers":
        self.classes_ = np.unique(y)
        codes = list(self.categorical_features)
        self.numbers_ = [j for j in range(X.shape[1]) if j not in codes]
        with np.errstate(all="ignore"):
            middle = np.array([np.median(v[~np.isnan(v)]) if not np.isnan(v).all() else 0.0 for v in X.T])
        self.middle_ = middle
        self.levels_ = {j: _frequent(X[:, j]) for j in codes}
        numbers = self._filled(X)
        self.scaler_ = self.scaler.fit(numbers) if numbers.shape[1] else None
        self.share_ = float(np.mean(y == self.classes_[1]))
        self.model_ = self.model.fit(self._matrix(X), y)
        return self

    def _filled(self, X: np.ndarray) -> np.ndarray:
        part = X[:, self.numbers_]
        return np.where(np.isnan(part), self.middle_[self.numbers_], part)

    def _matrix(self, X: np.ndarray) -> np.ndarray:
        blocks = [(X[:, [j]] == levels).astype(float) for j, levels in self.levels_.items()]
        if self.scaler_ is not None:
            blocks.insert(0, self.scaler_.transform(self._filled(X)))
        return np.hstack(blocks)

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        p = self.model_.predict_proba(self._matrix(X))[:, 1]
        if isinstance(self.model_, KNeighborsClassifier):
            k = self.model_.n_neighbors
            p = (k * p + self.share_) / (k + 1)
        return np.column_stack([1 - p, p])


def _frequent(column: np.ndarray) -> np.ndarray:
    values, count = np.unique(column[~np.isnan(column)], return_counts=True)
    return values[np.sort(np.argsort(-count)[:_LEVELS])]


class DefaultCatBoost(ClassifierMixin, BaseEstimator):
    """CatBoost as the library ships it, with 500 trees and its statistics of categories."""

    takes_offset = False

    def __init__(self, categorical_features: Any = (), random_state: Any = None):
        self.categorical_features = categorical_features
        self.random_state = random_state

    def fit(self, X: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None = None) -> "DefaultCatBoost":
        self.classes_ = np.unique(y)
        self.model_ = CatBoostClassifier(
            iterations=500,
            random_seed=self.random_state,
            cat_features=list(self.categorical_features),
            thread_count=1,
            verbose=False,
            allow_writing_files=False,
        ).fit(self._frame(X), y)
        return self

    def _frame(self, X: np.ndarray) -> pd.DataFrame:
        frame = pd.DataFrame(X)
        for j in self.categorical_features:
            frame[j] = frame[j].fillna(-1).astype(int).astype(str)
        return frame

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        return np.asarray(self.model_.predict_proba(self._frame(X)))


def arms() -> dict[str, Arm]:
    """Every arm by the name that the tables show."""
    cheap = ("logistic_regression", "kernel_logistic", "lightgbm", "lightgbm_library_default", "xgboost", "catboost")
    named = (*cheap, "hist_gradient_boosting", "random_forest", "extra_trees")
    own = {
        "few_events_logistic": OnNumbers(FewEventsLogisticRegression(), StandardScaler()),
        "neighbours_on_ranks": OnNumbers(
            KNeighborsClassifier(30, weights="distance"), QuantileTransformer(n_quantiles=100)
        ),
        "catboost_library_default": DefaultCatBoost(),
        "forest_library_default": RandomForestClassifier(500, n_jobs=1),
    }
    boosted = LEARNERS["catboost"]
    trees = {"iterations": 200, "learning_rate": 0.03, "depth": 6, "l2_leaf_reg": 3.0, "rsm": 0.3}
    for name, changed in _CATBOOST.items():
        own[name] = boosted(**boosted.inside_arm, **{**trees, **changed})
    for number in (50, 200):
        own[f"extra_trees_{number}_trees"] = RareExtraTreesClassifier(n_estimators=number)
    larger = LEARNERS["lightgbm"]
    own["lightgbm_bold"] = larger(**{**larger.inside_arm, "guard": "bold"})
    return {name: make_arm(name) for name in named} | {name: Arm(one) for name, one in own.items()}


_CATBOOST: dict[str, dict[str, float]] = {
    "catboost_200_trees_rate_0.03": {},
    "catboost_200_trees_rate_0.06": {"learning_rate": 0.06},
    "catboost_200_trees_rate_0.015": {"learning_rate": 0.015},
    "catboost_400_trees_rate_0.03": {"iterations": 400},
    "catboost_400_trees_rate_0.06": {"iterations": 400, "learning_rate": 0.06},
    "catboost_200_trees_all_columns": {"rsm": 1.0},
    "catboost_200_trees_depth_4": {"depth": 4},
}
CANDIDATES = (
    *("logistic_regression", "few_events_logistic", "neighbours_on_ranks", "kernel_logistic", "lightgbm", "xgboost"),
    *("catboost", "hist_gradient_boosting", "random_forest", "extra_trees"),
    *("lightgbm_library_default", "catboost_library_default", "forest_library_default"),
)
CHOICES = (*_CATBOOST, "extra_trees_50_trees", "extra_trees_200_trees", "lightgbm_bold")
"""The same learner with another of its decisive parameters: fitted on a few sets only."""
