"""From probabilities to actions: costs, rules, the exact threshold, and what it is expected to bring."""

from rareclass._lazy import lazy_names

__all__ = [
    "AlertBudget",
    "Constrained",
    "CostMatrix",
    "Decision",
    "DecisionRule",
    "FalsePositiveRateAtMost",
    "Maximize",
    "MinimumCost",
    "PrecisionAtLeast",
    "RecallAtLeast",
    "RowCosts",
    "ThresholdStability",
    "as_costs",
    "best_threshold",
    "curve_at_prevalence",
    "flag_best",
    "rule_from_dict",
    "threshold_interval",
    "threshold_stability",
]
__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "AlertBudget": "budget",
        "Constrained": "constrained",
        "CostMatrix": "costs",
        "Decision": "decision",
        "DecisionRule": "rule",
        "FalsePositiveRateAtMost": "constraints",
        "Maximize": "maximize",
        "MinimumCost": "minimum_cost",
        "PrecisionAtLeast": "constraints",
        "RecallAtLeast": "constraints",
        "RowCosts": "costs",
        "ThresholdStability": "stability",
        "as_costs": "costs",
        "best_threshold": "search",
        "curve_at_prevalence": "rule",
        "flag_best": "ranking",
        "rule_from_dict": "rule",
        "threshold_interval": "stability",
        "threshold_stability": "stability",
    },
)
