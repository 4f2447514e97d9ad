"""Fitted members and the combination of their log-odds, as a blend is kept in a bundle."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from rareclass.crossfit import raw_logit
from rareclass.learners.combination import Combination


@dataclass(eq=False, repr=False)
class LogitBlend(BaseEstimator):
    """Fitted members and the combination of their log-odds; made by `RareBlendClassifier` and the treatments.

    Parameters
    ----------
    members : sequence of fitted classifiers
    shifts : sequence of float
        Log-odds to add to each member's score before it is scaled.
    intercept, slope, weight : sequences of float
        See `Combination`.
    """

    gives_logit = True
    takes_offset = False
    takes_missing = True

    members: Sequence[Any] = ()
    shifts: Sequence[float] = ()
    intercept: Sequence[float] = ()
    slope: Sequence[float] = ()
    weight: Sequence[float] = ()

    def decision_function(self, X: np.ndarray) -> np.ndarray:
        """Blended log-odds (n,)."""
        pairs = [
            (raw_logit(m, X) + s) if v > 0 else np.zeros(X.shape[0])
            for m, s, v in zip(self.members, self.shifts, self.weight, strict=True)
        ]
        return self.join(np.column_stack(pairs))

    def join(self, logits: np.ndarray) -> np.ndarray:
        """Blended log-odds (n,) of the members' own (n, k), their shifts included."""
        how = Combination(np.asarray(self.intercept), np.asarray(self.slope), np.asarray(self.weight))
        return how.apply(logits)
