"""The unit that is deployed: encoder, fitted arm, calibration and decision for one rare class."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from rareclass import _check
from rareclass.crossfit import check_splits
from rareclass.data.duplicates import duplicate_groups
from rareclass.data.encode import TableEncoder
from rareclass.data.schema import Schema
from rareclass.data.sides import group_numbers
from rareclass.data.split import make_splits, merge_groups
from rareclass.decisions.costs import CostMatrix, as_costs
from rareclass.decisions.decision import Decision
from rareclass.decisions.minimum_cost import MinimumCost
from rareclass.decisions.rule import DecisionRule
from rareclass.errors import CalibrationWarning, InputError, UndefinedWarning
from rareclass.kernels.logits import sigmoid
from rareclass.metrics.curve import ThresholdCurve
from rareclass.treatments.arm import Arm, FittedArm
from rareclass.treatments.blend import BLEND, blend_members, blend_out_of_fold, is_blend, join_arms
from rareclass.treatments.parts import Part, Source, fit_on
from rareclass.treatments.policy import challengers, say_tried, take_surely_better
from rareclass.treatments.restore import cross_calibrated, fit_calibration
from rareclass.uncertainty.interval import confidence_interval

LAST = 10_000
"""Number of the random stream of the fit on all rows."""
POLICY = (
    "Why this model: nothing beats the data as they are surely enough to be a default (evidence 'balancing-elor', "
    "'smote-threshold'), and with few events no one knows beforehand which learner ranks best; so several guarded "
    "ones are blended, with weights from their scores out of fold."
)
EQUAL_COSTS = CostMatrix(fp=1.0, fn=1.0)


@dataclass(frozen=True)
class FittedModel:
    """Everything that turns a row into a calibrated probability and a decision.

    Attributes
    ----------
    schema : Schema
    encoder : TableEncoder
    arm : FittedArm
    calibrator : Calibrator
    decision : Decision
    rule : DecisionRule or None
        The rule that chose the decision; None when nothing was asked for.
    pos_label : label
    classes : tuple
        All labels of the training data.
    evidence : dict
        Rows, events, observed/expected and Brier skill out of fold.
    oof_logit : ndarray of shape (n,)
        Calibrated out-of-fold log-odds; empty after loading.
    """

    schema: Schema
    encoder: TableEncoder
    arm: FittedArm
    calibrator: Any
    decision: Decision
    rule: DecisionRule | None
    pos_label: Any
    classes: tuple[Any, ...]
    evidence: dict[str, Any]
    oof_logit: np.ndarray = field(default_factory=lambda: np.empty(0))

    def logit(self, table: pa.Table) -> tuple[np.ndarray, dict[str, int]]:
        """Calibrated log-odds (n,) of the event, and the number of values of each column that training never saw.

        Raises
        ------
        SchemaError
            When a column is missing or holds another kind of values.
        """
        self.schema.check(table)
        encoded = self.encoder.transform(table)
        return np.asarray(self.calibrator.predict_logit(self.arm.logit(encoded.matrix))), encoded.unknown_counts

    def summary(self) -> str:
        """What was done to the training data, how it was undone, and how well calibrated the result is."""
        e, f = self.evidence, self.arm
        how = [f"shift {f.shift:+.3f} log-odds"] if f.shift else []
        how += [] if f.exact else ["not exact"]
        extra = f" ({', '.join(how)})" if how else ""
        lines = [f"Model: {f.name}, {f.note}.", f"Way back: {f.restoration}{extra}."]
        if f.name.partition("+")[0] == BLEND:
            lines.insert(1, POLICY)
        tried = say_tried(e.get("tried", ()), e.get("not_tried", ""))
        lines += [tried] if tried else []
        if e.get("rows"):
            why = getattr(self.calibrator, "why_", "").partition(": ")[2]
            lines += [
                f"Calibration: {type(self.calibrator).__name__}, from {e['rows']:,} out-of-fold rows with "
                f"{e['events']:,} events." + (f" Chosen on scores with {why}" if why else ""),
                f"Out of fold: {_said('observed/expected', e, 'observed_to_expected')}, "
                f"{_said('calibration slope', e, 'calibration_slope')}, {_said('Brier skill', e, 'brier_skill')} "
                "(95 % intervals; 1, 1 and above 0 are right).",
            ]
        else:
            lines.append(
                "Calibration: none, too few events to hold any out; probabilities are as the learner gave them."
            )
        return "\n".join([*lines, f"Decision: {self.decision.why}"])


def equal_costs_decision() -> Decision:
    """Flag from a probability of one half on: what is done when nothing was asked for."""
    return MinimumCost(EQUAL_COSTS).decide_at(None, prevalence=float("nan"), shift=0.0)


def calibration_evidence(y: np.ndarray, logit: np.ndarray, weight: np.ndarray | None) -> dict[str, Any]:
    """Observed over expected, calibration slope and Brier skill, with 95 % intervals, of calibrated log-odds held out.

    None where a number has no value: the slope of equal or of perfectly separating probabilities.
    """
    p = sigmoid(logit)
    found = (_with_limits(name, y, p, weight) for name in ("observed_to_expected", "calibration_slope", "brier_skill"))
    return {"rows": int(y.size), "events": int(y.sum())} | {k: v for part in found for k, v in part.items()}


def _with_limits(metric: str, y: np.ndarray, p: np.ndarray, weight: np.ndarray | None) -> dict[str, float | None]:
    """Estimate and 95 % limits under the metric's name; None where they do not exist."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UndefinedWarning)
        found = confidence_interval(metric, y, p, sample_weight=weight)
    numbers = {metric: found.estimate, f"{metric}_low": found.low, f"{metric}_high": found.high}
    return {k: float(v) if np.isfinite(v) else None for k, v in numbers.items()}


def _said(name: str, e: dict[str, Any], key: str) -> str:
    """An estimate of the evidence with its limits, in words."""
    value, low, high = (e.get(k) for k in (key, f"{key}_low", f"{key}_high"))
    if value is None:
        return f"{name} undefined"
    return f"{name} {value:.3f}" + ("" if low is None or high is None else f" [{low:.3f}, {high:.3f}]")


@dataclass(frozen=True)
class FitOptions:
    """How a model is fitted, as `RareClassifier` was asked to; `challenged` when the treatment is to be chosen."""

    arm: Arm
    calibration: str = "auto"
    rule: DecisionRule | None = None
    cv: Any = 5
    challenged: bool = False
    categorical: tuple[str, ...] = ()
    fit_rows: int | None = None
    seed: int = 0
    n_jobs: int = 1


def fit_model(
    table: pa.Table,
    y: np.ndarray,
    pos_label: Any,
    classes: tuple[Any, ...],
    options: FitOptions,
    *,
    weight: np.ndarray | None = None,
    groups: Any = None,
    times: Any = None,
    costs: Any = None,
) -> FittedModel:
    """Encode, cross-fit, bring back, calibrate, decide, and fit on all rows."""
    schema = Schema.infer(table, categorical=options.categorical)
    features = table.select([c.name for c in schema.columns])
    money = None if costs is None else as_costs(costs, n=y.size)
    source = Source(
        table, schema.columns, y, duplicate_groups(features), weight, options.fit_rows, options.seed, money
    )  # fmt: skip
    fitted = _fit_arms(source, options, groups, times)
    score, fold = fitted.score, fitted.fold
    rule = options.rule
    if rule is None and money is not None:
        rule = MinimumCost(money)
    seen = fold >= 0
    if not seen.any():
        warnings.warn(
            f"{int(y.sum())} event(s) are too few to hold any out: the probabilities are not calibrated.",
            CalibrationWarning, stacklevel=3,
        )  # fmt: skip
        calibrator = fit_calibration(np.zeros(2), np.array([False, True]), method="none")
        known = ThresholdCurve.from_predictions(fitted.whole.y, sigmoid(fitted.arm.logit(fitted.whole.X)))
        decision = equal_costs_decision() if rule is None else rule.choose(known)
        evidence: dict[str, Any] = {"rows": 0, "events": 0, **fitted.tried}
        return FittedModel(schema, fitted.whole.encoder, fitted.arm, calibrator, decision, rule, pos_label, classes,
                           evidence, score)  # fmt: skip
    held = None if weight is None else weight[seen]
    calibrator = fit_calibration(score[seen], y[seen], method=options.calibration, sample_weight=held)
    logit = cross_calibrated(
        score, y, fold, method=options.calibration, sample_weight=weight, forward=times is not None
    )
    curve = ThresholdCurve.from_predictions(y[seen], sigmoid(logit[seen]), sample_weight=held)
    decision = equal_costs_decision() if rule is None else rule.choose(curve)
    return FittedModel(schema, fitted.whole.encoder, fitted.arm, calibrator, decision, rule, pos_label, classes,
                       calibration_evidence(y[seen], logit[seen], held) | fitted.tried, logit)  # fmt: skip


@dataclass(frozen=True)
class _Fitted:
    """The arm fitted on all rows, its out-of-fold scores (n,) with their folds, and which treatments were tried."""

    arm: FittedArm
    whole: Part
    score: np.ndarray
    fold: np.ndarray
    tried: dict[str, Any]


def _fit_arms(source: Source, options: FitOptions, groups: Any, times: Any) -> _Fitted:
    """Score the arms (and their challengers) out of fold, and fit those that stay on all rows."""
    blend, y, weight = is_blend(options.arm), source.y, source.weight
    arms = blend_members(options.arm.treatment) if blend else (options.arm,)
    tried, why_not = challengers(arms, y) if options.challenged else ([(a,) for a in arms], "")
    candidates = [a for group in tried for a in group]
    scores, fold = _out_of_fold(source, candidates, options, groups, times)
    how: dict[str, Any] = {"sample_weight": weight, "forward": times is not None}
    kept, said = take_surely_better(tried, scores, y, fold, calibration=options.calibration, **how)
    scores = scores[:, kept]
    whole = source.part(np.arange(y.size), np.empty(0, dtype=np.int64), number=LAST)
    each = [fit_on(whole, candidates[j], seed=options.seed, number=LAST, n_jobs=options.n_jobs) for j in kept]
    return _Fitted(
        join_arms(options.arm, each, scores, y, sample_weight=weight) if blend else each[0], whole,
        blend_out_of_fold(scores, y, fold, **how) if blend else scores[:, 0], fold,
        {"tried": said, "not_tried": why_not} if options.challenged else {},
    )  # fmt: skip


def _out_of_fold(
    source: Source, arms: Sequence[Arm], options: FitOptions, groups: Any, times: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Restored log-odds (n, k) of the arms on rows that they did not see, and the folds (n,): -1 for none."""
    splits = _splits(source, options, groups, times)
    scores = np.full((source.y.size, len(arms)), np.nan)
    fold = np.full(source.y.size, -1)
    if not splits:
        return scores, fold
    for k, (train, test) in enumerate(splits):
        part = source.part(train, test, number=k)
        for j, arm in enumerate(arms):
            fitted = fit_on(part, arm, seed=options.seed, number=k, n_jobs=options.n_jobs)
            scores[test, j] = fitted.logit(part.test)[part.expand]
        fold[test] = k
    return scores, fold


def _splits(source: Source, options: FitOptions, groups: Any, times: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    """Splits of the cross-fitting: equal rows and groups together, or forward in time; none with too few events."""
    y = source.y
    if not isinstance(options.cv, int | np.integer):
        splits = [(np.asarray(a), np.asarray(b)) for a, b in options.cv]
        if not splits:
            raise InputError("`cv` holds no split. Give a number of folds or pairs of row indices.")
        check_splits(splits, y)
        return splits
    folds = _check.whole_number(options.cv, "cv", low=2)
    if times is not None:
        folds = min(folds, int(y.sum()))
        return make_splits(y, folds=folds, kind="time", times=times, seed=options.seed) if folds >= 2 else []
    together = source.duplicate_id
    if groups is not None:
        together = merge_groups(group_numbers(groups), together)
    folds = min(folds, np.unique(together[y]).size, np.unique(together[~y]).size)
    if folds < 2:
        return []
    if np.unique(together).size == y.size:
        return make_splits(y, folds=folds, seed=options.seed)
    return make_splits(y, folds=folds, kind="group", groups=together, seed=options.seed)
