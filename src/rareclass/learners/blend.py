"""The blend as a learner of its own: guarded boosting, forests and logistic regression, weighted out of fold."""

from typing import Any

import numpy as np

from rareclass._lazy import available
from rareclass.learners._inner import inner_folds
from rareclass.learners.base import RareLearner
from rareclass.learners.forest import RareForestClassifier
from rareclass.learners.hist_gradient_boosting import RareHistGradientBoostingClassifier
from rareclass.learners.lgbm import RareLGBMClassifier
from rareclass.learners.logit_blend import LogitBlend, fit_combination
from rareclass.learners.quantile_logistic import QuantileLogisticRegression


class RareBlendClassifier(RareLearner):
    """Weighted mean of the log-odds of guarded boosting, a forest and logistic regression on quantiles.

    The default where nothing is chosen: the members err differently, and with few events no one knows beforehand
    which of them will do best. Inside `compare` and `RareClassifier` the same blend is made from scores that exist
    already, at no further cost; this class is for use on its own and costs `folds` + 1 fits of each member.

    Parameters
    ----------
    folds : int, default=3
        Inner folds whose scores give scales and weights.
    categorical_features : sequence of int, optional
        Columns that hold category codes.
    random_state : int, Generator or None, default=None
    n_jobs : int, default=1

    Attributes
    ----------
    member_names_ : list of str
    weights_ : ndarray
        Weight of each member; zero where its scores do not rise with the events.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(2000, 3))
    >>> y = X[:, 0] + 0.3 * rng.normal(size=2000) > 2.2
    >>> model = RareBlendClassifier(random_state=0).fit(X, y)
    >>> round(float(model.weights_.sum()), 6)
    1.0
    """

    takes_offset = False

    def __init__(
        self, *, folds: int = 3, categorical_features: Any = None, random_state: Any = None, n_jobs: int = 1
    ) -> None:
        self.folds = folds
        self.categorical_features = categorical_features
        self.random_state = random_state
        self.n_jobs = n_jobs

    def _members(self, rng: np.random.Generator) -> dict[str, RareLearner]:
        options: dict[str, Any] = {"categorical_features": self.categorical_features, "n_jobs": self.n_jobs}
        kinds: dict[str, Any] = {
            "random_forest": RareForestClassifier, "hist_gradient_boosting": RareHistGradientBoostingClassifier,
            "logistic_regression": QuantileLogisticRegression,
        }  # fmt: skip
        if available("lightgbm") is None:
            kinds = {"lightgbm": RareLGBMClassifier, **kinds}
        return {name: kind(random_state=int(rng.integers(2**31)), **options) for name, kind in kinds.items()}

    def _fit(
        self,
        X: np.ndarray,
        y: np.ndarray,
        weight: np.ndarray | None,
        offset: np.ndarray | None,
        rng: np.random.Generator,
    ) -> None:
        members = self._members(rng)
        fold = inner_folds(X, y, rng, folds=self.folds)
        k = len(members)
        scores = np.full((y.size, k), np.nan)
        for number in np.unique(fold[fold >= 0]):
            mine = fold == number
            if not y[~mine].any() or y[~mine].all():
                continue
            part = None if weight is None else weight[~mine]
            for j, member in enumerate(self._members(rng).values()):
                scores[mine, j] = member.fit(X[~mine], y[~mine], part).decision_function(X[mine])
        seen = np.isfinite(scores).all(axis=1)
        if seen.any() and y[seen].any() and not y[seen].all():
            how = fit_combination(scores[seen], y[seen], sample_weight=None if weight is None else weight[seen])
            numbers = [v.tolist() for v in (how.intercept, how.slope, how.weight)]
        else:
            numbers = [[0.0] * k, [1.0] * k, [1 / k] * k]
        fitted = [member.fit(X, y, weight) for member in members.values()]
        self.member_names_ = list(members)
        self.weights_ = np.array(numbers[2])
        self.blend_ = LogitBlend(fitted, [0.0] * k, *numbers)

    def _logit(self, X: np.ndarray) -> np.ndarray:
        return self.blend_.decision_function(X)
