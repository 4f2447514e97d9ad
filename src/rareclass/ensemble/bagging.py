"""Balanced bagging: any classifier on bootstraps that a sampler balances.

One class with imbalanced-learn's fourteen parameters and one of ours; a third of the file documents and takes them.
"""

import numbers
from collections.abc import Callable, Iterator
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone
from sklearn.ensemble import BaggingClassifier
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import Tags, get_tags
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted, validate_data

from rareclass import _check, _types
from rareclass._sklearn import HasMethods, StrOptions
from rareclass.ensemble import _training
from rareclass.ensemble._correction import unseen_votes
from rareclass.ensemble._scores import RealPrevalence, member_proba, prior_shift
from rareclass.errors import InputError, TooFewEventsError
from rareclass.pipeline import Pipeline
from rareclass.under_sampling.random import RandomUnderSampler

_TRIES = 50


class BalancedBaggingClassifier(RealPrevalence, BaggingClassifier):
    """Bagging of any classifier, each member trained on a bootstrap that a sampler has balanced.

    With the default sampler this is under-bagging: the safest way to use a learner that cannot cope with rarity, since
    all negatives are seen by some member. Do not use it with learners that handle the full data well (boosters with
    guards, logistic regression): it costs information and calibration there. Its cost is `n_estimators` fits on
    balanced samples.

    Parameters
    ----------
    estimator : classifier or None, default=None
        None is a decision tree. It is trained on class codes 0..K-1.
    n_estimators : int, default=10
    max_samples : int or float, default=1.0
        Rows of a bootstrap, before the sampler.
    max_features : int or float, default=1.0
    bootstrap, bootstrap_features : bool, default=True, False
        Draw rows, columns with replacement.
    oob_score : bool or callable, default=False
        Score every row by the members whose bootstrap, after the sampler, does not hold it.
    warm_start : bool, default=False
    sampling_strategy : float, str, dict or callable, default="auto"
        Of the sampler, in terms of your labels. "auto" leaves the strategy of a given `sampler` alone.
    replacement : bool, default=False
        Of the default sampler.
    n_jobs : int or None, default=None
    random_state : int, RandomState, Generator or None, default=None
    verbose : int, default=0
    sampler : sampler or None, default=None
        None is `RandomUnderSampler`.
    corrected : {True, "shift", False}, default=True
        What `predict_proba` returns. True: probabilities at the prevalence of the training data, by the exact shift of
        the prior and then a line fitted on out-of-bag rows (cross-fitted where there are none).
        "shift": the exact shift only, which costs nothing. False: balanced scores, as imbalanced-learn returns them.
        `predict` cuts the balanced scores in all cases.

    Attributes
    ----------
    estimators_ : list of Pipeline
        Steps "sampler" (unfitted, with its seed; fitting the pipeline on the rows of `estimators_samples_` repeats the
        member) and "classifier".
    estimators_features_, estimators_samples_ : lists of int arrays
    estimator_ : Pipeline
    sampler_ : sampler
    classes_, n_classes_, n_features_in_, feature_names_in_
    prior_shift_ : ndarray (K,)
        Log of real over drawn class share.
    correction_ : Correction
        What `predict_proba` applies; `correction_.how` says it in words.
    oob_decision_function_ : ndarray (n, K)
        Out-of-bag `predict_proba`, at the same prevalence.
    oob_score_ : float

    Raises
    ------
    TooFewEventsError
        `max_samples` is so small that bootstraps hold one class only.

    References
    ----------
    S. Hido, H. Kashima, Y. Takahashi, "Roughly balanced bagging for imbalanced data", Statistical Analysis and Data
    Mining 2, 2009; C. Chen, A. Liaw, L. Breiman, report 666, UC Berkeley, 2004. Differences from imbalanced-learn: only
    the rows that the random sampler keeps are gathered; rows it dropped count as out-of-bag; a bootstrap without
    one of the classes is drawn again; `sample_weight` is accepted and sets the probability of a row to be drawn.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(5000, 3))
    >>> y = X[:, 0] + 0.5 * rng.normal(size=5000) > 2.5
    >>> model = BalancedBaggingClassifier(LogisticRegression(), random_state=0).fit(X, y)
    >>> bool(0.5 < model.predict_proba(X)[:, 1].mean() / y.mean() < 2)
    True
    """

    estimators_: list[Pipeline]
    estimators_features_: list[np.ndarray]
    _redraws: list[int]
    _drawn: np.ndarray
    _parameter_constraints: dict = {
        **BaggingClassifier._parameter_constraints,
        "oob_score": ["boolean", callable],
        "random_state": ["random_state", np.random.Generator],
        "sampling_strategy": [numbers.Real, str, dict, callable],
        "replacement": ["boolean"],
        "sampler": [HasMethods(["fit_resample"]), None],
        "corrected": ["boolean", StrOptions({"shift"})],
    }

    def __init__(
        self,
        estimator: BaseEstimator | None = None,
        n_estimators: int = 10,
        *,
        max_samples: float | None = 1.0,
        max_features: float = 1.0,
        bootstrap: bool = True,
        bootstrap_features: bool = False,
        oob_score: bool | Callable = False,
        warm_start: bool = False,
        sampling_strategy: _types.Strategy = "auto",
        replacement: bool = False,
        n_jobs: int | None = None,
        random_state: _types.Seed = None,
        verbose: int = 0,
        sampler: Any = None,
        corrected: bool | str = True,
    ) -> None:
        super().__init__(
            estimator=estimator,
            n_estimators=n_estimators,
            max_samples=max_samples,
            max_features=max_features,
            bootstrap=bootstrap,
            bootstrap_features=bootstrap_features,
            oob_score=oob_score,
            warm_start=warm_start,
            n_jobs=n_jobs,
            random_state=random_state,
            verbose=verbose,
        )
        self.sampling_strategy = sampling_strategy
        self.replacement = replacement
        self.sampler = sampler
        self.corrected = corrected

    def fit(self, X: _types.Rows, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit the members.

        Parameters
        ----------
        X : array-like or sparse matrix (n, d)
            Whatever `estimator` accepts, missing values and text included.
        y : array-like (n,)
        sample_weight : array-like (n,), optional
            Non-negative; rows are drawn in proportion to it.

        Returns
        -------
        self
        """
        training = _training.read_training(self, X, y, sample_weight)
        self._settle(training)
        start = self._kept_members()
        if not _training.any_to_add(start, self.n_estimators):
            return self
        self._seeds = _training.seed_table(_check.random_generator(self.random_state), self.n_estimators, 4)
        parts = list(
            Parallel(n_jobs=self.n_jobs, verbose=self.verbose)(
                delayed(_fit_member)(*job) for job in self._jobs(training, start)
            )
        )
        self.estimators_ = [*self.estimators_, *(member for member, _, _ in parts)]
        self._drawn = self._drawn + sum(mass for _, mass, _ in parts)
        self.prior_shift_ = prior_shift(training.class_mass(), self._drawn)
        # Rows of members from an earlier, warm-started fit are not known any more: the new members speak for them.
        bags = [rows for _, _, rows in parts]

        def vote(i: int, out: np.ndarray) -> np.ndarray:
            X_out = take_columns(training.X[out], self.estimators_features_[start + i])
            return member_proba(self.estimators_[start + i], X_out, self.n_classes_)

        def unseen(part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return unseen_votes(self.n_classes_, part, training.n, bags, vote)

        self._fit_correction(training, int(self._seeds[0, 0]), self.n_estimators, parts[0][1], unseen)
        if self.oob_score:
            self._set_out_of_bag(training, *unseen(np.arange(training.n)))
        return self

    # Before the members ---------------------------------------------------------------------------------------------

    def _default_estimator(self) -> BaseEstimator:
        return DecisionTreeClassifier()

    def _get_estimator(self) -> BaseEstimator:
        """The member's classifier; scikit-learn's bagging asks for it under this name (tags, routing)."""
        return self._default_estimator() if self.estimator is None else self.estimator

    def _settle(self, training: _training.Training) -> None:
        """Sizes, the sampler and the prototype of a member."""
        usable, d = training.usable().size, self.n_features_in_
        size = 1.0 if self.max_samples is None else self.max_samples
        self._max_samples = int(size) if isinstance(size, numbers.Integral) else max(int(size * usable), 1)
        if not self.bootstrap and self._max_samples > usable:
            raise InputError(f"max_samples={size} must be <= n_samples={usable} to draw without replacement.")
        self._max_features = (
            int(self.max_features)
            if isinstance(self.max_features, numbers.Integral)
            else max(int(self.max_features * d), 1)
        )
        if self._max_features > d:
            raise InputError(f"max_features={self.max_features} must be <= n_features={d}.")
        given = self.sampler is not None
        self.sampler_ = clone(self.sampler) if given else RandomUnderSampler(replacement=self.replacement)
        names = self.sampler_.get_params(deep=False)
        if "sampling_strategy" in names:
            word = self.sampling_strategy
            if given and isinstance(word, str) and word == "auto":
                word = names["sampling_strategy"]
            self.sampler_.set_params(sampling_strategy=_training.strategy_of_codes(word, training.classes))
        self.estimator_ = Pipeline([("sampler", self.sampler_), ("classifier", clone(self._get_estimator()))])

    def _kept_members(self) -> int:
        if self.warm_start and self.oob_score:
            raise InputError("Out-of-bag scores need all members of one fit: use warm_start=False with oob_score=True.")
        self.__dict__.pop("oob_score_", None)
        self.__dict__.pop("oob_decision_function_", None)
        if not (self.warm_start and hasattr(self, "estimators_")):
            self.estimators_, self.estimators_features_, self._redraws = [], [], []
            self._drawn = np.zeros(self.n_classes_)
        return len(self.estimators_)

    # The rows of a member -------------------------------------------------------------------------------------------

    def _jobs(self, training: _training.Training, start: int) -> Iterator[tuple]:
        """Arguments of `_fit_member`, made one at a time: only drawn rows are gathered and sent to workers."""
        self._n = training.n
        self._usable = None if training.weight is None else training.usable()
        self._share = None
        if training.weight is not None:
            self._share = training.weight[self._usable] / training.weight.sum()
        for seed in self._seeds[start:]:
            bag, redraws = self._complete_bag(int(seed[0]), training.codes)
            self._redraws.append(redraws)
            columns = self._columns(int(seed[1]))
            self.estimators_features_.append(columns)
            member = clone(self.estimator_)
            _training.seeded(member.steps[0][1], int(seed[2]))
            _training.seeded(member.steps[1][1], int(seed[3]))
            rows = self._random_rows(member.steps[0][1], bag, training)
            balanced = rows is not None
            chosen = bag if rows is None else rows
            yield (
                member,
                take_columns(training.X[chosen], columns),
                training.codes[chosen],
                chosen,
                balanced,
                training.classes.size,
            )

    def _random_rows(self, sampler: BaseEstimator, bag: np.ndarray, training: _training.Training) -> np.ndarray | None:
        """Rows that a random under-sampler keeps, found without looking at X; None for any other sampler."""
        if type(sampler) is not RandomUnderSampler:
            return None
        codes = training.codes[bag]
        rows = _training.split_by_class(bag, codes, training.classes.size)
        targets = _training.rows_to_keep(sampler.sampling_strategy, rows, np.arange(training.classes.size), codes)
        return _training.draw_rows(rows, targets, sampler.random_state, sampler.replacement)

    def _bag(self, seed: int, redraws: int) -> np.ndarray:
        """Ascending rows of a bootstrap, the same for the same seed."""
        rng = np.random.default_rng(seed)
        size = self._n if self._usable is None else self._usable.size
        for _ in range(redraws + 1):
            if not self.bootstrap and self._max_samples == size:
                bag = np.arange(size)
            elif self._share is not None:
                bag = rng.choice(size, size=self._max_samples, replace=self.bootstrap, p=self._share)
            elif self.bootstrap:
                bag = rng.integers(size, size=self._max_samples)
            else:
                bag = rng.choice(size, size=self._max_samples, replace=False, shuffle=False)
        bag.sort()
        return bag if self._usable is None else self._usable[bag]

    def _complete_bag(self, seed: int, codes: np.ndarray) -> tuple[np.ndarray, int]:
        """A bootstrap with all classes if one of 50 has them, else one with two at least."""
        spare = None
        for redraws in range(_TRIES):
            bag = self._bag(seed, redraws)
            held = np.count_nonzero(np.bincount(codes[bag], minlength=self.n_classes_))
            if held == self.n_classes_:
                return bag, redraws
            if held > 1 and spare is None:
                spare = bag, redraws
        if spare is None:
            raise TooFewEventsError(
                f"{_TRIES} draws of {self._max_samples} rows held one class only. Raise `max_samples`, or use "
                "BalancedRandomForestClassifier, which draws from each class."
            )
        return spare

    def _columns(self, seed: int) -> np.ndarray:
        d = self.n_features_in_
        if self._max_features == d and not self.bootstrap_features:
            return np.arange(d)
        return np.random.default_rng(seed).choice(d, size=self._max_features, replace=self.bootstrap_features)

    @property
    def estimators_samples_(self) -> list[np.ndarray]:
        """Rows of each bootstrap, before the sampler; drawn again at each access, not stored."""
        check_is_fitted(self)
        return [self._bag(int(seed[0]), redraws) for seed, redraws in zip(self._seeds, self._redraws)]

    # After the members ----------------------------------------------------------------------------------------------

    def _balanced(self, X: _types.Rows) -> np.ndarray:
        X = validate_data(self, X, accept_sparse="csr", dtype=None, ensure_all_finite=False, reset=False)
        parts = Parallel(n_jobs=self.n_jobs, verbose=self.verbose)(
            delayed(member_proba)(member, take_columns(X, columns), self.n_classes_)
            for member, columns in zip(self.estimators_, self.estimators_features_)
        )
        return np.mean(parts, axis=0)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        inner = get_tags(self._get_estimator())
        tags.input_tags.sparse, tags.input_tags.allow_nan = inner.input_tags.sparse, inner.input_tags.allow_nan
        return tags


def take_columns(X: _types.Rows, columns: np.ndarray) -> Any:
    """X itself when all columns are used in order, else the chosen ones."""
    whole = columns.size == X.shape[1] and np.array_equal(columns, np.arange(columns.size))
    return X if whole else X[:, columns]


def _fit_member(
    member: Pipeline, X: _types.Rows, codes: np.ndarray, rows: np.ndarray, balanced: bool, n_classes: int
) -> tuple[Pipeline, np.ndarray, np.ndarray]:
    """A fitted member, the class counts (K,) it saw, and the rows of the data it saw."""
    sampler, classifier = member.steps[0][1], member.steps[1][1]
    if not balanced:
        fresh = clone(sampler)
        X, codes = fresh.fit_resample(X, codes)
        if hasattr(fresh, "sample_indices_"):
            rows = rows[fresh.sample_indices_]
    classifier.fit(X, codes)
    return member, np.bincount(np.asarray(codes), minlength=n_classes).astype(float), np.unique(rows)
