"""Conformal sets that cover each class, the rare one too, as often as was promised."""

import warnings
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import beta

from rareclass import _check
from rareclass._types import Seed
from rareclass.errors import CalibrationWarning, InputError, TargetError, TooFewEventsError


class ConformalSets:
    """Sets of labels that hold the true one with probability >= 1 - alpha *within each class* (Mondrian).

    When to use: to send the rows to a person whose set holds both labels (or none), with a promise for the events
    themselves. Ordinary conformal sets promise coverage on average over all rows, which at a prevalence of 0.1 % they
    keep without ever covering an event. When not: to rank, or to estimate probabilities.

    Parameters
    ----------
    smoothed : bool, default=False
        Break ties at random, for exact instead of conservative coverage. Sets are then not reproducible without
        `random_state`.
    random_state : int, Generator or None, default=None
        Used by `smoothed` only.

    Attributes
    ----------
    conformity_ : list of K ndarrays
        Ascending distinct scores of the calibration rows of each class, for their own class.
    weight_ : list of K ndarrays
        Total weight of the rows of each of these scores.
    heaviest_ : ndarray of shape (K,)
        Weight with which a new row of each class counts.
    rows_ : ndarray of shape (K,)
        Calibration rows of each class.

    Notes
    -----
    The p-value of class k for a new row is (weight of the calibration rows of class k whose score for k is not above
    its own + w) / (weight of all of them + w), where w is the weight of the new row: 1 without sample weights, else
    the heaviest of its class, which errs on the side of coverage (Vovk, Gammerman & Shafer 2005, section 4.5; for
    unbalanced classes Löfström et al. 2015). Holds when calibration rows and new rows of a class are exchangeable:
    rows held out from the model. With out-of-fold scores of several models it holds approximately.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> y = rng.random(20_000) < 0.02
    >>> p = 1 / (1 + np.exp(4 - 2 * y - rng.normal(size=y.size)))
    >>> sets = ConformalSets().fit(p[:10_000], y[:10_000]).predict(p[10_000:], alpha=0.1)
    >>> late = y[10_000:]
    >>> bool(sets[late, 1].mean() > 0.84), bool(sets[~late, 0].mean() > 0.88)
    (True, True)
    """

    conformity_: list[np.ndarray]
    weight_: list[np.ndarray]
    heaviest_: np.ndarray
    rows_: np.ndarray

    def __init__(self, *, smoothed: bool = False, random_state: Seed = None) -> None:
        self.smoothed = smoothed
        self.random_state = random_state

    def fit(self, y_proba: ArrayLike, y: ArrayLike, *, sample_weight: ArrayLike | None = None) -> Self:
        """Keep the scores of rows that the model did not see.

        Parameters
        ----------
        y_proba : array-like of shape (n,) or (n, K)
            Probability (or any score) of the event, or of each class.
        y : array-like of shape (n,)
            Event indicator (0/1 or Boolean), or class numbers 0 to K - 1.
        sample_weight : array-like of shape (n,), optional
            Rows of weight zero are as good as absent.

        Raises
        ------
        TooFewEventsError
            A class has no row: nothing can be promised for it.
        """
        score = _columns(y_proba)
        number = _check.number_array(y, "y")
        n, classes = score.shape
        _check.same_length(y_proba=score[:, 0], y=number)
        if not np.isin(number, np.arange(classes)).all():
            raise TargetError(f"`y` must hold the class numbers 0 to {classes - 1}. Encode the labels first.")
        given = _check.weights(sample_weight, n)
        weight = np.ones(n) if given is None else given
        self.conformity_, self.weight_ = [], []
        self.heaviest_, self.rows_ = np.empty(classes), np.empty(classes, dtype=np.int64)
        for k in range(classes):
            mine = (number == k) & (weight > 0)
            if not mine.any():
                raise TooFewEventsError(f"Class {k} has no calibration row; its coverage cannot be promised.")
            distinct, which = np.unique(score[mine, k], return_inverse=True)
            self.conformity_.append(distinct)
            self.weight_.append(np.bincount(which, weights=weight[mine]))
            self.heaviest_[k], self.rows_[k] = weight[mine].max(), np.count_nonzero(mine)
        return self

    def p_values(self, y_proba: ArrayLike) -> np.ndarray:
        """P-value (n, K) of the hypothesis that a row is of class k: small where it looks like none of its rows."""
        if not hasattr(self, "conformity_"):
            raise InputError("`ConformalSets` is not fitted. Call `fit` first.")
        score = _columns(y_proba)
        if score.shape[1] != len(self.conformity_):
            raise InputError(
                f"`y_proba` has {score.shape[1]} classes, the calibration rows had {len(self.conformity_)}."
            )
        rng = _check.random_generator(self.random_state) if self.smoothed else None
        out = np.empty(score.shape)
        for k, (known, weight) in enumerate(zip(self.conformity_, self.weight_)):
            below = np.concatenate([[0.0], np.cumsum(weight)])
            upto = below[np.searchsorted(known, score[:, k], side="right")]
            strictly = below[np.searchsorted(known, score[:, k], side="left")]
            tied = upto - strictly + self.heaviest_[k]
            share = 1.0 if rng is None else rng.random(score.shape[0])
            out[:, k] = (strictly + share * tied) / (below[-1] + self.heaviest_[k])
        return out

    def predict(self, y_proba: ArrayLike, *, alpha: float = 0.1) -> np.ndarray:
        """Boolean sets (n, K): the classes whose p-value is above `alpha`.

        A set may be empty: the row is like no class.

        Warns
        -----
        CalibrationWarning
            A class has so few calibration rows that it is in every set.
        """
        level = _check.fraction(alpha, "alpha", closed="neither")
        p = self.p_values(y_proba)
        total = np.array([w.sum() for w in self.weight_])
        for k in np.flatnonzero(self.heaviest_ / (total + self.heaviest_) > level):
            warnings.warn(
                f"Class {k} has {self.rows_[k]} calibration row(s), too few for alpha={level:g} (without weights "
                f"{needed_rows(level)} are needed): every set holds it.",
                CalibrationWarning,
                stacklevel=2,
            )
        return p > level

    def coverage_interval(self, *, alpha: float = 0.1, level: float = 0.95) -> np.ndarray:
        """Where the coverage of each class (K, 2) lies for these calibration rows, without weights and ties.

        The promise 1 - alpha is a mean over calibration samples; for one sample of m rows the coverage is
        Beta(m + 1 - l, l) with l = floor(alpha (m + 1)) (Vovk 2012). Ten events leave it wide open.
        """
        alpha = _check.fraction(alpha, "alpha", closed="neither")
        level = _check.fraction(level, "level", closed="neither")
        out = np.ones((len(self.rows_), 2))
        for k, m in enumerate(self.rows_):
            left_out = int(np.floor(alpha * (m + 1) + 1e-9))
            if left_out:
                out[k] = beta.ppf([(1 - level) / 2, (1 + level) / 2], m + 1 - left_out, left_out)
        return out

    def to_dict(self) -> dict[str, Any]:
        """Plain values for a bundle; the seed of `smoothed` is not kept."""
        return {
            "kind": "conformal",
            "smoothed": self.smoothed,
            "conformity": [c.tolist() for c in self.conformity_],
            "weight": [w.tolist() for w in self.weight_],
            "heaviest": self.heaviest_.tolist(),
            "rows": self.rows_.tolist(),
        }

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> Self:
        """The object that `to_dict` described."""
        found = cls(smoothed=bool(saved["smoothed"]))
        found.conformity_ = [np.asarray(c, dtype=np.float64) for c in saved["conformity"]]
        found.weight_ = [np.asarray(w, dtype=np.float64) for w in saved["weight"]]
        found.heaviest_ = np.asarray(saved["heaviest"], dtype=np.float64)
        found.rows_ = np.asarray(saved["rows"], dtype=np.int64)
        return found


def needed_rows(alpha: float) -> int:
    """Calibration rows of a class below which it is in every set: the least m with 1 / (m + 1) <= alpha.

    >>> needed_rows(0.1), needed_rows(0.05)
    (9, 19)
    """
    return int(np.ceil(1 / alpha - 1 - 1e-9))


def _columns(y_proba: ArrayLike) -> np.ndarray:
    """Scores (n, K) for the own class; of one column, the event's, the other is its negative: 1 - p would round."""
    array = np.asarray(y_proba.to_numpy() if hasattr(y_proba, "to_numpy") else y_proba)
    if array.ndim == 2 and array.shape[1] > 1:
        return np.column_stack([_check.scores(array[:, k], "y_proba") for k in range(array.shape[1])])
    score = _check.scores(y_proba, "y_proba")
    return np.column_stack([-score, score])
