"""Over-sampling followed by cleaning or under-sampling."""

from rareclass._lazy import lazy_names

_NAMES = {"CombinedSampler": "combined", "SMOTEENN": "smote", "SMOTETomek": "smote"}
__all__ = sorted(_NAMES)
__getattr__, __dir__ = lazy_names(__name__, _NAMES)
