"""Lifecycle: a registry of bundles, a bundle's recipe replayed on new data, champion against challenger."""

from rareclass._lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "challenge": "Challenge challenge_champion",
        "recipe": "replay",
        "registry": "Registry",
        "retraining": "Retraining retrain",
    },
)
