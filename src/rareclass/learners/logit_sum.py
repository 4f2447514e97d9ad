"""A weighted sum of the log-odds of fitted learners: a pilot with its correction, or the mean of a bag."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin

from rareclass import _types
from rareclass.crossfit import raw_logit
from rareclass.errors import InputError
from rareclass.kernels.logits import sigmoid


class LogitSum(ClassifierMixin, BaseEstimator):
    """Fitted binary classifiers whose log-odds are added up.

    It is not fitted itself: treatments build it from learners that they have fitted.

    Parameters
    ----------
    members : sequence of fitted binary classifiers
    factors : sequence of float, optional
        Factor of each member's log-odds; 1 each by default. For a mean, 1 / number of members.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), [0, 0, 1, 1]
    >>> model = LogisticRegression().fit(X, y)
    >>> twice = LogitSum([model, model], [0.5, 0.5])
    >>> bool(np.allclose(twice.predict_proba(X), model.predict_proba(X)))
    True
    """

    gives_logit = True
    takes_offset = False

    def __init__(self, members: Sequence[Any], factors: Sequence[float] | None = None) -> None:
        self.members = members
        self.factors = factors

    @property
    def classes_(self) -> np.ndarray:
        """The two classes; the second one is the event."""
        return np.asarray(self.members[-1].classes_)

    def fit(self, X: _types.Rows, y: ArrayLike) -> "LogitSum":
        """Raise: the members are fitted already."""
        raise InputError("A LogitSum is built from fitted learners; fit those.")

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def decision_function(self, X: _types.Rows) -> np.ndarray:
        """Log-odds (n,) of the event: the sum over members."""
        factors = [1.0] * len(self.members) if self.factors is None else self.factors
        if len(factors) != len(self.members):
            raise InputError(f"`factors` must hold {len(self.members)} numbers, one a member; got {len(factors)}.")
        return np.sum([f * raw_logit(m, X) for f, m in zip(factors, self.members)], axis=0)

    def predict_proba(self, X: _types.Rows) -> np.ndarray:
        """Probability of each class (n, 2)."""
        logit = self.decision_function(X)
        return np.column_stack([sigmoid(-logit), sigmoid(logit)])

    def predict(self, X: _types.Rows) -> np.ndarray:
        """The more probable class of each row (n,)."""
        return self.classes_[(self.decision_function(X) > 0).astype(int)]
