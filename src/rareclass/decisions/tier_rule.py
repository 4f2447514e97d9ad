"""Alert tiers as a decision rule: a row is flagged where it is in any tier but the first."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from rareclass.decisions.costs import CostMatrix, Costs, CostsLike, costs_of_rows
from rareclass.decisions.decision import Decision
from rareclass.decisions.periods import UNITS, rows_per_period
from rareclass.decisions.points import OperatingPoints
from rareclass.decisions.ranking import Grouping
from rareclass.decisions.rule import DecisionRule, rates_of_rows
from rareclass.decisions.tier import TierLines
from rareclass.decisions.tiers import TIERS, TierCuts, TierPolicy
from rareclass.errors import CostError, InputError
from rareclass.metrics.curve import ThresholdCurve


@dataclass(frozen=True)
class ByTiers(DecisionRule):
    """Each row goes to the tier that is expected to cost least, and is flagged in every tier but the first.

    What a `TierPolicy` becomes where it is given as a `decision`. `cuts` are its thresholds once they are known;
    `rows_per_period` is what a period of its capacities holds.

    Raises
    ------
    CostError
        When it is to decide and neither the rows nor its own cuts bring costs.

    Examples
    --------
    >>> from rareclass.decisions import Tier
    >>> rule = ByTiers(TierPolicy([Tier("allow"), Tier("review", cost=5, prevents=0.9)]))
    >>> p, y = np.array([0.5, 0.002]), np.array([True, False])
    >>> decision = rule.decided_on(y, p, None, CostMatrix(fp=10, fn=500))
    >>> decision.apply([0.3, 0.01]).tolist(), round(decision.threshold, 4)
    ([True, False], 0.0111)
    """

    kind: ClassVar[str] = TIERS
    title: ClassVar[str] = "alert tiers"
    policy: TierPolicy
    cuts: TierCuts | None = None
    rows_per_period: float | None = None

    @property
    def per_row(self) -> bool:
        return self.cuts is not None and self.cuts.costs is None

    @property
    def costs(self) -> CostMatrix | None:
        """The costs for all rows that the tiers were cut by."""
        return None if self.cuts is None else self.cuts.costs

    @property
    def per(self) -> str:
        """What a period of the capacities is."""
        return self.policy.per

    def phrase(self) -> str:
        return self.policy.phrase()

    def value(self, points: OperatingPoints) -> np.ndarray:
        raise InputError("Tiers weigh each row by what it costs in each of them; no curve of one threshold tells that.")

    objective = value

    def with_costs(self, costs: Costs | None) -> Self:
        if costs is None and self.cuts is None:
            raise CostError("Tiers are cut by money. Give the `costs` of rows: fp and fn (--cost-fp and --cost-fn).")
        if costs is not None:
            self.policy.cuts(costs)
        return self

    def with_times(self, times: ArrayLike | None, weight: np.ndarray | None = None) -> Self:
        per = self.policy.per
        if times is None or not self.policy.limited or per not in UNITS:
            if self.policy.limited and per != "run" and self.rows_per_period is None:
                raise InputError(
                    f"Capacities per {per} need to know how many rows share a {per}: name a column of dates with "
                    "`times` (in Python: or cut the tiers of the fitted model with `cut_tiers` and `periods`)."
                )
            return self
        return replace(self, rows_per_period=rows_per_period(times, per, weight))

    def decided_on(self, y: np.ndarray, proba: np.ndarray, weight: np.ndarray | None, costs: Costs | None) -> Decision:
        money = self.costs if costs is None else costs
        if money is None:
            raise CostError("These tiers weigh each row by its own costs; give those of these rows as `costs`.")
        size = None if self.per == "run" else self.rows_per_period
        return self.decided(
            self.policy.cut(proba, money, sample_weight=weight, rows_per_period=size), y, proba, weight, money
        )

    def decided(
        self, cuts: TierCuts, y: np.ndarray, proba: np.ndarray, weight: np.ndarray | None, costs: Costs
    ) -> Decision:
        """The decision by tiers that were cut, with what it brings on rows (n,)."""
        rule = replace(self, cuts=cuts, rows_per_period=cuts.rows_per_period)
        w = np.ones(y.size) if weight is None else weight
        places = cuts.places(proba, costs if rule.per_row else None)
        spent = outcome_costs(self.policy, places, costs)
        flagged = places > 0
        own = np.where(flagged, np.where(y, spent["tp"], spent["fp"]), np.where(y, spent["fn"], spent["tn"]))
        cost = float(np.average(own, weights=w))
        threshold = float("nan") if rule.per_row else min(cuts.thresholds)
        return Decision(
            rule=rule,
            threshold=threshold,
            expected_cost=cost,
            value=cost,
            interval=None,
            why=cuts.said(),
            **rates_of_rows(y, flagged, w),
        )

    def flag(self, score: np.ndarray, threshold: float, grouping: Grouping) -> np.ndarray:
        assert self.cuts is not None
        return self.cuts.places(score, None, grouping) > 0

    def flag_by_costs(self, proba: np.ndarray, costs: Costs, shift: float, grouping: Grouping) -> np.ndarray:
        assert self.cuts is not None
        return self.cuts.places(proba, costs, grouping) > 0

    def priced(self, proba: np.ndarray, costs: CostsLike) -> CostsLike:
        assert self.cuts is not None
        own = costs_of_rows(costs, proba.size)
        return outcome_costs(self.policy, self.cuts.places(proba, own if self.per_row else None), own)

    def move_prevalence(self, decision: Decision, prevalence: float, curve: ThresholdCurve | None) -> Decision:
        raise InputError(
            "Tiers are cut by calibrated probabilities: move those to the new prevalence "
            "(rareclass.calibration.prior_shift) and keep the tiers, or cut them anew."
        )

    def parameters(self) -> dict[str, Any]:
        return self.policy.to_dict() if self.cuts is None else self.cuts.to_dict()

    @classmethod
    def from_parameters(cls, state: Mapping[str, Any]) -> Self:
        if "thresholds" not in state:
            return cls(TierPolicy.from_dict(state))
        cuts = TierCuts.from_dict(state)
        return cls(cuts.policy, cuts, cuts.rows_per_period)


def as_rule(decision: DecisionRule | TierPolicy) -> DecisionRule:
    """A decision as it was asked for as a rule: a `TierPolicy` becomes `ByTiers`.

    Raises
    ------
    InputError
        It is neither.
    """
    if isinstance(decision, TierPolicy):
        return ByTiers(decision)
    if not isinstance(decision, DecisionRule):
        raise InputError(
            f"`decision` must be a rule of rareclass.decisions, or a TierPolicy; got {type(decision).__name__}."
        )
    return decision


def outcome_costs(policy: TierPolicy, places: np.ndarray, costs: CostsLike) -> dict[str, np.ndarray]:
    """What each row (n,) costs in its tier if it is an event and if it is none, as costs of "flagged or not".

    A row in the first tier would be in the second if it were flagged.
    """
    lines = TierLines.of(policy.tiers, costs_of_rows(costs, places.size))
    shape = len(policy.tiers), places.size
    quiet, event = (np.broadcast_to(v if v.ndim == 2 else v[:, None], shape) for v in (lines.quiet, lines.event))
    own = np.maximum(places, 1), np.arange(places.size)
    return {"fp": quiet[own], "tp": event[own], "fn": event[0], "tn": quiet[0]}
