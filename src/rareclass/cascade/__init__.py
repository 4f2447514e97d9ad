"""Cascade: a cheap gate with a guaranteed recall, a careful second stage, alert tiers."""

from rareclass._lazy import lazy_names

_NAMES = {"CascadeClassifier": "classifier"}
__all__ = sorted(_NAMES)
__getattr__, __dir__ = lazy_names(__name__, _NAMES)
