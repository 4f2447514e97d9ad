"""Features for linear models that heavy tails cannot spoil: normal scores, magnitudes, knots, levels, missingness."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri
from sklearn.base import BaseEstimator, TransformerMixin

from rareclass import _types
from rareclass.errors import InputError
from rareclass.kernels.linear import HINGES, MAGNITUDE, MISSING, RANK
from rareclass.learners.base import categorical_columns

Three = tuple[np.ndarray, np.ndarray, np.ndarray]
Parts = tuple[Three, Three, Three, Three, float]
"""Arguments of `quantile_scores` between the rows and the output."""

_KNOTS = np.array([-2.0, -1.0, 0.0, 1.0, 2.0, 3.0])
_SAMPLE = 200_000
_LARGEST_CODE = 1_000_000
_MOST_LEVELS = 150
# even steps in rank for the middle, even steps in normal score for the tails, where rare events live
_POSITIONS = np.unique(np.concatenate([np.linspace(0, 1, 401), ndtr(np.linspace(-5, 5, 401))]))


@dataclass(eq=False, repr=False, kw_only=True)
class QuantileFeatures(TransformerMixin, BaseEstimator):
    """Design matrix of a linear model from encoded columns.

    Each numeric column gives its normal score (mid-ranks, so ties count half), its inverse hyperbolic sine on the
    scale of the quartiles, and on demand hinges of the normal score; each column with missing values an indicator; each
    frequent level of a coded column an indicator. Columns that do not vary in training are left out, the rest centred.

    Parameters
    ----------
    knots : bool, default=True
    min_level_rows : int, default=20
        A level needs this many training rows, and at least 0.05 % of them; of all columns together the 150 most
        frequent levels are used.
    categorical_features : sequence of int, optional
    random_state : int, Generator or None
        Draws the rows for the quantiles where there are more than 200,000.

    Attributes
    ----------
    quantiles_, scores_ : list of ndarray
        Knots of each numeric column and their normal scores.
    n_out_ : int
        Number of columns made.

    Examples
    --------
    >>> import numpy as np
    >>> Z = QuantileFeatures(knots=False).fit_transform(np.array([[1.0], [10.0], [np.nan], [1e6]]))
    >>> Z.shape
    (4, 3)
    """

    knots: bool = True
    min_level_rows: int = 20
    categorical_features: ArrayLike | None = None
    random_state: _types.Seed = None

    def fit(self, X: np.ndarray, y: Any = None) -> Self:
        """Learn quantiles, scales and levels from float64 rows X (n, d)."""
        codes = categorical_columns(self.categorical_features, X.shape[1])
        self.numeric_ = np.flatnonzero(~codes)
        rng = np.random.default_rng(self.random_state)
        rows = rng.choice(X.shape[0], size=_SAMPLE, replace=False) if X.shape[0] > _SAMPLE else slice(None)
        self.quantiles_: list[np.ndarray] = []
        self.scores_: list[np.ndarray] = []
        self.centre_, self.scale_ = np.zeros(self.numeric_.size), np.ones(self.numeric_.size)
        for k, j in enumerate(self.numeric_):
            values = X[rows, j]
            self._fit_column(k, np.sort(values[~np.isnan(values)]))
        self.missing_ = np.flatnonzero(np.isnan(X[:, self.numeric_]).any(axis=0))
        self.coded_ = np.flatnonzero(codes)
        self._fit_levels(X)
        Z = self._raw(X)
        self.kept_ = np.flatnonzero(Z.std(axis=0) > 1e-8)
        self.mean_ = Z[:, self.kept_].mean(axis=0)
        self.n_out_ = int(self.kept_.size)
        return self

    def _fit_column(self, k: int, ordered: np.ndarray) -> None:
        if ordered.size == 0:
            self.quantiles_.append(np.zeros(1))
            self.scores_.append(np.zeros(1))
            return
        at = np.unique(ordered[np.rint(_POSITIONS * (ordered.size - 1)).astype(np.int64)])
        left = np.searchsorted(ordered, at, side="left")
        right = np.searchsorted(ordered, at, side="right")
        self.quantiles_.append(at)
        self.scores_.append(ndtri((left + right) / (2.0 * ordered.size)))
        low, self.centre_[k], high = np.quantile(ordered, [0.25, 0.5, 0.75])
        with np.errstate(over="ignore"):
            scale = high - low if high > low else float(ordered.std())
        self.scale_[k] = scale if np.isfinite(scale) and scale > 0 else max(float(np.abs(ordered).max()), 1.0)

    def _fit_levels(self, X: np.ndarray) -> None:
        found = [np.unique(X[~np.isnan(X[:, j]), j], return_counts=True) for j in self.coded_]
        counts = np.sort(np.concatenate([count for _, count in found])) if found else np.empty(0)
        least = max(self.min_level_rows, 0.0005 * X.shape[0])
        if counts.size > _MOST_LEVELS:
            least = max(least, float(counts[-_MOST_LEVELS - 1]) + 1.0)  # of levels tied at the limit none is used
        self.levels_ = [level[count >= least] for level, count in found]

    def _raw(self, X: np.ndarray) -> np.ndarray:
        n, d = X.shape[0], self.numeric_.size
        hinges = _KNOTS.size if self.knots else 0
        width = d * (2 + hinges) + self.missing_.size + sum(level.size for level in self.levels_)
        Z = np.empty((n, width))
        for k, j in enumerate(self.numeric_):
            value = X[:, j]
            missing = np.isnan(value)
            rank = np.interp(value, self.quantiles_[k], self.scores_[k])
            rank[missing] = 0.0
            Z[:, k] = rank
            magnitude = np.arcsinh(value / self.scale_[k] - self.centre_[k] / self.scale_[k])
            magnitude[missing] = 0.0
            Z[:, d + k] = magnitude
            for h in range(hinges):
                np.maximum(rank - _KNOTS[h], 0.0, out=Z[:, d * (2 + h) + k])
        column = d * (2 + hinges)
        Z[:, column : column + self.missing_.size] = np.isnan(X[:, self.numeric_[self.missing_]])
        column += self.missing_.size
        for j, level in zip(self.coded_, self.levels_, strict=True):
            Z[:, column : column + level.size] = X[:, [j]] == level
            column += level.size
        return Z

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Design matrix (n, n_out_), float64, without a column of ones."""
        return self._raw(X)[:, self.kept_] - self.mean_

    def typical_parts(self, coefficients: np.ndarray, mean: np.ndarray) -> np.ndarray:
        """What each column, numbers first, adds to a linear model where its features have this mean (n_out_,)."""
        d, hinges = self.numeric_.size, _KNOTS.size if self.knots else 0
        sizes = [level.size for level in self.levels_]
        # numbers are centred in `linear_parts`, codes are not
        source = np.concatenate(
            [np.tile(np.arange(d), 2 + hinges), self.missing_, d + np.repeat(np.arange(len(sizes)), sizes)]
        )[self.kept_].astype(np.int64)
        worth = coefficients * (mean + np.where(source < d, 0.0, self.mean_))
        return np.bincount(source, worth, minlength=d + len(sizes))

    def linear_parts(self, coefficients: np.ndarray, intercept: float) -> Parts:
        """A linear model on these features, as `rareclass.kernels.linear.quantile_scores` takes it.

        Raises
        ------
        InputError
            A column of codes holds other values than 0 to K - 1.
        """
        d, hinges = self.numeric_.size, _KNOTS.size if self.knots else 0
        indicators = d * (2 + hinges)
        levels = indicators + self.missing_.size
        every = np.zeros((2, levels + sum(level.size for level in self.levels_)))
        every[:, self.kept_] = coefficients, self.mean_
        table = np.zeros((2, HINGES + hinges, d))
        table[:, RANK], table[:, MAGNITUDE] = every[:, :d], every[:, d : 2 * d]
        table[:, HINGES:] = every[:, 2 * d : indicators].reshape(2, hinges, d)
        table[:, MISSING, self.missing_] = every[:, indicators:levels]
        codes = [_whole(level) for level in self.levels_]
        begin = _begins([int(code.max(initial=-1)) + 1 for code in codes])
        code_weight = np.zeros(int(begin[-1]))
        code_weight[np.concatenate([code + start for code, start in zip(codes, begin)] or [[]]).astype(np.int64)] = (
            every[0, levels:]
        )
        base = every[0, levels:] @ every[1, levels:]
        return (
            (self.numeric_.astype(np.int64), self.centre_, self.scale_),
            (_begins([q.size for q in self.quantiles_]), _joined(self.quantiles_), _joined(self.scores_)),
            (_KNOTS[:hinges].copy(), table[0], table[1]),
            (self.coded_.astype(np.int64), begin, code_weight),
            float(intercept - base),
        )


def _whole(levels: np.ndarray) -> np.ndarray:
    codes = levels.astype(np.int64)
    if (codes != levels).any() or (codes < 0).any() or (codes > _LARGEST_CODE).any():
        raise InputError("A column of codes holds other values than whole numbers from 0 on.")
    return codes


def _begins(sizes: list[int]) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.empty(0), *parts])
