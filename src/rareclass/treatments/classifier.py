"""The classifier for rare events: any learner, any treatment, probabilities at the real prevalence."""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from rareclass import _check
from rareclass.crossfit import cross_fit
from rareclass.data.duplicates import duplicate_groups
from rareclass.data.read import read_table
from rareclass.data.schema import Schema
from rareclass.data.sides import group_numbers
from rareclass.data.split import make_splits, merge_groups
from rareclass.data.target import encode_target
from rareclass.decisions.costs import CostMatrix, as_costs
from rareclass.decisions.minimum_cost import MinimumCost
from rareclass.decisions.rule import DecisionRule
from rareclass.errors import InputError
from rareclass.kernels.logits import sigmoid
from rareclass.metrics.calibration import brier_skill_score, observed_to_expected
from rareclass.metrics.curve import ThresholdCurve
from rareclass.treatments.arm import Arm, FittedArm
from rareclass.treatments.parts import Source, fit_on
from rareclass.treatments.registry import make_treatment
from rareclass.treatments.restore import cross_calibrated, fit_calibration

LARGE_TABLE = 50_000
FIT_ROWS = 40_000
EQUAL_COSTS = CostMatrix(fp=1.0, fn=1.0)


class RareClassifier(ClassifierMixin, BaseEstimator):
    """Classifier for rare events whose `predict_proba` is a probability at the real prevalence.

    It encodes the table, cross-fits the learner under the treatment, brings the scores back to the real
    prevalence, calibrates them on rows that the learner did not see, and takes decisions from costs, constraints
    or budgets. `summary()` says what was done.

    Parameters
    ----------
    estimator : "auto", str or classifier, default="auto"
        A name of `rareclass.learners` or a scikit-learn classifier. "auto" is the blend of guarded boosting, forests
        and logistic regression on quantiles.
    treatment : "auto", str or Treatment, default="auto"
        How training is altered. "auto" alters nothing: it is the default that resampling rarely beats.
    calibration : str, default="auto"
        "auto" chooses by the number of events; else the name of a calibration ("none" leaves the scores as restored).
    decision : DecisionRule, optional
        How `predict` flags rows. Without one, and without `costs` in `fit`, `predict` cuts the probability at 0.5.
    cv : int, default=5
        Folds of the cross-fitting; lowered to the number of events where that is smaller.
    pos_label : label, optional
        The rare class; default: the smaller one.
    categorical : sequence of str, default=()
        Columns to be treated as categories although they hold numbers.
    fit_rows : "auto", int or None, default="auto"
        Largest number of rows to fit on: all events and sampled negatives, undone exactly. "auto" is 40,000 for
        tables above 50,000 rows; None fits on everything.
    random_state : int, default=0
    n_jobs : int, default=1
        Threads.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
    decision_ : Decision
        How `predict` flags.
    schema_ : Schema
        Columns and kinds of the training table.
    oof_logit_ : ndarray of shape (n,)
        Calibrated out-of-fold log-odds of the training rows.
    n_features_in_ : int
    feature_names_in_ : ndarray of str, only for frames

    Examples
    --------
    >>> import numpy as np
    >>> from rareclass import RareClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(2000, 3))
    >>> y = rng.random(2000) < 1 / (1 + np.exp(4 - X[:, 0]))
    >>> model = RareClassifier(estimator="logistic_regression").fit(X, y)
    >>> bool(abs(model.predict_proba(X)[:, 1].mean() - y.mean()) < 0.01)
    True
    """

    def __init__(
        self,
        estimator: Any = "auto",
        *,
        treatment: Any = "auto",
        calibration: str = "auto",
        decision: DecisionRule | None = None,
        cv: int = 5,
        pos_label: Any = None,
        categorical: Any = (),
        fit_rows: Any = "auto",
        random_state: int = 0,
        n_jobs: int = 1,
    ):
        self.estimator = estimator
        self.treatment = treatment
        self.calibration = calibration
        self.decision = decision
        self.cv = cv
        self.pos_label = pos_label
        self.categorical = categorical
        self.fit_rows = fit_rows
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any, sample_weight: Any = None, *, groups: Any = None, times: Any = None,
            costs: Any = None) -> Self:  # fmt: skip
        """Fit, bring back, calibrate, decide.

        Parameters
        ----------
        X : table or array of shape (n, d)
        y : array-like of shape (n,)
        sample_weight : array-like of shape (n,), optional
        groups, times : array-like of shape (n,), optional
            Keep groups together in the cross-fitting, or calibrate forward in time.
        costs : CostMatrix or mapping, optional
            Costs of a row, numbers or arrays (n,) named fp, fn, tp, tn; `predict` then minimises the expected cost.

        Raises
        ------
        InputError
            When the data or a parameter cannot be used; the sentence says what to do.
        """
        table = self._read(X, reset=True)
        target = _check.column(y, "y")
        _check.same_length(X=table, y=target)
        truth, positive, classes = encode_target(target, self.pos_label)
        schema = Schema.infer(table, categorical=tuple(self.categorical))
        if not schema.columns:
            raise InputError("No usable feature column is left: " + " ".join(schema.notes))
        weight = _check.weights(sample_weight, truth.size)
        source = Source(
            table, schema.columns, truth, duplicate_groups(table.select([c.name for c in schema.columns])), weight,
            self._fit_rows(truth.size), _check.whole_number(self.random_state, "random_state"),
        )  # fmt: skip
        arm = self._arm()
        score, fold = self._out_of_fold(source, arm, groups, times)
        fitted = fit_on(whole := source.part(np.arange(truth.size), np.empty(0, dtype=np.int64), number=self.cv),
                        arm, seed=source.seed, number=self.cv, n_jobs=self.n_jobs)  # fmt: skip
        seen = fold >= 0
        seen_weight = None if weight is None else weight[seen]
        calibrator = fit_calibration(score[seen], truth[seen], method=self.calibration, sample_weight=seen_weight)
        logit = cross_calibrated(
            score, truth, fold, method=self.calibration, sample_weight=weight, forward=times is not None
        )
        rule = self.decision
        if rule is None and costs is not None:
            rule = MinimumCost(as_costs(costs, n=truth.size))
        decision = None if rule is None else self._decide(rule, truth[seen], logit[seen], seen_weight)
        probability = sigmoid(logit[seen])
        evidence = {
            "rows": int(seen.sum()), "events": int(truth[seen].sum()),
            "observed_to_expected": float(observed_to_expected(truth[seen], probability, sample_weight=seen_weight)),
            "brier_skill": float(brier_skill_score(truth[seen], probability, sample_weight=seen_weight)),
        }  # fmt: skip
        self._assemble(schema, whole.encoder, fitted, calibrator, decision, rule, tuple(classes), positive, evidence)
        self.oof_logit_ = logit
        return self

    @classmethod
    def from_parts(cls, *, schema: Schema, encoder: Any, fitted: FittedArm, calibrator: Any, decision: Any,
                   rule: Any, classes: tuple, pos_label: Any, random_state: int, evidence: dict) -> Self:  # fmt: skip
        """A fitted classifier from parts that were fitted elsewhere (`compare` does so)."""
        learner, _, treatment = fitted.name.partition("+")
        model = cls(learner, treatment=treatment, decision=rule, pos_label=pos_label, random_state=random_state)
        model._assemble(schema, encoder, fitted, calibrator, decision, rule, classes, pos_label, evidence)
        model.n_features_in_ = len(schema.columns)
        model.feature_names_in_ = np.array([c.name for c in schema.columns], dtype=object)
        return model

    def _assemble(self, schema, encoder, fitted, calibrator, decision, rule, classes, positive, evidence) -> None:
        self.schema_, self.encoder_, self.fitted_, self.calibrator_ = schema, encoder, fitted, calibrator
        self.rule_, self.evidence_, self.pos_label_ = rule, evidence, positive
        self.label_values_ = tuple(classes)
        self.decision_ = (
            decision
            if decision is not None
            else MinimumCost(EQUAL_COSTS).decide_at(None, prevalence=float("nan"), shift=0.0)
        )
        negatives = [c for c in classes if not _same(c, positive)]
        self._one_vs_rest = len(negatives) > 1
        negative = negatives[0] if len(negatives) == 1 else f"not {positive}"
        self.classes_ = np.array(sorted([negative, positive], key=_order)) if not self._one_vs_rest else np.array(
            [negative, str(positive)], dtype=object)  # fmt: skip

    def _arm(self) -> Arm:
        learner = "blend" if isinstance(self.estimator, str) and self.estimator == "auto" else self.estimator
        named = isinstance(self.treatment, str) and self.treatment == "auto"
        return Arm(learner, make_treatment("none" if named else self.treatment))

    def _fit_rows(self, n: int) -> int | None:
        if isinstance(self.fit_rows, str):
            _check.one_of(self.fit_rows, "fit_rows", ("auto",))
            return FIT_ROWS if n > LARGE_TABLE else None
        return None if self.fit_rows is None else _check.whole_number(self.fit_rows, "fit_rows", low=2)

    def _out_of_fold(self, source: Source, arm: Arm, groups: Any, times: Any) -> tuple[np.ndarray, np.ndarray]:
        """Restored log-odds of rows that the learner did not see, and their folds; -1 everywhere with one event."""
        y = source.y
        folds = min(_check.whole_number(self.cv, "cv", low=2), int(y.sum()), int((~y).sum()))
        if folds < 2:
            return np.full(y.size, np.nan), np.full(y.size, -1)
        if times is not None:
            splits = make_splits(y, folds=folds, kind="time", times=times, seed=source.seed)
        else:
            together = source.duplicate_id if groups is None else merge_groups(
                group_numbers(groups), source.duplicate_id)  # fmt: skip
            distinct = np.unique(together).size == y.size
            splits = make_splits(
                y, folds=folds, kind="stratified" if distinct else "group", groups=None if distinct else together,
                seed=source.seed,
            )  # fmt: skip
        counter = iter(range(len(splits)))

        def fit_score(train: np.ndarray, test: np.ndarray) -> np.ndarray:
            k = next(counter)
            part = source.part(train, test, number=k)
            return fit_on(part, arm, seed=source.seed, number=k, n_jobs=self.n_jobs).logit(part.test)[part.expand]

        oof = cross_fit(y.size, splits, fit_score)
        return oof.score, oof.fold

    def _decide(self, rule: DecisionRule, y: np.ndarray, logit: np.ndarray, weight: np.ndarray | None) -> Any:
        return rule.choose(ThresholdCurve.from_predictions(y, sigmoid(logit), sample_weight=weight))

    def _read(self, X: Any, *, reset: bool = False) -> Any:
        from sklearn.utils.validation import validate_data

        if not hasattr(X, "columns") and not hasattr(X, "schema") and not isinstance(X, dict):
            X = validate_data(self, X, reset=reset, dtype=None, ensure_all_finite="allow-nan")
            if X.dtype.kind in "OUS":
                X = X.astype(object)
        elif reset:
            names = [str(c) for c in (X.column_names if hasattr(X, "column_names") else X.columns if hasattr(
                X, "columns") else X)]  # fmt: skip
            self.n_features_in_, self.feature_names_in_ = len(names), np.array(names, dtype=object)
        return read_table(X)

    def decision_function(self, X: Any) -> np.ndarray:
        """Calibrated log-odds (n,) of the positive class at the real prevalence."""
        check_is_fitted(self, "fitted_")
        table = self._read(X)
        self.schema_.check(table)
        encoded = self.encoder_.transform(table)
        self.unknown_counts_ = encoded.unknown_counts
        return np.asarray(self.calibrator_.predict_logit(self.fitted_.logit(encoded.matrix)))

    def positive_probability(self, X: Any) -> np.ndarray:
        """Probability (n,) of the positive class at the real prevalence."""
        return sigmoid(self.decision_function(X))

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities (n, 2) at the real prevalence, columns in the order of `classes_`."""
        p = self.positive_probability(X)
        both = np.column_stack([1 - p, p])
        return both if self._positive_column() else both[:, ::-1]

    def predict(self, X: Any, *, costs: Any = None) -> np.ndarray:
        """Labels (n,) by `decision_`; `costs` of these rows where the decision is by row."""
        return self.labels_of(self.positive_probability(X), costs=costs)

    def labels_of(self, probability: np.ndarray, *, costs: Any = None) -> np.ndarray:
        """Labels (n,) that `decision_` gives rows with these probabilities."""
        flagged = self.decision_.apply(probability, None if costs is None else as_costs(costs, n=probability.size))
        at = self._positive_column()
        return self.classes_[np.where(flagged, at, 1 - at)]

    def _positive_column(self) -> int:
        return int(_same(self.classes_[1], self.pos_label_))

    def summary(self) -> str:
        """What was done to the training data, how it was undone, and how well calibrated the result is."""
        check_is_fitted(self, "fitted_")
        e, f = self.evidence_, self.fitted_
        lines = [
            f"Model: {f.name}, fitted on {f.rows:,} rows ({f.note}).",
            f"Way back: {f.restoration} (shift {f.shift:+.3f} log-odds{'' if f.exact else ', not exact'}).",
            f"Calibration: {type(self.calibrator_).__name__}, from {e['rows']:,} out-of-fold rows "
            f"with {e['events']:,} events.",
            f"Out of fold: observed/expected {e['observed_to_expected']:.3f}, Brier skill {e['brier_skill']:.3f}.",
            f"Decision: {self.decision_.why}",
        ]
        return "\n".join(lines)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags


def _same(left: Any, right: Any) -> bool:
    return bool(left == right) or str(left) == str(right)


def _order(label: Any) -> tuple[int, Any]:
    return (1, str(label)) if isinstance(label, str) else (0, label)
