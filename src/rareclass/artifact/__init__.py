"""Bundles: what is deployed, saved without pickle, verified on load, written atomically."""

from rareclass._lazy import lazy_names

_NAMES = {"Bundle": "bundle", "atomic_directory": "atomic", "atomic_file": "atomic"}
__all__ = sorted(_NAMES)
__getattr__, __dir__ = lazy_names(__name__, _NAMES)
