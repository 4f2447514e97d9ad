"""Batch losses as modules and functions: one number of all elements, and no link to a probability."""

import warnings
from typing import Any

import torch
from torch import Tensor, nn

from rareclass import losses
from rareclass.errors import InputError, ShortfallWarning
from rareclass.losses.torch.checks import check_tensors, looks, traced, unit_targets, usable_weight
from rareclass.losses.torch.precision import precise


class BatchModule(nn.Module):
    """A loss of all elements together; elements whose target is `ignore_index` are left out."""

    def __init__(self, loss: losses.BatchLoss, ignore_index: int | None = None) -> None:
        super().__init__()
        self.loss = loss
        self.ignore_index = ignore_index

    def extra_repr(self) -> str:
        return repr(self.loss) + ("" if self.ignore_index is None else f", ignore_index={self.ignore_index}")

    def forward(self, logits: Tensor, targets: Tensor, sample_weight: Tensor | None = None) -> Tensor:
        """Loss of all elements together; targets (0 and 1) and weights have the shape of the logits."""
        return _batch_loss(self.loss, logits, targets, sample_weight, self.ignore_index)

    def link(self, logits: Tensor) -> Tensor:
        """Raise: a batch loss means no probability."""
        self.loss.link(0.0)
        raise AssertionError

    def start(self, prevalence: float) -> float:
        """A neutral bias: the log-odds of the prevalence."""
        return self.loss.start(prevalence)


def _batch_loss(
    loss: losses.BatchLoss,
    logits: Tensor,
    targets: Tensor,
    sample_weight: Tensor | None = None,
    ignore_index: int | None = None,
) -> Tensor:
    check_tensors(logits, targets, sample_weight, ignore_index)
    z = precise(logits)
    if z.shape == (*targets.shape, 1):
        z = z[..., 0]
    if z.shape != targets.shape or (sample_weight is not None and sample_weight.shape != targets.shape):
        raise InputError(f"logits {tuple(z.shape)}, targets {tuple(targets.shape)} and weights need one shape.")
    weight = None if sample_weight is None else sample_weight.to(z.dtype)
    if ignore_index is not None and targets.dtype != torch.bool:
        ignored = targets == ignore_index
        z, targets = z.masked_fill(ignored, 0.0), targets.masked_fill(ignored, 0)
        weight = (torch.ones_like(z) if weight is None else weight).masked_fill(ignored, 0.0)
    weight = None if weight is None else usable_weight(weight).reshape(-1)
    y, hard = unit_targets(targets, z.dtype)
    if looks(targets) and not hard:
        raise InputError(f"{type(loss).__name__} needs targets 0 and 1; got values between.")
    z, y = z.reshape(-1), y.reshape(-1)
    if isinstance(loss, losses.TverskyLoss):
        return _tversky(z, y, weight, loss)
    if isinstance(loss, losses.FocalTverskyLoss):
        value = _tversky(z, y, weight, loss)
        # at exactly 0 the power has no slope; nothing is left to learn there
        safe = torch.where(value > 0, value, 1.0)
        return torch.where(value > 0, safe ** (1 / loss.gamma), 0.0 * value)
    return _Exact.apply(z, y, torch.ones_like(z) if weight is None else weight, loss)


class _Exact(torch.autograd.Function):
    """Value and gradient by the sorted kernels of the package, in float64 on the CPU, O(n log n)."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, y: Tensor, weight: Tensor, loss: losses.BatchLoss) -> Tensor:
        if ctx.needs_input_grad[2]:
            raise InputError(f"{type(loss).__name__} has no gradient by `sample_weight`. Use sample_weight.detach().")
        labels, scores, weights = (a.detach().cpu().double().numpy() for a in (y, z, weight))
        sides = weights[labels == 1].any(), weights[labels != 1].any()
        value, gradient = loss._evaluate(labels == 1, scores, weights)[:2] if all(sides) else (0.0, 0.0 * weights)
        if sum(sides) == 1:  # where nothing counts there is nothing to say: as for row losses, no loss and no gradient
            warnings.warn(
                f"{type(loss).__name__} compares pairs, but this batch holds only "
                f"{'positives' if sides[0] else 'negatives'}: its loss is 0. Draw both: `BalancedBatchSampler`.",
                ShortfallWarning,
                stacklevel=2,
            )
        ctx.save_for_backward(torch.as_tensor(gradient, dtype=z.dtype).to(z.device))
        return z.new_tensor(value)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None, None, None]:
        return upstream * ctx.saved_tensors[0], None, None, None


def _tversky(z: Tensor, y: Tensor, weight: Tensor | None, loss: Any) -> Tensor:
    """1 - Tversky index, without forming that difference."""
    if traced() or (weight is not None and weight.requires_grad):
        return _by_sums(z, y, weight, loss)
    value: Tensor = _Tversky.apply(z, y, weight, loss)
    return value


def _by_sums(z: Tensor, y: Tensor, weight: Tensor | None, loss: Any) -> Tensor:
    """The same as automatic differentiation can follow it."""
    positive, negative = (y, 1.0 - y) if weight is None else (weight * y, weight * (1.0 - y))
    p, q = torch.sigmoid(z), torch.sigmoid(-z)
    return _index((positive * p).sum(), (positive * q).sum(), (negative * p).sum(), loss)[0]


def _index(hits: Tensor, missed: Tensor, false: Tensor, loss: Any) -> tuple[Tensor, Tensor]:
    """1 - Tversky index, and what it divides by."""
    miss = loss.fp_weight * false + loss.fn_weight * missed
    total = hits + loss.smooth + miss
    if loss.smooth == 0 and looks(total) and not bool(total > 0):
        raise InputError("The Tversky index is 0 / 0: no positives in the batch and `smooth=0`. Set `smooth` above 0.")
    return miss / total, total


class _Tversky(torch.autograd.Function):
    """Value and gradient in closed form, in two arrays: fresh memory costs more than the sums."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, y: Tensor, weight: Tensor | None, loss: Any) -> Tensor:
        wrong = (y * -2).add_(1).mul_(z).sigmoid_()  # the chance that an element is taken wrongly
        lost = y * wrong if weight is None else (y * wrong).mul_(weight)
        missed = lost.sum()
        false = lost.neg_().add_(wrong if weight is None else wrong * weight).sum()
        positive = y.sum() if weight is None else (y * weight).sum()
        value, total = _index(positive - missed, missed, false, loss)
        if ctx.needs_input_grad[0]:
            kept = (1.0 - value) / total
            by_negative, by_positive = loss.fp_weight * kept, -loss.fn_weight * kept - value / total
            slope = torch.mul(y, by_positive - by_negative, out=lost).add_(by_negative)
            slope.mul_(wrong)
            # the chance of being right anew: 1 - wrong has no digit left where an element is wrong for sure, as all
            # positives are at the start of a rare class
            slope.mul_(torch.mul(y, 2, out=wrong).sub_(1).mul_(z).sigmoid_())
            slope = slope if weight is None else slope.mul_(weight)
            ctx.save_for_backward(z, y, weight, slope)
            ctx.loss = loss
        return value

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None, None, None]:
        z, y, weight, slope = ctx.saved_tensors
        if torch.is_grad_enabled():  # a second derivative is wanted
            return (
                torch.autograd.grad(_by_sums(z, y, weight, ctx.loss), z, upstream, create_graph=True)[0],
                None,
                None,
                None,
            )
        return upstream * slope, None, None, None


class TverskyLoss(BatchModule):
    """`rareclass.losses.TverskyLoss` as a module, over all elements of the batch."""

    def __init__(
        self, fp_weight: float = 0.3, fn_weight: float = 0.7, smooth: float = 1.0, *, ignore_index: int | None = None
    ) -> None:
        super().__init__(losses.TverskyLoss(fp_weight, fn_weight, smooth), ignore_index)


class FocalTverskyLoss(BatchModule):
    """`rareclass.losses.FocalTverskyLoss` as a module, over all elements of the batch."""

    def __init__(
        self,
        gamma: float = 4 / 3,
        fp_weight: float = 0.3,
        fn_weight: float = 0.7,
        smooth: float = 1.0,
        *,
        ignore_index: int | None = None,
    ) -> None:
        super().__init__(losses.FocalTverskyLoss(gamma, fp_weight, fn_weight, smooth), ignore_index)


class RankingModule(BatchModule):
    """A batch loss over pairs, with a margin; 0, with a warning, for a batch of one class."""

    definition: type[losses.BatchLoss]

    def __init__(self, margin: float = 1.0, *, ignore_index: int | None = None) -> None:
        super().__init__(self.definition(margin), ignore_index)


class PairwiseSquareLoss(RankingModule):
    """`rareclass.losses.PairwiseSquareLoss` as a module, over all pairs of the batch."""

    definition = losses.PairwiseSquareLoss


class PairwiseSquaredHingeLoss(RankingModule):
    """`rareclass.losses.PairwiseSquaredHingeLoss` as a module, over all pairs of the batch."""

    definition = losses.PairwiseSquaredHingeLoss


class SmoothAveragePrecisionLoss(RankingModule):
    """`rareclass.losses.SmoothAveragePrecisionLoss` as a module, over the batch."""

    definition = losses.SmoothAveragePrecisionLoss


def tversky_loss(
    logits: Tensor,
    targets: Tensor,
    fp_weight: float = 0.3,
    fn_weight: float = 0.7,
    smooth: float = 1.0,
    *,
    ignore_index: int | None = None,
    sample_weight: Tensor | None = None,
) -> Tensor:
    """1 - Tversky index of the batch, see `rareclass.losses.TverskyLoss`."""
    loss = losses.TverskyLoss(fp_weight, fn_weight, smooth)
    return _batch_loss(loss, logits, targets, sample_weight, ignore_index)


def focal_tversky_loss(
    logits: Tensor,
    targets: Tensor,
    gamma: float = 4 / 3,
    fp_weight: float = 0.3,
    fn_weight: float = 0.7,
    smooth: float = 1.0,
    *,
    ignore_index: int | None = None,
    sample_weight: Tensor | None = None,
) -> Tensor:
    """(1 - Tversky index)^(1 / gamma), see `rareclass.losses.FocalTverskyLoss`."""
    loss = losses.FocalTverskyLoss(gamma, fp_weight, fn_weight, smooth)
    return _batch_loss(loss, logits, targets, sample_weight, ignore_index)


def pairwise_square_loss(
    logits: Tensor,
    targets: Tensor,
    margin: float = 1.0,
    *,
    ignore_index: int | None = None,
    sample_weight: Tensor | None = None,
) -> Tensor:
    """Mean squared shortfall of all pairs, see `rareclass.losses.PairwiseSquareLoss`."""
    return _batch_loss(losses.PairwiseSquareLoss(margin), logits, targets, sample_weight, ignore_index)


def pairwise_squared_hinge_loss(
    logits: Tensor,
    targets: Tensor,
    margin: float = 1.0,
    *,
    ignore_index: int | None = None,
    sample_weight: Tensor | None = None,
) -> Tensor:
    """Mean squared hinge of all pairs, see `rareclass.losses.PairwiseSquaredHingeLoss`."""
    return _batch_loss(losses.PairwiseSquaredHingeLoss(margin), logits, targets, sample_weight, ignore_index)


def smooth_average_precision_loss(
    logits: Tensor,
    targets: Tensor,
    margin: float = 1.0,
    *,
    ignore_index: int | None = None,
    sample_weight: Tensor | None = None,
) -> Tensor:
    """A smooth 1 - average precision, see `rareclass.losses.SmoothAveragePrecisionLoss`."""
    return _batch_loss(losses.SmoothAveragePrecisionLoss(margin), logits, targets, sample_weight, ignore_index)
