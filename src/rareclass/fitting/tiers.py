"""Alert tiers of a fitted model, cut on its own out-of-fold scores."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from rareclass import _check
from rareclass.decisions.costs import Costs, CostsLike, RowCosts, as_costs
from rareclass.decisions.decision import Decision
from rareclass.decisions.tier_rates import tiers_of
from rareclass.decisions.tier_rule import ByTiers
from rareclass.decisions.tiers import TierPolicy
from rareclass.errors import InputError
from rareclass.fitting.model import FittedModel
from rareclass.kernels.logits import sigmoid


def cut_on_scores(
    model: FittedModel,
    policy: TierPolicy,
    costs: CostsLike,
    *,
    sample_weight: ArrayLike | None,
    periods: ArrayLike | None,
    entities: ArrayLike | None,
    groups: ArrayLike | None,
    rows_per_period: float | None,
) -> FittedModel:
    """The model deciding by the tiers of a policy; arrays are (n,) for the rows of the table that it was fitted on."""
    if not isinstance(policy, TierPolicy):
        raise InputError(f"`policy` must be a TierPolicy; got {type(policy).__name__}.")
    seen = np.flatnonzero(np.isfinite(model.oof_logit))
    if not seen.size:
        raise InputError(
            "There are no out-of-fold scores to cut tiers on: the model was loaded, or had too few events to be "
            "cross-fitted. Cut them when it is fitted, or on scores of other rows with `TierPolicy.cut`."
        )
    rows = model.oof_row[seen]

    def own(values: ArrayLike | None, name: str) -> np.ndarray | None:
        return None if values is None else _check.column(values, name)[rows]

    p, y, weight = sigmoid(model.oof_logit[seen]), model.oof_y[seen], own(sample_weight, "sample_weight")
    money = as_costs(costs)
    money = money.take(rows) if isinstance(money, RowCosts) else money
    cuts = policy.cut(
        p,
        money,
        sample_weight=weight,
        periods=own(periods, "periods"),
        entities=own(entities, "entities"),
        rows_per_period=rows_per_period,
    )
    rule = ByTiers(policy)
    decision = rule.decided(cuts, y, p, weight, money)
    told = tier_evidence(decision, y, p, weight=weight, costs=money, groups=own(groups, "groups"))
    slices = model.slices
    if slices is not None:
        slices = slices.decided(decision, money)
    return replace(model, decision=decision, rule=decision.rule, slices=slices, evidence={**model.evidence, **told})


def tier_evidence(
    decision: Decision,
    y: np.ndarray,
    proba: np.ndarray,
    *,
    weight: np.ndarray | None,
    costs: Costs | None,
    groups: np.ndarray | None,
) -> dict[str, Any]:
    """What the tiers of a decision hold on rows (n,), under the name "tiers"; nothing where it has none."""
    rule = decision.rule
    if not isinstance(rule, ByTiers) or rule.cuts is None:
        return {}
    return {"tiers": tiers_of(rule.cuts, y, proba, costs=costs, sample_weight=weight, groups=groups).to_dict()}


class Tiered:
    """What a classifier with a `FittedModel` can do with tiers."""

    model_: FittedModel
    _set_model: Callable[[FittedModel], None]
    positive_logit: Callable[[Any], np.ndarray]

    def cut_tiers(
        self,
        policy: TierPolicy,
        costs: Any,
        *,
        sample_weight: Any = None,
        periods: Any = None,
        entities: Any = None,
        groups: Any = None,
        rows_per_period: float | None = None,
    ) -> Self:
        """Let the fitted model decide by alert tiers, cut on its out-of-fold scores: `predict` flags all but the first.

        The same as a policy as `decision`, for periods that no dates tell, and for entities. Parameters as in
        `TierPolicy.cut`; arrays (n,) are those of the rows that were fitted on, and intervals count `groups`.
        """
        check_is_fitted(self, "model_")
        how = {"sample_weight": sample_weight, "periods": periods, "entities": entities, "groups": groups}
        self._set_model(cut_on_scores(self.model_, policy, costs, rows_per_period=rows_per_period, **how))
        return self

    def tier(
        self, X: Any, *, costs: Any = None, periods: Any = None, keys: Any = None, entities: Any = None
    ) -> np.ndarray:
        """Name of the alert tier (n,) of each row, of a model that decides by tiers; see `TierCuts.tier`."""
        check_is_fitted(self, "model_")
        if self.model_.tiers is None:
            raise InputError("This model has no tiers. Give a TierPolicy as `decision`, or cut them with `cut_tiers`.")
        p = sigmoid(self.positive_logit(X))
        return self.model_.tiers.tier(p, costs, periods=periods, keys=keys, entities=entities)
