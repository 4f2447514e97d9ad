"""Row losses for Keras: the parameters of the NumPy loss of the same name, and those of `KerasOptions`."""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, Unpack

import keras
import numpy as np
from keras import ops
from scipy.special import expit

from rareclass import _check, losses
from rareclass.errors import InputError
from rareclass.losses._smoothing import checked_smoothing, restored, restored_log_odds, smoothed
from rareclass.losses.focal import Alpha
from rareclass.losses.keras.algebra import class_losses, element_losses
from rareclass.losses.keras.inputs import (
    Tensor,
    bad_targets,
    checked_ignore,
    fitted,
    kept,
    loss_dtype,
    plain,
    ratio,
    usable_weight,
)
from rareclass.losses.registry import loss_from_dict

REDUCTIONS = ("sum_over_batch_size", "mean", "mean_with_sample_weight", "sum", "none", None)
registered = keras.saving.register_keras_serializable(package="rareclass")


class KerasOptions(TypedDict, total=False):
    """What every row loss takes beside its own parameters, by name.

    label_smoothing : float in [0, 1), default 0
        Targets become (1 - a) y + a / K (K = 2 for one logit). `link` and `start` undo it.
    ignore_index : int, default None
        Targets of this value have no loss and no gradient, and do not count in the mean; where all are ignored the
        loss is 0. Keras calls it `ignore_class` and has it in one loss only.
    reduction : str, default "sum_over_batch_size"
        Keras's names with Keras's meaning. The weighted mean of `rareclass.losses`, sum w L / sum w, is
        "mean_with_sample_weight"; "mean" and "sum_over_batch_size" divide by the number of targets.
    name : str, default made by Keras
    dtype : str, default `keras.config.floatx()`
        Half precision is computed in float32, under a mixed policy too.
    """

    label_smoothing: float
    ignore_index: int | None
    reduction: str | None
    name: str | None
    dtype: Any


class KerasRowLoss(keras.losses.Loss):
    """A row loss of logits: value, link to the probability, and starting bias."""

    def __init__(self, loss: losses.RowLoss, options: KerasOptions) -> None:
        given: dict[str, Any] = {"label_smoothing": 0.0, "ignore_index": None, **options}
        if unknown := set(given) - set(KerasOptions.__annotations__):
            raise TypeError(f"{type(self).__name__} takes no argument {sorted(unknown)[0]!r}.")
        reduction = _check.one_of(given.get("reduction", REDUCTIONS[0]), "reduction", REDUCTIONS)
        super().__init__(name=given.get("name"), reduction=reduction, dtype=loss_dtype(given.get("dtype")))
        self.loss = loss
        self.label_smoothing = checked_smoothing(given["label_smoothing"])
        self.ignore_index = checked_ignore(given["ignore_index"])

    def get_config(self) -> dict[str, Any]:
        """Plain dictionary, from which `from_config` and a saved model make the loss again."""
        own = {k: v for k, v in self.loss.to_dict().items() if k != "loss"}
        options = {"label_smoothing": self.label_smoothing, "ignore_index": self.ignore_index, "dtype": self.dtype}
        return {**super().get_config(), **options, **own}

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Loss of each target; 0 for those to be ignored."""
        y, z, are_classes = fitted(y_true, y_pred)
        counted = kept(y, self.ignore_index)
        if counted is not None:
            y = ops.where(counted, y, 0.0)
            z = ops.where(ops.expand_dims(counted, -1) if are_classes else counted, z, 0.0)
        values = self._class_values(y, z) if are_classes else self._element_values(y, z)
        return values if counted is None else ops.where(counted, values, 0.0)

    def _element_values(self, y: Tensor, z: Tensor) -> Tensor:
        bad = bad_targets(y, "0 and 1 (1 = positive) or values between", ops.logical_and(y >= 0, y <= 1))
        y = ops.where(bad, np.nan, y)
        return element_losses(self.loss._form(), z, smoothed(y, self.label_smoothing))

    def _class_values(self, y: Tensor, z: Tensor) -> Tensor:
        classes = z.shape[-1]
        good = ops.logical_and(ops.logical_and(y >= 0, y < classes), ops.equal(y, ops.floor(y)))
        bad = bad_targets(y, f"class codes 0..{classes - 1}", good)
        codes = ops.cast(ops.where(bad, 0.0, y), "int32")
        values = class_losses(self.loss._class_form(classes), z, codes, self.label_smoothing)
        return ops.where(bad, np.nan, values)

    def __call__(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None) -> Tensor:
        """The reduced loss; `sample_weight` has the shape of the targets, or of their first dimensions."""
        y_true, y_pred = plain(y_true), plain(y_pred)
        if sample_weight is not None:
            sample_weight = usable_weight(sample_weight, self.dtype)
        if self.ignore_index is not None and self.reduction in REDUCTIONS[:3]:
            sample_weight = self._counted_weight(y_true, y_pred, sample_weight)
        return super().__call__(y_true, y_pred, sample_weight)

    def _counted_weight(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None) -> Tensor:
        """Weights by which a mean over all targets becomes one over those that count."""
        y, _, _ = fitted(*(ops.convert_to_tensor(a, dtype=self.dtype) for a in (y_true, y_pred)))
        weight = ops.cast(kept(y, self.ignore_index), self.dtype)
        if self.reduction != "mean_with_sample_weight":
            weight = ratio(weight, ops.mean(weight))
        if sample_weight is None:
            return weight
        given = ops.convert_to_tensor(sample_weight, dtype=self.dtype)
        if len(given.shape) == len(weight.shape) + 1:
            given = ops.squeeze(given, axis=-1)
        while len(given.shape) < len(weight.shape):
            given = ops.expand_dims(given, -1)
        return weight * given

    def log_odds(self, logits: Any) -> np.ndarray:
        """Log-odds of the positive class, in the shape of binary or many-label logits; offsets may be added to them."""
        z = _array(logits)
        found = np.reshape(np.asarray(self.loss.link_logit(z.ravel())), z.shape)
        return restored_log_odds(found, self.label_smoothing)

    def link(self, logits: Any, *, multi_class: bool | None = None) -> np.ndarray:
        """Probabilities that the logits mean, in the shape of the logits; float64.

        Parameters
        ----------
        logits : array or tensor
            What the network puts out, ``model.predict(X)``.
        multi_class : bool, optional
            Whether the last axis holds the scores of classes. By default (n, K) with K > 1 does, unless the loss is for
            binary targets only; logits of more dimensions need it said.
        """
        z = _array(logits)
        if multi_class is None and z.ndim > 2 and z.shape[-1] > 1:
            raise InputError(
                f"logits {z.shape} may be class scores (..., K) or binary scores of any shape: say which, "
                "`multi_class=True` or `multi_class=False`."
            )
        if multi_class is None:
            multi_class = z.ndim == 2 and z.shape[1] > 1 and not isinstance(self.loss, losses.AsymmetricLoss)
        if not multi_class:
            return expit(self.log_odds(z))
        found = np.asarray(self.loss.link(z.reshape(-1, z.shape[-1])))
        return restored(found, self.label_smoothing).reshape(z.shape)

    def start(self, prevalence: float | Sequence[float]) -> Any:
        """Bias for the last layer at the start: a float, or an array (K,) from class shares."""
        if np.ndim(prevalence) == 0:
            share = _check.fraction(prevalence, "prevalence", closed="neither")
            return self.loss.start(float(smoothed(np.asarray(share), self.label_smoothing)))
        shares = np.asarray(prevalence, dtype=np.float64)
        if shares.ndim != 1 or not (shares > 0).all():
            raise InputError(f"`prevalence` must hold the share of each class, all positive; got {prevalence!r}.")
        return self.loss.start(smoothed(shares / shares.sum(), self.label_smoothing, shares.size).tolist())

    def bias_initializer(self, prevalence: float | Sequence[float]) -> Any:
        """`start` as an initialiser of the last layer: ``Dense(1, bias_initializer=loss.bias_initializer(0.01))``."""
        found = self.start(prevalence)
        return keras.initializers.Constant(found if isinstance(found, float) else np.asarray(found).tolist())


def _array(logits: Any) -> np.ndarray:
    return np.asarray(ops.convert_to_numpy(logits), dtype=np.float64)


@registered
class CrossEntropy(KerasRowLoss):
    """`rareclass.losses.CrossEntropy` for Keras.

    Examples
    --------
    >>> round(float(CrossEntropy()([0.0, 1.0], [-3.0, 0.7])), 4)
    0.2259
    """

    def __init__(self, **options: Unpack[KerasOptions]) -> None:
        super().__init__(losses.CrossEntropy(), options)


@registered
class WeightedCrossEntropy(KerasRowLoss):
    """`rareclass.losses.WeightedCrossEntropy` for Keras.

    Examples
    --------
    >>> WeightedCrossEntropy(99.0).link([0.0]).round(4).tolist()
    [0.01]
    """

    def __init__(self, weights: float | Sequence[float] = 1.0, **options: Unpack[KerasOptions]) -> None:
        super().__init__(losses.WeightedCrossEntropy(weights), options)

    @classmethod
    def from_counts(cls, counts: Sequence[float], **options: Unpack[KerasOptions]) -> "WeightedCrossEntropy":
        """Balanced weights n / (classes x count), from the rows of each class, class 0 first."""
        return cls(losses.WeightedCrossEntropy.from_counts(counts).weights, **options)


@registered
class FocalLoss(KerasRowLoss):
    """`rareclass.losses.FocalLoss` for Keras.

    Keras's own `BinaryFocalCrossentropy` takes alpha of positives and 1 - alpha of negatives where
    ``apply_class_balancing=True``, as a number does here, and leaves the way back to probabilities to you.

    Examples
    --------
    >>> loss = FocalLoss(gamma=2.0)
    >>> loss.link([loss.start(0.001)]).round(6).tolist()
    [0.001]
    """

    def __init__(self, gamma: float = 2.0, alpha: Alpha = None, **options: Unpack[KerasOptions]) -> None:
        super().__init__(losses.FocalLoss(gamma, alpha), options)


@registered
class ClassBalancedLoss(KerasRowLoss):
    """`rareclass.losses.ClassBalancedLoss` for Keras; `base` is a loss of this package, for Keras or not."""

    def __init__(
        self,
        counts: Sequence[float],
        beta: float = 0.9999,
        base: "KerasRowLoss | losses.RowLoss | Mapping[str, Any] | None" = None,
        **options: Unpack[KerasOptions],
    ) -> None:
        inner: Any = losses.CrossEntropy() if base is None else base
        if isinstance(base, Mapping):
            inner = loss_from_dict(base)
        elif isinstance(base, KerasRowLoss):
            inner = base.loss
        super().__init__(losses.ClassBalancedLoss(counts, beta, inner), options)


@registered
class LDAMLoss(KerasRowLoss):
    """`rareclass.losses.LDAMLoss` for Keras."""

    def __init__(
        self,
        counts: Sequence[float] | None = None,
        max_margin: float = 0.5,
        scale: float = 1.0,
        margins: Sequence[float] | None = None,
        **options: Unpack[KerasOptions],
    ) -> None:
        super().__init__(losses.LDAMLoss(counts, max_margin, scale, margins), options)


@registered
class AsymmetricLoss(KerasRowLoss):
    """`rareclass.losses.AsymmetricLoss` for Keras; for many labels a row, logits and targets (n, labels)."""

    def __init__(
        self, gamma_pos: float = 0.0, gamma_neg: float = 4.0, margin: float = 0.05, **options: Unpack[KerasOptions]
    ) -> None:
        super().__init__(losses.AsymmetricLoss(gamma_pos, gamma_neg, margin), options)


@registered
class LogitAdjustedLoss(KerasRowLoss):
    """`rareclass.losses.LogitAdjustedLoss` for Keras."""

    def __init__(
        self,
        prevalence: float | None = None,
        tau: float = 1.0,
        counts: Sequence[float] | None = None,
        **options: Unpack[KerasOptions],
    ) -> None:
        super().__init__(losses.LogitAdjustedLoss(prevalence, tau, counts), options)


@registered
class VectorScalingLoss(KerasRowLoss):
    """`rareclass.losses.VectorScalingLoss` for Keras."""

    def __init__(
        self,
        weights: Sequence[float] = (1.0, 1.0),
        additive: Sequence[float] = (0.0, 0.0),
        multiplicative: Sequence[float] = (1.0, 1.0),
        **options: Unpack[KerasOptions],
    ) -> None:
        super().__init__(losses.VectorScalingLoss(weights, additive, multiplicative), options)


@registered
class PolyLoss(KerasRowLoss):
    """`rareclass.losses.PolyLoss` for Keras."""

    def __init__(
        self, epsilon: float = 1.0, gamma: float = 0.0, alpha: Alpha = None, **options: Unpack[KerasOptions]
    ) -> None:
        super().__init__(losses.PolyLoss(epsilon, gamma, alpha), options)
