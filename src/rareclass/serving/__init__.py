"""Serving: `score` maps (bundle, rows) to decisions, without any server around it."""

from rareclass._lazy import lazy_names

_NAMES = {"Scored": "scoring", "score": "scoring"}
__all__ = sorted(_NAMES)
__getattr__, __dir__ = lazy_names(__name__, _NAMES)
