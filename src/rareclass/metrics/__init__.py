"""Metrics for rare events, of scores and of labels, and intervals for them.

Scores: ``f(y_true, y_score, *, sample_weight=None, pos_label=None)``, higher score = more likely positive.
Labels: ``f(y_true, y_pred, *, ...)``. Integer weights equal repeated rows; rows of weight zero are left out.
Negatives that were sampled with probability q get the weight 1/q; every metric then refers to the whole population.
What has no value on the given rows is NaN, with an `UndefinedWarning` that says why. Names taken over from
imbalanced-learn keep its signature.
"""

from rareclass._lazy import lazy_names

_HOMES = {
    "": "pairwise",
    "agreement": "balanced_accuracy_score cohen_kappa_score likelihood_ratios matthews_corrcoef youden_score",
    "calibration": (
        "brier_score brier_skill_score calibration_intercept calibration_line calibration_slope log_loss "
        "log_loss_skill_score observed_to_expected"
    ),
    "costs": "cost_columns expected_cost savings_score",
    "curve": "ThresholdCurve",
    "imbalance": "geometric_mean_score sensitivity_score sensitivity_specificity_support specificity_score",
    "index_balanced": "make_index_balanced_accuracy",
    "labels": (
        "ConfusionCounts accuracy_score confusion_counts f1_score fbeta_score jaccard_score precision_score "
        "recall_score"
    ),
    "operating": (
        "gain_score lift_score net_benefit precision_at_prevalence precision_at_recall precision_from_rates "
        "recall_at_fpr recall_at_precision"
    ),
    "ordinal": "macro_averaged_mean_absolute_error",
    "ranking": "average_precision_at_prevalence average_precision_score partial_roc_auc_score roc_auc_score",
    # intervals, bands and tests live a room higher, where lazy names may point and imports may not
    "rareclass.uncertainty": (
        "BrierCurve CostCurve DecisionCurve GainCurve Interval PairedInterval ReliabilityTable SampleSize "
        "ThresholdCosts Verdict bayesian_correlated_t_test bayesian_signed_rank brier_curve "
        "confidence_interval corrected_t_test cost_curve decision_curve events_needed events_without_miss "
        "gain_curve paired_difference reliability_table threshold_costs"
    ),
    "reliability": "brier_decomposition calibration_error",
    "report": "classification_report_imbalanced",
    "streaming": "StreamingCurve",
    "topk": "card_precision_at_k precision_at_k recall_at_k",
}
__getattr__, __dir__, __all__ = lazy_names(__name__, _HOMES)
