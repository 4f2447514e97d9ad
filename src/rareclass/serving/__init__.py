"""Serving: `score` maps (bundle, rows) to decisions, without any server around it."""

from rareclass._lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__, {"scoring": "Scored score", "embedded": "Embedded", "errors": "Refused"}
)
