"""How probabilities become decisions: one threshold, or each row by its own costs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from rareclass.decisions.costs import costs_of_rows
from rareclass.decisions.tiers import TIERS, TierCuts
from rareclass.errors import CostError, InputError
from rareclass.kernels.logits import moved_threshold
from rareclass.scoring.saved import flag, number


@dataclass(frozen=True)
class Cut:
    """How probabilities become decisions: a threshold for all rows, or each row by its own costs."""

    threshold: float
    per_row: bool = False
    shift: float = 0.0  # log-odds by which the prevalence has moved
    by_entity: bool = False
    tiers: TierCuts | None = None  # where there are any, they decide

    @classmethod
    def of(cls, saved: Mapping[str, Any]) -> Self:
        """The cut of a saved decision (`Decision.to_dict`)."""
        saved = {"per_row": False, "shift": 0.0, "parameters": {}, **saved}
        if saved.get("rule") == TIERS:  # every tier but the first is an alert
            cuts = TierCuts.from_dict(saved["parameters"])
            return cls(min(cuts.thresholds), cuts.costs is None, tiers=cuts)
        per_row, threshold = flag(saved, "per_row"), saved["threshold"]
        if threshold in ("inf", "-inf"):
            threshold = float(threshold)
        elif threshold is None and per_row:
            threshold = float("nan")
        else:
            threshold = number(saved, "threshold", low=0.0, high=1.0)
        by_entity = flag({"by_entity": False} | saved["parameters"], "by_entity")
        return cls(threshold, per_row, number(saved, "shift"), by_entity)

    @property
    def unservable(self) -> str | None:
        """Why rows cannot be decided as they come, one request at a time; None where they can."""
        if self.by_entity and self.tiers is None:
            return (
                "Its alert budget counts entities over a period, which single requests do not tell. Train it with "
                "another decision, or decide in batches with `Bundle.model.predict`."
            )
        return None

    def tier(self, probability: np.ndarray, costs: Any) -> np.ndarray:
        """Name of the tier (n,) of each row."""
        if self.tiers is None:
            raise InputError("This bundle has no tiers. Train it with tiers, or decide with `decide`.")
        return self.tiers.tier(probability, costs)

    def flag(self, probability: np.ndarray, costs: Any) -> np.ndarray:
        """Which rows are flagged (n,)."""
        if self.tiers is not None:
            return np.asarray(self.tiers.places(probability, costs) > 0)
        if self.by_entity:
            raise InputError(
                "This decision's budget counts entities, which rows alone do not tell. Use `Bundle.model.predict` with "
                "`entities` and `periods`."
            )
        if not self.per_row:
            if costs is not None:
                raise CostError("This decision uses one threshold for all rows; leave the costs out.")
            return np.asarray(probability >= self.threshold, dtype=bool)
        if costs is None:
            raise CostError(
                "This decision weighs each row by its own costs, which were not given: pass those of these rows as "
                "`costs`."
            )
        own = costs_of_rows(costs, probability.size)
        with np.errstate(invalid="ignore"):
            return np.asarray(probability >= moved_threshold(own.threshold, -self.shift), dtype=bool)
