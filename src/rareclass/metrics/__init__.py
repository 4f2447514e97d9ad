"""Metrics for rare events, of scores and of labels, and intervals for them.

Scores: ``f(y_true, y_score, *, sample_weight=None, pos_label=None)``, higher score = more likely positive.
Labels: ``f(y_true, y_pred, *, ...)``. Integer weights equal repeated rows; rows of weight zero are left out.
Negatives that were sampled with probability q get the weight 1/q; every metric then refers to the whole population.
What has no value on the given rows is NaN, with an `UndefinedWarning` that says why. Names taken over from
imbalanced-learn keep its signature.
"""

from rareclass._lazy import lazy_names

# intervals, bands and tests live a room higher, where lazy names may point and imports may not
_HIGHER = (
    "BrierCurve CostCurve DecisionCurve GainCurve Interval PairedInterval ReliabilityTable SampleSize ThresholdCosts "
    "Verdict bayesian_correlated_t_test bayesian_signed_rank brier_curve confidence_interval corrected_t_test "
    "cost_curve decision_curve events_needed events_without_miss gain_curve paired_difference reliability_table "
    "threshold_costs"
)
_NAMES = {
    **dict.fromkeys(_HIGHER.split(), "rareclass.uncertainty"),
    "ConfusionCounts": "labels",
    "StreamingCurve": "streaming",
    "ThresholdCurve": "curve",
    "accuracy_score": "labels",
    "average_precision_at_prevalence": "ranking",
    "average_precision_score": "ranking",
    "balanced_accuracy_score": "agreement",
    "brier_decomposition": "reliability",
    "brier_score": "calibration",
    "brier_skill_score": "calibration",
    "calibration_error": "reliability",
    "calibration_intercept": "calibration",
    "calibration_line": "calibration",
    "calibration_slope": "calibration",
    "card_precision_at_k": "topk",
    "classification_report_imbalanced": "report",
    "cohen_kappa_score": "agreement",
    "confusion_counts": "labels",
    "cost_columns": "costs",
    "expected_cost": "costs",
    "f1_score": "labels",
    "fbeta_score": "labels",
    "gain_score": "operating",
    "geometric_mean_score": "imbalance",
    "lift_score": "operating",
    "jaccard_score": "labels",
    "likelihood_ratios": "agreement",
    "log_loss": "calibration",
    "log_loss_skill_score": "calibration",
    "macro_averaged_mean_absolute_error": "ordinal",
    "make_index_balanced_accuracy": "index_balanced",
    "matthews_corrcoef": "agreement",
    "net_benefit": "operating",
    "observed_to_expected": "calibration",
    "pairwise": "pairwise:",
    "partial_roc_auc_score": "ranking",
    "precision_at_k": "topk",
    "precision_at_prevalence": "operating",
    "precision_at_recall": "operating",
    "precision_from_rates": "operating",
    "precision_score": "labels",
    "recall_at_fpr": "operating",
    "recall_at_k": "topk",
    "recall_at_precision": "operating",
    "recall_score": "labels",
    "roc_auc_score": "ranking",
    "savings_score": "costs",
    "sensitivity_score": "imbalance",
    "sensitivity_specificity_support": "imbalance",
    "specificity_score": "imbalance",
    "youden_score": "agreement",
}
__all__ = sorted(_NAMES)
__getattr__, __dir__ = lazy_names(__name__, _NAMES)
