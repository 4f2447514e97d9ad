"""Batch losses for Keras: one number of all elements of the batch, and no link to a probability."""

from typing import Any

import keras
import numpy as np
from keras import ops

from rareclass import losses
from rareclass.errors import InputError
from rareclass.losses.keras import ranking
from rareclass.losses.keras.inputs import (
    Tensor,
    bad_targets,
    checked_ignore,
    fitted,
    kept,
    loss_dtype,
    plain,
    readable,
    usable_weight,
)
from rareclass.losses.keras.row_losses import registered


class KerasBatchLoss(keras.losses.Loss):
    """A loss of all elements together; those whose target is `ignore_index` are left out.

    A batch without a positive, or without a negative, has no pair to rank: a ranking loss is then 0 and moves nothing.
    `rareclass.compat.keras.BalancedBatchGenerator` has both classes in each batch.
    """

    def __init__(
        self, loss: losses.BatchLoss, ignore_index: int | None = None, name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(name=name, reduction="sum", dtype=loss_dtype(dtype))
        self.loss = loss
        self.ignore_index = checked_ignore(ignore_index)

    def get_config(self) -> dict[str, Any]:
        """Plain dictionary, from which `from_config` and a saved model make the loss again."""
        own = {k: v for k, v in self.loss.to_dict().items() if k != "loss"}
        return {"name": self.name, "dtype": self.dtype, "ignore_index": self.ignore_index, **own}

    def __call__(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None) -> Tensor:
        """Loss of the batch; `sample_weight` (the shape of the targets) counts as repetition."""
        mask = getattr(y_pred, "_keras_mask", None)
        y, z, are_classes = fitted(*(ops.convert_to_tensor(plain(a), dtype=self.dtype) for a in (y_true, y_pred)))
        if are_classes:
            raise InputError(
                f"{type(self).__name__} is for binary targets of the shape of the logits, not for classes."
            )
        weight = ops.ones_like(z)
        for given in (sample_weight, mask):
            if given is not None:
                weight = weight * _like(usable_weight(given, self.dtype), z)
        counted = kept(y, self.ignore_index)
        if counted is not None:
            y, z, weight = (ops.where(counted, a, 0.0) for a in (y, z, weight))
        bad = bad_targets(y, "0 and 1 only (1 = positive)", ops.logical_or(ops.equal(y, 0), ops.equal(y, 1)))
        y, z, weight = (ops.reshape(a, (-1,)) for a in (ops.where(bad, np.nan, y), z, weight))
        return self._value(z, weight * y, weight * (1.0 - y))

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Loss of the batch."""
        return self(y_true, y_pred)

    def _value(self, z: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """Loss of logits (n,), from the weights (n,) of positives and of negatives."""
        raise NotImplementedError

    def link(self, logits: Any) -> np.ndarray:
        """Raise: a batch loss means no probability."""
        return self.loss.link(logits)

    def start(self, prevalence: float) -> float:
        """A neutral bias: the log-odds of the prevalence."""
        return self.loss.start(prevalence)

    def bias_initializer(self, prevalence: float) -> Any:
        """`start` as an initialiser of the last layer."""
        return keras.initializers.Constant(self.start(prevalence))


def _like(weight: Tensor, z: Tensor) -> Tensor:
    if len(weight.shape) == len(z.shape) + 1 and weight.shape[-1] == 1:
        weight = ops.squeeze(weight, axis=-1)
    while len(weight.shape) < len(z.shape):
        weight = ops.expand_dims(weight, -1)
    return weight


def _tversky(loss: Any, z: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
    """1 - Tversky index, without forming that difference."""
    p, q = ops.sigmoid(z), ops.sigmoid(-z)
    miss = loss.fp_weight * ops.sum(negative * p) + loss.fn_weight * ops.sum(positive * q)
    total = ops.sum(positive * p) + loss.smooth + miss
    if loss.smooth == 0:
        found = readable(total)
        if found is not None and found == 0:
            raise InputError(
                "The Tversky index is 0 / 0: no positives in the batch and `smooth=0`. Set `smooth` above 0."
            )
    return miss / total


@registered
class TverskyLoss(KerasBatchLoss):
    """`rareclass.losses.TverskyLoss` for Keras, over all elements of the batch.

    Examples
    --------
    >>> round(float(TverskyLoss()([0.0, 0.0, 1.0], [-2.0, -1.0, 1.0])), 4)
    0.1497
    """

    def __init__(
        self,
        fp_weight: float = 0.3,
        fn_weight: float = 0.7,
        smooth: float = 1.0,
        *,
        ignore_index: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(losses.TverskyLoss(fp_weight, fn_weight, smooth), ignore_index, name, dtype)

    def _value(self, z: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return _tversky(self.loss, z, positive, negative)


@registered
class FocalTverskyLoss(KerasBatchLoss):
    """`rareclass.losses.FocalTverskyLoss` for Keras, over all elements of the batch."""

    def __init__(
        self,
        gamma: float = 4 / 3,
        fp_weight: float = 0.3,
        fn_weight: float = 0.7,
        smooth: float = 1.0,
        *,
        ignore_index: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(losses.FocalTverskyLoss(gamma, fp_weight, fn_weight, smooth), ignore_index, name, dtype)

    def _value(self, z: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        value = _tversky(self.loss, z, positive, negative)
        # at exactly 0 the power has no slope; nothing is left to learn there
        safe = ops.where(value == 0, 1.0, value)
        return ops.where(value == 0, 0.0 * value, safe ** (1.0 / self.loss.gamma))


class KerasRankingLoss(KerasBatchLoss):
    """A batch loss over pairs, with a margin; 0 for a batch of one class."""

    definition: type[losses.BatchLoss]

    def __init__(
        self, margin: float = 1.0, *, ignore_index: int | None = None, name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(self.definition(margin), ignore_index, name, dtype)


@registered
class PairwiseSquareLoss(KerasRankingLoss):
    """`rareclass.losses.PairwiseSquareLoss` for Keras, over all pairs of the batch."""

    definition = losses.PairwiseSquareLoss

    def _value(self, z: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return ranking.square(z, positive, negative, self.loss.margin)


@registered
class PairwiseSquaredHingeLoss(KerasRankingLoss):
    """`rareclass.losses.PairwiseSquaredHingeLoss` for Keras, over all pairs of the batch.

    Examples
    --------
    >>> float(PairwiseSquaredHingeLoss()([0.0, 0.0, 1.0], [-1.0, 0.0, 0.5]))
    0.125
    """

    definition = losses.PairwiseSquaredHingeLoss

    def _value(self, z: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return ranking.squared_hinge(z, positive, negative, self.loss.margin)


@registered
class SmoothAveragePrecisionLoss(KerasRankingLoss):
    """`rareclass.losses.SmoothAveragePrecisionLoss` for Keras, over the rows of the batch."""

    definition = losses.SmoothAveragePrecisionLoss

    def _value(self, z: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return ranking.average_precision(z, positive, negative, self.loss.margin)
