"""Splits that spread the hard rows evenly over the folds."""

import warnings
from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import BaseCrossValidator, cross_val_predict
from sklearn.utils.multiclass import type_of_target

from rareclass import _check
from rareclass._types import Label, Labels, Rows
from rareclass.errors import InputError


class InstanceHardnessCV(BaseCrossValidator):
    """Folds with equally many easy and hard rows of each class, for steadier estimates with few positives.

    The hardness of a row is judged by an out-of-fold probability; rows are sorted by class and hardness and dealt out
    to the folds like cards. Use it to compare models with few events; the folds depend on the labels and on the
    classifier, so scores are smoother than those on future data will be. Costs `n_splits` fits.

    Parameters
    ----------
    estimator : classifier with `predict_proba`
        Judges the hardness.
    n_splits : int, default=5
        Folds, at least 2.
    pos_label : label or None, default=None
        Class whose probability is used; None is the larger label.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from rareclass.model_selection import InstanceHardnessCV
    >>> X, y = np.arange(20.0)[:, None], np.repeat([0, 1], [16, 4])
    >>> splits = InstanceHardnessCV(LogisticRegression(), n_splits=2).split(X, y)
    >>> [int(y[test].sum()) for train, test in splits]
    [2, 2]
    """

    def __init__(self, estimator: BaseEstimator, *, n_splits: int = 5, pos_label: Label = None) -> None:
        self.estimator = estimator
        self.n_splits = n_splits
        self.pos_label = pos_label

    def split(self, X: Rows, y: Labels, groups: ArrayLike | None = None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Training and test rows of each fold.

        Parameters
        ----------
        X : rows (n, ...)
        y : labels (n,), two classes
        groups : ignored, with a warning

        Raises
        ------
        InputError
            The target does not have two classes, or lacks `pos_label`.
        """
        if groups is not None:
            warnings.warn(f"The groups parameter is ignored by {type(self).__name__}", UserWarning, stacklevel=2)
        return self._splits(X, y)

    def _splits(self, X: Rows, y: Labels) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        if type_of_target(y) != "binary":
            raise InputError("InstanceHardnessCV only supports binary classification.")
        classes, codes = np.unique(_check.column(y, "y"), return_inverse=True)
        column = 1 if self.pos_label is None else _check.find_label(classes, self.pos_label)
        proba = cross_val_predict(clone(self.estimator), X, y, cv=self.n_splits, method="predict_proba")
        fold = np.empty(codes.size, dtype=np.intp)
        fold[np.lexsort((proba[:, column], codes))] = np.arange(codes.size) % self.n_splits
        for number in range(self.n_splits):
            yield np.flatnonzero(fold != number), np.flatnonzero(fold == number)

    def get_n_splits(self, X: Rows = None, y: Labels | None = None, groups: ArrayLike | None = None) -> int:
        """Number of folds."""
        return int(self.n_splits)
