"""Metrics of imbalanced-learn."""

from rareclass._lazy import lazy_names

_NAMES = (
    "classification_report_imbalanced geometric_mean_score macro_averaged_mean_absolute_error "
    "make_index_balanced_accuracy sensitivity_score sensitivity_specificity_support specificity_score"
)
__getattr__, __dir__, __all__ = lazy_names(__name__, {"rareclass.metrics": _NAMES, "": "pairwise"})
