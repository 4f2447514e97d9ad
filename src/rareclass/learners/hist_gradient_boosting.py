"""scikit-learn's HistGradientBoosting, guarded for rare events by its parameters and by the bins it is given."""

from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from rareclass.learners._bins import apply_cuts, fit_cuts
from rareclass.learners.base import RareLearner, categorical_columns

_MAX_CATEGORIES = 254


class RareHistGradientBoostingClassifier(RareLearner):
    """HistGradientBoosting that does not collapse on rare events.

    The library has no public offset or custom loss, so the guard is its regularisation, the size of its trees, no
    early stopping on a handful of events, and features cut where the events lie. Use `RareLGBMClassifier` where
    LightGBM loads: it also limits the Newton step and takes offsets.

    Parameters
    ----------
    learning_rate : float, default=0.1
    max_iter : int, default=100
    max_leaf_nodes : int, default=15
    min_samples_leaf : int, default=5
    l2_regularization : float, default=1.0
        Added to the Hessian of a leaf, in units of expected events.
    max_features : float in (0, 1], default=0.7
        Share of the features looked at in a node.
    event_bins : bool, default=True
        Cut numeric features around the values of events (half of the cuts) and at quantiles (the other half).
    categorical_features : sequence of int, optional
        Columns that hold category codes. Codes above 253 share one category.
    random_state : int, Generator or None, default=None
    n_jobs : int, default=1
        Accepted for uniformity; scikit-learn sets its threads by OpenMP.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(5000, 3))
    >>> y = X[:, 0] + 0.3 * rng.normal(size=5000) > 2.3
    >>> model = RareHistGradientBoostingClassifier(random_state=0).fit(X, y)
    >>> bool(model.predict_proba(X)[y, 1].mean() > 0.3)
    True
    """

    takes_offset = False

    def __init__(
        self,
        *,
        learning_rate: float = 0.1,
        max_iter: int = 100,
        max_leaf_nodes: int = 15,
        min_samples_leaf: int = 5,
        l2_regularization: float = 1.0,
        max_features: float = 0.7,
        event_bins: bool = True,
        categorical_features: Any = None,
        random_state: Any = None,
        n_jobs: int = 1,
    ) -> None:
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.max_leaf_nodes = max_leaf_nodes
        self.min_samples_leaf = min_samples_leaf
        self.l2_regularization = l2_regularization
        self.max_features = max_features
        self.event_bins = event_bins
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
        self._codes = categorical_columns(self.categorical_features, X.shape[1])
        # scikit-learn cannot bin a column that holds no value at all
        self._empty = np.isnan(X).all(axis=0)
        if self.event_bins:
            self.cuts_ = fit_cuts(X, y, rng, skip=self._codes)
        self.model_ = HistGradientBoostingClassifier(
            learning_rate=self.learning_rate,
            max_iter=self.max_iter,
            max_leaf_nodes=self.max_leaf_nodes,
            min_samples_leaf=self.min_samples_leaf,
            l2_regularization=self.l2_regularization,
            max_features=self.max_features,
            early_stopping=False,
            categorical_features=self._codes if self._codes.any() else None,
            random_state=int(rng.integers(2**31)),
        ).fit(self._prepared(X), y.astype(int), sample_weight=weight)

    def _prepared(self, X: np.ndarray) -> np.ndarray:
        if self._empty.any():
            X = np.where(self._empty, 0.0, X)
        X = apply_cuts(X, self.cuts_) if self.event_bins else X.astype(np.float32)
        if self._codes.any():
            X[:, self._codes] = np.minimum(X[:, self._codes], _MAX_CATEGORIES - 1)
        return X

    def _logit(self, X: np.ndarray) -> np.ndarray:
        return np.asarray(self.model_.decision_function(self._prepared(X)), dtype=np.float64)
