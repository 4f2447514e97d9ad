"""Alert tiers of a fitted model, cut on its own out-of-fold scores."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from rareclass import _check
from rareclass.decisions.costs import CostsLike, RowCosts, as_costs
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
    rows_per_period: float | None,
) -> FittedModel:
    """The model with the tiers of a policy; arrays are (n,) for the rows of the table that it was fitted on."""
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

    money = as_costs(costs)
    cuts = policy.cut(
        sigmoid(model.oof_logit[seen]),
        money.take(rows) if isinstance(money, RowCosts) else money,
        sample_weight=own(sample_weight, "sample_weight"),
        periods=own(periods, "periods"),
        entities=own(entities, "entities"),
        rows_per_period=rows_per_period,
    )
    return replace(model, tiers=cuts)


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
        rows_per_period: float | None = None,
    ) -> Self:
        """Give the fitted model alert tiers, cut on its out-of-fold scores; `predict` then flags all but the first.

        Parameters as in `TierPolicy.cut`; arrays (n,) are those of the rows that were fitted on.
        """
        check_is_fitted(self, "model_")
        how = {"sample_weight": sample_weight, "periods": periods, "entities": entities}
        self._set_model(cut_on_scores(self.model_, policy, costs, rows_per_period=rows_per_period, **how))
        return self

    def tier(
        self, X: Any, *, costs: Any = None, periods: Any = None, keys: Any = None, entities: Any = None
    ) -> np.ndarray:
        """Name of the alert tier (n,) of each row, of a model with tiers (`cut_tiers`); see `TierCuts.tier`."""
        check_is_fitted(self, "model_")
        if self.model_.tiers is None:
            raise InputError("This model has no tiers. Cut them with `cut_tiers`.")
        p = sigmoid(self.positive_logit(X))
        return self.model_.tiers.tier(p, costs, periods=periods, keys=keys, entities=entities)
