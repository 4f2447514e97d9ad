"""Over-samplers: all rows stay, rows of the rare classes are added."""

from rareclass._lazy import lazy_names

_NAMES = {
    "RandomOverSampler": "random",
    "SMOTE": "smote",
}
__all__ = sorted(_NAMES)
__getattr__, __dir__ = lazy_names(__name__, _NAMES)
