"""The one cross-fitting routine: scores for rows that the scoring model did not see.

Learners, treatments, calibrators, thresholds and comparisons all use it, so that every number in the house that is
called *out-of-fold* (`oof`) is made the same way.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import clone

from rareclass.errors import InputError, TooFewEventsError
from rareclass.kernels.logits import logit

Splits = Sequence[tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Folds:
    """Which part tested each score, where everything else follows from it."""

    fold: np.ndarray  # (n,) number of the part; -1 for rows that belong to none, which are neither fitted nor tested
    forward: bool = False  # parts follow each other in time: each is tested by what the earlier ones taught
    # (n,) row of each score, where rows are tested more than once: no split then has a row on both sides
    row: np.ndarray | None = None

    def splits(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """(train, test) positions, a pair for each part; `train` is empty for the first part of a forward split."""
        for number in np.unique(self.fold[self.fold >= 0]):
            test = self.fold == number
            others = (self.fold >= 0) & (self.fold < number if self.forward else ~test)
            if self.row is not None:
                others &= ~np.isin(self.row, self.row[test])
            yield np.flatnonzero(others), np.flatnonzero(test)

    def take(self, index: np.ndarray) -> Self:
        """The same for the scores `index`."""
        return replace(self, fold=self.fold[index], row=None if self.row is None else self.row[index])


@dataclass(frozen=True)
class OutOfFold:
    """Out-of-fold scores of one model, or of k models on the same splits."""

    # (n,) or (n, k) log-odds score of each row, NaN for rows that no part tested (the first part of a forward split).
    # With repeats the mean over them
    score: np.ndarray
    fold: np.ndarray  # (n,) number of the split that tested the row, the last one with repeats; -1 where none did

    @property
    def tested(self) -> np.ndarray:
        """Boolean mask (n,) of the rows that have a score."""
        return self.fold >= 0


def take_rows(X: Any, index: np.ndarray) -> Any:
    """Rows `index` of an array, sparse matrix, list or pandas, polars or Arrow frame, in the same container."""
    if hasattr(X, "iloc"):
        return X.iloc[index]
    if type(X).__module__.startswith("pyarrow"):
        return X.take(index)
    if isinstance(X, list):
        return [X[i] for i in index]
    return X[index]


def own_splits(cv: Any, y: np.ndarray, groups: ArrayLike | None = None, *, n: int | None = None) -> Splits:
    """Splits that a user gave, as row numbers.

    Parameters
    ----------
    cv : splitter of scikit-learn or iterable of (train, test)
        Pairs of row numbers or of Boolean masks.
    y : array of shape (n,), Boolean
        For a splitter, with `groups`.
    n : int, optional
        Number of rows that the numbers may speak of; without, only negative ones are refused.

    Raises
    ------
    InputError
        Neither, or numbers of rows that there are not.
    """
    if hasattr(cv, "split") and not isinstance(cv, str):
        return list(cv.split(np.zeros((y.size, 1)), y.astype(np.int64), groups))
    try:
        pairs = [(np.asarray(train), np.asarray(test)) for train, test in cv]
    except (TypeError, ValueError):
        raise InputError(
            "`cv` must be a number of folds, a splitter of scikit-learn or pairs (train, test) of row numbers; "
            f"got {cv!r}."
        ) from None
    if not pairs:
        raise InputError("`cv` holds no split. Give a number of folds or pairs of row indices.")
    return [(_numbers(train, k, n), _numbers(test, k, n)) for k, (train, test) in enumerate(pairs)]


def _numbers(rows: np.ndarray, split: int, n: int | None) -> np.ndarray:
    """Row numbers (m,) of one side of a split."""
    if rows.dtype == bool and rows.ndim == 1 and n in (None, rows.size):
        return np.flatnonzero(rows)
    if rows.ndim != 1 or (rows.size and rows.dtype.kind not in "iu"):
        raise InputError(f"Split {split} of `cv` must hold whole row numbers; got {rows.dtype} of shape {rows.shape}.")
    if rows.size and (rows.min() < 0 or (n is not None and rows.max() >= n)):
        last = "" if n is None else f" to {n - 1}"
        bad = rows.min() if rows.min() < 0 else rows.max()
        raise InputError(f"Split {split} of `cv` holds row number {bad}; rows are numbered from 0{last}.")
    return rows.astype(np.int64)


def check_splits(splits: Splits, y: np.ndarray) -> None:
    """Raise unless train and test are disjoint, every training part has both classes and every test part an event."""
    for number, (train, test) in enumerate(splits):
        if np.intersect1d(train, test).size:
            raise InputError(f"Split {number}: {np.intersect1d(train, test).size} row(s) are both fitted and tested.")
        events = int(np.count_nonzero(y[train]))
        if events == 0 or events == train.size:
            raise TooFewEventsError(f"Split {number}: the training part holds only one class. Use fewer folds.")
        if not np.count_nonzero(y[test]):
            raise TooFewEventsError(f"Split {number}: the test part holds no event. Use fewer folds.")


def out_of_fold(
    n: int, splits: Iterable[tuple[np.ndarray, np.ndarray]], fit_score: Callable[[np.ndarray, np.ndarray], Any]
) -> OutOfFold:
    """Call `fit_score(train, test)` for each split and collect the scores it returns for `test`.

    Parameters
    ----------
    n : int
        Number of rows.
    splits : iterable of (train, test) index arrays
        As `make_splits` or `Folds.splits` make them.
    fit_score : callable
        Fits on the rows `train` and returns finite scores (len(test),) or (len(test), k) of the rows `test`.

    Raises
    ------
    InputError
        The scores are not finite numbers, one for each row.
    """
    total: np.ndarray | None = None
    times, fold = np.zeros(n), np.full(n, -1, dtype=np.int64)
    for number, (train, test) in enumerate(splits):
        scores = np.asarray(fit_score(train, test), dtype=np.float64)
        if scores.ndim == 0 or scores.shape[0] != len(test) or not np.isfinite(scores).all():
            raise InputError(f"Split {number}: the model returned scores that are not {len(test)} finite numbers.")
        if total is None:
            total = np.zeros((n, *scores.shape[1:]))
        total[test] += scores
        times[test] += 1
        fold[test] = number
    total = np.zeros(n) if total is None else total
    often = times.reshape(n, *[1] * (total.ndim - 1))
    return OutOfFold(np.where(often > 0, total / np.maximum(often, 1), np.nan), fold)


def raw_logit(model: Any, X: Any) -> np.ndarray:
    """Log-odds of a fitted binary classifier.

    A class says with ``gives_logit = True`` that its `decision_function` is the log-odds of its second class. Of any
    other `decision_function` (support vector machines, boosting margins) nothing is known, so the logit of
    `predict_proba` is taken where it exists. Probabilities of 0 and 1 are moved by 1e-12.
    """
    if hasattr(model, "decision_function") and (
        getattr(model, "gives_logit", False) or not hasattr(model, "predict_proba")
    ):
        return np.asarray(model.decision_function(X), dtype=np.float64)
    if not hasattr(model, "predict_proba"):
        raise InputError(f"{type(model).__name__} has neither `predict_proba` nor `decision_function`.")
    return logit(np.clip(np.asarray(model.predict_proba(X), dtype=np.float64)[:, 1], 1e-12, 1 - 1e-12))


def cross_fit_scores(
    estimator: Any, X: Any, y: np.ndarray, splits: Splits, *, sample_weight: np.ndarray | None = None
) -> np.ndarray:
    """Out-of-fold log-odds of clones of `estimator`.

    Parameters
    ----------
    estimator : classifier
        Cloned for each split, never changed.
    X : array, sparse matrix or frame of shape (n, d)
    y : array of shape (n,), Boolean or 0/1
    splits : sequence of (train, test) index arrays
    sample_weight : array of shape (n,), optional

    Returns
    -------
    ndarray of shape (n,)
        NaN for rows that no split tests.
    """
    y = np.asarray(y)
    check_splits(splits, y)

    def fit_score(train: np.ndarray, test: np.ndarray) -> np.ndarray:
        extra = {} if sample_weight is None else {"sample_weight": np.asarray(sample_weight)[train]}
        model = clone(estimator).fit(take_rows(X, train), y[train].astype(int), **extra)
        return raw_logit(model, take_rows(X, test))

    return out_of_fold(len(y), splits, fit_score).score
