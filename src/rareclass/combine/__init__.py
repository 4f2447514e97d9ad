"""Over-sampling followed by cleaning or under-sampling."""

from rareclass._lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(__name__, {"combined": "CombinedSampler", "smote": "SMOTEENN SMOTETomek"})
