"""Deployment: what a container, KServe and MLServer need to serve a bundle, written as files from templates."""

from rareclass._lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(__name__, {"writing": "Placing deploy_bundle"})
