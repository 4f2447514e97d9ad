"""Metrics for rare events, of scores and of labels, and intervals for them.

Scores: ``f(y_true, y_score, *, sample_weight=None, pos_label=None)``, higher score = more likely positive.
Labels: ``f(y_true, y_pred, *, ...)``. Integer weights equal repeated rows; rows of weight zero are left out.
Negatives that were sampled with probability q get the weight 1/q; every metric then refers to the whole population.
What has no value on the given rows is NaN, with an `UndefinedWarning` that says why. Names taken over from
imbalanced-learn keep its signature.
"""

from rareclass._lazy import lazy_names

_NAMES = {
    "ConfusionCounts": "labels",
    "Interval": "interval",
    "PairedInterval": "paired",
    "ReliabilityTable": "reliability",
    "ThresholdCurve": "curve",
    "accuracy_score": "labels",
    "average_precision_at_prevalence": "ranking",
    "average_precision_score": "ranking",
    "balanced_accuracy_score": "labels",
    "brier_decomposition": "reliability",
    "brier_score": "calibration",
    "brier_skill_score": "calibration",
    "calibration_error": "reliability",
    "calibration_intercept": "calibration",
    "calibration_line": "calibration",
    "calibration_slope": "calibration",
    "classification_report_imbalanced": "report",
    "cohen_kappa_score": "labels",
    "confidence_interval": "interval",
    "confusion_counts": "labels",
    "cost_columns": "costs",
    "expected_cost": "costs",
    "f1_score": "labels",
    "fbeta_score": "labels",
    "geometric_mean_score": "imbalance",
    "likelihood_ratios": "labels",
    "log_loss": "calibration",
    "macro_averaged_mean_absolute_error": "imbalance",
    "make_index_balanced_accuracy": "imbalance",
    "matthews_corrcoef": "labels",
    "observed_to_expected": "calibration",
    "paired_difference": "paired",
    "pairwise": "pairwise:",
    "partial_roc_auc_score": "ranking",
    "precision_score": "labels",
    "recall_score": "labels",
    "reliability_table": "reliability",
    "roc_auc_score": "ranking",
    "savings_score": "costs",
    "sensitivity_score": "imbalance",
    "sensitivity_specificity_support": "imbalance",
    "specificity_score": "imbalance",
    "youden_score": "labels",
}
__all__ = sorted(_NAMES)
__getattr__, __dir__ = lazy_names(__name__, _NAMES)
