"""Distances between rows of categories."""

import numbers
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from rareclass import _check
from rareclass._sklearn import StrOptions, validate_parameters
from rareclass._types import Floats
from rareclass.errors import InputError


class ValueDifferenceMetric(BaseEstimator):
    """Value difference metric: two categories are close when they go with the classes alike.

    For each feature the distance of two categories is the Minkowski distance of order `k` between their rows of
    P(class | category); the distance of two rows is the sum over features of its `r`-th power.

    Parameters
    ----------
    n_categories : "auto" or array-like (n_features,), default "auto"
        Number of categories of each feature; "auto" takes the largest code seen in `fit`, plus one.
    k : int >= 1, default 1
        Order of the distance between categories.
    r : int >= 1, default 2
        Power in the sum over features.

    Attributes
    ----------
    n_categories_ : int array (n_features,)
    proba_per_class_ : list of float64 arrays (n_categories, n_classes)
        P(class | category); zero for categories without rows.

    Notes
    -----
    Stanfill and Waltz (1986), Commun. ACM 29:1213; Wilson and Martinez (1997), J. Artif. Intell. Res. 6:1. Rows hold
    codes 0, 1, ... as `sklearn.preprocessing.OrdinalEncoder` makes them. Range [0, inf), 0 = same category; signature
    and values of imbalanced-learn 0.14. A table of category distances is built once for each feature, so `pairwise`
    costs one look-up for each pair and feature.

    Examples
    --------
    >>> X = np.array([0] * 10 + [1] * 10 + [2] * 10).reshape(-1, 1)
    >>> y = [1] * 8 + [0] * 5 + [1] * 7 + [0] * 9 + [1]
    >>> ValueDifferenceMetric().fit(X, y).pairwise([[0], [1], [2]]).round(2).tolist()
    [[0.0, 0.04, 1.96], [0.04, 0.0, 1.44], [1.96, 1.44, 0.0]]
    """

    _parameter_constraints: dict = {
        "n_categories": [StrOptions({"auto"}), "array-like"],
        "k": [numbers.Integral],
        "r": [numbers.Integral],
    }

    def __init__(self, *, n_categories: Any = "auto", k: int = 1, r: int = 2) -> None:
        self.n_categories = n_categories
        self.k = k
        self.r = r

    def fit(self, X: Any, y: Any) -> "ValueDifferenceMetric":
        """Estimate P(class | category) of every feature.

        Parameters
        ----------
        X : array-like (n, n_features) of non-negative codes
        y : array-like (n,)

        Raises
        ------
        InputError
            Negative codes, bad exponents, or `n_categories` that does not fit the data.
        """
        validate_parameters(self)
        _check.whole_number(self.k, "k", low=1)
        _check.whole_number(self.r, "r", low=1)
        X, y = validate_data(self, X, y, reset=True, dtype=np.int32)
        if X.min() < 0:
            raise InputError("Negative values in data passed to ValueDifferenceMetric; codes start at 0.")
        needed = X.max(axis=0).astype(np.int64) + 1
        if isinstance(self.n_categories, str):
            _check.one_of(self.n_categories, "n_categories", ("auto",))
            self.n_categories_ = needed
        else:
            given = np.asarray(self.n_categories)
            if given.shape != (X.shape[1],):
                raise InputError(
                    "The length of n_categories is not consistent with the number of feature in X. Got "
                    f"{len(given)} elements in n_categories and {X.shape[1]} in X."
                )
            if (given < needed).any():
                raise InputError(
                    f"`n_categories` is below the codes in X: {given.tolist()} given, {needed.tolist()} seen."
                )
            self.n_categories_ = given
        classes, code = np.unique(y, return_inverse=True)
        self.proba_per_class_ = []
        for feature, size in enumerate(self.n_categories_):
            flat = np.bincount(X[:, feature] * len(classes) + code, minlength=int(size) * len(classes))
            table = flat.reshape(int(size), len(classes)).astype(np.float64)
            rows = table.sum(axis=1, keepdims=True)
            self.proba_per_class_.append(np.divide(table, rows, out=np.zeros_like(table), where=rows > 0))
        return self

    def _codes(self, X: Any) -> NDArray[np.int32]:
        X = validate_data(self, X, reset=False, dtype=np.int32)
        if X.min() < 0 or (X.max(axis=0) >= self.n_categories_).any():
            raise InputError(
                f"X holds codes outside 0 ... {(np.asarray(self.n_categories_) - 1).tolist()}, the categories known "
                "from fit; give `n_categories` to reserve room for more."
            )
        return X

    def pairwise(self, X: Any, Y: Any = None) -> Floats:
        """Distances between all rows of X and all rows of Y (default: X).

        Returns
        -------
        float64 array (rows of X, rows of Y)
        """
        check_is_fitted(self)
        X = self._codes(X)
        Y = X if Y is None else self._codes(Y)
        distance = np.zeros((X.shape[0], Y.shape[0]))
        for feature, table in enumerate(self.proba_per_class_):
            gap = np.abs(table[:, None, :] - table[None, :, :])
            between = (gap**self.k).sum(axis=2) ** (self.r / self.k)
            distance += between[X[:, feature]][:, Y[:, feature]]
        return distance

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        return tags
