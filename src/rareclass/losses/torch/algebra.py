"""Value and slope of one element of each binary family, as torch operations without data-dependent branches.

With u = (1 - 2y) z, q = sigmoid(u) the probability of the wrong class, p = 1 - q and l = -log p:

    power:   L = q^g (l + e q),            dL/du = q^g (q + g p l + e (g + 1) p q)
    affine:  L = softplus(i + d u),        dL/du = d sigmoid(i + d u)
    margin:  L = -r^k log(1 - r),          dL/dz = r^k (k L_1 / r + 1 / (1 - r)) P Q,   L_1 = -log(1 - r), r = P - m > 0

each times the weight of the class. A target between 0 and 1 mixes the losses of the two classes. The compiled kernels
of `rareclass.losses` are the same formulas; the Keras losses hold them in `keras.ops`.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import softplus

from rareclass.losses._affine import AffineForm, Pair
from rareclass.losses._margin import MarginForm
from rareclass.losses._power import PowerForm

ElementForm = PowerForm | AffineForm | MarginForm
Terms = tuple[Tensor, Tensor]
Pick = Callable[[Pair], Tensor | float]


def terms(form: ElementForm, z: Tensor, y: Tensor, weight: Tensor | None, hard: bool) -> Terms:
    """(loss, derivative by z) of each element.

    `y` holds targets in [0, 1] of the type of `z`; `hard` says that all are 0 or 1, which halves the work. `weight`
    multiplies the loss of positives.
    """
    if hard and not isinstance(form, MarginForm):
        sign = 1.0 - 2.0 * y
        value, slope = _one_side(form, sign * z, _picker(y))
        if weight is not None:
            of_class = torch.lerp(torch.ones_like(weight), weight, y)
            value, slope = value * of_class, slope * of_class
        return value, sign * slope
    if isinstance(form, MarginForm):
        negative = _margin(form, z)
        positive = _power(form.power, -z, _constant(1))
    else:
        negative = _one_side(form, z, _constant(0))
        positive = _one_side(form, -z, _constant(1))
    share = y if weight is None else y * weight
    value = share * positive[0] + (1.0 - y) * negative[0]
    return value, (1.0 - y) * negative[1] - share * positive[1]


def _constant(label: int) -> Pick:
    return lambda pair: pair[label]


def _picker(y: Tensor) -> Pick:
    """The parameter of each element's class; a plain number when both classes share it."""

    def pick(pair: Pair) -> Tensor | float:
        if pair[0] == pair[1]:
            return pair[0]
        # lerp gives both ends exactly, which a + (b - a) y does not
        return torch.lerp(y.new_full((), pair[0]), y.new_full((), pair[1]), y)

    return pick


def _one_side(form: PowerForm | AffineForm, u: Tensor, pick: Pick) -> Terms:
    return _power(form, u, pick) if isinstance(form, PowerForm) else _affine(form, u, pick)


def _softplus(u: Tensor) -> Tensor:
    # above its threshold torch returns u itself: exp(-20) is nothing beside 20 in float32, but something in float64
    return softplus(u, threshold=40.0 if u.dtype == torch.float64 else 20.0)


def _times(factor: Tensor | float, x: Tensor) -> Tensor:
    return x if isinstance(factor, float) and factor == 1.0 else factor * x


def _power(form: PowerForm, u: Tensor, pick: Pick) -> Terms:
    q, ell = torch.sigmoid(u), _softplus(u)
    value, slope = ell, q
    gamma, epsilon, weight = pick(form.gamma), pick(form.epsilon), pick(form.weight)
    if form.gamma != (0.0, 0.0) or form.epsilon != (0.0, 0.0):
        p = torch.sigmoid(-u)  # not 1 - q, which has no digits left where q is near 1
        slope = q + gamma * (p * ell)
        if form.epsilon != (0.0, 0.0):
            value = ell + epsilon * q
            slope = slope + epsilon * (gamma + 1.0) * (p * q)
        focus = _focus(q, u, gamma)
        value, slope = focus * value, focus * slope
    return _times(weight, value), _times(weight, slope)


def _focus(q: Tensor, u: Tensor, gamma: Tensor | float) -> Tensor | float:
    """q^gamma; small whole exponents as products, others by logarithms, whose derivative stays finite at q = 0."""
    if isinstance(gamma, float):
        if gamma in (1.0, 2.0, 3.0, 4.0):
            square = q * q
            return {1.0: q, 2.0: square, 3.0: square * q, 4.0: square * square}[gamma]
        if gamma == 0.0:
            return 1.0
    return torch.exp(-gamma * _softplus(-u))


def _affine(form: AffineForm, u: Tensor, pick: Pick) -> Terms:
    weight, shift, scale = pick(form.weight), pick(form.shift), pick(form.scale)
    v = _times(scale, u) + shift
    return _times(weight, _softplus(v)), _times(weight, _times(scale, torch.sigmoid(v)))


def _margin(form: MarginForm, z: Tensor) -> Terms:
    p, q = torch.sigmoid(z), torch.sigmoid(-z)
    r = p - form.margin
    active = ~(r <= 0)  # NaN stays NaN
    r = torch.where(active, r, 0.5)  # a harmless stand-in keeps NaN out of the backward pass
    rest = torch.where(active, q + form.margin, 0.5)
    power = torch.where(active, form.weight * r**form.k, 0.0)
    # -log(1 - r) from the side that keeps its digits
    ell = torch.where(r < 0.5, -torch.log1p(-r), -torch.log(rest))
    return power * ell, power * (form.k * ell / r + 1.0 / rest) * (p * q)
