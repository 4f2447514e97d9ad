"""The loss of many binary elements in one autograd function, with its gradient in closed form.

Value and gradient are computed together, block by block: temporaries have the size of a block, and what is kept for
the backward pass is the gradient alone. A second derivative differentiates the closed form once more.
"""

from typing import Any

import torch
from torch import Tensor

from rareclass.losses.torch.algebra import ElementForm, terms
from rareclass.losses.torch.checks import unit_targets

BLOCK = 32_768
"""Elements of a block on the CPU for each thread: several such arrays of float32 stay in the second-level cache."""
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
    if torch.compiler.is_compiling():
        values, _, ignored = _evaluate(form, z, targets, weight, smoothing, ignore_index)
        kept = z.numel() - (0 if ignored is None else ignored.sum())
        return values.sum() if total else values, torch.as_tensor(kept)
    return _Elements.apply(z, targets, weight, form, (smoothing, ignore_index, total))


def _evaluate(
    form: ElementForm, z: Tensor, targets: Tensor, weight: Tensor | None, smoothing: float, ignore_index: int | None
) -> tuple[Tensor, Tensor, Tensor | None]:
    """(losses, slopes, which elements are ignored or None)."""
    if z.dtype in (torch.float16, torch.bfloat16):
        z = z.float()
    ignored = None
    if ignore_index is not None and targets.dtype != torch.bool:
        ignored = targets == ignore_index
        # what is ignored may be anything, NaN too
        z, targets = z.masked_fill(ignored, 0.0), targets.masked_fill(ignored, 0)
    y, hard = unit_targets(targets, z.dtype)
    if smoothing:
        y, hard = y * (1.0 - smoothing) + smoothing / 2, False
    value, slope = terms(form, z, y, weight, hard)
    if ignored is not None:
        value, slope = value.masked_fill(ignored, 0.0), slope.masked_fill(ignored, 0.0)
    return value, slope, ignored


def _blocks(z: Tensor, weight: Tensor | None) -> int:
    """Rows of a block."""
    size = BLOCK * torch.get_num_threads() if z.device.type == "cpu" else BLOCK_ELSEWHERE
    return max(1, size * z.shape[0] // max(z.numel(), 1)) if weight is not None else size


class _Elements(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        z: Tensor,
        targets: Tensor,
        weight: Tensor | None,
        form: ElementForm,
        how: tuple[float, int | None, bool],
    ) -> tuple[Tensor, Tensor]:
        smoothing, ignore_index, total = how
        flat, labels = (z, targets) if weight is not None and z.ndim else (z.reshape(-1), targets.reshape(-1))
        kind = torch.float32 if z.dtype in (torch.float16, torch.bfloat16) else z.dtype
        slopes = torch.empty(flat.shape, dtype=kind, device=z.device) if ctx.needs_input_grad[0] else None
        values = None if total else torch.empty(flat.shape, dtype=kind, device=z.device)
        summed = torch.zeros((), dtype=torch.float64 if z.device.type != "mps" else kind, device=z.device)
        left_out = torch.zeros((), dtype=torch.int64, device=z.device)
        step, start = _blocks(flat, weight), 0
        for part, marked in zip(flat.split(step), labels.split(step), strict=True):
            value, slope, ignored = _evaluate(form, part, marked, weight, smoothing, ignore_index)
            here = slice(start, start + part.shape[0])
            start = here.stop
            if values is None:
                summed += value.sum()
            else:
                values[here] = value
            if slopes is not None:
                slopes[here] = slope
            if ignored is not None:
                left_out += ignored.sum()
        ctx.save_for_backward(z, targets, weight, slopes)
        ctx.form, ctx.how = form, how
        kept = z.numel() - left_out
        ctx.mark_non_differentiable(kept)
        return (summed.to(kind) if values is None else values.reshape(z.shape)), kept

    @staticmethod
    def backward(ctx: Any, upstream: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        z, targets, weight, slopes = ctx.saved_tensors
        if torch.is_grad_enabled():  # a second derivative is wanted: the slope must know the logits
            smoothing, ignore_index, _ = ctx.how
            slopes = _evaluate(ctx.form, z, targets, weight, smoothing, ignore_index)[1]
        return (upstream * slopes.reshape(z.shape)).to(z.dtype), None, None, None, None
