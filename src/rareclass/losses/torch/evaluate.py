"""From a loss, logits and targets to one number: the kind of problem, ignored elements, weights and reduction."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, TypeAlias, TypedDict, Unpack

import torch
from torch import Tensor

from rareclass import _check, losses
from rareclass.errors import InputError
from rareclass.losses._affine import AffineForm
from rareclass.losses._margin import MarginForm
from rareclass.losses._power import PowerForm
from rareclass.losses._smoothing import checked_smoothing
from rareclass.losses._softmax import SoftmaxForm
from rareclass.losses.torch.algebra import ElementForm
from rareclass.losses.torch.checks import check_tensors, usable_codes, usable_weight
from rareclass.losses.torch.class_scores import class_losses
from rareclass.losses.torch.elements import element_losses
from rareclass.losses.torch.precision import precise, working_type

PosWeight: TypeAlias = float | Sequence[float] | Tensor | None


class LossOptions(TypedDict, total=False):
    """What every row loss takes beside its own parameters, by name.

    label_smoothing : float in [0, 1), default 0
        Targets become (1 - a) y + a / K (K = 2 for one score). `link` and `start` undo it.
    ignore_index : int, default None
        Targets of this value have no loss and no gradient, and do not count in the mean. A batch in which all are
        ignored has loss 0 and gradient 0 (torch's cross-entropy: NaN).
    pos_weight : float, or one number a label (L,), default None
        Factor on the loss of positives, for binary and multi-label targets, as in torch's `BCEWithLogitsLoss`. `link`
        and `start` undo it.
    reduction : "mean", "sum" or "none", default "mean"
        The mean is over the elements that count; class weights do not enter its denominator (in torch's
        `CrossEntropyLoss` they do), sample weights do.
    """

    label_smoothing: float
    ignore_index: int | None
    pos_weight: PosWeight
    reduction: str


class CallOptions(LossOptions, total=False):
    """`LossOptions` and, for the functions, `sample_weight`: one number a target, in the shape of the targets."""

    sample_weight: Tensor | None


@dataclass(frozen=True)
class Prepared:
    """A loss and its numbers for one score an element and for class scores; None where it is not defined."""

    loss: losses.RowLoss
    elements: ElementForm | None
    classes: SoftmaxForm | None


@torch.compiler.assume_constant_result
def prepared(name: str, *parameters: Any) -> Prepared:
    """The loss of this name; kept, so that a function called each step does not check its parameters again."""
    given = tuple(tuple(p) if isinstance(p, list) else p for p in parameters)
    try:
        hash(given)
    except TypeError:
        return prepare(getattr(losses, name)(*given))
    return _kept(name, *given)


@lru_cache(maxsize=256, typed=True)
def _kept(name: str, *parameters: Any) -> Prepared:
    return prepare(getattr(losses, name)(*parameters))


def prepare(loss: losses.RowLoss) -> Prepared:
    """The numbers of a loss, found once."""

    def found(build: Any, *size: int) -> Any:
        try:
            return build(*size)
        except InputError:  # not defined; asked for, it says so itself
            return None

    form = found(loss._form)
    if form is not None and not isinstance(form, PowerForm | AffineForm | MarginForm):
        raise InputError(f"{type(loss).__name__} is no loss of this package; write it as a torch module of your own.")
    return Prepared(loss, form, found(loss._class_form, _classes(loss)))


def _classes(loss: losses.RowLoss) -> int:
    """Classes that the parameters name; 1 where they hold for any number of classes."""
    values = [getattr(loss, f.name) for f in fields(loss)]
    return max(
        (len(v) if isinstance(v, tuple) else _classes(v) if isinstance(v, losses.RowLoss) else 1 for v in values),
        default=1,
    )


def _checked_pos_weight(weight: PosWeight) -> float | Tensor | None:
    """A positive number, or a tensor (L,) of them."""
    if weight is None:
        return None
    if isinstance(weight, int | float):
        return _check.fraction(weight, "pos_weight", high=math.inf, closed="neither")
    found = weight.detach() if isinstance(weight, Tensor) else torch.as_tensor(weight, dtype=torch.get_default_dtype())
    if not torch.compiler.is_compiling() and not bool(((found > 0) & torch.isfinite(found)).all()):
        raise InputError(f"`pos_weight` must hold finite positive numbers; got {weight!r}.")
    return found


Options = tuple[float, int | None, float | Tensor | None, str]


def checked(
    label_smoothing: float = 0.0, ignore_index: int | None = None, pos_weight: PosWeight = None, reduction: str = "mean"
) -> Options:
    """`LossOptions`, checked, in this order."""
    if ignore_index is not None and (isinstance(ignore_index, bool) or not isinstance(ignore_index, int)):
        raise InputError(f"`ignore_index` must be a whole number or None; got {ignore_index!r}.")
    _check.one_of(reduction, "reduction", ("mean", "sum", "none"))
    return checked_smoothing(label_smoothing), ignore_index, _checked_pos_weight(pos_weight), reduction


def evaluate(
    ready: Prepared,
    logits: Tensor,
    targets: Tensor,
    *,
    sample_weight: Tensor | None = None,
    **options: Unpack[LossOptions],
) -> Tensor:
    """Check the options of one call and compute it."""
    return compute(ready, logits, targets, sample_weight, checked(**options))


def compute(ready: Prepared, logits: Tensor, targets: Tensor, sample_weight: Tensor | None, options: Options) -> Tensor:
    """The reduced loss."""
    check_tensors(logits, targets, sample_weight, options[1])
    reduction = options[3]
    z = logits[..., 0] if logits.shape == (*targets.shape, 1) else logits
    total = reduction != "none" and sample_weight is None
    if z.shape == targets.shape:
        values, kept = _elements(ready, z, targets, options, total)
    elif z.ndim == targets.ndim + 1 and z.shape[:1] + z.shape[2:] == targets.shape:
        values, kept = _class_scores(ready, z, targets, options)
    else:
        raise InputError(
            f"logits {tuple(logits.shape)} and targets {tuple(targets.shape)} do not fit each other: one shape for "
            "binary and multi-label problems, or class scores (n, K, ...) with codes (n, ...)."
        )
    if sample_weight is not None:
        return _weighted(values, targets, sample_weight, options)
    if reduction == "none":
        return values
    values = values.sum()
    return values if reduction == "sum" else values / kept.clamp(min=1)


def _elements(ready: Prepared, z: Tensor, targets: Tensor, options: Options, total: bool) -> tuple[Tensor, Tensor]:
    smoothing, ignore_index, pos_weight, _ = options
    form = ready.elements
    if form is None:
        ready.loss._form()  # says what is missing
        raise AssertionError
    weight = None
    if isinstance(pos_weight, float):
        form = form.scaled((1.0, pos_weight))
    elif pos_weight is not None:
        if pos_weight.ndim and z.shape[-pos_weight.ndim :] != pos_weight.shape:
            raise InputError(
                f"`pos_weight` {tuple(pos_weight.shape)} needs one number a label of logits {tuple(z.shape)}."
            )
        weight = pos_weight.to(device=z.device, dtype=working_type(z.dtype))
    return element_losses(form, z, targets, weight=weight, smoothing=smoothing, ignore_index=ignore_index, total=total)


def _class_scores(ready: Prepared, z: Tensor, targets: Tensor, options: Options) -> tuple[Tensor, Tensor]:
    smoothing, ignore_index, pos_weight, _ = options
    if pos_weight is not None:
        raise InputError("`pos_weight` is for binary and multi-label targets; give class scores one weight a class.")
    classes = z.shape[1]
    form = ready.classes
    if form is None or len(form.weight) not in (1, classes):
        form = ready.loss._class_form(classes)
    codes = targets.reshape(-1)
    rows = precise(z.movedim(1, -1).reshape(-1, classes))
    kept = torch.as_tensor(codes.numel())
    if ignore_index is not None:
        ignored = codes == ignore_index
        kept = kept - ignored.sum()
        codes, rows = codes.masked_fill(ignored, 0), rows.masked_fill(ignored[:, None], 0.0)
    codes, factor = usable_codes(codes, classes)
    values = class_losses(form, rows, codes, smoothing)
    if factor is not None:
        values = values * factor.to(values.dtype)
    if ignore_index is not None:
        values = values.masked_fill(ignored, 0.0)
    return values.reshape(targets.shape), kept


def _weighted(values: Tensor, targets: Tensor, sample_weight: Tensor, options: Options) -> Tensor:
    _, ignore_index, _, reduction = options
    if sample_weight.shape != values.shape:
        raise InputError(
            f"`sample_weight` {tuple(sample_weight.shape)} needs shape {tuple(values.shape)}, one number a target."
        )
    weight = sample_weight.to(values.dtype)
    if ignore_index is not None:
        weight = weight.masked_fill(targets == ignore_index, 0.0)
    weight = usable_weight(weight)
    values = values * weight
    if reduction == "none":
        return values
    if reduction == "sum":
        return values.sum()
    total = weight.sum()
    return values.sum() / torch.where(total == 0, 1.0, total)
