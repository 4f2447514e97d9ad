"""Over-samplers of imbalanced-learn."""

from rareclass._lazy import lazy_names

_NAMES = "ADASYN SMOTE SMOTEN SMOTENC SVMSMOTE BorderlineSMOTE KMeansSMOTE RandomOverSampler"
__getattr__, __dir__, __all__ = lazy_names(__name__, {"rareclass.over_sampling": _NAMES})
