"""Value and slope of one element of each binary family, as torch operations without data-dependent branches.

With u = (1 - 2y) z, q = sigmoid(u) the probability of the wrong class, p = 1 - q and l = -log p:

    power:   L = q^g (l + e q),            dL/du = q^g (q + g p l + e (g + 1) p q)
    affine:  L = softplus(i + d u),        dL/du = d sigmoid(i + d u)
    margin:  L = -r^k log(1 - r),          dL/dz = r^k (k L_1 / r + 1 / (1 - r)) P Q,   L_1 = -log(1 - r), r = P - m > 0

each times the weight of the class. A target between 0 and 1 mixes the losses of the two classes. The compiled kernels
of `rareclass.losses` are the same formulas; the Keras losses hold them in `keras.ops`.

Two ways lead to q, p and their logarithms: torch's own operations, which can be differentiated once more, and one
exponential for all of them and for both classes, which cannot (at 0 its |u| has no derivative) and costs half.
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


def terms(form: ElementForm, z: Tensor, y: Tensor, weight: Tensor | None, hard: bool, *, shared: bool = False) -> Terms:
    """(loss, derivative by z) of each element.

    `y` holds targets in [0, 1] of the type of `z`; `hard` says that all are 0 or 1. `weight` multiplies the loss of
    positives. What is `shared` must not be differentiated, and is for a compiler that fuses the operations.
    """
    parts = SharedParts.of if shared else Parts
    mirrored = isinstance(form, PowerForm) or (
        isinstance(form, AffineForm) and form.scale[0] == form.scale[1] and form.shift[0] == -form.shift[1]
    )
    if hard and not isinstance(form, MarginForm) and not (shared and mirrored):
        sign = 1.0 - 2.0 * y
        pick = _picker(y)
        if isinstance(form, PowerForm):
            value, slope = _power(form, parts(sign * z), pick)
        else:
            value, slope = _affine(form, parts(_inner(form, sign * z, pick)), pick)
        if weight is not None:
            of_class = torch.lerp(torch.ones_like(weight), weight, y)
            value, slope = value * of_class, slope * of_class
        return value, sign * slope
    if isinstance(form, AffineForm):
        at = parts(_inner(form, z, _negative))
        turned = at.turned() if mirrored else parts(_inner(form, -z, _positive))
        negative, positive = _affine(form, at, _negative), _affine(form, turned, _positive)
    else:
        at, power = parts(z), form if isinstance(form, PowerForm) else form.power
        negative = _margin(form, at) if isinstance(form, MarginForm) else _power(form, at, _negative)
        positive = _power(power, at.turned(), _positive)
    share = y if weight is None else y * weight
    value = share * positive[0] + (1.0 - y) * negative[0]
    return value, (1.0 - y) * negative[1] - share * positive[1]


class Parts:
    """What losses of u are made of, by operations that have a derivative."""

    def __init__(self, u: Tensor) -> None:
        self.u = u

    def q(self) -> Tensor:
        return torch.sigmoid(self.u)

    def p(self) -> Tensor:
        return torch.sigmoid(-self.u)  # not 1 - q, which has no digits left where q is near 1

    def minus_log_p(self) -> Tensor:
        return _softplus(self.u)

    def minus_log_q(self) -> Tensor:
        return _softplus(-self.u)

    def turned(self) -> "Parts":
        """The parts of -u."""
        return Parts(-self.u)


class SharedParts(Parts):
    """The same of one exponential and one logarithm."""

    def __init__(self, q: Tensor, p: Tensor, minus_log_p: Tensor, minus_log_q: Tensor) -> None:
        self.all = q, p, minus_log_p, minus_log_q

    @classmethod
    def of(cls, u: Tensor) -> "SharedParts":
        e = torch.exp(-u.abs())
        ratio, rest = 1.0 / (1.0 + e), torch.log1p(e)
        small, up = e * ratio, u >= 0
        q, p = torch.where(up, ratio, small), torch.where(up, small, ratio)
        return cls(q, p, rest + torch.relu(u), rest + torch.relu(-u))

    def q(self) -> Tensor:
        return self.all[0]

    def p(self) -> Tensor:
        return self.all[1]

    def minus_log_p(self) -> Tensor:
        return self.all[2]

    def minus_log_q(self) -> Tensor:
        return self.all[3]

    def turned(self) -> "SharedParts":
        q, p, minus_log_p, minus_log_q = self.all
        return SharedParts(p, q, minus_log_q, minus_log_p)


def _negative(pair: Pair) -> float:
    return pair[0]


def _positive(pair: Pair) -> float:
    return pair[1]


def _picker(y: Tensor) -> Pick:
    """The parameter of each element's class; a plain number when both classes share it."""

    def pick(pair: Pair) -> Tensor | float:
        if pair[0] == pair[1]:
            return pair[0]
        # lerp gives both ends exactly, which a + (b - a) y does not
        return torch.lerp(y.new_full((), pair[0]), y.new_full((), pair[1]), y)

    return pick


def _softplus(u: Tensor) -> Tensor:
    # above its threshold torch returns u itself: exp(-20) is nothing beside 20 in float32, but something in float64
    return softplus(u, threshold=40.0 if u.dtype == torch.float64 else 20.0)


def _times(factor: Tensor | float, x: Tensor) -> Tensor:
    return x if isinstance(factor, float) and factor == 1.0 else factor * x


def _power(form: PowerForm, at: Parts, pick: Pick) -> Terms:
    q, ell = at.q(), at.minus_log_p()
    value, slope = ell, q
    gamma, epsilon, weight = pick(form.gamma), pick(form.epsilon), pick(form.weight)
    if form.gamma != (0.0, 0.0) or form.epsilon != (0.0, 0.0):
        p = at.p()
        slope = q + gamma * (p * ell)
        if form.epsilon != (0.0, 0.0):
            value = ell + epsilon * q
            slope = slope + epsilon * (gamma + 1.0) * (p * q)
        focus = _focus(q, at, gamma)
        value, slope = focus * value, focus * slope
    return _times(weight, value), _times(weight, slope)


def _focus(q: Tensor, at: Parts, gamma: Tensor | float) -> Tensor | float:
    """q^gamma; small whole exponents as products, others by logarithms, whose derivative stays finite at q = 0."""
    if isinstance(gamma, float):
        if gamma in (1.0, 2.0, 3.0, 4.0):
            square = q * q
            return {1.0: q, 2.0: square, 3.0: square * q, 4.0: square * square}[gamma]
        if gamma == 0.0:
            return 1.0
    return torch.exp(-gamma * at.minus_log_q())


def _inner(form: AffineForm, u: Tensor, pick: Pick) -> Tensor:
    return _times(pick(form.scale), u) + pick(form.shift)


def _affine(form: AffineForm, at: Parts, pick: Pick) -> Terms:
    weight, scale = pick(form.weight), pick(form.scale)
    return _times(weight, at.minus_log_p()), _times(weight, _times(scale, at.q()))


def _margin(form: MarginForm, at: Parts) -> Terms:
    p, q = at.q(), at.p()
    r = p - form.margin
    active = ~(r <= 0)  # NaN stays NaN
    r = torch.where(active, r, 0.5)  # a harmless stand-in keeps NaN out of the backward pass
    rest = torch.where(active, q + form.margin, 0.5)
    power = torch.where(active, form.weight * r**form.k, 0.0)
    # -log(1 - r) from the side that keeps its digits
    ell = torch.where(r < 0.5, -torch.log1p(-r), -torch.log(rest))
    return power * ell, power * (form.k * ell / r + 1.0 / rest) * (p * q)
