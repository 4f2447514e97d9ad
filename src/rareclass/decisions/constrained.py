"""An objective among the points that constraints allow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from rareclass.decisions.points import OperatingPoints
from rareclass.decisions.rule import DecisionRule
from rareclass.decisions.saved import rule_from_dict
from rareclass.errors import InputError


@dataclass(frozen=True)
class Constrained(DecisionRule):
    """The best point of one rule among those that other rules allow.

    Written more simply as ``Maximize("f1").subject_to(FalsePositiveRateAtMost(0.01), AlertBudget(100))``.

    Parameters
    ----------
    rule : DecisionRule
        What is optimised; its own bound, if it has one, holds too. `MinimumCost` takes the allowed point with the
        least expected cost.
    constraints : DecisionRule or sequence of DecisionRule
        Rules with a bound: `RecallAtLeast`, `PrecisionAtLeast`, `FalsePositiveRateAtMost`, `AlertBudget`.

    Examples
    --------
    >>> from rareclass.decisions import Maximize, RecallAtLeast, best_threshold
    >>> y, s = [0, 1, 0, 1, 1], [0.1, 0.2, 0.3, 0.4, 0.5]
    >>> best_threshold(y, s, Maximize("precision").subject_to(RecallAtLeast(1.0))).threshold
    0.2
    """

    kind: ClassVar[str] = "constrained"
    title: ClassVar[str] = "constrained"
    rule: DecisionRule
    constraints: DecisionRule | Sequence[DecisionRule] = ()

    def __post_init__(self) -> None:
        given = self.constraints
        several = (given,) if isinstance(given, DecisionRule) else tuple(given)
        if not several:
            raise InputError("A constrained rule needs at least one constraint.")
        for r in (self.rule, *several):
            if not isinstance(r, DecisionRule):
                raise InputError(f"Objective and constraints must be decision rules; got {type(r).__name__}.")
            if r.per_row:
                raise InputError("Costs by row cannot be combined with constraints on one threshold.")
        if isinstance(self.rule, Constrained):
            several = (*self.rule.constraints, *several)  # type: ignore[misc]
            object.__setattr__(self, "rule", self.rule.rule)
        for r in several:
            if type(r).feasible is DecisionRule.feasible:
                raise InputError(f"{type(r).__name__} has no bound and cannot be a constraint.")
        object.__setattr__(self, "constraints", several)

    @property
    def event_points_suffice(self) -> bool:  # type: ignore[override]
        """As the objective's: no bound forbids a point and allows it with more false alarms."""
        return self.rule.event_points_suffice

    @property
    def counts_matter(self) -> bool:
        return any(r.counts_matter for r in (self.rule, *self._bounds))

    @property
    def _bounds(self) -> tuple[DecisionRule, ...]:
        return tuple(self.constraints)  # type: ignore[arg-type]

    def feasible(self, points: OperatingPoints) -> np.ndarray:
        allowed = np.ones(np.shape(points.tp), dtype=bool)
        for r in (self.rule, *self._bounds):
            mine = r.feasible(points)
            if mine is not None:
                allowed &= mine
        return allowed

    def with_times(self, times: ArrayLike | None, weight: np.ndarray | None = None) -> "Constrained":
        bounds = tuple(r.with_times(times, weight) for r in self._bounds)
        return Constrained(self.rule.with_times(times, weight), bounds)

    def objective(self, points: OperatingPoints) -> np.ndarray:
        return self.rule.objective(points)

    def value(self, points: OperatingPoints) -> np.ndarray:
        return self.rule.value(points)

    def complain(self, points: OperatingPoints) -> str:
        for r in (self.rule, *self._bounds):
            mine = r.feasible(points)
            if mine is not None and not mine.any():
                return r.complain(points)
        bounds = " and ".join(r.bound() for r in self._bounds)
        return f"No threshold meets all constraints at once ({bounds}), though each can be met alone. Loosen one."

    def phrase(self) -> str:
        return f"{self.rule.phrase()} with {' and '.join(r.bound() for r in self._bounds)}"

    def parameters(self) -> dict[str, Any]:
        return {"objective": self.rule.to_dict(), "subject_to": [r.to_dict() for r in self._bounds]}

    @classmethod
    def from_parameters(cls, state: Mapping[str, Any]) -> Self:
        return cls(rule_from_dict(state["objective"]), tuple(rule_from_dict(r) for r in state["subject_to"]))
