"""The bias from which a network of a rare class should start."""

from collections.abc import Sequence
from typing import Any, TypeAlias, TypeVar

import numpy as np

from rareclass import losses
from rareclass._lazy import need
from rareclass.errors import InputError

need("torch", extra="torch")
import torch  # noqa: E402
from torch import nn  # noqa: E402

from rareclass.losses.torch import CrossEntropy  # noqa: E402
from rareclass.losses.torch.batch_losses import BatchModule  # noqa: E402
from rareclass.losses.torch.row_losses import RowModule  # noqa: E402

Layer = TypeVar("Layer", bound=nn.Module)
Start: TypeAlias = RowModule | BatchModule | losses.RowLoss | losses.BatchLoss


def init_bias_(
    layer: Layer, prevalence: float | Sequence[float], loss: Start | None = None, *, multi_label: bool = False
) -> Layer:
    """Set the last layer's bias, in place, so that the network starts at the prevalence under its loss.

    Use it for every network of a rare class: with a bias of zero the first epochs only learn that events are rare, with
    gradients hundreds of times too large. The right bias depends on the loss: log-odds for cross-entropy, others for
    focal loss or weights. The layer's weights stay as they are.

    Parameters
    ----------
    layer : torch.nn.Module
        The last layer, with a bias: one output for a binary problem, K for classes, L for labels.
    prevalence : float in (0, 1), or sequence
        Share of positives; for several outputs the share (or count) of each class, or with `multi_label` the prevalence
        of each label (one number stands for all labels). One number beside two outputs means the shares (1 - p, p).
    loss : a module of `rareclass.losses.torch` or a loss of `rareclass.losses`, optional
        The loss of the training; its weights, smoothing and form decide the bias. Default cross-entropy.
    multi_label : bool
        Each output is a binary problem of its own. Default False.

    Returns
    -------
    torch.nn.Module
        The layer.

    Raises
    ------
    InputError
        If the layer has no bias, or the prevalence does not fit its outputs.

    Examples
    --------
    >>> import torch
    >>> from rareclass.losses.torch import FocalLoss
    >>> layer = init_bias_(torch.nn.Linear(8, 1), 0.001, FocalLoss(2.0))
    >>> round(layer.bias.item(), 4)
    -2.5452
    >>> round(init_bias_(torch.nn.Linear(8, 2), 0.01).bias.diff().item(), 4)
    -4.5951
    """
    bias = getattr(layer, "bias", None)
    if not isinstance(bias, torch.Tensor):
        raise InputError(
            f"{type(layer).__name__} has no bias to set. Give the last layer itself, made with `bias=True`."
        )
    module = _module(CrossEntropy() if loss is None else loss)
    shares = _shares(prevalence, bias.numel(), multi_label)
    start: Any
    if isinstance(module, RowModule):
        start = module.start(shares, multi_label=multi_label)
    elif isinstance(shares, float):
        start = module.start(shares)
    else:
        start = [module.start(p) for p in shares]
    with torch.no_grad():
        bias.copy_(torch.as_tensor(start, dtype=bias.dtype, device=bias.device).expand_as(bias))
    return layer


def _shares(prevalence: float | Sequence[float], outputs: int, multi_label: bool) -> float | list[float]:
    """One prevalence for one output, else one number an output."""
    given = np.asarray(prevalence, dtype=np.float64)
    if outputs == 1 and given.ndim == 0:
        return float(given)
    if given.ndim == 0 and (multi_label or outputs == 2):
        return [float(given)] * outputs if multi_label else [1.0 - float(given), float(given)]
    if given.shape != (outputs,) or outputs == 1:
        wanted = "one number" if outputs == 1 else f"{outputs} numbers, one an output"
        raise InputError(f"The layer has {outputs} output(s): `prevalence` must hold {wanted}; got {prevalence!r}.")
    return given.tolist()


def _module(loss: Start) -> RowModule | BatchModule:
    if isinstance(loss, losses.RowLoss):
        return RowModule(loss, {})
    if isinstance(loss, losses.BatchLoss):
        return BatchModule(loss)
    if not isinstance(loss, RowModule | BatchModule):
        raise InputError(f"`loss` must be a loss of this package; got {type(loss).__name__}. Set the bias by hand.")
    return loss
