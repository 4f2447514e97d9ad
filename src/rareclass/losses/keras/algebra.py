"""Values of the row losses in `keras.ops`; gradients are left to the back end.

The formulas are those of `losses._power`, `_affine`, `_margin` and `_softmax`, written with logarithms of both
probabilities, so that value and gradient stay finite however far out a logit is.
"""

from typing import Any

from keras import ops

from rareclass.losses._affine import AffineForm
from rareclass.losses._margin import MarginForm
from rareclass.losses._power import PowerForm
from rareclass.losses._softmax import SoftmaxForm

Tensor = Any
FAR = -1e30  # stands for minus infinity, whose gradient would be NaN


def element_losses(form: PowerForm | AffineForm | MarginForm, z: Tensor, y: Tensor) -> Tensor:
    """Loss of each logit against its target in [0, 1], which mixes the losses of the two classes."""
    if isinstance(form, MarginForm):
        negative, positive = _margin(form, z), _power(form.power, z, 1)
    elif isinstance(form, AffineForm):
        negative, positive = _affine(form, -z, 0), _affine(form, z, 1)
    else:
        negative, positive = _power(form, -z, 0), _power(form, z, 1)
    return y * positive + (1.0 - y) * negative


def _power(form: PowerForm, t: Tensor, label: int) -> Tensor:
    gamma, epsilon = form.gamma[label], form.epsilon[label]
    log_q = ops.log_sigmoid(-t)
    value = -ops.log_sigmoid(t)
    if gamma:
        value = ops.exp(gamma * log_q) * value
    if epsilon:
        value = value + epsilon * ops.exp((gamma + 1.0) * log_q)
    return form.weight[label] * value


def _affine(form: AffineForm, t: Tensor, label: int) -> Tensor:
    return -form.weight[label] * ops.log_sigmoid(form.scale[label] * t - form.shift[label])


def _margin(form: MarginForm, z: Tensor) -> Tensor:
    r = ops.sigmoid(z) - form.margin
    active = r > 0
    # harmless stand-ins keep NaN out of the gradient; 1 - r is formed on the side that keeps its digits
    r = ops.where(active, r, 0.5)
    rest = ops.where(active, ops.sigmoid(-z) + form.margin, 0.5)
    low = ops.where(r < 0.5, r, 0.0)
    ell = ops.where(r < 0.5, -ops.log1p(-low), -ops.log(rest))
    return ops.where(active, form.weight * ops.exp(form.k * ops.log(r)) * ell, 0.0)


def class_losses(form: SoftmaxForm, z: Tensor, codes: Tensor, smoothing: float) -> Tensor:
    """Loss (...) of class scores (..., K) against whole codes (...)."""
    classes = z.shape[-1]
    u = z * _row(form.scale, z) + _row(form.shift, z)
    own = ops.one_hot(codes, classes, dtype=z.dtype)
    if not smoothing:
        rest = ops.logsumexp(ops.where(own > 0, FAR, u), axis=-1)
        gap = rest - ops.sum(own * (u - _row(form.margin, z)), axis=-1)
        return ops.sum(own * _row(form.weight, z), axis=-1) * _of_gap(form, gap)
    # the loss of every class, (..., K); its memory is K^2 a row
    rest = ops.logsumexp(ops.where(ops.eye(classes, dtype=z.dtype) > 0, FAR, ops.expand_dims(u, -2)), axis=-1)
    every = _row(form.weight, z) * _of_gap(form, rest - u + _row(form.margin, z))
    return ops.sum(((1.0 - smoothing) * own + smoothing / classes) * every, axis=-1)


def _of_gap(form: SoftmaxForm, gap: Tensor) -> Tensor:
    """Unweighted loss from log(q / p), the log-odds of being wrong."""
    log_q = ops.log_sigmoid(gap)
    value = -ops.log_sigmoid(-gap)
    if form.gamma:
        value = ops.exp(form.gamma * log_q) * value
    if form.epsilon:
        value = value + form.epsilon * ops.exp((form.gamma + 1.0) * log_q)
    return value


def _row(numbers: tuple[float, ...], like: Tensor) -> Tensor:
    return ops.convert_to_tensor(list(numbers), dtype=like.dtype)
