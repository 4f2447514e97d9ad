"""The base of decision rules: a curve goes in, a decision with its reason comes out."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from rareclass.decisions.costs import CostMatrix, Costs, CostsLike, as_costs
from rareclass.decisions.decision import Decision
from rareclass.decisions.moving import curve_at_prevalence
from rareclass.decisions.points import OperatingPoints
from rareclass.decisions.ranking import Grouping
from rareclass.decisions.saved import RULES
from rareclass.errors import InfeasibleError, InputError, NoOpWarning
from rareclass.kernels.logits import moved_threshold
from rareclass.metrics.curve import ThresholdCurve

TOLERANCE = 1e-12
"""Rates within this of a bound meet it: 9 of 10 is a recall of 0.9."""


@dataclass(frozen=True)
class DecisionRule(ABC):
    """How alerts are chosen. Sub-classes say which operating points are allowed, and which of them is best.

    All distinct scores are candidates, and +inf ("flag none"); there is no grid. A row is flagged iff its score >=
    threshold, so the threshold is the smallest score that is flagged. Among equally good points the one with the
    fewest alerts is taken.
    """

    kind: ClassVar[str]
    title: ClassVar[str]
    event_points_suffice: ClassVar[bool] = False

    @property
    def per_row(self) -> bool:
        """Whether every row is decided by its own costs."""
        return False

    @property
    def counts_matter(self) -> bool:
        """Whether a confidence bound is computed from the counts, so that they must not be scaled."""
        return getattr(self, "confidence", None) is not None

    @abstractmethod
    def objective(self, points: OperatingPoints) -> np.ndarray:
        """Value of each point (..., m), higher = better, NaN = undefined."""

    @abstractmethod
    def value(self, points: OperatingPoints) -> np.ndarray:
        """What the rule optimises or bounds, at each point (..., m), in the user's terms."""

    def feasible(self, points: OperatingPoints) -> np.ndarray | None:
        """Which points (..., m) are allowed; None for all."""
        return None

    def complain(self, points: OperatingPoints) -> str:
        """Sentence for the case that no point is allowed: the best that can be had."""
        return f"No threshold meets {self.bound()}."

    @abstractmethod
    def phrase(self) -> str:
        """What the rule seeks, in words."""

    def bound(self) -> str:
        """The bound that it sets, in words."""
        return self.phrase()

    def parameters(self) -> dict[str, Any]:
        """JSON-safe parameters from which `rule_from_dict` rebuilds the rule."""
        return asdict(self)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON; `rule_from_dict` reads them."""
        return {"rule": self.kind, **self.parameters()}

    @classmethod
    def from_parameters(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild the rule from its `parameters`."""
        return cls(**state)

    def choose(self, curve: ThresholdCurve, *, costs: CostsLike | None = None) -> Decision:
        """The best threshold on a curve.

        Parameters
        ----------
        curve : ThresholdCurve
            Of rows that the model did not see, both classes present.
        costs : CostMatrix or mapping, optional
            To price the decision; `MinimumCost` brings its own.

        Raises
        ------
        InfeasibleError
            No threshold meets the rule; the message names the best that can be had.
        TooFewEventsError
            The curve holds one class only.
        """
        points = self._candidates(OperatingPoints.from_curve(curve))
        index = int(self.best(points))
        money = None if costs is None else as_costs(costs)
        return self._decide(points.take(np.array([index])), money if isinstance(money, CostMatrix) else None)

    def decided_on(self, y: np.ndarray, proba: np.ndarray, weight: np.ndarray | None, costs: Costs | None) -> Decision:
        """The decision on rows (n,): Boolean truth, calibrated probabilities, weights and the costs of these rows."""
        return self.choose(ThresholdCurve.from_predictions(y, proba, sample_weight=weight))

    def best(self, points: OperatingPoints) -> np.ndarray:
        """Index (...) of the best allowed point; the first, hence the highest threshold, among equals."""
        value = np.where(np.isnan(v := self.objective(points)), -np.inf, v)
        allowed = self.feasible(points)
        if allowed is not None:
            value = np.where(allowed, value, -np.inf)
        top = value.max(axis=-1, keepdims=True)
        # equal values may differ by rounding; the first within it has the fewest alerts
        found = np.argmax(value >= top - TOLERANCE * np.abs(top), axis=-1)
        if not np.isfinite(top).all():
            if allowed is not None and not allowed.any(axis=-1).all():
                raise InfeasibleError(self.complain(points))
            raise InfeasibleError(
                f"The threshold with {self.phrase()} is undefined: the value is NaN at every threshold."
            )
        return found

    def subject_to(self, *constraints: "DecisionRule") -> "DecisionRule":
        """This rule among the points that other rules allow too.

        Examples
        --------
        >>> from rareclass.decisions import Maximize, FalsePositiveRateAtMost
        >>> Maximize("f1").subject_to(FalsePositiveRateAtMost(0.01)).phrase()
        'the greatest f1 with a false-positive rate of at most 0.01'
        """
        combined: DecisionRule = RULES["constrained"](self, constraints)
        return combined

    def flag(self, score: np.ndarray, threshold: float, grouping: Grouping) -> np.ndarray:
        """Which rows a decision of this rule flags."""
        if any(v is not None for v in grouping):
            raise InputError(
                f"`periods` and `entities` belong to alert budgets, and so do `keys`, not to {type(self).__name__}."
            )
        return np.asarray(score >= threshold, dtype=bool)

    def flag_by_costs(self, proba: np.ndarray, costs: Costs, shift: float, grouping: Grouping) -> np.ndarray:
        """Which rows (n,) a decision by row flags, by the costs of these rows."""
        # both sides on the log-odds: a prevalence that has moved is a shift there
        with np.errstate(invalid="ignore"):
            return np.asarray(proba >= moved_threshold(costs.threshold, -shift), dtype=bool)

    def priced(self, proba: np.ndarray, costs: CostsLike) -> CostsLike:
        """See `Decision.priced`."""
        return costs

    def with_costs(self, costs: Costs | None) -> Self:
        """The rule told the costs of the rows that it will be chosen on; `CostError` where it cannot do with them."""
        return self

    def with_times(self, times: ArrayLike | None, weight: np.ndarray | None = None) -> "DecisionRule":
        """The rule told times and weights (n,) of the rows it will be chosen on, for budgets per hour, day, week or
        month.

        Raises
        ------
        InputError
            A budget counts by a period that the times cannot tell.
        """
        return self

    def explain(self, threshold: float) -> str:
        """What else to tell the user about this threshold; a sentence with a leading blank, or nothing."""
        return ""

    def move_prevalence(self, decision: Decision, prevalence: float, curve: ThresholdCurve | None) -> Decision:
        """See `Decision.at_prevalence`."""
        if self.counts_matter:
            raise InputError(
                "A bound with confidence is about counted rows and cannot be moved to another prevalence; choose it on "
                "rows with that prevalence, or drop the confidence."
            )
        if curve is None:
            raise InputError(
                f"{type(self).__name__} depends on the prevalence: pass the curve that the decision was chosen on."
            )
        return self.choose(curve_at_prevalence(curve, prevalence))

    def _candidates(self, points: OperatingPoints) -> OperatingPoints:
        return points.at_events() if self.event_points_suffice else points

    def _decide(self, point: OperatingPoints, costs: CostMatrix | None) -> Decision:
        """Decision at a single point (arrays of length 1)."""
        threshold = float(point.thresholds[0])
        decision = decision_at(self, point, threshold, costs)
        if np.isposinf(threshold):
            warnings.warn(f"{decision.why} No row will be flagged.", NoOpWarning, stacklevel=4)
        return decision


def decision_at(
    rule: DecisionRule, point: OperatingPoints, threshold: float, costs: CostMatrix | None, *, why: str = ""
) -> Decision:
    """Decision with the rates of one operating point (arrays of length 1)."""
    tp, fp = float(point.tp[0]), float(point.fp[0])
    rates = rates_of(tp, fp, point.positives, point.negatives)
    reason = (
        f"Threshold for {rule.phrase()}: {tp + fp:.6g} of {point.n:.6g} rows flagged, {tp:.6g} of "
        f"{point.positives:.6g} events among them.{rule.explain(threshold)}"
    )
    cost = None if costs is None else float(costs.total(point.tp[0], point.fp[0], point.fn[0], point.tn[0]) / point.n)
    value = float(rule.value(point)[0])
    return Decision(
        rule=rule, threshold=threshold, expected_cost=cost, value=value, why=why if why else reason, **rates
    )


def rates_of(tp: float, fp: float, positives: float, negatives: float) -> dict[str, Any]:
    """The rates of a `Decision` that flags so many (or so much weight) of the rows."""
    total = positives + negatives
    return {
        "alert_rate": (tp + fp) / total,
        "recall": tp / positives,
        "precision": tp / (tp + fp) if tp + fp > 0 else float("nan"),
        "false_positive_rate": fp / negatives,
        "prevalence": positives / total,
        "rows": total,
        "events": positives,
    }


def rates_of_rows(y: np.ndarray, flagged: np.ndarray, weight: np.ndarray) -> dict[str, Any]:
    """The same for rows (n,) of Boolean truth."""
    counts = (weight[rows].sum() for rows in (flagged & y, flagged & ~y, y, ~y))
    return rates_of(*(float(c) for c in counts))
