"""XGBoost, guarded for rare events."""

from typing import Any

import numpy as np

from rareclass._lazy import need
from rareclass.learners._passed_on import PassedOn
from rareclass.learners.base import RareLearner, best_intercept, categorical_columns


class RareXGBClassifier(PassedOn, RareLearner):
    """XGBoost whose step is limited and regularised for rare events.

    XGBoost's defaults (a penalty of 1, a minimum child weight of 1) collapse less than other boosters', but lose
    ranking with few events: a child needs about as many events as the minimum weight asks for. Here the step is
    limited (`max_delta_step`) and small leaves of events are allowed. Needs ``pip install "rareclass[xgboost]"``.

    Parameters
    ----------
    learning_rate, n_estimators, max_depth, reg_lambda, min_child_weight, max_delta_step, subsample, \
colsample_bytree : number or "auto", default="auto"
        As in `xgboost.XGBClassifier`; "auto" is set for rare events.
    categorical_features : sequence of int, optional
        Columns that hold category codes; split as ordered codes.
    random_state : int, Generator or None, default=None
    n_jobs : int, default=1
    **kwargs
        Further parameters of XGBoost, passed on unchanged.

    Examples
    --------
    >>> import numpy as np, pytest
    >>> _ = pytest.importorskip("xgboost")
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(3000, 3))
    >>> y = X[:, 0] + 0.3 * rng.normal(size=3000) > 2.2
    >>> model = RareXGBClassifier(random_state=0, n_estimators=50).fit(X, y)
    >>> bool(model.predict_proba(X)[y, 1].mean() > 0.2)
    True
    """

    _AUTO = {
        "learning_rate": 0.05, "n_estimators": 200, "max_depth": 4, "reg_lambda": 1.0, "min_child_weight": 0.1,
        "max_delta_step": 1.0, "subsample": 1.0, "colsample_bytree": 0.7,
    }  # fmt: skip

    def __init__(
        self,
        *,
        learning_rate: Any = "auto",
        n_estimators: Any = "auto",
        max_depth: Any = "auto",
        reg_lambda: Any = "auto",
        min_child_weight: Any = "auto",
        max_delta_step: Any = "auto",
        subsample: Any = "auto",
        colsample_bytree: Any = "auto",
        categorical_features: Any = None,
        random_state: Any = None,
        n_jobs: int = 1,
        **kwargs: Any,
    ) -> None:
        self.learning_rate = learning_rate
        self.n_estimators = n_estimators
        self.max_depth = max_depth
        self.reg_lambda = reg_lambda
        self.min_child_weight = min_child_weight
        self.max_delta_step = max_delta_step
        self.subsample = subsample
        self.colsample_bytree = colsample_bytree
        self.categorical_features = categorical_features
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.kwargs = kwargs

    def _fit(
        self,
        X: np.ndarray,
        y: np.ndarray,
        weight: np.ndarray | None,
        offset: np.ndarray | None,
        rng: np.random.Generator,
    ) -> None:
        xgboost = need("xgboost", extra="xgboost")
        categorical_columns(self.categorical_features, X.shape[1])
        chosen = {name: getattr(self, name) for name in self._AUTO}
        parameters = {name: self._AUTO[name] if value == "auto" else value for name, value in chosen.items()}
        # The start is the prevalence, given as a margin: XGBoost's own base score would be one half or estimated.
        self.intercept_ = best_intercept(y, weight, offset)
        margin = np.full(y.size, self.intercept_) if offset is None else offset + self.intercept_
        self.model_ = xgboost.XGBClassifier(
            random_state=int(rng.integers(2**31)), n_jobs=self.n_jobs, base_score=0.5,
            **{"tree_method": "hist", **parameters, **self.kwargs},
        )  # fmt: skip
        self.model_.fit(X, y.astype(int), sample_weight=weight, base_margin=margin)

    def _logit(self, X: np.ndarray) -> np.ndarray:
        return self.intercept_ + np.asarray(self.model_.predict(X, output_margin=True), dtype=np.float64)
