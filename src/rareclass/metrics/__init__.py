"""Metrics for rare events, of scores and of labels, and intervals for them.

Scores: ``f(y_true, y_score, *, sample_weight=None, pos_label=None)``, higher score = more likely positive.
Labels: ``f(y_true, y_pred, *, ...)``. Integer weights equal repeated rows; rows of weight zero are left out.
Negatives that were sampled with probability q get the weight 1/q; every metric then refers to the whole population.
What has no value on the given rows is NaN, with an `UndefinedWarning` that says why. Names taken over from
imbalanced-learn keep its signature.
"""

from rareclass._lazy import lazy_names

_NAMES = {
    "Interval": "interval",
    "ThresholdCurve": "curve",
    "average_precision_at_prevalence": "ranking",
    "average_precision_score": "ranking",
    "brier_decomposition": "reliability",
    "brier_score": "calibration",
    "brier_skill_score": "calibration",
    "calibration_error": "reliability",
    "calibration_intercept": "calibration",
    "calibration_line": "calibration",
    "calibration_slope": "calibration",
    "log_loss": "calibration",
    "observed_to_expected": "calibration",
    "partial_roc_auc_score": "ranking",
    "reliability_table": "reliability",
    "roc_auc_score": "ranking",
}
__all__ = sorted(_NAMES)
__getattr__, __dir__ = lazy_names(__name__, _NAMES)
