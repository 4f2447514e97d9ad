"""Checks of estimators: scikit-learn's."""

from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

__all__ = ["check_estimator", "parametrize_with_checks"]
