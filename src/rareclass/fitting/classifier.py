"""The classifier for rare events: any learner, any treatment, probabilities at the real prevalence."""

from dataclasses import KW_ONLY, dataclass, replace
from html import escape
from typing import Any, Self

import numpy as np
import pyarrow as pa
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import column_or_1d
from sklearn.utils.validation import check_is_fitted, validate_data

from rareclass import _check
from rareclass._names import Names
from rareclass.data.read import read_table
from rareclass.data.schema import Schema
from rareclass.data.target import encode_target
from rareclass.decisions.decision import Decision
from rareclass.decisions.ranking import Grouping
from rareclass.decisions.rule import DecisionRule
from rareclass.decisions.tiers import TierPolicy
from rareclass.errors import InputError, TargetError, TooFewEventsError
from rareclass.fitting.arm import BLEND, Arm
from rareclass.fitting.assemble import Wanted, fit_model
from rareclass.fitting.design import FIT_ROWS, LARGE_TABLE, cross_fit_design
from rareclass.fitting.model import FittedModel
from rareclass.fitting.part import Sampling
from rareclass.fitting.rows import Beside, Rows, Target, of_weight, rule_of
from rareclass.fitting.tiers import Tiered
from rareclass.kernels.logits import sigmoid
from rareclass.learners.table import LEARNERS
from rareclass.treatments.registry import make_treatment

_LATER: Names[Any] = Names("measurement", {"drivers": "rareclass.scoring.drivers:measure_drivers"})
"""What the compiled form of a model tells of it; by name, since it is built on this room."""


@dataclass(eq=False, repr=False)
class RareClassifier(Tiered, ClassifierMixin, BaseEstimator):
    """Classifier for rare events whose `predict_proba` is a probability at the real prevalence.

    It encodes the table, cross-fits the learner under the treatment, brings the scores back to the real
    prevalence, calibrates them on rows that the learner did not see, and takes decisions from costs, constraints
    or budgets. `summary()` says what was done. With more than two labels and no `pos_label`, one such model is
    fitted for each class against the rest, and the probabilities are scaled to sum to one.

    Parameters
    ----------
    estimator : "auto", str or classifier, default="auto"
        A name of `rareclass.learners` or a scikit-learn classifier. "auto" is the blend of guarded boosting, extra
        trees, and logistic regression on quantiles and on kernels.
    treatment : "auto", str or Treatment, default="auto"
        How training is altered. "auto" leaves the data as they are, unless under-sampling to 20 negatives for each
        event has a surely lower log-loss out of fold (tried from 50 events and 40 negatives for each event on;
        `summary()` says what came of it).
    calibration : str, default="auto"
        "auto" chooses by the number of events; else the name of a calibration ("none" leaves the scores as restored).
    decision : DecisionRule or TierPolicy, optional
        How `predict` flags rows; with a policy of tiers all but the first, and `tier` names them. Without one, and
        without `costs` in `fit`, `predict` cuts the probability at 0.5. A budget or capacity per hour, day, week or
        month needs dates as `times` in `fit`, tiers need `costs`.
    cv : int, None, splitter of scikit-learn or iterable of (train, test), default=5
        Folds of the cross-fitting (None: 5). A number is lowered to that of the distinct events where those are fewer.
    pos_label : label, optional
        The rare class; default: the smaller one of two.
    categorical : sequence of str, default=()
        Columns to be treated as categories although they hold numbers.
    fit_rows : "auto", int or None, default="auto"
        Largest number of rows to fit on: all events (at most half of these rows) and sampled negatives, undone exactly.
        "auto" is 40,000 for tables above 50,000 rows; None fits on everything.
    slices : str, optional
        A feature whose values are slices (regions, channels, merchants): each gets its own calibration, shrunk to
        the mean slice as far as slices are alike or hold few events; all together expect what was observed. `slices_`
        says how each does. Rows without a value are one more slice, which unknown values use too; where none were
        fitted, they use the whole.
    random_state : int, default=0
    n_jobs : int, default=1
        Threads.

    Attributes
    ----------
    classes_ : ndarray of shape (K,)
        The labels as they were given. Where `pos_label` names one of several, the others are one class called
        "not <pos_label>": classes_ is then ``["not <pos_label>", <pos_label>]``.
    model_ : FittedModel
        Encoder, fitted arm, calibration, decision (two classes).
    decision_ : Decision
        How `predict` flags (two classes).
    slices_ : pandas.DataFrame or pyarrow.Table
        A row for each slice: events, observed/expected before and after its shift, alerts, cost, with 95 %
        intervals, out of fold (with `slices`, two classes).
    members_ : list of RareClassifier
        One for each class, with more than two.
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

    gives_logit = True

    estimator: Any = "auto"
    _: KW_ONLY
    treatment: Any = "auto"
    calibration: str = "auto"
    decision: DecisionRule | TierPolicy | None = None
    cv: Any = 5
    pos_label: Any = None
    categorical: Any = ()
    fit_rows: Any = "auto"
    slices: Any = None
    random_state: int = 0
    n_jobs: int = 1

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        groups: Any = None,
        times: Any = None,
        costs: Any = None,
        keep_probability: Any = None,
    ) -> Self:
        """Fit, bring back, calibrate, decide.

        Parameters
        ----------
        X : table or array of shape (n, d)
        y : array-like of shape (n,)
        sample_weight : array-like of shape (n,), optional
        groups, times : array-like of shape (n,), optional
            Keep groups together in the cross-fitting; calibrate forward in time. With both, rows whose group is
            tested are left out of the training before it.
        costs : CostMatrix or mapping, optional
            Costs of a row, numbers or arrays (n,) named fp, fn, tp, tn; `predict` then minimises the expected cost.
        keep_probability : array-like of shape (n,), optional
            With which probability each row was kept, where the table is a sample: probabilities are then those of the
            whole table.

        Raises
        ------
        InputError
            When the data or a parameter cannot be used; the sentence says what to do.
        """
        if y is None:
            raise TargetError("RareClassifier requires y to be passed, but the target y is None.")
        _check.same_index(X, y)
        table = self._read(X, reset=True)
        target = _clean_target(y)
        n = _check.same_length(X=table, y=target)
        if n == 1:
            raise TooFewEventsError("1 sample is not enough: rows of both classes are needed.")
        beside = Beside(
            sample_weight=sample_weight, keep_probability=keep_probability, groups=groups, times=times, costs=costs
        )
        table, target, beside = of_weight(table, target, beside)
        labels = _check.class_values(target)
        cv = list(self.cv) if hasattr(self.cv, "__next__") else self.cv  # several classes walk it several times
        if len(labels) > 2 and self.pos_label is None:
            return self._fit_each(table, target, labels, beside, cv)
        self._set_model(self._fitted(table, Target(*encode_target(target, self.pos_label, name="y")), beside, cv))
        return self

    @classmethod
    def from_model(cls, model: FittedModel, **parameters: Any) -> Self:
        """A fitted classifier around a model that was fitted elsewhere (by `compare`, or loaded from a bundle).

        Learner, treatment, decision and columns are the model's; `parameters` are the others, as they were then.
        """
        codes = [c.name for c in model.schema.columns if c.kind == "category"]
        made = cls(
            **cls._asked(model),
            decision=model.rule,
            pos_label=model.pos_label,
            categorical=codes,
            slices=None if model.slices is None else model.slices.column,
            **parameters,
        )
        made._set_model(model)
        kept = [c.name for c in model.schema.columns]
        given = {*kept, *model.schema.dropped}
        if given == {f"x{i}" for i in range(len(given))}:  # the names that arrays are read with
            made.n_features_in_ = len(given)
        else:
            made.n_features_in_, made.feature_names_in_ = len(kept), np.array(kept, dtype=object)
        return made

    @classmethod
    def _asked(cls, model: FittedModel) -> dict[str, Any]:
        """The parameters that ask for what only this kind of classifier has."""
        return {"estimator": model.arm.arm.learner, "treatment": model.arm.arm.treatment}

    @property
    def _asked_decision(self) -> Any:
        """The rule, or policy of tiers, that was asked for."""
        return self.decision

    @property
    def decision_(self) -> Decision:
        """The decision of `model_`; setting it changes `model_`, and so what is compiled, saved and deployed."""
        if "model_" not in self.__dict__:
            raise AttributeError(f"This {type(self).__name__} holds no decision: it is not fitted on one rare class.")
        return self.model_.decision

    @decision_.setter
    def decision_(self, decision: Decision) -> None:
        check_is_fitted(self, "model_")
        self._set_model(replace(self.model_, decision=decision))

    @property
    def slices_(self) -> Any:
        """The table of the slices; see `SliceTable.to_frame`."""
        found = self.model_.slices if "model_" in self.__dict__ else None
        if found is None or found.table is None:
            raise AttributeError(f"This {type(self).__name__} knows no slices: none were asked for, or none held out.")
        return found.table.to_frame()

    def _set_model(self, model: FittedModel) -> None:
        self.__dict__.pop("members_", None)  # of an earlier fit on several classes
        self.model_ = model
        if len(model.classes) == 2:
            self.classes_ = np.array(list(model.classes))
        else:
            self.classes_ = np.array([f"not {model.pos_label}", model.pos_label], dtype=object)

    def _fit_each(self, table: pa.Table, target: np.ndarray, labels: np.ndarray, beside: Beside, cv: Any) -> Self:
        """One model for each class against the rest."""
        if beside.costs is not None or self.decision is not None:
            raise InputError(
                f"`y` holds {len(labels)} classes; costs and decision rules need one rare class. Name it with "
                "`pos_label`, or use rareclass.decisions.expected_cost_decision on the probabilities."
            )
        self.__dict__.pop("model_", None)  # of an earlier fit on two classes
        self.classes_ = labels
        self.members_ = []
        for label in labels:
            member = type(self)(**{**self.get_params(deep=False), "pos_label": label})
            member._set_model(self._fitted(table, Target(target == label, label, tuple(labels)), beside, cv))
            self.members_.append(member)
        return self

    def _fitted(self, table: pa.Table, target: Target, beside: Beside, cv: Any) -> FittedModel:
        """The model for one rare class."""
        learner = BLEND if isinstance(self.estimator, str) and self.estimator == "auto" else self.estimator
        challenged = isinstance(self.treatment, str) and self.treatment == "auto"
        if isinstance(self.fit_rows, str):
            _check.one_of(self.fit_rows, "fit_rows", ("auto",))
            limit = FIT_ROWS if target.y.size > LARGE_TABLE else None
        else:
            limit = None if self.fit_rows is None else _check.whole_number(self.fit_rows, "fit_rows", low=2)
        sampling = Sampling(limit, _check.whole_number(self.random_state, "random_state"))
        schema = Schema.infer(table, categorical=tuple(self.categorical))
        rows = Rows.of(table, target, beside, schema, slices=self.slices)
        wanted = Wanted(
            arm=Arm(learner, make_treatment("none" if challenged else self.treatment)),
            calibration=self.calibration,
            rule=None if self._asked_decision is None else rule_of(self._asked_decision, rows),
            challenged=challenged,
            n_jobs=_check.whole_number(self.n_jobs, "n_jobs", low=1),
        )
        if isinstance(learner, str):
            _check.one_of(learner, "estimator", tuple(LEARNERS))
        return fit_model(cross_fit_design(rows, cv, sampling), wanted)

    def _read(self, X: Any, *, reset: bool = False) -> pa.Table:
        """Arrow table of the features; arrays are checked as scikit-learn does, frames by their column names."""
        framed = hasattr(X, "columns") or hasattr(X, "column_names") or isinstance(X, dict)
        if not framed:
            X = validate_data(self, _check.unmasked(X), reset=reset, dtype=None, ensure_all_finite="allow-nan")
        table = read_table(X)
        if framed and reset:
            self.n_features_in_ = table.num_columns
            self.feature_names_in_ = np.array(table.column_names, dtype=object)
        return table

    def positive_logit(self, X: Any) -> np.ndarray:
        """Calibrated log-odds (n,) of the rare class at the real prevalence."""
        check_is_fitted(self, "model_")
        return self.model_.logit(self._read(X))[0]

    def decision_function(self, X: Any) -> np.ndarray:
        """Calibrated log-odds of `classes_[1]` (n,), or of each class (n, K) with more than two."""
        check_is_fitted(self, "classes_")
        if len(self.classes_) > 2:
            table = self._read(X)
            return np.column_stack([m.model_.logit(table)[0] for m in self.members_])
        logit = self.positive_logit(X)
        return logit if self._positive_column() else -logit

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities (n, K) at the real prevalence, columns in the order of `classes_`."""
        logit = self.decision_function(X)
        if logit.ndim == 1:
            return np.column_stack([sigmoid(-logit), sigmoid(logit)])
        each = np.maximum(sigmoid(logit), 1e-300)
        return each / each.sum(axis=1, keepdims=True)

    def predict(
        self, X: Any, *, costs: Any = None, periods: Any = None, entities: Any = None, keys: Any = None
    ) -> np.ndarray:
        """Labels (n,) by `decision_`, or the most probable of more than two classes.

        Without `periods` a row's label does not depend on the rows beside it, whatever the decision.

        Parameters
        ----------
        X : table or array of shape (n, d)
        costs : CostMatrix or mapping, optional
            Costs of these rows, where the decision is by row.
        periods, entities, keys : array-like of shape (n,), optional
            For alert budgets: exactly the best rows of each period, as `Decision.apply` says.
        """
        check_is_fitted(self, "classes_")
        if len(self.classes_) > 2:
            return self.classes_[self.predict_proba(X).argmax(axis=1)]
        grouping = Grouping(periods, entities, keys)
        return self.labels_of(self.flag(sigmoid(self.positive_logit(X)), costs=costs, grouping=grouping))

    def flag(self, probability: np.ndarray, *, costs: Any = None, grouping: Grouping = Grouping()) -> np.ndarray:
        """Whether `decision_` flags each of the rows (n,) with these probabilities."""
        return self.decision_.apply(probability, costs, **grouping._asdict())

    def labels_of(self, flagged: np.ndarray) -> np.ndarray:
        """Labels (n,) of rows that are flagged or not."""
        at = self._positive_column()
        return self.classes_[np.where(flagged, at, 1 - at)]

    def score(self, X: Any, y: Any, sample_weight: Any = None, *, costs: Any = None) -> float:
        """Accuracy of `predict`; of one rare class against all others where `pos_label` is one of several labels.

        `costs` are those of these rows, where the decision is by row.
        """
        check_is_fitted(self, "classes_")
        if len(self.classes_) > 2:
            return float(super().score(X, y, sample_weight))
        event = _check.is_label(_clean_target(y), self.model_.pos_label)
        right = event == self.flag(sigmoid(self.positive_logit(X)), costs=costs)
        return float(np.average(right, weights=_check.weights(sample_weight, right.size)))

    def summary(self) -> str:
        """What was done to the training data, how it was undone, how well calibrated the result is, what drives it.

        What drives it is measured when it is first asked for (about a second).
        """
        check_is_fitted(self, "classes_")
        if len(self.classes_) > 2:
            return "\n\n".join(f"Class {m.pos_label!r}\n{m.summary()}" for m in self.members_)
        _LATER["drivers"](self)
        return self.model_.summary()

    def _html_repr(self) -> str:
        """What a notebook shows: scikit-learn's diagram, and the summary once there is one."""
        shown = str(super()._html_repr())
        return f"{shown}<pre>{escape(self.summary())}</pre>" if hasattr(self, "classes_") else shown

    def _positive_column(self) -> int:
        return int(_check.same_label(self.classes_[1], self.model_.pos_label))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags


def _clean_target(y: Any) -> np.ndarray:
    # asked of the array itself: NumPy's function hands the question over to whatever container y is
    dimensions = y.ndim if hasattr(y, "ndim") else np.asarray(y).ndim
    target = column_or_1d(y, warn=True) if dimensions == 2 else _check.column(y, "y")
    fractions = target.dtype.kind == "f" and not np.isnan(target).any() and (target != np.floor(target)).any()
    if fractions:
        raise TargetError("Unknown label type: continuous. `y` holds fractions; a classifier needs class labels.")
    return target
