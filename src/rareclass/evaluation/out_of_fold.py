"""Out-of-fold scores of any classifier on splits that keep events in every part."""

from typing import Any

import numpy as np

from rareclass import _check
from rareclass.crossfit import OutOfFold, cross_fit_scores, take_rows
from rareclass.data.split import make_splits
from rareclass.fitting.rows import at


def cross_fit(
    estimator: Any,
    X: Any,
    y: Any,
    *,
    folds: int = 5,
    groups: Any = None,
    times: Any = None,
    sample_weight: Any = None,
    pos_label: Any = None,
    random_state: int = 0,
) -> OutOfFold:
    """Log-odds of every row by a model that did not see it.

    Parameters
    ----------
    estimator : classifier
        Cloned for each fold. A pipeline with a sampler resamples the training rows only.
    X : array, sparse matrix or frame of shape (n, d)
    y : array-like of shape (n,)
    folds : int, default=5
    groups, times : array-like of shape (n,), optional
        Keep groups together, or train on the past only.
    sample_weight : array-like of shape (n,), optional
    pos_label : label, optional
    random_state : int, default=0

    Returns
    -------
    OutOfFold
        ``score`` (n,) log-odds, ``fold`` (n,); NaN and -1 for rows of weight zero, which are as good as absent.

    Raises
    ------
    TooFewEventsError
        When a fold would hold no event.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from rareclass.evaluation import cross_fit
    >>> X = np.arange(40.0)[:, None]
    >>> oof = cross_fit(LogisticRegression(), X, X[:, 0] > 30, folds=3)
    >>> bool(np.isfinite(oof.score).all())
    True
    """
    truth = _check.binary_target(y, pos_label, "y")
    _check.same_length(X=X, y=truth)
    n, weight = truth.size, _check.weights(sample_weight, truth.size)
    kept = np.arange(n) if weight is None else np.flatnonzero(weight)
    if kept.size < n:
        groups = None if groups is None else _check.column(groups, "groups")[kept]
        times = None if times is None else _check.column(times, "times")[kept]
        X, truth, weight = take_rows(X, kept), truth[kept], at(weight, kept)
    kind = "time" if times is not None else "stratified" if groups is None else "group"
    splits = make_splits(truth, folds=folds, kind=kind, groups=groups, times=times, seed=random_state)
    score, fold = np.full(n, np.nan), np.full(n, -1)
    score[kept] = cross_fit_scores(estimator, X, truth, splits, sample_weight=weight)
    for k, (_, test) in enumerate(splits):
        fold[kept[test]] = k
    return OutOfFold(score, fold)
