"""What enters a Keras loss: shapes made to fit, values checked where they can be read.

Compiled training (TensorFlow graphs, XLA, JAX) hands over tensors without values. There, a target out of range makes
its own loss NaN, so that it cannot pass for a loss; `keras.callbacks.TerminateOnNaN` then stops. Where values can be
read, the same target is an `InputError`.
"""

from typing import Any

import keras
import numpy as np
from keras import ops

from rareclass.errors import InputError

Tensor = Any
HALF = ("float16", "bfloat16")


def loss_dtype(dtype: Any) -> str:
    """What a loss computes in: float32 at least, as half precision has no digits for a rare class."""
    found = keras.dtype_policies.get(dtype or keras.config.floatx()).compute_dtype
    return "float32" if found in HALF else found


def readable(tensor: Tensor) -> np.ndarray | None:
    """The values of a tensor, or None where it has none yet."""
    if keras.config.backend() == "tensorflow":
        return tensor.numpy() if hasattr(tensor, "numpy") else None
    if keras.config.backend() == "jax":
        import jax

        return None if isinstance(tensor, jax.core.Tracer) else np.asarray(tensor)
    import torch

    # waiting for an accelerator at every step would cost more than the check is worth
    return tensor.detach().numpy() if tensor.device.type == "cpu" and not torch.compiler.is_compiling() else None


def plain(values: Any) -> Any:
    """A list as an array, which Keras would take for several outputs."""
    return np.asarray(values) if isinstance(values, list | tuple) else values


def ratio(a: Tensor, b: Tensor) -> Tensor:
    """a / b, or 0 where b is 0. (`divide_no_nan` of Keras 3.15 computes in float32 on torch.)"""
    none = ops.equal(b, 0)
    return ops.where(none, 0.0, a / ops.where(none, 1.0, b))


def _same(one: tuple, other: tuple) -> bool:
    return len(one) == len(other) and all(a is None or b is None or a == b for a, b in zip(one, other))


def fitted(y: Tensor, z: Tensor) -> tuple[Tensor, Tensor, bool]:
    """Targets and logits that fit each other, and whether these are class scores (..., K) with codes (...)."""
    given = tuple(y.shape), tuple(z.shape)
    if len(given[1]) > 1 and given[1][-1] == 1:
        z = ops.squeeze(z, axis=-1)
        if len(given[0]) == len(given[1]) and given[0][-1] == 1:
            y = ops.squeeze(y, axis=-1)
    elif len(given[0]) > 1 and len(given[0]) >= len(given[1]) and given[0][-1] == 1:
        y = ops.squeeze(y, axis=-1)
    shape, scores = tuple(y.shape), tuple(z.shape)
    if _same(shape, scores):
        return y, z, False
    if _same(shape, scores[:-1]) and scores:
        return y, z, True
    raise InputError(
        f"`y_true` {given[0]} and `y_pred` {given[1]} do not fit each other: one shape for binary problems and many "
        "labels, or class scores (..., K) with codes (...)."
    )


def checked_ignore(ignore_index: int | None) -> int | None:
    """A whole number or None."""
    if ignore_index is not None and (isinstance(ignore_index, bool) or not isinstance(ignore_index, int)):
        raise InputError(f"`ignore_index` must be a whole number or None; got {ignore_index!r}.")
    return ignore_index


def kept(y: Tensor, ignore_index: int | None) -> Tensor | None:
    """Where targets count, or None where all do."""
    return None if ignore_index is None else ops.not_equal(y, ignore_index)


def usable_weight(weight: Any, dtype: str) -> Tensor:
    """Weights as a tensor; refuses one that is negative, NaN or infinite, which is NaN where it cannot be read."""
    found = ops.convert_to_tensor(plain(weight), dtype=dtype)
    values = readable(found)
    if values is not None and not (good := (values >= 0) & (values < np.inf)).all():
        raise InputError(f"`sample_weight` must be finite and not negative; got {values[~good][0]}.")
    return ops.where(found >= 0, found, np.nan)


def bad_targets(y: Tensor, allowed: str, good: Tensor) -> Tensor:
    """Where targets are out of range; refuses them where they can be read."""
    bad = ops.logical_not(good)
    values = readable(bad)
    if values is not None and values.any():
        first = np.asarray(ops.convert_to_numpy(y))[values][0]
        raise InputError(
            f"`y_true` must hold {allowed}; got {first}. Name a value that marks what to leave out by `ignore_index`."
        )
    return bad
