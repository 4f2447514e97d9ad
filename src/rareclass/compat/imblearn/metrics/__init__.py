"""Metrics of imbalanced-learn."""

from rareclass.compat.imblearn.metrics import pairwise
from rareclass.metrics import (
    classification_report_imbalanced,
    geometric_mean_score,
    macro_averaged_mean_absolute_error,
    make_index_balanced_accuracy,
    sensitivity_score,
    sensitivity_specificity_support,
    specificity_score,
)

__all__ = [
    "classification_report_imbalanced",
    "geometric_mean_score",
    "macro_averaged_mean_absolute_error",
    "make_index_balanced_accuracy",
    "pairwise",
    "sensitivity_score",
    "sensitivity_specificity_support",
    "specificity_score",
]
