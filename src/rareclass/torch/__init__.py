"""Rare classes in PyTorch: samplers with exact offsets, ranking objectives, and what a network needs around its loss.

Needs the extra `torch`. The losses themselves are in `rareclass.losses.torch`.
"""

from rareclass._lazy import lazy_names

_HOMES = {
    "auc_margin": "AUCMarginObjective",
    "average_precision": "AveragePrecisionObjective",
    "balanced": "BalancedBatchSampler",
    "deep_smote": "DeepSMOTE",
    "mixing": "BalancedMixup Mixup",
    "partial_auc": "PartialAUCObjective",
    "network": "build_network describe_network",
    "rareclass.artifact.network": "NetworkOptions save_network",
    "weighted": "WeightedSampler",
}
__getattr__, __dir__, __all__ = lazy_names(__name__, _HOMES)
