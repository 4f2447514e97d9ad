"""From probabilities to actions: costs, rules, the exact threshold, and what it is expected to bring."""

from rareclass._lazy import lazy_names

_HOMES = {
    "budget": "AlertBudget",
    "constrained": "Constrained",
    "constraints": "FalsePositiveRateAtMost PrecisionAtLeast RecallAtLeast",
    "controller": "ThresholdController",
    "costs": "CostMatrix RowCosts as_costs",
    "decision": "Decision",
    "fields": "FieldCost FieldCosts present_value",
    "maximize": "Maximize",
    "minimum_cost": "MinimumCost",
    "moving": "curve_at_prevalence",
    "multiclass": "expected_cost_decision",
    "ranking": "flag_best",
    "rule": "DecisionRule",
    "saved": "rule_from_dict",
    "search": "best_threshold",
    "stability": "ThresholdStability threshold_interval threshold_stability",
    "thresholded": "ThresholdedClassifier",
    "tier": "Tier",
    "tier_file": "read_tiers",
    "tier_rates": "TierTable tier_table",
    "tiers": "TierCuts TierPolicy",
    "weights": "cost_proportionate_weights",
}
__getattr__, __dir__, __all__ = lazy_names(__name__, _HOMES)
