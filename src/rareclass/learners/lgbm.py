"""LightGBM, guarded for rare events."""

from typing import Any

import numpy as np

from rareclass.errors import DependencyError
from rareclass.learners._bins import apply_cuts, fit_cuts
from rareclass.learners._passed_on import PassedOn
from rareclass.learners.base import RareLearner, best_intercept, categorical_columns


def load_lightgbm() -> Any:
    """Import LightGBM, or say why it cannot be loaded (a missing libgomp, say) and what to use instead."""
    try:
        import lightgbm
    except (ImportError, OSError) as error:
        raise DependencyError(
            f"LightGBM cannot be loaded ({error}). Install lightgbm and the OpenMP runtime (libgomp), "
            "or use RareHistGradientBoostingClassifier, which needs scikit-learn only."
        ) from error
    return lightgbm


class RareLGBMClassifier(PassedOn, RareLearner):
    """LightGBM whose Newton step cannot explode on rare events.

    With few events the Hessian of a leaf is close to zero, and LightGBM's default (no regularisation, a minimum child
    weight of 0.001) takes steps that destroy the ranking. Here the step is limited (`max_delta_step`), regularised
    (`reg_lambda`, `min_child_weight`), and features are cut where the events lie (`event_bins`).

    Parameters are those of `lightgbm.LGBMClassifier`; what is "auto" is set for rare events, the rest passed on.

    Parameters
    ----------
    num_leaves, learning_rate, n_estimators, reg_lambda, min_child_weight, min_child_samples, max_delta_step, \
colsample_bytree : number or "auto", default="auto"
        As in LightGBM.
    event_bins : bool, default=True
        Cut numeric features around the values of events (half of the cuts) and at quantiles (the other half).
    categorical_features : sequence of int, optional
        Columns that hold category codes.
    random_state : int, Generator or None, default=None
    n_jobs : int, default=1
    **kwargs
        Further parameters of LightGBM, passed on unchanged.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(5000, 3))
    >>> y = X[:, 0] + 0.3 * rng.normal(size=5000) > 2.3
    >>> model = RareLGBMClassifier(random_state=0).fit(X, y)
    >>> bool(model.predict_proba(X)[y, 1].mean() > 0.3)
    True
    """

    def __init__(
        self,
        *,
        num_leaves: Any = "auto",
        learning_rate: Any = "auto",
        n_estimators: Any = "auto",
        reg_lambda: Any = "auto",
        min_child_weight: Any = "auto",
        min_child_samples: Any = "auto",
        max_delta_step: Any = "auto",
        colsample_bytree: Any = "auto",
        event_bins: bool = True,
        categorical_features: Any = None,
        random_state: Any = None,
        n_jobs: int = 1,
        **kwargs: Any,
    ) -> None:
        self.num_leaves = num_leaves
        self.learning_rate = learning_rate
        self.n_estimators = n_estimators
        self.reg_lambda = reg_lambda
        self.min_child_weight = min_child_weight
        self.min_child_samples = min_child_samples
        self.max_delta_step = max_delta_step
        self.colsample_bytree = colsample_bytree
        self.event_bins = event_bins
        self.categorical_features = categorical_features
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.kwargs = kwargs

    _AUTO = {
        "num_leaves": 15,
        "learning_rate": 0.05,
        "n_estimators": 200,
        "reg_lambda": 1.0,
        "min_child_weight": 0.1,
        "min_child_samples": 20,
        "max_delta_step": 1.0,
        "colsample_bytree": 0.7,
    }

    def _fit(
        self,
        X: np.ndarray,
        y: np.ndarray,
        weight: np.ndarray | None,
        offset: np.ndarray | None,
        rng: np.random.Generator,
    ) -> None:
        lightgbm = load_lightgbm()
        self._codes = categorical_columns(self.categorical_features, X.shape[1])
        chosen = {name: getattr(self, name) for name in self._AUTO}
        parameters = {name: self._AUTO[name] if value == "auto" else value for name, value in chosen.items()}
        parameters["min_child_samples"] = min(parameters["min_child_samples"], max(1, X.shape[0] // 4))
        if self.event_bins:
            self.cuts_ = fit_cuts(X, y, rng, skip=self._codes)
            X = apply_cuts(X, self.cuts_)
            parameters |= {"min_data_in_bin": 1, "subsample_for_bin": X.shape[0]}
        self.intercept_ = 0.0 if offset is None else best_intercept(y, weight, offset)
        fixed = {"verbose": -1, "deterministic": True, "force_row_wise": True}
        self.model_ = lightgbm.LGBMClassifier(
            random_state=int(rng.integers(2**31)), n_jobs=self.n_jobs, **{**parameters, **fixed, **self.kwargs}
        )
        self.model_.fit(
            X,
            y.astype(int),
            sample_weight=weight,
            init_score=None if offset is None else offset + self.intercept_,
            categorical_feature=[int(j) for j in np.flatnonzero(self._codes)],
        )

    def _logit(self, X: np.ndarray) -> np.ndarray:
        X = apply_cuts(X, self.cuts_) if self.event_bins else X
        return self.intercept_ + np.asarray(self.model_.booster_.predict(X, raw_score=True), dtype=np.float64)
