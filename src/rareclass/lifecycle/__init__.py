"""Lifecycle: a bundle's recipe replayed on new data, champion against challenger."""

from rareclass._lazy import lazy_names

_NAMES = {"Challenge": "challenge", "challenge_champion": "challenge", "replay": "recipe"}
__all__ = sorted(_NAMES)
__getattr__, __dir__ = lazy_names(__name__, _NAMES)
