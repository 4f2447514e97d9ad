"""The cascade as a classifier: the one road from rows to decisions, walked by a learner of two stages."""

import warnings
from typing import Any, Self

import numpy as np
import pyarrow as pa
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from rareclass.cascade.gate import Promise
from rareclass.cascade.two_stage import TwoStageLearner
from rareclass.decisions.ranking import Grouping
from rareclass.decisions.rule import DecisionRule
from rareclass.decisions.tiers import TierPolicy
from rareclass.errors import InputError, NoOpWarning, TargetError
from rareclass.fitting.classifier import RareClassifier
from rareclass.fitting.model import FittedModel
from rareclass.fitting.rows import Beside, Target
from rareclass.kernels.logits import sigmoid
from rareclass.treatments.base import Treatment

ALLOW, ALERT = "allow", "alert"
LETS_MOST_PASS = 0.9
"""From here on a gate saves next to nothing, which is said."""


class CascadeClassifier(RareClassifier):
    """A small gate that lets most rows go, and a careful model for the rest: a `RareClassifier` of two stages.

    When to use: millions of rows of which few deserve an expensive look, answered in microseconds. When not: where one
    model is fast enough; the gate can only lose events. For two classes.

    The probabilities are at the real prevalence, calibrated on rows that neither stage saw; decisions, costs,
    intervals, bundle and replay are those of `RareClassifier`. `TwoStageLearner` says how the stages are fitted.

    Parameters
    ----------
    gate : str or classifier, default="lightgbm"
        First stage: "lightgbm" is guarded LightGBM of `gate_trees` small trees; else a learner's name or a classifier.
    judge : "auto", str or classifier, default="auto"
        Second stage; "auto" is the blend, of which the gate is a member.
    gate_recall : float in (0, 1), default=0.98
        The gate keeps at least this share of the events with confidence `confidence`.
    confidence : float in (0, 1), default=0.95
        One-sided Clopper-Pearson confidence of `gate_recall`, from out-of-fold scores.
    tiers : TierPolicy, optional
        Alert tiers, cut by expected cost and by capacity on out-of-fold probabilities; they need `costs` in `fit`, and
        `times` where a capacity is per hour, day, week or month. `predict` then flags every tier but the first.
        Without, `tier` says "alert" where the decision flags a row, else "allow".
    gate_trees : int, default=60
        What the gate may cost: a tree takes about 30 nanoseconds a row.
    gate_negatives : float, default=20
        Negatives for each event that the gate is fitted on; 20,000 altogether at least.
    judge_treatment : "auto", str or Treatment, default="auto"
        How training of the judge is altered, inside the folds. "auto" leaves the rows as they are, and gives the blend
        one more member that learns under SMOTE-ENN where twelve events or more and four negatives for each pass.
    judge_rows : int or None, default=40_000
        Largest number of rows that the judge is fitted on: all events and sampled negatives of those that pass.
    judge_cost : float, optional
        What showing one row to the second stage costs, in the money of `costs`: the gate is then placed where events
        let go and rows shown cost least together, and `gate_recall` is not asked for.
    slices, calibration, decision, cv, pos_label, categorical, random_state, n_jobs
        As in `RareClassifier`.
    fit_rows : int or None, default=None
        As in `RareClassifier`; by default the gate looks at every row, and is fitted on sampled negatives.

    Attributes
    ----------
    classes_, model_, decision_, n_features_in_, feature_names_in_
        As in `RareClassifier`.
    gate_threshold_ : float
        Log-odds of the gate below which a row is let go.
    gate_recall_ : float
        The lower bound of the gate's recall that was reached.
    passed_ : float
        Share of the training rows that passed the gate out of fold.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(3000, 3))
    >>> y = rng.random(3000) < 1 / (1 + np.exp(5 - 3 * X[:, 0]))
    >>> c = CascadeClassifier("logistic_regression", "logistic_regression", gate_recall=0.9).fit(X, y)
    >>> bool(c.gate_recall_ >= 0.9 and c.passed_ < 0.9)
    True
    """

    treatment = "none"

    def __init__(
        self,
        gate: Any = "lightgbm",
        judge: Any = "auto",
        *,
        gate_recall: float = 0.98,
        confidence: float = 0.95,
        tiers: Any = None,
        slices: Any = None,
        gate_trees: int = 60,
        gate_negatives: float = 20.0,
        judge_treatment: str | Treatment = "auto",
        judge_rows: int | None = 40_000,
        judge_cost: float | None = None,
        calibration: str = "auto",
        decision: DecisionRule | TierPolicy | None = None,
        cv: Any = 5,
        pos_label: Any = None,
        categorical: Any = (),
        fit_rows: Any = None,
        random_state: int = 0,
        n_jobs: int = 1,
    ) -> None:
        self.gate = gate
        self.judge = judge
        self.gate_recall = gate_recall
        self.confidence = confidence
        self.tiers = tiers
        self.slices = slices
        self.gate_trees = gate_trees
        self.gate_negatives = gate_negatives
        self.judge_treatment = judge_treatment
        self.judge_rows = judge_rows
        self.judge_cost = judge_cost
        self.calibration = calibration
        self.decision = decision
        self.cv = cv
        self.pos_label = pos_label
        self.categorical = categorical
        self.fit_rows = fit_rows
        self.random_state = random_state
        self.n_jobs = n_jobs

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
        """Fit both stages, calibrate, decide, and cut the tiers. Parameters as in `RareClassifier.fit`.

        Raises
        ------
        TooFewEventsError
            No gate can guarantee the recall; the message says how many events it takes, and what these carry.
        InputError
            When the data or a parameter cannot be used; the sentence says what to do.
        """
        if self.tiers is not None:
            self._refuse_tiers()
        known = {"groups": groups, "times": times, "costs": costs, "keep_probability": keep_probability}
        super().fit(X, y, sample_weight, **known)
        _say_what_does_nothing(self.model_)
        return self

    def _refuse_tiers(self) -> None:
        """Raise where tiers are none, or where another decision stands beside them."""
        if not isinstance(self.tiers, TierPolicy):
            raise InputError(
                f"`tiers` must be a TierPolicy; got {self.tiers!r}. `rareclass.decisions.read_tiers` reads one of TOML."
            )
        if self.decision is not None:
            raise InputError("`tiers` decide by expected cost. Leave `decision` out, or the tiers.")

    @property
    def _asked_decision(self) -> Any:
        return self.decision if self.tiers is None else self.tiers

    @property
    def estimator(self) -> TwoStageLearner:
        """The learner that the road walks with."""
        return TwoStageLearner(**{name: getattr(self, name) for name in _OF_LEARNER}, n_jobs=self.n_jobs)

    @classmethod
    def _asked(cls, model: FittedModel) -> dict[str, Any]:
        return {name: getattr(model.arm.arm.learner, name) for name in _OF_LEARNER}

    def _fit_each(self, table: pa.Table, target: np.ndarray, labels: np.ndarray, beside: Beside, cv: Any) -> Any:
        raise TargetError(
            "Only binary classification is supported. The type of the target is multiclass: `y` holds "
            f"{len(labels)} classes. Name the rare one with `pos_label`."
        )

    def _fitted(self, table: pa.Table, target: Target, beside: Beside, cv: Any) -> FittedModel:
        promise = Promise(recall=self.gate_recall, confidence=self.confidence).checked()
        promised = self.judge_cost is None
        if promised:
            promise.refuse_few(int(target.y.sum()))
        model = super()._fitted(table, target, beside, cv)
        learner: TwoStageLearner = model.arm.learner
        if promised:  # copies and groups of events tell as one
            promise.refuse_few(np.floor(learner.placed_.independent))
        return model

    @property
    def gate_threshold_(self) -> float:
        return float(self._gate_found("threshold"))

    @property
    def gate_recall_(self) -> float:
        return float(self._gate_found("recall"))

    @property
    def passed_(self) -> float:
        return float(self._gate_found("passed"))

    def _gate_found(self, name: str) -> Any:
        if "model_" not in self.__dict__:
            raise AttributeError(f"This {type(self).__name__} is not fitted.")
        return self.model_.evidence["gate"][name]

    def passes(self, X: Any) -> np.ndarray:
        """Which rows (n,) pass the gate, and so are seen by the second stage."""
        check_is_fitted(self, "model_")
        table = self._read(X)
        self.model_.schema.check(table)
        learner = self.model_.arm.learner
        stages = getattr(learner, "member", learner)  # compiled, where the model comes from a bundle
        return np.asarray(stages.passes(self.model_.encoder.transform(table).matrix))

    def tier(
        self, X: Any, *, costs: Any = None, periods: Any = None, keys: Any = None, entities: Any = None
    ) -> np.ndarray:
        """Name of the alert tier (n,) of each row; without `tiers` "alert" where the decision flags it, else "allow".

        Parameters as in `TierPolicy.tier`: with `periods` each tier keeps its capacity exactly in each of them.
        """
        check_is_fitted(self, "model_")
        if self.model_.tiers is not None:
            return super().tier(X, costs=costs, periods=periods, keys=keys, entities=entities)
        grouping = Grouping(periods, entities, keys)
        return np.where(self.flag(sigmoid(self.positive_logit(X)), costs=costs, grouping=grouping), ALERT, ALLOW)

    def summary(self) -> str:
        """What was done, how it was undone, how well calibrated the result is, and what the gate promises."""
        check_is_fitted(self, "model_")
        g = self.model_.evidence["gate"]
        return "\n".join(
            [
                super().summary(),
                f"Gate: a row passes from {g['threshold']:+.3f} log-odds on; {g['passed']:.3%} of the rows do, and are "
                f"all that the second stage sees. Out of fold it lets {g['lost']:,} of {g['events']:,} events go; its "
                f"recall is at least {g['recall']:.3f} with confidence {g['confidence']:g}. Rows that are let go have "
                f"a probability of {sigmoid(np.array(g['rest'])):.2g}.",
                f"Second stage: {g['judge']}.",
            ]
        )

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        # scikit-learn's checks round the features of those that take categories, until one distinct event is left
        tags.input_tags.categorical = False
        return tags


def classifier_of(model: FittedModel, **parameters: Any) -> RareClassifier:
    """The classifier around a model that was fitted elsewhere; a cascade where its learner has two stages."""
    kind = CascadeClassifier if isinstance(model.arm.arm.learner, TwoStageLearner) else RareClassifier
    return kind.from_model(model, **parameters)


_OF_LEARNER = (
    "gate",
    "judge",
    "gate_recall",
    "confidence",
    "gate_trees",
    "gate_negatives",
    "judge_treatment",
    "judge_rows",
    "judge_cost",
)


def _say_what_does_nothing(model: FittedModel) -> None:
    """Warn where a stage has no effect: a gate that lets nearly everything pass, a judge that flags nothing."""
    passed = model.evidence["gate"]["passed"]
    if passed >= LETS_MOST_PASS:
        warnings.warn(
            f"The gate lets {passed:.1%} of the rows pass, so the cascade saves next to nothing: to keep the recall "
            "that was asked for it cannot tell rows apart. Lower `gate_recall`, or use RareClassifier.",
            NoOpWarning,
            stacklevel=4,
        )
    decision, seen = model.decision, np.isfinite(model.oof_logit)
    if decision.per_row or model.tiers is not None or not seen.any():
        return
    best = float(sigmoid(model.oof_logit[seen]).max())
    if best < decision.threshold:
        warnings.warn(
            f"The second stage flags no row out of fold: the highest probability is {best:.3g}, and the decision flags "
            f"from {decision.threshold:.3g} on. Give `costs` or a `decision` that fits so rare an event.",
            NoOpWarning,
            stacklevel=4,
        )
