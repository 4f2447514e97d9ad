"""The loss of many binary elements in one autograd function, with its gradient in closed form.

Value and gradient are computed together, block by block: temporaries have the size of a block, and what is kept for
the backward pass is the gradient alone. A second derivative differentiates the closed form once more. Under
`torch.compile` the compiler fuses the operations instead, and blocks would only stand in its way.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from rareclass.losses._affine import AffineForm
from rareclass.losses._power import PowerForm
from rareclass.losses.torch.algebra import ElementForm, terms
from rareclass.losses.torch.checks import looks, traced, unit_targets
from rareclass.losses.torch.precision import precise, working_type

BLOCK = 1 << 17
"""Elements of a block on the CPU: a few such arrays of float32 stay in the cache, and calls cost little beside them."""
BLOCK_ELSEWHERE = 1 << 22
"""On an accelerator blocks only bound the memory; there a launch costs more than the cache gives."""


def element_losses(
    form: ElementForm,
    z: Tensor,
    targets: Tensor,
    *,
    weight: Tensor | None,
    smoothing: float,
    ignore_index: int | None,
    total: bool,
) -> tuple[Tensor, Tensor]:
    """(losses in the shape of z, or with `total` their sum; number of elements that count)."""
    how = _How(form, smoothing, ignore_index, total)
    if not traced():
        return _Elements.apply(z, targets, weight, how)
    if torch._C._are_functorch_transforms_active():  # they may differentiate again
        values, _, ignored = _evaluate(how, z, targets, weight)
        left_out = _count(ignored, z)
    else:
        values, left_out = _Fused.apply(z, targets, weight, how, _witness(z))
    return values.sum() if total else values, z.numel() - left_out


def _count(ignored: Tensor | None, z: Tensor) -> Tensor:
    return torch.zeros((), dtype=torch.int64, device=z.device) if ignored is None else ignored.sum()


@dataclass(frozen=True)
class _How:
    """What is done to targets, and whether the sum alone is wanted."""

    form: ElementForm
    smoothing: float
    ignore_index: int | None
    total: bool


def _evaluate(
    how: _How, z: Tensor, targets: Tensor, weight: Tensor | None, *, shared: bool = False
) -> tuple[Tensor, Tensor, Tensor | None]:
    """(losses, slopes, which elements are ignored or None); `shared` as in `terms`."""
    z = precise(z)
    ignored = None
    if how.ignore_index is not None and targets.dtype != torch.bool:
        ignored = targets == how.ignore_index
        if looks(z) and not bool(ignored.any()):
            ignored = None
        else:  # what is ignored may be anything, NaN too
            z, targets = z.masked_fill(ignored, 0.0), targets.masked_fill(ignored, 0)
    y, hard = unit_targets(targets, z.dtype)
    if how.smoothing:
        y, hard = y * (1.0 - how.smoothing) + how.smoothing / 2, False
    if not torch.is_grad_enabled() and not traced():
        value, slope = loss_and_slope(how.form, z, y, weight, hard)
    else:
        value, slope = terms(how.form, z, y, weight, hard, shared=shared)
    if ignored is not None:
        value, slope = value.masked_fill(ignored, 0.0), slope.masked_fill(ignored, 0.0)
    return value, slope, ignored


def loss_and_slope(
    form: ElementForm, z: Tensor, y: Tensor, weight: Tensor | None = None, hard: bool = True
) -> tuple[Tensor, Tensor]:
    """(loss, derivative by z) of each element, as numbers alone; parameters as in `terms`."""
    return (_by_kernel if z.device.type == "cpu" else terms)(form, z, y, weight, hard)


def _by_kernel(form: ElementForm, z: Tensor, y: Tensor, weight: Tensor | None, hard: bool) -> tuple[Tensor, Tensor]:
    """The same as `terms` by the compiled kernels of the package: one pass instead of twenty."""
    if hard and weight is None:
        return _filled(z, form.graded, y, z)
    share, rest = y if weight is None else y * weight, 1.0 - y
    if isinstance(form, PowerForm):
        return _filled(z, form.mixed, share, rest, z, 0.0)
    if isinstance(form, AffineForm) and form.is_shift:
        return _filled(z, PowerForm(weight=form.weight).mixed, share, rest, z, form.shift[0])
    value, slope = _filled(z, form.graded, torch.zeros_like(y), z)
    positive, its_slope = _filled(z, form.graded, torch.ones_like(y), z)
    return torch.addcmul(value.mul_(rest), share, positive), torch.addcmul(slope.mul_(rest), share, its_slope)


def _filled(like: Tensor, kernel: Any, *given: Tensor | float) -> tuple[Tensor, Tensor]:
    """What a kernel writes into the last two of its arguments, in the shape of `like`."""
    out = [torch.empty(like.shape, dtype=like.dtype) for _ in range(2)]
    kernel(*(a.reshape(-1).numpy() if isinstance(a, Tensor) else a for a in (*given, *out)))
    return out[0], out[1]


class _Elements(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, z: Tensor, targets: Tensor, weight: Tensor | None, how: _How) -> tuple[Tensor, Tensor]:
        by_label = weight is not None and z.ndim > 0
        flat, labels = (z, targets) if by_label else (z.reshape(-1), targets.reshape(-1))
        kind = working_type(z.dtype)
        slopes = torch.empty(flat.shape, dtype=kind, device=z.device) if ctx.needs_input_grad[0] else None
        values = None if how.total else torch.empty(flat.shape, dtype=kind, device=z.device)
        summed = torch.zeros((), dtype=kind if z.device.type == "mps" else torch.float64, device=z.device)
        left_out = torch.zeros((), dtype=torch.int64, device=z.device)
        size = BLOCK if z.device.type == "cpu" else BLOCK_ELSEWHERE
        step = max(1, size * flat.shape[0] // max(flat.numel(), 1))
        for start in range(0, flat.shape[0], step):
            here = slice(start, start + step)
            value, slope, ignored = _evaluate(how, flat[here], labels[here], weight)
            if values is None:
                summed += value.sum()
            else:
                values[here] = value
            if slopes is not None:
                slopes[here] = slope
            if ignored is not None:
                left_out += ignored.sum()
        kept = z.numel() - left_out
        ctx.save_for_backward(z, targets, weight, slopes)
        ctx.how = how
        ctx.mark_non_differentiable(kept)
        return (summed.to(kind) if values is None else values.reshape(z.shape)), kept

    @staticmethod
    def backward(ctx: Any, upstream: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        z, targets, weight, slopes = ctx.saved_tensors
        if torch.is_grad_enabled():  # a second derivative is wanted: the slope must know the logits
            slopes = _evaluate(ctx.how, z, targets, weight)[1]
        return (upstream * slopes.reshape(z.shape)).to(z.dtype), None, None, None


class _Fused(torch.autograd.Function):
    """The same for a compiler, in one pass: what it would find by differentiating the value costs twice as much."""

    @staticmethod
    def forward(
        ctx: Any, z: Tensor, targets: Tensor, weight: Tensor | None, how: _How, witness: Tensor
    ) -> tuple[Tensor, Tensor]:
        values, slopes, ignored = _evaluate(how, z, targets, weight, shared=True)
        left_out = _count(ignored, z)
        ctx.save_for_backward(slopes, witness)
        ctx.kind = z.dtype
        ctx.mark_non_differentiable(left_out)
        return values, left_out

    @staticmethod
    def backward(ctx: Any, upstream: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        slopes, witness = ctx.saved_tensors
        found = (upstream * slopes).to(ctx.kind)
        return torch.where(torch.isnan(witness), witness.to(ctx.kind), found), None, None, None, None


_WITNESS = torch.zeros((), requires_grad=True)


def _witness(z: Tensor) -> Tensor:
    """What the backward pass reads beside the slope, so that a second derivative is refused rather than taken as 0.

    A compiled graph cannot be differentiated twice, and notices only by the inputs that its backward pass reads. With
    the logits at hand the compiler finds the slope anew: on an accelerator that is as quick, on a CPU it is not.
    """
    return _WITNESS if z.device.type == "cpu" and z.requires_grad else z
