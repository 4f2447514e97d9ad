"""How sure a number is: intervals, bands along curves, paired differences, tests across folds, sample sizes.

Everything here takes the rows of a fixed scorer, `(y_true, y_score, *, sample_weight=None, pos_label=None)`; what a
metric is stands in `rareclass.metrics`, which answers to all names of this room too.
"""

from rareclass._lazy import lazy_names

_NAMES = {
    "BrierCurve": "utility",
    "CostCurve": "utility",
    "DecisionCurve": "utility",
    "GainCurve": "gain",
    "Interval": "estimate",
    "PairedInterval": "paired",
    "ReliabilityTable": "reliability",
    "SampleSize": "sample_size",
    "ThresholdCosts": "costed_curve",
    "Verdict": "folds",
    "bayesian_correlated_t_test": "folds",
    "bayesian_signed_rank": "folds",
    "brier_curve": "utility",
    "confidence_interval": "interval",
    "corrected_t_test": "folds",
    "cost_curve": "utility",
    "decision_curve": "utility",
    "events_needed": "sample_size",
    "events_without_miss": "sample_size",
    "gain_curve": "gain",
    "paired_difference": "paired",
    "reliability_table": "reliability",
    "threshold_costs": "costed_curve",
}
__all__ = sorted(_NAMES)
__getattr__, __dir__ = lazy_names(__name__, _NAMES)
