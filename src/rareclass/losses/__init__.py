"""Losses for rare events: value, gradient, Hessian, the link to the probability, and the starting score.

`RowLoss` objects know which probability their minimiser means (`link`), so a model trained with any of them can be
calibrated without held-out rows; `BatchLoss` objects (Tversky, pairwise, average precision) need a fitted calibration.
The same losses for PyTorch: `rareclass.losses.torch`; for Keras: `rareclass.losses.keras`. As objectives of boosters:
`rareclass.learners.objectives`.
"""

from rareclass._lazy import lazy_names

HOMES = {
    "asymmetric": "AsymmetricLoss",
    "average_precision": "SmoothAveragePrecisionLoss",
    "base": "BatchLoss RowLoss",
    "class_balanced": "ClassBalancedLoss",
    "cross_entropy": "CrossEntropy WeightedCrossEntropy",
    "focal": "FocalLoss",
    "ldam": "LDAMLoss",
    "logit_adjusted": "LogitAdjustedLoss",
    "pairwise": "PairwiseSquareLoss PairwiseSquaredHingeLoss",
    "poly": "PolyLoss",
    "registry": "loss_from_dict",
    "tversky": "FocalTverskyLoss TverskyLoss",
    "vector_scaling": "VectorScalingLoss",
}
__getattr__, __dir__, __all__ = lazy_names(__name__, HOMES)
