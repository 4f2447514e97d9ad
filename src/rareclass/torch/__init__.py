"""Rare classes in PyTorch: samplers with exact offsets, ranking objectives, and what a network needs around its loss.

Needs the extra `torch`. The losses themselves are in `rareclass.losses.torch`.
"""

from rareclass._lazy import lazy_names

_HOMES = {
    "adjusting": "logit_adjust",
    "auc_margin": "AUCMarginObjective",
    "average_precision": "AveragePrecisionObjective",
    "balanced": "BalancedBatchSampler",
    "bias": "init_bias_",
    "deep_smote": "DeepSMOTE",
    "deferred": "DeferredReweighting",
    "hard_negatives": "HardNegativeSampler NumberedDataset",
    "mixing": "BalancedMixup Mixup",
    "negatives": "NegativeSubsetSampler",
    "partial_auc": "PartialAUCObjective",
    "network": "build_network describe_network",
    "rareclass.artifact.network": "NetworkOptions save_network",
    "sampled_softmax": "SampledSoftmaxLoss",
    "weighted": "WeightedSampler",
}
__getattr__, __dir__, __all__ = lazy_names(__name__, _HOMES)
