"""RUSBoost: boosting in which every round is trained on a random under-sample, with errors that count classes alike."""

import numbers
import warnings
from collections.abc import Iterator
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone
from sklearn.ensemble import AdaBoostClassifier
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import Tags, get_tags
from sklearn.utils.validation import check_is_fitted, has_fit_parameter, validate_data

from rareclass import _check, _types
from rareclass._sklearn import StrOptions
from rareclass.ensemble._draws import RandomDraws
from rareclass.ensemble._scores import RealPrevalence, member_proba, prior_shift, softmax
from rareclass.ensemble._training import (
    Training,
    draw_rows,
    finite_for,
    read_training,
    rows_to_keep,
    seed_table,
    seeded,
)
from rareclass.errors import CollapseWarning, InputError

_PERFECT = 1e-10
# A member at chance carries no information; below this edge its sign is noise.
_EDGE = 1e-6


class RUSBoostClassifier(RandomDraws, RealPrevalence, AdaBoostClassifier):
    """AdaBoost.M2 whose rounds are trained on random under-samples and judged on all rows, classes counting alike.

    Use it as a cheap booster of weak learners under strong imbalance. Do not use it where a guarded gradient booster
    on all rows is affordable: that ranks better and needs no way back. A round costs one fit on a balanced sample and
    one prediction of all rows.

    Parameters
    ----------
    estimator : classifier or None, default=None
        None is a decision stump. It is trained on class codes 0..K-1 and has to accept `sample_weight`.
    n_estimators : int, default=50
    learning_rate : float > 0, default=1.0
    algorithm : {"SAMME", "SAMME.R"}, deprecated and without effect
    sampling_strategy : float, str, dict or callable, default="auto"
        Rows to draw of each class in a round, imbalanced-learn's grammar for under-sampling.
    replacement : bool, default=False
    random_state : int, RandomState, Generator or None, default=None
    corrected : {True, "shift", False}, default=True
        What `predict_proba` returns. True: probabilities at the prevalence of the training data, by the exact shift of
        the prior and then a line fitted on scores cross-fitted in three parts.
        "shift": the exact shift only, which costs nothing. False: balanced scores, as imbalanced-learn returns them.
        `predict` cuts the balanced scores in all cases.

    Attributes
    ----------
    estimators_ : list of classifiers, of class codes
    estimator_weights_ : ndarray (n_members,)
        Never negative: a member at chance or below gets 0.
    estimator_errors_ : ndarray (n_members,)
        Pseudo-loss on all rows, in [0, 1], 0.5 is chance.
    samplers_, pipelines_ : lists, made on access
    classes_, n_classes_, n_features_in_, feature_names_in_, feature_importances_, prior_shift_, base_sampler_

    Warns
    -----
    CollapseWarning
        No member is better than chance; probabilities are then the prevalence.

    References
    ----------
    C. Seiffert, T. Khoshgoftaar, J. Van Hulse, A. Napolitano, "RUSBoost: a hybrid approach to alleviating class
    imbalance", IEEE Transactions on Systems, Man, and Cybernetics A 40(1), 2010, with the pseudo-loss of Y. Freund and
    R. Schapire, "Experiments with a new boosting algorithm", ICML 1996, figure 3. Differences: the starting weights
    give all classes the same mass, and drawn rows are weighted up to the mass of their class. In imbalanced-learn the
    error is that of the imbalanced data, of which an under-sampled member is wrong on nearly half: boosting stops after
    two rounds at 1 % positives, or fails. At a pseudo-loss of one half the weights are reset instead. The members'
    probabilities are used, not their votes.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(5000, 3))
    >>> y = X[:, 0] + 0.5 * rng.normal(size=5000) > 2.5
    >>> model = RUSBoostClassifier(random_state=0).fit(X, y)
    >>> len(model.estimators_)
    50
    """

    _parameter_constraints: dict = {
        **AdaBoostClassifier._parameter_constraints,
        "algorithm": [StrOptions({"SAMME", "SAMME.R", "deprecated"})],
        "random_state": ["random_state", np.random.Generator],
        "sampling_strategy": [numbers.Real, str, dict, callable],
        "replacement": ["boolean"],
        "corrected": ["boolean", StrOptions({"shift"})],
    }

    def __init__(
        self,
        estimator: BaseEstimator | None = None,
        *,
        n_estimators: int = 50,
        learning_rate: float = 1.0,
        algorithm: str = "deprecated",
        sampling_strategy: _types.Strategy = "auto",
        replacement: bool = False,
        random_state: _types.Seed = None,
        corrected: bool | str = True,
    ) -> None:
        super().__init__(
            estimator=estimator, n_estimators=n_estimators, learning_rate=learning_rate, random_state=random_state
        )
        self.algorithm = algorithm
        self.sampling_strategy = sampling_strategy
        self.replacement = replacement
        self.corrected = corrected

    def fit(self, X: _types.Rows, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Boost.

        Parameters
        ----------
        X : array-like or sparse matrix (n, d)
        y : array-like (n,)
        sample_weight : array-like (n,), optional
            Non-negative. Starting weights within each class, and the real prevalence.

        Returns
        -------
        self
        """
        base = DecisionTreeClassifier(max_depth=1) if self.estimator is None else self.estimator
        training = read_training(self, X, y, sample_weight, finite=base)
        if self.algorithm != "deprecated":
            warnings.warn(
                "`algorithm` parameter is deprecated in 0.12 and will be removed in 0.14; it has no effect here.",
                FutureWarning,
                stacklevel=2,
            )
        self.estimator_ = base
        if not has_fit_parameter(self.estimator_, "sample_weight"):
            raise InputError(f"{type(self.estimator_).__name__} doesn't support sample_weight, which boosting needs.")
        rows = training.rows_of_classes()
        targets = rows_to_keep(self.sampling_strategy, rows, training.classes, training.classes[training.codes])
        weight = np.ones(training.n) if training.weight is None else training.weight
        mass = training.class_mass()
        start = weight / mass[training.codes] / mass.size
        seeds = seed_table(_check.random_generator(self.random_state), self.n_estimators, 2)
        self._seeds = seeds[:, 0].tolist()
        self.prior_shift_ = prior_shift(mass, np.ones(mass.size))
        self._boost_all(training, rows, targets, start, seeds)
        each = np.array([targets.get(code, part.size) for code, part in enumerate(rows)])
        self._fit_correction(training, self._seeds[0], len(self.estimators_), each)
        if not self.estimator_weights_.any():
            warnings.warn(
                f"None of {len(self.estimators_)} members is better than chance; probabilities are the prevalence.",
                CollapseWarning,
                stacklevel=2,
            )
        return self

    def _boost_all(
        self, training: Training, rows: list[np.ndarray], targets: dict[int, int], start: np.ndarray, seeds: np.ndarray
    ) -> None:
        self.estimators_ = []
        weights, errors = [], []
        score = np.zeros((training.n, self.n_classes_))
        fewest = min(part.size for part in rows)
        for seed in seeds:
            pairs = self._pair_weights(training.codes, score, start)
            drawn = draw_rows(rows, targets, int(seed[0]), self.replacement)
            member = seeded(clone(self.estimator_), int(seed[1]))
            member.fit(training.X[drawn], training.codes[drawn], sample_weight=self._up(training, pairs, drawn))
            vote = member_proba(member, training.X, self.n_classes_)
            error = _pseudo_loss(training.codes, vote, pairs)
            self.estimators_.append(member)
            errors.append(error)
            weights.append(_member_weight(error, self.learning_rate, fewest))
            if weights[-1] == 0:
                # The hardest rows are no guide any more: begin again from equal weights. What was learned is kept.
                score = np.zeros_like(score)
            else:
                score = score + weights[-1] * vote
            if error < _PERFECT:
                break
        self.estimator_weights_, self.estimator_errors_ = np.array(weights), np.array(errors)

    @staticmethod
    def _pair_weights(codes: np.ndarray, score: np.ndarray, start: np.ndarray) -> np.ndarray:
        """Weight of every row against every wrong class (n, K), summing to 1: start * exp((F_k - F_true) / 2)."""
        own = np.arange(codes.size), codes
        log = (score - score[own][:, None]) / 2
        log -= log[start > 0].max()
        pairs = start[:, None] * np.exp(log)
        pairs[own] = 0.0
        return pairs / pairs.sum()

    @staticmethod
    def _up(training: Training, pairs: np.ndarray, drawn: np.ndarray) -> np.ndarray:
        """Weights of the drawn rows, scaled so that each class keeps the mass it has among all rows."""
        weight, codes = pairs.sum(axis=1), training.codes
        size = training.classes.size
        full = np.bincount(codes, weights=weight, minlength=size)
        part = np.bincount(codes[drawn], weights=weight[drawn], minlength=size)
        scaled = weight[drawn] * np.divide(full, part, out=np.ones(size), where=part > 0)[codes[drawn]]
        return scaled * (drawn.size / scaled.sum())

    # Prediction -----------------------------------------------------------------------------------------------------

    def _read(self, X: _types.Rows) -> Any:
        return validate_data(
            self, X, accept_sparse="csr", dtype=None, ensure_all_finite=finite_for(self.estimator_), reset=False
        )

    def _staged_balanced(self, X: _types.Rows) -> Iterator[np.ndarray]:
        check_is_fitted(self)
        X = self._read(X)
        score = np.zeros((X.shape[0], self.n_classes_))
        for member, weight in zip(self.estimators_, self.estimator_weights_):
            if weight > 0:
                score += weight * member_proba(member, X, self.n_classes_)
            yield softmax(score)

    def _balanced(self, X: _types.Rows) -> np.ndarray:
        *_, last = self._staged_balanced(X)
        return last

    def staged_predict_proba(self, X: _types.Rows) -> Iterator[np.ndarray]:
        """`predict_proba` after each round, (n, K) each."""
        for balanced in self._staged_balanced(X):
            yield self._real(balanced)

    def staged_decision_function(self, X: _types.Rows) -> Iterator[np.ndarray]:
        """`decision_function` after each round."""
        for probability in self.staged_predict_proba(X):
            log = np.log(np.clip(probability, 1e-12, 1.0))
            yield log[:, 1] - log[:, 0] if log.shape[1] == 2 else log

    def staged_predict(self, X: _types.Rows) -> Iterator[np.ndarray]:
        """`predict` after each round, (n,) each."""
        for balanced in self._staged_balanced(X):
            yield self.classes_.take(balanced.argmax(axis=1))

    @property
    def feature_importances_(self) -> np.ndarray:
        """Mean impurity importance of the members, weighted as they vote; zeros when no member has a say."""
        check_is_fitted(self)
        if not hasattr(self.estimators_[0], "feature_importances_"):
            raise AttributeError(f"{type(self.estimators_[0]).__name__} has no feature_importances_.")
        total = self.estimator_weights_.sum()
        parts = [w * m.feature_importances_ for w, m in zip(self.estimator_weights_, self.estimators_)]
        return np.sum(parts, axis=0) / (total if total > 0 else 1.0)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = self.estimator is None or get_tags(self.estimator).input_tags.allow_nan
        return tags


def _pseudo_loss(codes: np.ndarray, vote: np.ndarray, pairs: np.ndarray) -> float:
    """Half the weighted sum of 1 - h(x, true) + h(x, wrong): 0 perfect, 1/2 chance (Freund and Schapire 1996)."""
    own = vote[np.arange(codes.size), codes][:, None]
    return float(np.clip((pairs * (1 - own + vote)).sum() / 2, 0.0, 1.0))


def _member_weight(error: float, learning_rate: float, fewest: int) -> float:
    """log(1 / beta), beta = error / (1 - error); never negative, which would invert the ranking.

    `fewest` rows of the smallest class cannot show an error below half of one in `fewest` + 1; a member that made none
    is weighted as if it had that.
    """
    if error >= 0.5 - _EDGE:
        return 0.0
    error = max(error, 0.5 / (fewest + 1))
    return learning_rate * float(np.log1p(-error) - np.log(error))
