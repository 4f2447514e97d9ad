"""Balanced ensembles: many small balanced samples instead of one, with probabilities at the real prevalence.

The names, parameters and defaults are those of imbalanced-learn. What differs in all of them: `predict_proba` is at the
prevalence of the training data (``corrected=True``), `balanced_proba` gives imbalanced-learn's scores, and `predict`
still cuts those, so that changed imports do not change decisions.
"""

from rareclass._lazy import lazy_names

_HOMES = {
    "bagging": "BalancedBaggingClassifier",
    "easy": "EasyEnsembleClassifier",
    "forest": "BalancedRandomForestClassifier",
    "rus_boost": "RUSBoostClassifier",
    "self_paced": "SelfPacedEnsembleClassifier",
}
__getattr__, __dir__, __all__ = lazy_names(__name__, _HOMES)
