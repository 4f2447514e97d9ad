"""The threshold engine: one sort, all distinct scores, any rule."""

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass._types import Label, Seed
from rareclass.decisions.budget import AlertBudget, decide_budget
from rareclass.decisions.costs import CostMatrix, CostsLike, RowCosts, as_costs
from rareclass.decisions.decision import Decision
from rareclass.decisions.minimum_cost import MinimumCost, decide_rows
from rareclass.decisions.ranking import Grouping
from rareclass.decisions.rule import DecisionRule
from rareclass.decisions.stability import threshold_interval
from rareclass.errors import CostError, InfeasibleError, InputError
from rareclass.kernels.logits import logit, sigmoid
from rareclass.metrics.curve import ThresholdCurve


def best_threshold(
    y_true: ArrayLike,
    y_score: ArrayLike,
    rule: DecisionRule,
    *,
    sample_weight: ArrayLike | None = None,
    costs: CostsLike | None = None,
    periods: ArrayLike | None = None,
    entities: ArrayLike | None = None,
    keys: ArrayLike | None = None,
    pos_label: Label | None = None,
    level: float = 0.95,
    n_bootstrap: int = 200,
    place: str = "score",
    random_state: Seed = 0,
) -> Decision:
    """The best threshold of a rule on rows that the model did not see, exactly.

    One sort gives the counts at every distinct score; the rule then takes the best of all of them. A row is flagged
    iff its score >= threshold; the threshold is the smallest score that is flagged (for `MinimumCost` the probability
    that follows from the costs), or +inf to flag none.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Binary labels, both classes present.
    y_score : array-like of shape (n,)
        Finite, higher = more likely positive, out of fold or held back. `MinimumCost` needs calibrated probabilities.
    rule : DecisionRule
        `MinimumCost`, `RecallAtLeast`, `PrecisionAtLeast`, `FalsePositiveRateAtMost`, `AlertBudget`, `Maximize`, or
        a combination by `subject_to`.
    sample_weight : array-like of shape (n,), optional
        Non-negative; an integer weight is the same as that many equal rows.
    costs : CostMatrix or mapping, optional
        To price decisions of rules without costs of their own.
    periods, entities, keys : array-like of shape (n,), optional
        For `AlertBudget`: the period and entity of each row, and identifiers that settle ties.
    pos_label : label, optional
    level : float in (0, 1), default=0.95
        Of the threshold interval.
    n_bootstrap : int >= 0, default=200
        Resamples for the threshold interval, within each class; 0 for none.
    place : {"score", "midpoint"}, default="score"
        Put the threshold on the smallest flagged score, or half way (on the log-odds for scores in (0, 1)) to the
        next lower one; both flag the same rows. Without effect on `MinimumCost` and on budgets with periods.
    random_state : int, Generator or None, default=0

    Returns
    -------
    Decision
        With `threshold`, `expected_cost`, `alert_rate`, `interval`, `why` and more.

    Raises
    ------
    InputError
        Empty, missing, infinite or wrong-length input, negative weights.
    TooFewEventsError
        Only one class.
    InfeasibleError
        No threshold meets the rule; the message names the best that can be had.
    CostError
        Costs of the wrong shape.

    Examples
    --------
    >>> from rareclass.decisions import Maximize
    >>> chosen = best_threshold([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], Maximize("f1"))
    >>> chosen.threshold, round(chosen.value, 4), chosen.alert_rate
    (0.35, 0.8, 0.75)
    """
    if not isinstance(rule, DecisionRule):
        raise InputError(f"`rule` must be a rule of rareclass.decisions; got {type(rule).__name__}.")
    _check.one_of(place, "place", ["score", "midpoint"])
    y, score, weight, kept = _rows(y_true, y_score, sample_weight, pos_label)
    if isinstance(rule, MinimumCost) and not isinstance(rule.costs, CostMatrix):
        return _by_row(rule, y, score, weight, costs, kept)
    if periods is not None or entities is not None:
        if not isinstance(rule, AlertBudget):
            raise InputError(f"`periods` and `entities` belong to AlertBudget, not to {type(rule).__name__}.")
        grouping = Grouping(*(_kept(v, kept) for v in (periods, entities, keys)))
        return decide_budget(rule, y, score, weight, grouping)
    curve = ThresholdCurve.from_arrays(y, score, weight)
    decision = rule.choose(curve) if isinstance(rule, MinimumCost) else rule.choose(curve, costs=_class_costs(costs))
    if place == "midpoint" and decision.interval is None:
        decision = replace(decision, threshold=_midpoint(curve, decision.threshold))
    if decision.interval is not None or not n_bootstrap:
        return decision
    try:
        interval = threshold_interval(curve, rule, level=level, n_bootstrap=n_bootstrap, random_state=random_state)
    except InfeasibleError:  # these rows just meet the rule, no resample of them does
        return decision
    return decision.with_interval(interval, level)


def _rows(
    y_true: ArrayLike, y_score: ArrayLike, sample_weight: ArrayLike | None, pos_label: Label | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, np.ndarray | None]:
    """Validated labels, scores and weights without rows of zero weight, and the mask of those kept (None for all)."""
    y = _check.binary_target(y_true, pos_label)
    score = _check.scores(y_score)
    _check.same_length(y_true=y, y_score=score)
    weight = _check.weights(sample_weight, y.size)
    kept = None
    if weight is not None and not weight.all():
        kept = weight > 0
        y, score, weight = y[kept], score[kept], weight[kept]
    _check.both_classes(y)
    return y, score, weight, kept


def _midpoint(curve: ThresholdCurve, threshold: float) -> float:
    """Half way to the next lower score, where that is another number."""
    below = curve.thresholds[curve.at(threshold) + 1 :][:1]
    if not below.size or np.isinf(threshold):
        return threshold
    low = float(below[0])
    if low > 0 and threshold < 1:
        middle = float(sigmoid((logit(low) + logit(threshold)) / 2))
    else:
        middle = low + (threshold - low) / 2
    return middle if low < middle <= threshold else threshold


def _kept(values: ArrayLike | None, kept: np.ndarray | None) -> ArrayLike | None:
    return values if values is None or kept is None else _check.column(values, "values")[kept]


def _class_costs(costs: CostsLike | None) -> CostMatrix | None:
    if costs is None:
        return None
    found = as_costs(costs)
    if isinstance(found, RowCosts):
        raise CostError("Costs by row are decided by MinimumCost(costs), one threshold a row.")
    return found


def _by_row(
    rule: MinimumCost,
    y: np.ndarray,
    score: np.ndarray,
    weight: np.ndarray | None,
    costs: CostsLike | None,
    kept: np.ndarray | None,
) -> Decision:
    """Costs by row, from the rule or from the call."""
    if costs is not None and rule.costs is not None:
        raise CostError("Costs were given twice, to the rule and to the call; give them once.")
    own = rule.costs if costs is None else as_costs(costs)
    if not isinstance(own, RowCosts):
        raise CostError("MinimumCost needs costs: a CostMatrix for all rows, or RowCosts with one value a row.")
    n = y.size if kept is None else kept.size
    if len(own) != n:
        raise CostError(f"The costs have {len(own)} rows, the data {n}.")
    return decide_rows(rule, y, score, weight, own if kept is None else own.take(kept))
