"""The losses of `rareclass.losses` for PyTorch, as modules and functions, with the same names, links and starts.

A row loss takes logits and targets of one shape (one binary problem an element: rows, labels or pixels), or class
scores (n, K, ...) with class codes (n, ...). Half-precision logits are computed in float32.

The raw output of a trained network is no probability but for `CrossEntropy`: use ``loss.link(logits)``. Start the last
layer's bias at ``loss.start(prevalence)``; at the prior of a rare class this saves the first epochs.
"""

from rareclass._lazy import need

need("torch", extra="torch")
from rareclass.losses.torch.batch_losses import (  # noqa: E402
    FocalTverskyLoss,
    PairwiseSquaredHingeLoss,
    PairwiseSquareLoss,
    SmoothAveragePrecisionLoss,
    TverskyLoss,
    focal_tversky_loss,
    pairwise_square_loss,
    pairwise_squared_hinge_loss,
    smooth_average_precision_loss,
    tversky_loss,
)
from rareclass.losses.torch.checks import debug  # noqa: E402
from rareclass.losses.torch.functions import (  # noqa: E402
    asymmetric_loss,
    class_balanced_loss,
    cross_entropy,
    focal_loss,
    ldam_loss,
    logit_adjusted_loss,
    poly_loss,
    vector_scaling_loss,
    weighted_cross_entropy,
)
from rareclass.losses.torch.row_losses import (  # noqa: E402
    AsymmetricLoss,
    ClassBalancedLoss,
    CrossEntropy,
    FocalLoss,
    LDAMLoss,
    LogitAdjustedLoss,
    PolyLoss,
    VectorScalingLoss,
    WeightedCrossEntropy,
)

__all__ = [
    "AsymmetricLoss",
    "ClassBalancedLoss",
    "CrossEntropy",
    "FocalLoss",
    "FocalTverskyLoss",
    "LDAMLoss",
    "LogitAdjustedLoss",
    "PairwiseSquareLoss",
    "PairwiseSquaredHingeLoss",
    "PolyLoss",
    "SmoothAveragePrecisionLoss",
    "TverskyLoss",
    "VectorScalingLoss",
    "WeightedCrossEntropy",
    "asymmetric_loss",
    "class_balanced_loss",
    "cross_entropy",
    "debug",
    "focal_loss",
    "focal_tversky_loss",
    "ldam_loss",
    "logit_adjusted_loss",
    "pairwise_square_loss",
    "pairwise_squared_hinge_loss",
    "poly_loss",
    "smooth_average_precision_loss",
    "tversky_loss",
    "vector_scaling_loss",
    "weighted_cross_entropy",
]
