"""What all learners share: checks, classes, offsets, one-versus-rest for more than two classes, probabilities."""

import warnings
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.exceptions import DataConversionWarning
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from rareclass import _check, _types
from rareclass.errors import InputError, TargetError, TooFewEventsError
from rareclass.kernels.logits import sigmoid
from rareclass.kernels.newton import fit_intercept
from rareclass.learners._categories import known_categories, with_codes
from rareclass.learners._context import FitContext, InnerPlan, Rows, Unseen
from rareclass.learners.table import classes_that


class Growth(NamedTuple):
    """What a fit grows where nothing is set."""

    trees: int
    leaves: int = 0  # of a tree; 0 where the rows alone decide
    bins: int = 0  # of a column, at most
    share: float = 1.0  # of the columns, that a tree or a node looks at


class RareLearner(ClassifierMixin, BaseEstimator):
    """Base of the learners: an author writes `_fit` and `_logit` for two classes, the rest comes from here.

    The positive class is `classes_[1]`. With more than two classes one model is fitted for each class against the
    rest, and their probabilities are scaled to sum to one.
    """

    title: ClassVar[str] = ""
    """What a person reads in a report; empty where the name of the class has to do."""
    gives_logit: ClassVar[bool] = True
    """`decision_function` is the log-odds of `classes_[1]`."""
    takes_offset: ClassVar[bool] = True
    takes_loss: ClassVar[bool] = False
    """Has a parameter `loss`, a loss of `rareclass.losses` or of one's own instead of cross-entropy."""
    takes_missing: ClassVar[bool] = True
    takes_categories: ClassVar[bool] = True
    """Has a parameter `categorical_features`, the columns that hold codes."""
    is_exhibit: ClassVar[bool] = False
    """Only shown, as a warning; never deployed."""
    trusted: ClassVar[tuple[str, ...]] = ()
    """Types of other packages that a fitted learner consists of, which a bundle therefore loads."""
    judges_itself: ClassVar[bool] = False
    """`_fit` returns scores of training rows that it did not see, so that a blend can weigh the learner."""
    inside_blend: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    """Parameters that leave the alarm, and most of the choice, to the blend that holds the learner."""
    inside_arm: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    """Parameters that leave judging and calibrating to the arm that holds the learner, on rows left out there."""

    @classmethod
    def growth(cls, events: int, columns: int) -> Growth | None:
        """What a fit inside an arm grows on so many events and columns, which says what it costs; None: no trees."""
        return None

    def fit(
        self, X: _types.Rows, y: ArrayLike, sample_weight: ArrayLike | None = None, *, offset: ArrayLike | None = None
    ) -> Self:
        """Fit to rows `X` with labels `y`.

        Parameters
        ----------
        X : array-like or frame of shape (n, d)
            Features: numbers, NaN where missing, codes 0..K-1 in the categorical columns. Category columns of a frame
            are coded here; categories that training did not see count as missing.
        y : array-like of shape (n,)
            Labels. ``classes_[1]`` is the positive class.
        sample_weight : array-like of shape (n,), optional
            Non-negative, finite. Rows of weight zero are as good as absent. The scale of weights changes nothing for
            boosters, forests and the blend; a regression with a given penalty counts rows by them.
        offset : array-like of shape (n,), optional
            Known log-odds (nats) added to the score during training and not at prediction: ``-log(keep
            probability)`` of sampled negatives, or the score of an earlier model.

        Returns
        -------
        self

        Raises
        ------
        InputError
            Wrong lengths, NaN where it is not taken, an offset where the learner takes none.
        TooFewEventsError
            Only one class has rows of positive weight.
        """
        self._learn(X, y, sample_weight, offset)
        return self

    def fit_member(self, rows: Rows, plan: InnerPlan) -> Unseen:
        """Fit as a member of a blend, which gets the unseen scores of the rows that all members judge themselves on."""
        unseen = self._learn(rows.X, rows.y.astype(int), rows.weight, rows.offset, plan=plan)
        if unseen is None:
            raise InputError(f"{type(self).__name__} does not judge itself, so that a blend cannot weigh it.")
        return unseen

    def _learn(
        self, X: _types.Rows, y: ArrayLike, sample_weight: ArrayLike | None, offset: ArrayLike | None, **given: Any
    ) -> Unseen | None:
        """Check, fit, and keep the unseen scores; `given` goes into the `FitContext`."""
        rows, label = self._checked(X, y, sample_weight, offset)
        context = FitContext(rng=_check.random_generator(self._value("random_state")), **given)
        if len(self.classes_) == 2:
            unseen = self._fit(rows, context)
            if unseen is not None and context.plan is None:
                self.oof_rows_, self.oof_logit_ = unseen
            return unseen
        if rows.offset is not None:
            raise InputError(f"`offset` needs two classes; `y` holds {len(self.classes_)}.")
        self.members_ = []
        for value in self.classes_:
            member = clone(self).set_params(**self._of_member(rows.X.shape[1], context.rng))
            self.members_.append(member.fit(rows.X, label == value, rows.weight, **context.options))
        return None

    def _of_member(self, n_features: int, rng: np.random.Generator) -> dict[str, Any]:
        """Parameters of the model of one class, which sees codes instead of categories: its own seed, its columns."""
        known = self.get_params(deep=False)
        own: dict[str, Any] = {}
        if "random_state" in known:
            own["random_state"] = int(rng.integers(2**31))
        if "categorical_features" in known:
            own["categorical_features"] = self._code_columns(n_features)
        return own

    def _value(self, name: str) -> Any:
        """The value of a parameter; None where the learner has none of that name."""
        return getattr(self, name, None)

    def _read(self, X: _types.Rows, *, reset: bool = False) -> _types.Rows:
        """Rows with codes in place of categories; the categories are learnt where `reset`."""
        if reset:
            chosen = self._value("categorical_features")
            chosen = () if chosen is None or isinstance(chosen, str) else list(chosen)
            columns = list(X.columns) if hasattr(X, "dtypes") and hasattr(X, "columns") else []
            unknown = [item for item in chosen if isinstance(item, str) and item not in columns]
            if unknown:
                raise InputError(f"`categorical_features` names no column of `X`: {unknown}. Known: {columns[:50]}.")
            self.categories_ = known_categories(X, chosen) if self.takes_categories else []
        return with_codes(X, getattr(self, "categories_", []))

    def _code_columns(self, n_features: int) -> list[int]:
        """Numbers of the columns that hold codes: those that were named or numbered, and category columns of frames."""
        chosen = self._value("categorical_features")
        if isinstance(chosen, str) and chosen == "from_dtype":
            chosen = None
        names = list(getattr(self, "feature_names_in_", ()))
        if chosen is not None and names and not isinstance(chosen, str):
            chosen = [names.index(item) if isinstance(item, str) else item for item in chosen]
        mask = categorical_columns(chosen, n_features)
        for j, known in enumerate(self.categories_):
            mask[j] |= known is not None
        return [int(j) for j in np.flatnonzero(mask)]

    def _fit(self, rows: Rows, context: FitContext) -> Unseen | None:
        """Fit to checked rows of two classes; the scores of unseen rows where the learner judges itself."""
        raise NotImplementedError

    def _logit(self, X: np.ndarray) -> np.ndarray:
        """Log-odds (n,) of checked rows."""
        raise NotImplementedError

    def decision_function(self, X: _types.Rows) -> np.ndarray:
        """Raw log-odds (nats) of the positive class, without any offset: (n,), or (n, K) with more than two classes."""
        check_is_fitted(self)
        finite = "allow-nan" if self.takes_missing else True
        X = validate_data(self, self._read(X), reset=False, dtype=np.float64, ensure_all_finite=finite)
        if len(self.classes_) == 2:
            return self._logit(np.asarray(X))
        return np.column_stack([member.decision_function(X) for member in self.members_])

    def predict_proba(self, X: _types.Rows) -> np.ndarray:
        """Probability of each class (n, K), columns in the order of `classes_`."""
        logit = self.decision_function(X)
        if logit.ndim == 1:
            return np.column_stack([sigmoid(-logit), sigmoid(logit)])
        probability = np.maximum(sigmoid(logit), 1e-300)
        return probability / probability.sum(axis=1, keepdims=True)

    def predict(self, X: _types.Rows) -> np.ndarray:
        """The most probable class of each row (n,); for costs and budgets use `rareclass.decisions`."""
        logit = self.decision_function(X)
        return self.classes_[(logit > 0).astype(int) if logit.ndim == 1 else logit.argmax(axis=1)]

    def _checked(
        self, X: _types.Rows, y: ArrayLike, sample_weight: ArrayLike | None, offset: ArrayLike | None
    ) -> tuple[Rows, np.ndarray]:
        """Clean rows and labels without those of weight zero; sets `classes_` and `n_features_in_`."""
        name = type(self).__name__
        if y is None:
            raise TargetError(f"{name} requires y to be passed, but the target y is None.")
        if hasattr(X, "index") and hasattr(y, "index") and hasattr(X.index, "equals") and not X.index.equals(y.index):
            raise InputError("`X` and `y` have different row labels (index); align them first.")
        X = self._read(X, reset=True)
        features: np.ndarray = validate_data(self, X, dtype=np.float64, ensure_all_finite=self._finite(X))
        if getattr(y, "ndim", 1) == 2:
            warnings.warn(
                "A column-vector y was passed when a 1d array was expected; it is taken as one column.",
                DataConversionWarning,
                stacklevel=4,
            )
        label = _check.column(y, "y")
        _check.same_length(X=features, y=label)
        if label.dtype.kind == "f" and not np.isnan(label).any() and (label != np.floor(label)).any():
            raise TargetError("Unknown label type: `y` holds continuous numbers; a classifier needs class labels.")
        weight = _check.weights(sample_weight, features.shape[0])
        shift = None if offset is None else _check.number_array(offset, "offset")
        if shift is not None and not self.takes_offset:
            raise InputError(f"{name} cannot take offsets. These can: {classes_that('takes_offset')}.")
        _check.same_length(X=features, offset=shift)
        if weight is not None and (weight == 0).any():
            kept = weight > 0
            features, label, weight = features[kept], label[kept], weight[kept]
            shift = None if shift is None else shift[kept]
        self.classes_ = _check.class_values(label)
        if len(self.classes_) < 2:
            raise TooFewEventsError(
                f"`y` holds one class only ({self.classes_.tolist()[0]!r}); {name} needs rows of both classes."
            )
        return Rows(features, label == self.classes_[1], weight, shift), label

    def _finite(self, X: _types.Rows) -> bool | str:
        if self.takes_missing:
            return "allow-nan"
        dense = np.asarray(X)
        if dense.dtype.kind == "f" and np.isnan(dense).any():
            raise InputError(
                f"{type(self).__name__} cannot take missing values (NaN). These can: {classes_that('takes_missing')}."
            )
        return True

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.takes_missing
        return tags


def best_intercept(y: np.ndarray, weight: np.ndarray | None, offset: np.ndarray | None) -> float:
    """The constant b that minimises the log-loss of ``b + offset``."""
    w = np.ones(y.size) if weight is None else weight
    if offset is not None:
        return fit_intercept(offset, float(w @ y), w)
    share = float(np.average(y, weights=w))
    return float(np.log(share) - np.log1p(-share))


def categorical_columns(categorical_features: ArrayLike | None, n_features: int) -> np.ndarray:
    """Boolean mask (d,) of the columns that hold codes."""
    mask = np.zeros(n_features, dtype=bool)
    if categorical_features is None:
        return mask
    index = np.asarray(categorical_features)
    if index.dtype == bool and index.shape == (n_features,):
        return index.copy()
    if index.size == 0:
        return mask
    if index.dtype.kind not in "iu" or index.ndim != 1 or index.min() < 0 or index.max() >= n_features:
        raise InputError(
            f"`categorical_features` must hold column numbers from 0 to {n_features - 1}; got {categorical_features!r}."
        )
    mask[index] = True
    return mask
