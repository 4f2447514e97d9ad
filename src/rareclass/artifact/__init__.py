"""Bundles: what is deployed, saved without pickle, verified on load, written atomically."""

from rareclass._lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(__name__, {"atomic": "atomic_directory atomic_file", "bundle": "Bundle"})
