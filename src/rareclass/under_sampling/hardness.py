"""Instance hardness threshold: keep the rows that a classifier finds easy."""

import numbers
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedKFold
from sklearn.utils.parallel import Parallel, delayed

from rareclass._sklearn import HasMethods, Interval
from rareclass._types import Matrix, Rows, Seed, Strategy
from rareclass.crossfit import out_of_fold
from rareclass.errors import InputError
from rareclass.sampler import Draw, class_streams
from rareclass.under_sampling.base import JOBS, ORDER, RANDOM_STATE, BaseUnderSampler, by_class

_LARGEST = 3e38  # what trees, which compute in single precision, take


@dataclass(eq=False, repr=False, kw_only=True)
class InstanceHardnessThreshold(BaseUnderSampler):
    """Remove the rows of the larger classes to which a cross-fitted classifier gives the lowest probability.

    The hardness of a row is one minus the out-of-fold probability of its own class. Exactly as many rows are kept as
    asked for; equal probabilities are decided by lot, with the seed. Use it to drop noise and overlap on the majority
    side; it also removes honest rows of the border. Costs `cv` fits.

    Parameters
    ----------
    estimator : classifier with `predict_proba` or None, default=None
        None is a random forest of 100 trees.
    sampling_strategy : float, str, mapping or callable, default="auto"
        Rows to keep; see `RandomUnderSampler`.
    random_state : int, Generator, RandomState or None, default=None
        Folds, forest and ties.
    cv : int, default=5
        Folds, at least 2; each class needs that many rows.
    n_jobs : int or None, default=None
    order : {"class", "input"}, default="class"
        By class and ascending in a class, as imbalanced-learn gives it, or as in the data.

    Attributes
    ----------
    sampling_strategy_ : dict
        {label: rows to keep}.
    sample_indices_ : ndarray (n_out,)
    hardness_ : ndarray (n,)
        One minus the out-of-fold probability of the row's class, for every row of the input.
    estimator_ : the classifier as it was cross-fitted, itself not fitted
    n_features_in_, feature_names_in_

    References
    ----------
    M. R. Smith, T. Martinez and C. Giraud-Carrier, "An instance level analysis of data complexity", Machine Learning 95
    (2014), 225-256.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from rareclass.under_sampling import InstanceHardnessThreshold
    >>> X = np.r_[np.arange(20.0), 30, 31, 32, 33, 34][:, None]
    >>> y = ["no"] * 20 + ["yes"] * 5
    >>> sampler = InstanceHardnessThreshold(estimator=LogisticRegression(), random_state=0)
    >>> sampler.fit_resample(X, y)[1].count("no")
    5
    """

    _parameter_constraints = {
        **BaseUnderSampler._parameter_constraints,
        "estimator": [HasMethods(["fit", "predict_proba"]), None],
        "cv": [Interval(numbers.Integral, 2, None, closed="left")],
        "n_jobs": JOBS,
        "random_state": RANDOM_STATE,
        "order": ORDER,
    }

    estimator: BaseEstimator = None
    sampling_strategy: Strategy = "auto"
    random_state: Seed = None
    cv: int = 5
    n_jobs: int | None = None
    order: str = "class"

    def _draw(self, X: Matrix, y: np.ndarray, targets: dict[int, int], rng: np.random.Generator) -> Draw:
        counts = np.bincount(y)
        small = np.flatnonzero(counts < self.cv)
        if small.size:
            raise InputError(
                f"`cv={self.cv}` needs as many rows of every class; class {self._label(small[0])!r} has "
                f"{counts[small[0]]}. Lower `cv`."
            )
        if self.estimator is None and not sparse.issparse(X):
            X = np.clip(X, -_LARGEST, _LARGEST)
        seeds = rng.integers(0, 2**31 - 1, size=2)
        self.estimator_ = self._seeded(int(seeds[0]))
        folds = StratifiedKFold(n_splits=self.cv, shuffle=True, random_state=int(seeds[1]))
        splits = list(folds.split(np.empty((y.size, 0)), y))
        # fitted in parallel where asked for, each read by out_of_fold when its turn comes
        tasks = (delayed(_own_probability)(self.estimator_, X, y, *split) for split in splits)
        found = iter(Parallel(n_jobs=self.n_jobs, return_as="generator")(tasks))
        own = out_of_fold(y.size, splits, lambda train, test: next(found)).score
        self.hardness_ = 1.0 - own
        chosen = {}
        for code, stream in class_streams(targets, rng).items():
            rows = np.flatnonzero(y == code)
            easiest = np.lexsort((stream.random(rows.size), -own[rows]))[: targets[code]]
            chosen[code] = np.sort(rows[easiest])
        return Draw(kept=by_class(y, chosen, self.order))

    def _seeded(self, seed: int) -> BaseEstimator:
        if self.estimator is None:
            return RandomForestClassifier(n_estimators=100, random_state=seed, n_jobs=self.n_jobs)
        estimator = clone(self.estimator)
        seeds = {name: seed for name in estimator.get_params() if name.rpartition("__")[2] == "random_state"}
        return estimator.set_params(**seeds) if self.random_state is not None else estimator


def _own_probability(
    estimator: BaseEstimator, X: Rows, y: np.ndarray, train: np.ndarray, test: np.ndarray
) -> np.ndarray:
    """Probability (n_test,) that a clone fitted on `train` gives to each test row's own class."""
    proba = clone(estimator).fit(X[train], y[train]).predict_proba(X[test])
    return np.asarray(proba)[np.arange(test.size), y[test]]
