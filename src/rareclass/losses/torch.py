"""The losses of `rareclass.losses` as torch modules, with the same names, parameters, links and starting scores.

A row loss takes logits and targets of one shape (one binary problem an element: rows, labels or pixels), or class
scores (n, K, ...) with class codes (n, ...). Half-precision logits are computed in float32.

The raw output of a trained network is no probability but for `CrossEntropy`: use ``loss.link(logits)``. Start the last
layer's bias at ``loss.start(prevalence)``; at the prior of a rare class this saves the first epochs.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from rareclass import _check, losses
from rareclass._lazy import need
from rareclass.errors import InputError
from rareclass.losses._affine import AffineForm
from rareclass.losses._margin import MarginForm
from rareclass.losses._power import PowerForm
from rareclass.losses._softmax import SoftmaxForm
from rareclass.losses.focal import Alpha

need("torch", extra="torch")
import torch  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from torch.nn.functional import logsigmoid  # noqa: E402

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


def _pick(pair: tuple[float, float], positive: Tensor, like: Tensor) -> Tensor | float:
    """Parameter of each element's class; a plain number when both classes share it."""
    if pair[0] == pair[1]:
        return pair[0]
    return torch.where(positive, like.new_tensor(pair[1]), like.new_tensor(pair[0]))


def _power_values(form: PowerForm, t: Tensor, positive: Tensor) -> Tensor:
    gamma, epsilon, weight = (_pick(p, positive, t) for p in (form.gamma, form.epsilon, form.weight))
    log_q = logsigmoid(-t)
    values = torch.exp(gamma * log_q) * -logsigmoid(t)
    if form.epsilon != (0.0, 0.0):
        values = values + epsilon * torch.exp((gamma + 1.0) * log_q)
    return weight * values


def _binary_values(form: Any, z: Tensor, positive: Tensor) -> Tensor:
    """Loss of each element; the same algebra as the compiled kernels, left to autograd."""
    t = torch.where(positive, z, -z)
    if isinstance(form, PowerForm):
        return _power_values(form, t, positive)
    if isinstance(form, AffineForm):
        weight, shift, scale = (_pick(p, positive, z) for p in (form.weight, form.shift, form.scale))
        return weight * -logsigmoid(scale * t - shift)
    assert isinstance(form, MarginForm)
    r = torch.sigmoid(z) - form.margin
    active = r > 0
    r = torch.where(active, r, torch.full_like(r, 0.5))  # a harmless stand-in keeps NaN out of the backward pass
    negative = torch.where(active, form.weight * r**form.k * -torch.log1p(-r), torch.zeros_like(r))
    return torch.where(positive, _power_values(form.power, t, positive), negative)


def _class_values(form: SoftmaxForm, z: Tensor, codes: Tensor) -> Tensor:
    """Loss of each row; z (n, K), codes (n,)."""
    own = nn.functional.one_hot(codes, z.shape[1]).bool()
    u = z * z.new_tensor(form.scale) + z.new_tensor(form.shift) - own * z.new_tensor(form.margin)
    total = torch.logsumexp(u, dim=1)
    ell = total - u.gather(1, codes[:, None])[:, 0]
    values = ell
    if form.gamma or form.epsilon:
        log_q = torch.logsumexp(u.masked_fill(own, -torch.inf), dim=1) - total
        values = torch.exp(form.gamma * log_q) * ell + form.epsilon * torch.exp((form.gamma + 1.0) * log_q)
    return z.new_tensor(form.weight)[codes] * values


def _single(z: Tensor) -> Tensor:
    return z.float() if z.dtype in (torch.float16, torch.bfloat16) else z


def _positives(target: Tensor) -> Tensor:
    positive = target == 1
    if target.dtype != torch.bool and not bool((positive | (target == 0)).all()):
        raise InputError("`target` must hold 0 and 1 only (1 = positive). Encode the labels first.")
    return positive


class _RowModule(nn.Module):
    """A row loss: values, reduction, link and start."""

    def __init__(self, loss: losses.RowLoss, reduction: str) -> None:
        super().__init__()
        self.loss = loss
        self.reduction = _check.one_of(reduction, "reduction", ("mean", "sum", "none"))

    def extra_repr(self) -> str:
        return f"{self.loss!r}, reduction={self.reduction!r}"

    def forward(self, logits: Tensor, target: Tensor, sample_weight: Tensor | None = None) -> Tensor:
        """Loss of logits (any shape) against 0/1 targets of that shape, or of (n, K, ...) against codes (n, ...).

        `sample_weight` has the shape of the target; the mean is then the weighted mean, sum w L / sum w. Class weights
        of the loss itself do not enter that denominator.
        """
        z = _single(logits)
        if z.shape == (*target.shape, 1):
            z = z[..., 0]
        if z.shape == target.shape:
            values = _binary_values(self.loss._form(), z, _positives(target))
        elif z.ndim == target.ndim + 1 and z.shape[:1] + z.shape[2:] == target.shape:
            classes = z.shape[1]
            codes = target.reshape(-1).long()
            if codes.numel() and (int(codes.min()) < 0 or int(codes.max()) >= classes):
                raise InputError(f"`target` must hold class codes 0..{classes - 1}.")
            rows = z.movedim(1, -1).reshape(-1, classes)
            values = _class_values(self.loss._class_form(classes), rows, codes).reshape(target.shape)
        else:
            raise InputError(f"logits {tuple(z.shape)} and target {tuple(target.shape)} do not fit each other.")
        if sample_weight is not None:
            if sample_weight.shape != values.shape:
                raise InputError(f"`sample_weight` {tuple(sample_weight.shape)} needs shape {tuple(values.shape)}.")
            values = values * sample_weight
        if self.reduction == "none":
            return values
        if self.reduction == "sum":
            return values.sum()
        return values.mean() if sample_weight is None else values.sum() / sample_weight.sum()

    def link(self, logits: Tensor) -> Tensor:
        """Probabilities that the logits mean: element by element, or class probabilities of (n, K) with K > 1.

        Computed in float64 without gradient. For many binary labels a row, flatten the logits first.
        """
        z = logits.detach().double().cpu().numpy()
        if z.ndim == 2 and z.shape[1] > 1 and not isinstance(self.loss, losses.AsymmetricLoss):
            found = self.loss.link(z)
        else:
            found = np.reshape(self.loss.link(z.ravel()), z.shape)
        return torch.as_tensor(found, device=logits.device).to(_single(logits).dtype)

    def start(self, prevalence: float | Sequence[float]) -> Any:
        """Bias for the last layer at the start: a float, or a tensor (K,) from class shares."""
        found = self.loss.start(prevalence)
        return found if isinstance(found, float) else torch.as_tensor(found, dtype=torch.get_default_dtype())


class CrossEntropy(_RowModule):
    """`rareclass.losses.CrossEntropy` as a module.

    Examples
    --------
    >>> import torch
    >>> round(CrossEntropy()(torch.tensor([-3.0, 0.7]), torch.tensor([0, 1])).item(), 4)
    0.2259
    """

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__(losses.CrossEntropy(), reduction)


class WeightedCrossEntropy(_RowModule):
    """`rareclass.losses.WeightedCrossEntropy` as a module."""

    def __init__(self, weights: float | Sequence[float] = 1.0, *, reduction: str = "mean") -> None:
        super().__init__(losses.WeightedCrossEntropy(weights), reduction)


class FocalLoss(_RowModule):
    """`rareclass.losses.FocalLoss` as a module.

    Examples
    --------
    >>> import torch
    >>> loss = FocalLoss(gamma=2.0)
    >>> layer = torch.nn.Linear(8, 1)
    >>> _ = torch.nn.init.constant_(layer.bias, loss.start(0.001))
    >>> loss.link(torch.tensor([-2.545247])).numpy().round(4).tolist()
    [0.0010000000474974513]
    """

    def __init__(self, gamma: float = 2.0, alpha: Alpha = None, *, reduction: str = "mean") -> None:
        super().__init__(losses.FocalLoss(gamma, alpha), reduction)


class ClassBalancedLoss(_RowModule):
    """`rareclass.losses.ClassBalancedLoss` as a module; `base` is a module of this file or a loss."""

    def __init__(
        self,
        counts: Sequence[float],
        beta: float = 0.9999,
        base: _RowModule | losses.RowLoss | None = None,
        *,
        reduction: str = "mean",
    ) -> None:
        inner = base.loss if isinstance(base, _RowModule) else losses.CrossEntropy() if base is None else base
        super().__init__(losses.ClassBalancedLoss(counts, beta, inner), reduction)


class LDAMLoss(_RowModule):
    """`rareclass.losses.LDAMLoss` as a module."""

    def __init__(
        self,
        counts: Sequence[float] | None = None,
        max_margin: float = 0.5,
        scale: float = 1.0,
        margins: Sequence[float] | None = None,
        *,
        reduction: str = "mean",
    ) -> None:
        super().__init__(losses.LDAMLoss(counts, max_margin, scale, margins), reduction)


class AsymmetricLoss(_RowModule):
    """`rareclass.losses.AsymmetricLoss` as a module; for many labels a row, logits and targets (n, labels)."""

    def __init__(
        self, gamma_pos: float = 0.0, gamma_neg: float = 4.0, margin: float = 0.05, *, reduction: str = "mean"
    ) -> None:
        super().__init__(losses.AsymmetricLoss(gamma_pos, gamma_neg, margin), reduction)


class LogitAdjustedLoss(_RowModule):
    """`rareclass.losses.LogitAdjustedLoss` as a module."""

    def __init__(
        self,
        prevalence: float | None = None,
        tau: float = 1.0,
        counts: Sequence[float] | None = None,
        *,
        reduction: str = "mean",
    ) -> None:
        super().__init__(losses.LogitAdjustedLoss(prevalence, tau, counts), reduction)


class VectorScalingLoss(_RowModule):
    """`rareclass.losses.VectorScalingLoss` as a module."""

    def __init__(
        self,
        weights: Sequence[float] = (1.0, 1.0),
        additive: Sequence[float] = (0.0, 0.0),
        multiplicative: Sequence[float] = (1.0, 1.0),
        *,
        reduction: str = "mean",
    ) -> None:
        super().__init__(losses.VectorScalingLoss(weights, additive, multiplicative), reduction)


class PolyLoss(_RowModule):
    """`rareclass.losses.PolyLoss` as a module."""

    def __init__(
        self, epsilon: float = 1.0, gamma: float = 0.0, alpha: Alpha = None, *, reduction: str = "mean"
    ) -> None:
        super().__init__(losses.PolyLoss(epsilon, gamma, alpha), reduction)


class _BatchModule(nn.Module):
    """A batch loss: one number of all elements; it has no link."""

    def __init__(self, loss: losses.BatchLoss) -> None:
        super().__init__()
        self.loss = loss

    def extra_repr(self) -> str:
        return repr(self.loss)

    def forward(self, logits: Tensor, target: Tensor, sample_weight: Tensor | None = None) -> Tensor:
        """Loss of all elements together; target and weights have the shape of the logits."""
        z = _single(logits)
        if z.shape == (*target.shape, 1):
            z = z[..., 0]
        if z.shape != target.shape or (sample_weight is not None and sample_weight.shape != target.shape):
            raise InputError(f"logits {tuple(z.shape)}, target {tuple(target.shape)} and weights need one shape.")
        weight = torch.ones_like(z) if sample_weight is None else sample_weight.to(z.dtype)
        return self._value(z.reshape(-1), _positives(target).reshape(-1), weight.reshape(-1))

    def _value(self, z: Tensor, y: Tensor, weight: Tensor) -> Tensor:
        return _Exact.apply(z, y, weight, self.loss)

    def link(self, logits: Tensor) -> Tensor:
        """Raise: a batch loss means no probability."""
        self.loss.link(0.0)
        raise AssertionError

    def start(self, prevalence: float) -> float:
        """A neutral bias: the log-odds of the prevalence."""
        return self.loss.start(prevalence)


class _Exact(torch.autograd.Function):
    """Value and gradient by the sorted kernels of the package, in float64 on the CPU, O(n log n)."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, y: Tensor, weight: Tensor, loss: losses.BatchLoss) -> Tensor:
        arrays = (a.detach().cpu().numpy() for a in (y, z.double(), weight.double()))
        value, gradient, _ = loss._evaluate(*arrays)
        ctx.save_for_backward(torch.as_tensor(gradient, dtype=z.dtype, device=z.device))
        return z.new_tensor(value)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None, None, None]:
        return upstream * ctx.saved_tensors[0], None, None, None


def _tversky(z: Tensor, y: Tensor, weight: Tensor, loss: Any) -> Tensor:
    """1 - Tversky index, without forming that difference."""
    p, q = torch.sigmoid(z), torch.sigmoid(-z)
    positive = weight * y
    negative = weight * ~y
    miss = loss.fp_weight * (negative * p).sum() + loss.fn_weight * (positive * q).sum()
    total = (positive * p).sum() + loss.smooth + miss
    if loss.smooth == 0 and not bool(total > 0):
        raise InputError("The Tversky index is 0 / 0: no positives in the batch and `smooth=0`. Set `smooth` above 0.")
    return miss / total


class TverskyLoss(_BatchModule):
    """`rareclass.losses.TverskyLoss` as a module, over all elements of the batch."""

    def __init__(self, fp_weight: float = 0.3, fn_weight: float = 0.7, smooth: float = 1.0) -> None:
        super().__init__(losses.TverskyLoss(fp_weight, fn_weight, smooth))

    def _value(self, z: Tensor, y: Tensor, weight: Tensor) -> Tensor:
        return _tversky(z, y, weight, self.loss)


class FocalTverskyLoss(_BatchModule):
    """`rareclass.losses.FocalTverskyLoss` as a module, over all elements of the batch."""

    def __init__(
        self, gamma: float = 4 / 3, fp_weight: float = 0.3, fn_weight: float = 0.7, smooth: float = 1.0
    ) -> None:
        super().__init__(losses.FocalTverskyLoss(gamma, fp_weight, fn_weight, smooth))

    def _value(self, z: Tensor, y: Tensor, weight: Tensor) -> Tensor:
        value = _tversky(z, y, weight, self.loss)
        gamma = self.loss.gamma
        # at exactly 0 the power has no slope; nothing is left to learn there
        return torch.where(value > 0, torch.where(value > 0, value, torch.ones_like(value)) ** (1 / gamma), 0.0 * value)


class PairwiseSquareLoss(_BatchModule):
    """`rareclass.losses.PairwiseSquareLoss` as a module, over all pairs of the batch."""

    def __init__(self, margin: float = 1.0) -> None:
        super().__init__(losses.PairwiseSquareLoss(margin))


class PairwiseSquaredHingeLoss(_BatchModule):
    """`rareclass.losses.PairwiseSquaredHingeLoss` as a module, over all pairs of the batch."""

    def __init__(self, margin: float = 1.0) -> None:
        super().__init__(losses.PairwiseSquaredHingeLoss(margin))


class SmoothAveragePrecisionLoss(_BatchModule):
    """`rareclass.losses.SmoothAveragePrecisionLoss` as a module, over the batch; every batch needs both classes."""

    def __init__(self, margin: float = 1.0) -> None:
        super().__init__(losses.SmoothAveragePrecisionLoss(margin))
