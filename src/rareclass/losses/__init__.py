"""Losses for rare events: value, gradient, Hessian, the link to the probability, and the starting score.

`RowLoss` objects know which probability their minimiser means (`link`), so a model trained with any of them can be
calibrated without held-out rows; `BatchLoss` objects (Tversky, pairwise, average precision) need a fitted calibration.
The same losses as torch modules: `rareclass.losses.torch`. As objectives of boosters: `rareclass.learners.objectives`.
"""

from rareclass._lazy import lazy_names

MODULES = {
    "AsymmetricLoss": "asymmetric",
    "BatchLoss": "base",
    "ClassBalancedLoss": "class_balanced",
    "CrossEntropy": "cross_entropy",
    "FocalLoss": "focal",
    "FocalTverskyLoss": "tversky",
    "LDAMLoss": "ldam",
    "LogitAdjustedLoss": "logit_adjusted",
    "PairwiseSquareLoss": "pairwise",
    "PairwiseSquaredHingeLoss": "pairwise",
    "PolyLoss": "poly",
    "RowLoss": "base",
    "SmoothAveragePrecisionLoss": "average_precision",
    "TverskyLoss": "tversky",
    "VectorScalingLoss": "vector_scaling",
    "WeightedCrossEntropy": "cross_entropy",
    "loss_from_dict": "registry",
}
__all__ = list(MODULES)
__getattr__, __dir__ = lazy_names(__name__, MODULES)
