"""CatBoost, guarded for rare events."""

from typing import Any

import numpy as np

from rareclass._lazy import need
from rareclass.learners._passed_on import PassedOn
from rareclass.learners.base import RareLearner, best_intercept, categorical_columns


class RareCatBoostClassifier(PassedOn, RareLearner):
    """CatBoost started at the prevalence, with a penalty and few leaves for rare events.

    Needs ``pip install "rareclass[catboost]"``. Nothing is written to disk (``allow_writing_files=False``).

    Parameters
    ----------
    iterations, learning_rate, depth, l2_leaf_reg : number or "auto", default="auto"
        As in `catboost.CatBoostClassifier`; "auto" is set for rare events.
    categorical_features : sequence of int, optional
        Columns that hold category codes; split as ordered codes.
    random_state : int, Generator or None, default=None
    n_jobs : int, default=1
    **kwargs
        Further parameters of CatBoost, passed on unchanged.

    Examples
    --------
    >>> import numpy as np, pytest
    >>> _ = pytest.importorskip("catboost")
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(2000, 3))
    >>> y = X[:, 0] + 0.3 * rng.normal(size=2000) > 2.2
    >>> model = RareCatBoostClassifier(random_state=0, iterations=50).fit(X, y)
    >>> bool(model.predict_proba(X)[y, 1].mean() > 0.2)
    True
    """

    _AUTO = {"iterations": 300, "learning_rate": 0.05, "depth": 5, "l2_leaf_reg": 3.0}

    def __init__(
        self,
        *,
        iterations: Any = "auto",
        learning_rate: Any = "auto",
        depth: Any = "auto",
        l2_leaf_reg: Any = "auto",
        categorical_features: Any = None,
        random_state: Any = None,
        n_jobs: int = 1,
        **kwargs: Any,
    ) -> None:
        self.iterations = iterations
        self.learning_rate = learning_rate
        self.depth = depth
        self.l2_leaf_reg = l2_leaf_reg
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
        catboost = need("catboost", extra="catboost")
        categorical_columns(self.categorical_features, X.shape[1])
        chosen = {name: getattr(self, name) for name in self._AUTO}
        parameters = {name: self._AUTO[name] if value == "auto" else value for name, value in chosen.items()}
        self.intercept_ = best_intercept(y, weight, offset)
        margin = np.full(y.size, self.intercept_) if offset is None else offset + self.intercept_
        self.model_ = catboost.CatBoostClassifier(
            random_seed=int(rng.integers(2**31)), thread_count=self.n_jobs, verbose=False, allow_writing_files=False,
            **{**parameters, **self.kwargs},
        )  # fmt: skip
        self.model_.fit(catboost.Pool(X, y.astype(int), weight=weight, baseline=margin))

    def _logit(self, X: np.ndarray) -> np.ndarray:
        raw = self.model_.predict(X, prediction_type="RawFormulaVal", thread_count=self.n_jobs)
        return self.intercept_ + np.asarray(raw, dtype=np.float64)
