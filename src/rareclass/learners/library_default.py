"""LightGBM without any guard, to show beside the guarded one."""

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _types
from rareclass.learners._context import FitContext, Rows
from rareclass.learners.base import Growth, RareLearner, best_intercept
from rareclass.learners.lgbm import LIGHTGBM_TYPES, load_lightgbm


class LibraryDefaultLGBMClassifier(RareLearner):
    """LightGBM exactly as the library ships it: the exhibit that shows how defaults collapse on rare events.

    Do not use it for anything else.

    Examples
    --------
    >>> LibraryDefaultLGBMClassifier(random_state=0).takes_offset
    True
    """

    title = "LightGBM, library defaults"
    is_exhibit = True
    trusted = LIGHTGBM_TYPES

    def __init__(
        self, *, categorical_features: ArrayLike | None = None, random_state: _types.Seed = None, n_jobs: int = 1
    ) -> None:
        self.categorical_features = categorical_features
        self.random_state = random_state
        self.n_jobs = n_jobs

    @classmethod
    def growth(cls, events: int, columns: int) -> Growth:
        """As the library documents its defaults."""
        return Growth(trees=100, leaves=31, bins=255)

    def _fit(self, rows: Rows, context: FitContext) -> None:
        lightgbm = load_lightgbm()
        self.intercept_ = 0.0 if rows.offset is None else best_intercept(rows.y, rows.weight, rows.offset)
        # the seed goes in as given, so that the exhibit equals a plain LGBMClassifier(random_state=seed)
        seed = self.random_state if isinstance(self.random_state, int | None) else int(context.rng.integers(2**31))
        self.model_ = lightgbm.LGBMClassifier(random_state=seed, n_jobs=self.n_jobs, verbose=-1)
        self.model_.fit(
            rows.X,
            rows.y.astype(int),
            sample_weight=rows.weight,
            init_score=None if rows.offset is None else rows.offset + self.intercept_,
            categorical_feature=self._code_columns(rows.X.shape[1]),
        )

    def _logit(self, X: np.ndarray) -> np.ndarray:
        return self.intercept_ + np.asarray(self.model_.booster_.predict(X, raw_score=True), dtype=np.float64)
