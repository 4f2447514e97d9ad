"""A scikit-learn classifier that decides by a rule, its threshold chosen on cross-fitted scores."""

import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone, is_classifier
from sklearn.metrics import accuracy_score
from sklearn.model_selection import BaseCrossValidator, StratifiedKFold
from sklearn.utils import Tags, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from rareclass import _check
from rareclass._types import Label, Rows, Seed
from rareclass.crossfit import cross_fit_scores, own_splits, raw_logit, take_rows
from rareclass.decisions.costs import CostsLike
from rareclass.decisions.decision import Decision
from rareclass.decisions.maximize import Maximize
from rareclass.decisions.rule import DecisionRule
from rareclass.decisions.search import best_threshold
from rareclass.errors import InputError, TargetError, TooFewEventsError
from rareclass.kernels.logits import sigmoid


def _base_has(name: str) -> Callable[["ThresholdedClassifier"], bool]:
    def check(self: "ThresholdedClassifier") -> bool:
        return hasattr(getattr(self, "estimator_", self.estimator), name)

    return check


@dataclass(eq=False, repr=False)
class ThresholdedClassifier(ClassifierMixin, MetaEstimatorMixin, BaseEstimator):
    """Any classifier, cut where a decision rule says, by scores of rows that the model did not see.

    Like scikit-learn's `TunedThresholdClassifierCV`, but exact (all distinct out-of-fold scores instead of a grid of
    100, which with rare events misses the optimum by up to 40 %), with constraints, budgets and costs by row, and with
    `MinimumCost`, which needs no search at all. Scores of all folds are pooled, so that folds with few events do
    not choose by themselves. Cost: one fit a fold and one on all rows.

    Parameters
    ----------
    estimator : classifier
        Binary, with `predict_proba` or `decision_function`. Cloned, never changed.
    rule : DecisionRule, optional
        Default: ``Maximize("balanced_accuracy")``, as scikit-learn's.
    cv : int, splitter or iterable of (train, test), default=5
        Every test part needs an event.
    calibrator : calibrator of `rareclass.calibration`, optional
        Fitted on the out-of-fold log-odds; `predict_proba` is calibrated then. Strongly advised for `MinimumCost`
        unless the estimator is calibrated. Fitted as a copy.
    pos_label : label, optional
        Default: 1 of 0/1 or -1/1 labels, else the rarer class.
    random_state : int or None, default=0
        Shuffles the folds where `cv` is a number, and draws the threshold interval.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
    estimator_ : fitted classifier
        On all rows.
    calibrator_ : fitted calibrator or None
    decision_ : Decision
    oof_score_ : ndarray of shape (n,)
        Out-of-fold log-odds, calibrated if there is a calibrator; NaN for rows that no part tested.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from rareclass.decisions import RecallAtLeast
    >>> X, y = make_classification(2000, weights=[0.95], random_state=0)
    >>> model = ThresholdedClassifier(LogisticRegression(), RecallAtLeast(0.9)).fit(X, y)
    >>> model.decision_.recall >= 0.9, model.predict(X[:3]).shape
    (True, (3,))
    """

    gives_logit = True

    estimator: BaseEstimator
    rule: DecisionRule | None = None
    _: KW_ONLY
    cv: int | BaseCrossValidator | Iterable[tuple[np.ndarray, np.ndarray]] = 5
    calibrator: Any = None
    pos_label: Label | None = None
    random_state: Seed = 0

    def fit(
        self,
        X: Rows,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        groups: ArrayLike | None = None,
        costs: CostsLike | None = None,
        periods: ArrayLike | None = None,
        entities: ArrayLike | None = None,
    ) -> Self:
        """Cross-fit, choose the threshold, fit on all rows.

        Parameters
        ----------
        X : array, sparse matrix or frame of shape (n, d), or texts of shape (n,)
            As the estimator takes them.
        y : array-like of shape (n,)
            Two classes.
        sample_weight : array-like of shape (n,), optional
            Used in the fits and in the choice of the threshold.
        groups : array-like of shape (n,), optional
            For a splitter that keeps groups together.
        costs : RowCosts or mapping, optional
            Costs of these rows, for a rule ``MinimumCost(None)``.
        periods, entities : array-like of shape (n,), optional
            For an `AlertBudget`.
        """
        if not is_classifier(self.estimator) and not hasattr(self.estimator, "decision_function"):
            raise InputError(f"`estimator` must be a classifier; got {type(self.estimator).__name__}.")
        rule = Maximize("balanced_accuracy") if self.rule is None else self.rule
        X, truth = self._read(X, y)
        n, weight = truth.size, _check.weights(sample_weight, truth.size)
        kept = np.arange(n) if weight is None else np.flatnonzero(weight)
        if weight is not None and kept.size < n:  # rows of weight zero are as good as absent
            X, truth, weight = take_rows(X, kept), truth[kept], weight[kept]
            groups, costs, periods, entities = (_part(v, kept) for v in (groups, costs, periods, entities))
            if truth.all() or not truth.any():
                raise TooFewEventsError(
                    "All rows of one class have weight zero. Give some a weight, or leave them out."
                )
        splits = self._splits(truth, groups, kept if kept.size < n else None)
        score = cross_fit_scores(self.estimator, X, truth, splits, sample_weight=weight)
        seen = np.isfinite(score)
        seen_weight = None if weight is None else weight[seen]
        self.calibrator_ = None
        if self.calibrator is not None:
            fitted = copy.deepcopy(self.calibrator).fit(score[seen], truth[seen], sample_weight=seen_weight)
            self.calibrator_, score[seen] = fitted, fitted.predict_logit(score[seen])
        self.decision_: Decision = best_threshold(
            truth[seen],
            sigmoid(score[seen]),
            rule,
            sample_weight=seen_weight,
            random_state=self.random_state,
            costs=_part(costs, seen),
            periods=_part(periods, seen),
            entities=_part(entities, seen),
        )
        self.oof_score_ = np.full(n, np.nan)
        self.oof_score_[kept] = score
        extra = {} if weight is None else {"sample_weight": weight}
        self.estimator_ = clone(self.estimator).fit(X, truth.astype(np.int64), **extra)
        for name in ("n_features_in_", "feature_names_in_"):
            if not hasattr(self, name) and hasattr(self.estimator_, name):
                setattr(self, name, getattr(self.estimator_, name))
        return self

    def _read(self, X: Rows, y: ArrayLike) -> tuple[Rows, np.ndarray]:
        """X as it is, and the Boolean target; sets `classes_`."""
        if y is None:
            raise InputError("requires y to be passed, but the target y is None")
        X, y = validate_data(self, _as_rows(X), y, skip_check_array=True)
        labels = column_or_1d(y, warn=True) if not hasattr(y, "to_numpy") else _check.column(y, "y")
        check_classification_targets(labels)
        kind = type_of_target(labels, input_name="y", raise_unknown=True)
        self.classes_ = _check.class_values(labels, "y")
        if kind != "binary" and len(self.classes_) > 2:
            raise TargetError(
                f"Only binary classification is supported. The type of the target is {kind}. For several classes use "
                "expected_cost_decision."
            )
        if len(self.classes_) < 2:
            raise TargetError("The target holds one class only; a classifier needs 2 classes.")
        _check.same_length(X=X, y=labels)
        if self.pos_label is None:
            truth = _check.binary_target(labels, name="y")
        else:
            truth = _check.binary_target(labels, self.pos_label, name="y")
        self._positive = int(np.flatnonzero(self.classes_ == labels[int(np.argmax(truth))])[0])
        return X, truth

    def _splits(
        self, y: np.ndarray, groups: ArrayLike | None, number: np.ndarray | None
    ) -> Sequence[tuple[np.ndarray, np.ndarray]]:
        """Splits of the rows `number` of those given (None: of all); splits of the user's own name them by number."""
        cv: Any = 5 if self.cv is None else self.cv
        if not isinstance(cv, int | np.integer):
            splits = own_splits(cv, y, groups, n=y.size if number is None else None)
            if number is None or hasattr(cv, "split"):
                return splits
            return [(np.flatnonzero(np.isin(number, a)), np.flatnonzero(np.isin(number, b))) for a, b in splits]
        folds = _check.whole_number(cv, "cv", low=2)
        least = int(min(y.sum(), (~y).sum()))
        if least < folds:
            raise InputError(f"`cv={folds}` needs at least {folds} rows of each class; got {least}. Lower `cv`.")
        splitter = StratifiedKFold(folds, shuffle=self.random_state is not None, random_state=self.random_state)
        return list(splitter.split(np.zeros(y.size), y.astype(int), groups))

    def positive_score(self, X: Rows) -> np.ndarray:
        """Log-odds (n,) of the positive class, calibrated if there is a calibrator."""
        check_is_fitted(self, "estimator_")
        X = _as_rows(X)
        validate_data(self, X, reset=False, skip_check_array=True)
        score = raw_logit(self.estimator_, X)
        return score if self.calibrator_ is None else self.calibrator_.predict_logit(score)

    def predict(
        self,
        X: Rows,
        *,
        costs: CostsLike | None = None,
        periods: ArrayLike | None = None,
        entities: ArrayLike | None = None,
        keys: ArrayLike | None = None,
    ) -> np.ndarray:
        """Labels (n,) by `decision_`; see `Decision.apply` for costs, periods, entities and keys of these rows."""
        score = sigmoid(self.positive_score(X))
        flagged = self.decision_.apply(score, costs, periods=periods, entities=entities, keys=keys)
        return self.classes_[np.where(flagged, self._positive, 1 - self._positive)]

    def score(
        self, X: Rows, y: ArrayLike, sample_weight: ArrayLike | None = None, *, costs: CostsLike | None = None
    ) -> float:
        """Accuracy of `predict`; `costs` are those of these rows, where the decision is by row."""
        return float(accuracy_score(y, self.predict(X, costs=costs), sample_weight=sample_weight))

    @available_if(_base_has("predict_proba"))
    def predict_proba(self, X: Rows) -> np.ndarray:
        """Probabilities (n, 2), columns in the order of `classes_`."""
        p = sigmoid(self.positive_score(X))
        both = np.column_stack([1 - p, p])
        return both if self._positive == 1 else both[:, ::-1]

    def decision_function(self, X: Rows) -> np.ndarray:
        """Log-odds (n,) of the second class of `classes_`."""
        score = self.positive_score(X)
        return score if self._positive == 1 else -score

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "estimator_")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        base = get_tags(self.estimator)
        tags.classifier_tags.multi_class = False
        tags.input_tags.sparse = base.input_tags.sparse
        tags.input_tags.allow_nan = base.input_tags.allow_nan
        return tags


def _as_rows(X: Rows) -> Rows:
    """X in a form whose rows can be taken: frames as they are, sparse matrices in rows, anything else an array."""
    if issparse(X):
        return X.tocsr()
    if hasattr(X, "columns") or hasattr(X, "column_names"):
        return X
    array = np.asarray(X)
    if array.ndim == 1 and array.dtype.kind not in "OUS":  # texts are rows for a vectorizer
        raise InputError("`X` must be two-dimensional. Reshape your data: X.reshape(-1, 1) for a single feature.")
    return array


def _part(values: Any, index: np.ndarray) -> Any:
    """Rows of per-row arrays, costs and mappings of them."""
    if values is None:
        return None
    if hasattr(values, "take") and hasattr(values, "fp"):
        return values.take(index)
    if isinstance(values, dict):
        return {k: v if np.ndim(v) == 0 else _check.column(v, k)[index] for k, v in values.items()}
    if hasattr(values, "fp"):
        return values
    return _check.column(values, "periods")[index]
