"""Row losses as functions: ``focal_loss(logits, targets, gamma=2.0, alpha=None, label_smoothing=..., ...)``.

Parameters are those of the modules; the options are those of `CallOptions`, by name. For the link and the starting bias
take the module, whose options say what is to be undone.
"""

from collections.abc import Sequence
from typing import Unpack

from torch import Tensor

from rareclass import losses
from rareclass.losses.focal import Alpha
from rareclass.losses.torch.evaluate import CallOptions, evaluate, prepared


def cross_entropy(logits: Tensor, targets: Tensor, **options: Unpack[CallOptions]) -> Tensor:
    """Log-loss of raw scores, see `rareclass.losses.CrossEntropy`.

    Examples
    --------
    >>> import torch
    >>> round(cross_entropy(torch.tensor([-3.0, 0.7]), torch.tensor([0, 1]), reduction="sum").item(), 4)
    0.4518
    """
    return evaluate(prepared("CrossEntropy"), logits, targets, **options)


def weighted_cross_entropy(
    logits: Tensor, targets: Tensor, weights: float | Sequence[float] = 1.0, **options: Unpack[CallOptions]
) -> Tensor:
    """Log-loss with class weights, see `rareclass.losses.WeightedCrossEntropy`."""
    return evaluate(prepared("WeightedCrossEntropy", weights), logits, targets, **options)


def focal_loss(
    logits: Tensor, targets: Tensor, gamma: float = 2.0, alpha: Alpha = None, **options: Unpack[CallOptions]
) -> Tensor:
    """Focal loss, see `rareclass.losses.FocalLoss`; a number as alpha is the weight of positives.

    Examples
    --------
    >>> import torch
    >>> z, y = torch.tensor([[-3.0], [0.7], [0.1]]), torch.tensor([[0], [1], [-1]])
    >>> round(focal_loss(z, y, gamma=2.0, alpha=0.25, ignore_index=-1).item(), 5)
    0.00559
    """
    return evaluate(prepared("FocalLoss", gamma, alpha), logits, targets, **options)


def class_balanced_loss(
    logits: Tensor,
    targets: Tensor,
    counts: Sequence[float],
    beta: float = 0.9999,
    base: losses.RowLoss | None = None,
    **options: Unpack[CallOptions],
) -> Tensor:
    """A base loss with weights by effective numbers, see `rareclass.losses.ClassBalancedLoss`."""
    inner = losses.CrossEntropy() if base is None else base
    return evaluate(prepared("ClassBalancedLoss", counts, beta, inner), logits, targets, **options)


def ldam_loss(
    logits: Tensor,
    targets: Tensor,
    counts: Sequence[float] | None = None,
    max_margin: float = 0.5,
    scale: float = 1.0,
    margins: Sequence[float] | None = None,
    **options: Unpack[CallOptions],
) -> Tensor:
    """Cross-entropy with a larger margin for rarer classes, see `rareclass.losses.LDAMLoss`."""
    return evaluate(prepared("LDAMLoss", counts, max_margin, scale, margins), logits, targets, **options)


def asymmetric_loss(
    logits: Tensor,
    targets: Tensor,
    gamma_pos: float = 0.0,
    gamma_neg: float = 4.0,
    margin: float = 0.05,
    **options: Unpack[CallOptions],
) -> Tensor:
    """Focal loss with an exponent for each class and a margin, see `rareclass.losses.AsymmetricLoss`."""
    return evaluate(prepared("AsymmetricLoss", gamma_pos, gamma_neg, margin), logits, targets, **options)


def logit_adjusted_loss(
    logits: Tensor,
    targets: Tensor,
    prevalence: float | None = None,
    tau: float = 1.0,
    counts: Sequence[float] | None = None,
    **options: Unpack[CallOptions],
) -> Tensor:
    """Cross-entropy of z + tau log(prior), see `rareclass.losses.LogitAdjustedLoss`."""
    return evaluate(prepared("LogitAdjustedLoss", prevalence, tau, counts), logits, targets, **options)


def vector_scaling_loss(
    logits: Tensor,
    targets: Tensor,
    weights: Sequence[float] = (1.0, 1.0),
    additive: Sequence[float] = (0.0, 0.0),
    multiplicative: Sequence[float] = (1.0, 1.0),
    **options: Unpack[CallOptions],
) -> Tensor:
    """Weights, additive and multiplicative changes in one, see `rareclass.losses.VectorScalingLoss`."""
    return evaluate(prepared("VectorScalingLoss", weights, additive, multiplicative), logits, targets, **options)


def poly_loss(
    logits: Tensor,
    targets: Tensor,
    epsilon: float = 1.0,
    gamma: float = 0.0,
    alpha: Alpha = None,
    **options: Unpack[CallOptions],
) -> Tensor:
    """Cross-entropy or focal loss plus its first polynomial term, see `rareclass.losses.PolyLoss`."""
    return evaluate(prepared("PolyLoss", epsilon, gamma, alpha), logits, targets, **options)
