"""The losses of `rareclass.losses` as `keras.losses.Loss`, on `keras.ops`: TensorFlow, JAX and PyTorch alike.

Outputs of the network are logits: end it with ``Dense(1)``, without a sigmoid. Binary and many-label problems have
targets 0 and 1 (or between) in the shape of the logits; several classes have class scores (..., K), classes last as in
Keras, and codes (...). One-hot targets are many labels: give ``argmax(axis=-1)`` where classes exclude each other.

The output is no probability but for `CrossEntropy`: use ``loss.link(model.predict(X))``. Start the last layer's bias
with ``bias_initializer=loss.bias_initializer(prevalence)``; this saves the first epochs of a rare class.

A saved model finds its loss again once `rareclass.losses.keras` is imported.
"""

from rareclass._lazy import need_keras

need_keras()
from rareclass.losses.keras.batch_losses import (  # noqa: E402
    FocalTverskyLoss,
    PairwiseSquaredHingeLoss,
    PairwiseSquareLoss,
    SmoothAveragePrecisionLoss,
    TverskyLoss,
)
from rareclass.losses.keras.row_losses import (  # noqa: E402
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
]
