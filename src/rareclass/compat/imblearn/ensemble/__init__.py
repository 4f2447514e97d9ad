"""Balanced ensembles, as far as they exist."""

from rareclass import ensemble
from rareclass._dropin import promised

BalancedBaggingClassifier = promised(ensemble, "BalancedBaggingClassifier")
BalancedRandomForestClassifier = promised(ensemble, "BalancedRandomForestClassifier")
EasyEnsembleClassifier = promised(ensemble, "EasyEnsembleClassifier")
RUSBoostClassifier = promised(ensemble, "RUSBoostClassifier")

__all__ = [
    "BalancedBaggingClassifier",
    "BalancedRandomForestClassifier",
    "EasyEnsembleClassifier",
    "RUSBoostClassifier",
]
