"""Minimum expected cost: the Bayes rule on calibrated probabilities."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from rareclass import _check
from rareclass.decisions.costs import CostMatrix, Costs, CostsLike, RowCosts, as_choice
from rareclass.decisions.decision import Decision
from rareclass.decisions.moving import curve_at_prevalence
from rareclass.decisions.points import OperatingPoints
from rareclass.decisions.rule import DecisionRule, decision_at, rates_of_rows
from rareclass.errors import CostError, InputError, NoOpWarning
from rareclass.kernels.logits import logit, moved_threshold
from rareclass.metrics.curve import ThresholdCurve


@dataclass(frozen=True)
class MinimumCost(DecisionRule):
    """Flag a row when flagging it is the cheaper decision, given its calibrated probability.

    The threshold follows from the costs alone, ``(fp - tn) / (fp - tn + fn - tp)``, and nothing is searched: with
    100 events and a missed event 1,000 times as dear as a false alarm, the threshold with the least cost on the data
    at hand depends on one or two events, and is far worse on new data. It needs probabilities that mean what they
    say: calibrate first (`rareclass.calibration`). Where they do not, ``search="empirical"`` takes the threshold with
    the least cost on the given rows.

    Parameters
    ----------
    costs : CostMatrix, RowCosts or mapping
        Money per row. With `RowCosts` each row is cut at its own threshold; `Decision.apply` then takes the costs of
        the rows it is applied to. None stands for costs by row that are only known at `apply`.
    search : {"bayes", "empirical"}, default="bayes"

    Raises
    ------
    CostError
        Costs missing, not finite, of the wrong shape, or making one decision always right.

    Notes
    -----
    Elkan (2001), "The foundations of cost-sensitive learning", IJCAI, equation 2.

    Examples
    --------
    >>> import numpy as np
    >>> from rareclass.decisions import CostMatrix, best_threshold
    >>> rng = np.random.default_rng(0)
    >>> p = rng.beta(0.1, 5, 50_000)
    >>> chosen = best_threshold(rng.random(p.size) < p, p, MinimumCost(CostMatrix(fp=10, fn=500, tp=10)))
    >>> chosen.threshold
    0.02
    """

    kind: ClassVar[str] = "minimum_cost"
    title: ClassVar[str] = "minimum expected cost"
    costs: Any = None
    search: str = "bayes"

    def __post_init__(self) -> None:
        _check.one_of(self.search, "search", ["bayes", "empirical"])
        if self.costs is not None:
            object.__setattr__(self, "costs", as_choice(self.costs))

    @property
    def per_row(self) -> bool:
        """True for costs by row, unless one threshold is searched for all rows."""
        return self.search == "bayes" and not isinstance(self.costs, CostMatrix)

    @property
    def event_points_suffice(self) -> bool:  # type: ignore[override]
        """The observed cost rises with false alarms, since a false alarm costs more than a true negative."""
        return self.search == "empirical" and isinstance(self.costs, CostMatrix)

    @property
    def class_costs(self) -> CostMatrix:
        """The class costs, or an error."""
        if not isinstance(self.costs, CostMatrix):
            raise CostError("Costs by row cannot be summed over a curve; use best_threshold with the rows.")
        return self.costs

    def value(self, points: OperatingPoints) -> np.ndarray:
        """Mean cost per row on the given rows."""
        return self.class_costs.total(points.tp, points.fp, points.fn, points.tn) / points.n

    def objective(self, points: OperatingPoints) -> np.ndarray:
        """Minus the mean cost: observed (empirical), or expected by the probabilities (Bayes)."""
        if self.search == "empirical":
            return -self.value(points)
        return -self._expected(points)

    def _expected(self, points: OperatingPoints) -> np.ndarray:
        """Mean cost by the stated probabilities, where the rows at each threshold have that probability.

        Used where a constraint forbids the Bayes threshold itself; rows pooled by thinning count at their threshold.
        """
        costs = self.class_costs
        check_probability(points.thresholds[1:])
        p = np.r_[0.0, points.thresholds[1:]]
        gained = np.diff(points.alerts, axis=-1, prepend=0) * (
            p * (costs.tp - costs.fn) + (1 - p) * (costs.fp - costs.tn)
        )
        return np.cumsum(gained, axis=-1) / points.n

    def choose(self, curve: ThresholdCurve, *, costs: CostsLike | None = None) -> Decision:
        """The decision on a curve of calibrated probabilities. With costs by row its rates are those of the typical
        threshold; `decided_on` and `best_threshold` give the exact ones."""
        if costs is not None:
            raise InputError("MinimumCost brings its own costs; do not pass others to `choose`.")
        if self.search == "empirical":
            return super().choose(curve, costs=self.class_costs)
        check_probability(curve.thresholds[1:])
        return self.decide_at(curve, prevalence=curve.prevalence, shift=0.0)

    def decide_at(self, curve: ThresholdCurve | None, *, prevalence: float, shift: float) -> Decision:
        """The Bayes decision where the prevalence has moved by `shift` on the log-odds since the scores were made.

        `curve`, if given, is that of the scores as they are, at the present prevalence.
        """
        costs = self.costs
        bayes = costs.threshold if isinstance(costs, CostMatrix) else getattr(costs, "typical_threshold", float("nan"))
        threshold = moved_threshold(bayes, -shift)
        why = self._reason(bayes, threshold)
        fixed = None if self.per_row else (threshold, threshold)
        if curve is None or np.isnan(threshold):
            return Decision(rule=self, threshold=threshold, prevalence=prevalence, interval=fixed, why=why, shift=shift)
        point = OperatingPoints.from_curve(curve).take(np.array([curve.at(threshold)]))
        money = costs if isinstance(costs, CostMatrix) else CostMatrix(**costs.means())
        made = decision_at(MinimumCost(money), point, threshold, money, why=why)
        return replace(made, rule=self, interval=fixed, shift=shift, prevalence=prevalence)

    def decided_on(self, y: np.ndarray, proba: np.ndarray, weight: np.ndarray | None, costs: Costs | None) -> Decision:
        """With costs by row, what the decision brings is that of each row's own."""
        decision = super().decided_on(y, proba, weight, costs)
        if not self.per_row or not isinstance(costs, RowCosts):
            return decision
        exact = decide_rows(self, y, proba, weight, costs)
        return replace(exact, threshold=decision.threshold, interval=decision.interval, why=decision.why)

    def move_prevalence(self, decision: Decision, prevalence: float, curve: ThresholdCurve | None) -> Decision:
        if self.search == "empirical":
            return super().move_prevalence(decision, prevalence, curve)
        if np.isnan(decision.prevalence):
            raise InputError("The decision does not know the prevalence it was made at; choose it on a curve first.")
        shift = decision.shift + float(logit(prevalence) - logit(decision.prevalence))
        moved = None if curve is None else curve_at_prevalence(curve, prevalence)
        return self.decide_at(moved, prevalence=prevalence, shift=shift)

    def phrase(self) -> str:
        if self.search == "empirical":
            return "the least cost on these rows"
        return "the least expected cost"

    def _reason(self, bayes: float, threshold: float) -> str:
        if self.per_row:
            return "Each row is flagged where its own costs and its probability make flagging the cheaper decision."
        costs = self.class_costs
        moved = "" if bayes == threshold else f", which on scores from before the prevalence moved is {threshold:.4g}"
        return (
            f"Flagging is the cheaper decision from a probability of {bayes:.4g}{moved}: a false alarm costs "
            f"{costs.fp - costs.tn:g}, a missed event {costs.fn - costs.tp:g} more than the right decision."
        )

    def parameters(self) -> dict[str, Any]:
        if isinstance(self.costs, CostMatrix):
            return {"costs": self.costs.to_dict(), "search": self.search}
        means = self.costs.means() if isinstance(self.costs, RowCosts) else None
        return {"costs": None, "search": self.search, "mean_costs": means}

    @classmethod
    def from_parameters(cls, state: Mapping[str, Any]) -> Self:
        costs = state["costs"]
        if costs is None:
            return cls(None, search=state.get("search", "bayes"))
        return cls(CostMatrix(**costs), search=state.get("search", "bayes"))

    @staticmethod
    def equal_costs_decision() -> Decision:
        """The cut at 0.5 that stands where nobody named costs."""
        rule = MinimumCost(CostMatrix(fp=1.0, fn=1.0))
        why = (
            "No costs were given, so the cut is at a probability of 0.5, as if a missed event cost no more than "
            "a false alarm."
        )
        return Decision(rule=rule, threshold=0.5, interval=(0.5, 0.5), why=why)


def check_probability(scores: np.ndarray) -> None:
    """Raise unless scores can be probabilities; warn when they hardly can."""
    if scores.size and (scores.min() < 0 or scores.max() > 1):
        raise InputError(
            f"MinimumCost needs calibrated probabilities in [0, 1]; got scores from {scores.min():g} to "
            f'{scores.max():g}. Calibrate them (rareclass.calibration), or use search="empirical".'
        )


def decide_rows(
    rule: MinimumCost, y: np.ndarray, proba: np.ndarray, weight: np.ndarray | None, costs: RowCosts
) -> Decision:
    """Decision with costs by row, with the exact rates and cost on these rows."""
    w = np.ones(y.size) if weight is None else weight
    if rule.search == "bayes":
        check_probability(proba)
        threshold, flagged = costs.typical_threshold, proba >= costs.threshold
        why = rule._reason(threshold, threshold)
    else:
        threshold = _cheapest_cut(y, proba, w, costs)
        flagged = proba >= threshold
        why = "The one threshold with the least total cost on these rows, each with its own costs."
        if np.isposinf(threshold):
            warnings.warn(f"{why} No row will be flagged.", NoOpWarning, stacklevel=4)
    cost = float(np.average(costs.of(y, flagged), weights=w))
    return Decision(
        rule=rule, threshold=threshold, expected_cost=cost, value=cost, why=why, **rates_of_rows(y, flagged, w)
    )


def _cheapest_cut(y: np.ndarray, score: np.ndarray, weight: np.ndarray, costs: RowCosts) -> float:
    """Threshold with the least total cost when each row has its own; +inf where flagging nothing is cheapest."""
    order = np.argsort(-score, kind="stable")
    gain = (weight * np.where(y, costs.tp - costs.fn, costs.fp - costs.tn))[order]
    ranked = score[order]
    last = np.flatnonzero(np.r_[np.diff(ranked) < 0, True])
    total = np.r_[0.0, np.cumsum(gain)[last]]
    return float(np.r_[np.inf, ranked[last]][int(np.argmin(total))])
