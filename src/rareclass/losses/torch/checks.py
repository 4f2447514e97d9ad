"""What is refused, and when: on the CPU always, elsewhere and under torch.compile in debug mode or by a NaN.

Reading a tensor's values on an accelerator waits for it, and under `torch.compile` it breaks the graph. There, targets
out of range make their own loss NaN instead, so that they cannot pass for a loss; `debug` names the element.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from rareclass.errors import InputError
from rareclass.losses._smoothing import count_between_and_outside

_debugging = False


@contextmanager
def debug(enabled: bool = True) -> Iterator[None]:
    """Check logits and targets of every call inside, on every device, and name the first bad element of the batch.

    Use it to find where a NaN comes from. It waits for the device at each loss; `torch.compile` ignores it.

    Parameters
    ----------
    enabled : bool
        False switches the checks off inside a block that has them. Default True.

    Examples
    --------
    >>> import torch
    >>> from rareclass.errors import InputError
    >>> from rareclass.losses.torch import debug, focal_loss
    >>> with debug():
    ...     try:
    ...         focal_loss(torch.tensor([0.1, float("nan")]), torch.tensor([0, 1]))
    ...     except InputError as error:
    ...         print(error)
    `logits` hold 1 value that is not finite; the first is nan in batch element 1 (index (1,)).
    """
    global _debugging
    before, _debugging = _debugging, enabled
    try:
        yield
    finally:
        _debugging = before


def traced() -> bool:
    """Whether tensors stand for others: under `torch.compile`, `torch.func.vmap`, `torch.func.grad` and their like."""
    # torch has no public name for the second question; without it per-row gradients would not work
    return torch.compiler.is_compiling() or torch._C._are_functorch_transforms_active()


def looks(tensor: Tensor) -> bool:
    """Whether values of this tensor may be read now."""
    return (tensor.device.type == "cpu" or _debugging) and not traced()


def check_tensors(logits: Any, targets: Any, sample_weight: Any, ignore_index: int | None) -> None:
    """Refuse what is no tensor of the right kind."""
    for name, given in (("logits", logits), ("targets", targets), ("sample_weight", sample_weight)):
        if not isinstance(given, Tensor) and not (name == "sample_weight" and given is None):
            raise InputError(f"`{name}` must be a torch tensor; got {type(given).__name__}. Use torch.as_tensor first.")
    if not logits.is_floating_point():
        raise InputError(f"`logits` must be of a floating type (raw scores); got {logits.dtype}.")
    if targets.is_complex():
        raise InputError(f"`targets` must be Boolean, whole or floating numbers; got {targets.dtype}.")
    if traced():
        return
    if targets.requires_grad and torch.is_grad_enabled():
        raise InputError("`targets` require a gradient, and losses have one by the logits only. Use targets.detach().")
    if _debugging:
        check_finite(logits, None if ignore_index is None else targets == ignore_index)


def check_finite(logits: Tensor, ignored: Tensor | None) -> None:
    """Name the first logit that is not finite, but for those of ignored targets."""
    bad = ~torch.isfinite(logits.detach())
    if ignored is not None and ignored.numel() == bad.numel():
        bad &= ~ignored.reshape(bad.shape)
    elif ignored is not None and bad.shape[:1] + bad.shape[2:] == ignored.shape:
        bad &= ~ignored.unsqueeze(1)
    if not bool(bad.any()):
        return
    count = int(bad.sum())
    at = tuple(bad.nonzero()[0].tolist())
    element = f"in batch element {at[0]} (index {at})" if at else "the logit itself"
    said = "value that is" if count == 1 else "values that are"
    raise InputError(f"`logits` hold {count} {said} not finite; the first is {logits[at].item()} {element}.")


def unit_targets(targets: Tensor, dtype: torch.dtype) -> tuple[Tensor, bool]:
    """Targets as numbers of this type, and whether all of them are known to be 0 or 1."""
    y = _numbers(targets, dtype)
    if targets.dtype == torch.bool:
        return y, True
    if not looks(targets):
        return torch.where((y < 0) | (y > 1), torch.nan, y), not targets.is_floating_point()
    between, outside = count_between_and_outside(targets.detach().reshape(-1).cpu().numpy())
    if not outside and (not between or targets.is_floating_point()):
        return y, not between
    bad = ~((y >= 0) & (y <= 1))
    raise InputError(
        f"`targets` of logits of the same shape must be 0 and 1 only (1 = positive), or lie between; got "
        f"{targets[bad][0].item()}. Encode the labels, or say which value marks elements to leave out: `ignore_index`."
    )


def _numbers(targets: Tensor, dtype: torch.dtype) -> Tensor:
    """Targets of this type; in a compiled graph on the CPU converted by a call of its own.

    There the compiler would read Boolean and short whole numbers one by one, and, because they are small, keep them and
    find the slope anew in the backward pass rather than keep the slope: twice the time.
    """
    if targets.is_floating_point() or targets.device.type != "cpu" or not torch.compiler.is_compiling():
        return _converted_now(targets, dtype)
    return targets.to(dtype) if torch._C._are_functorch_transforms_active() else _converted(targets, dtype)


def _converted_now(targets: Tensor, dtype: torch.dtype) -> Tensor:
    # torch converts bytes six times faster than Booleans
    bytewise = targets.dtype == torch.bool and targets.device.type == "cpu" and not traced()
    return (targets.view(torch.uint8) if bytewise else targets).to(dtype)


@torch.library.custom_op("rareclass::numbers", mutates_args=())
def _converted(targets: Tensor, dtype: torch.dtype) -> Tensor:
    return _converted_now(targets, dtype)


@_converted.register_fake
def _(targets: Tensor, dtype: torch.dtype) -> Tensor:
    return torch.empty_like(targets, dtype=dtype)


def usable_weight(weight: Tensor) -> Tensor:
    """Weights of rows, none of which may be negative, NaN or infinite; those of ignored rows are 0."""
    if not looks(weight):
        return torch.where(weight >= 0, weight, torch.nan)
    if weight.numel():
        low, high = (float(v) for v in torch.aminmax(weight.detach()))
        if not (low >= 0 and high < float("inf")):
            raise InputError(f"`sample_weight` must be finite and not negative; got {low if low < 0 else high}.")
    return weight


def usable_codes(codes: Tensor, classes: int) -> tuple[Tensor, Tensor | None]:
    """Class codes 0..K-1, of which none is to be ignored; where they cannot be read, also a factor, NaN for the bad."""
    if codes.is_floating_point():
        raise InputError(f"`targets` must hold class codes as whole numbers, one a row; got {codes.dtype}.")
    codes = codes.long()
    if not looks(codes):
        good = (codes >= 0) & (codes < classes)
        return codes.masked_fill(~good, 0), torch.where(good, 1.0, torch.nan)
    if codes.numel() == 0:
        return codes, None
    low, high = (int(v) for v in torch.aminmax(codes))
    if low < 0 or high >= classes:
        raise InputError(
            f"`targets` must hold class codes 0..{classes - 1}; got {low if low < 0 else high}. A code that marks rows "
            "to leave out is named by `ignore_index`."
        )
    return codes, None
