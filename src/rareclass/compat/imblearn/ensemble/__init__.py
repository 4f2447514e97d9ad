"""Balanced ensembles."""

from rareclass._lazy import lazy_names

_NAMES = "BalancedBaggingClassifier BalancedRandomForestClassifier EasyEnsembleClassifier RUSBoostClassifier"
__getattr__, __dir__, __all__ = lazy_names(__name__, {"rareclass.ensemble": _NAMES})
