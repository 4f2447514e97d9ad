"""Rules and decisions as plain values and back, by the table of rules."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from rareclass._names import Names
from rareclass.errors import InputError

RULES: Names[Any] = Names(
    "rule",
    {
        "minimum_cost": "rareclass.decisions.minimum_cost:MinimumCost",
        "maximize": "rareclass.decisions.maximize:Maximize",
        "recall_at_least": "rareclass.decisions.constraints:RecallAtLeast",
        "precision_at_least": "rareclass.decisions.constraints:PrecisionAtLeast",
        "false_positive_rate_at_most": "rareclass.decisions.constraints:FalsePositiveRateAtMost",
        "alert_budget": "rareclass.decisions.budget:AlertBudget",
        "tiers": "rareclass.decisions.tier_rule:ByTiers",
        "constrained": "rareclass.decisions.constrained:Constrained",
    },
)
_NUMBERS = "threshold expected_cost alert_rate recall precision false_positive_rate prevalence rows events value level"


def rule_from_dict(state: Mapping[str, Any]) -> Any:
    """Rebuild a rule from ``{"rule": kind, **parameters}``.

    Examples
    --------
    >>> rule_from_dict({"rule": "recall_at_least", "recall": 0.9, "confidence": None}).phrase()
    'the fewest alerts at a recall of at least 0.9'
    """
    if not isinstance(state, Mapping) or "rule" not in state:
        raise InputError("A saved rule is a mapping with the entry 'rule'.")
    rule = RULES[state["rule"]]
    try:
        return rule.from_parameters({k: v for k, v in state.items() if k != "rule"})
    except TypeError as error:
        raise InputError(f"The saved rule {state['rule']!r} is incomplete: {error}.") from None


def decision_to_dict(decision: Any) -> dict[str, Any]:
    """See `Decision.to_dict`."""
    rule = decision.rule
    plain: dict[str, Any] = {"rule": rule.kind, "parameters": rule.parameters(), "per_row": decision.per_row}
    plain |= {name: _to_json(getattr(decision, name)) for name in _NUMBERS.split()}
    plain["interval"] = None if decision.interval is None else [_to_json(v) for v in decision.interval]
    return plain | {"why": decision.why, "shift": decision.shift}


def decision_fields(state: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a decision from the values of `Decision.to_dict`."""
    try:
        fields = {"rule": rule_from_dict({"rule": state["rule"], **state.get("parameters", {})})}
        fields |= {name: _from_json(state[name]) for name in _NUMBERS.split()}
        interval = state["interval"]
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"The saved decision is incomplete: {error}.") from None
    if state["expected_cost"] is None:
        fields["expected_cost"] = None
    fields["interval"] = None if interval is None else (_from_json(interval[0]), _from_json(interval[1]))
    return fields | {"why": str(state.get("why", "")), "shift": float(state.get("shift", 0.0))}


def _to_json(value: float | None) -> float | str | None:
    """A number as JSON can hold it."""
    if value is None or np.isnan(value):
        return None
    if np.isinf(value):
        return "inf" if value > 0 else "-inf"
    return float(value)


def _from_json(value: float | str | None) -> float:
    """Inverse of `_to_json` (null becomes NaN)."""
    return float("nan") if value is None else float(value)
