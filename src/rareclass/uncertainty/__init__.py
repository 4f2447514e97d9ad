"""How sure a number is: intervals, bands along curves, paired differences, tests across folds, sample sizes.

Everything here takes the rows of a fixed scorer, `(y_true, y_score, *, sample_weight=None, pos_label=None)`; what a
metric is stands in `rareclass.metrics`, which answers to all names of this room too.
"""

from rareclass._lazy import lazy_names

_HOMES = {
    "costed_curve": "ThresholdCosts threshold_costs",
    "estimate": "Interval",
    "folds": "Verdict bayesian_correlated_t_test bayesian_signed_rank corrected_t_test",
    "gain": "GainCurve gain_curve",
    "interval": "confidence_interval",
    "paired": "PairedInterval paired_difference",
    "reliability": "ReliabilityTable reliability_table",
    "sample_size": "SampleSize events_needed events_without_miss",
    "utility": "BrierCurve CostCurve DecisionCurve brier_curve cost_curve decision_curve",
}
__getattr__, __dir__, __all__ = lazy_names(__name__, _HOMES)
