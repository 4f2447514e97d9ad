"""The links of the losses in a graph: log-odds of a loss's own score; see `rareclass.losses`."""

from typing import Any

import numpy as np

from rareclass.losses._affine import AffineForm
from rareclass.losses._margin import MarginForm
from rareclass.losses._power import PowerForm
from rareclass.scoring.export.graph import Value, absolute, exp, log, log1p, sigmoid, smaller, softplus, where


def link_logit(form: Any, z: Value) -> Value:
    """Log-odds that the minimiser of the loss means (`form.link_logit`)."""
    if form.is_shift:
        return z + float(form.link_logit(np.zeros(1))[0])
    return log_slope(form, False, z) - log_slope(form, True, z)


def log_slope(form: Any, positive: bool, z: Value) -> Value:
    """log |dL/dz| of a row of one class (`form.log_slope`)."""
    return _KINDS[type(form)](form, positive, z)


def _affine(form: AffineForm, positive: bool, z: Value) -> Value:
    c, t = int(positive), z if positive else -z
    return float(np.log(form.weight[c] * form.scale[c])) - softplus(t * form.scale[c] - form.shift[c])


def _power(form: PowerForm, positive: bool, z: Value) -> Value:
    c, t = int(positive), z if positive else -z
    q = softplus(t) * -(form.gamma[c] + 1.0)
    return q + float(np.log(form.weight[c])) + _log_factor(t, form.gamma[c], form.epsilon[c])


def _log_factor(t: Value, gamma: float, epsilon: float) -> Value:
    """log A(t) of the power family; where A falls to nothing (epsilon = -1) its logarithm is taken in parts."""
    e = exp(-absolute(t))
    some = e > 1e-2
    ratio = log1p(e) / where(some, e, 1.0)
    series = e * (-1 / 8) + 1 / 7
    for k in range(6, 1, -1):
        series = 1 / k - e * series
    rest = where(some, (1.0 - ratio) / where(some, e, 1.0), series)
    base = (gamma + 1) * (1 + epsilon)
    slope = -epsilon * (gamma + 1) / (e + 1.0) - rest * gamma
    right = log(e * slope + base) if base > 0 else log(slope) - absolute(t)
    left = smaller(t, 0.0)
    p = sigmoid(left)
    low = log1p(p * softplus(-left) / sigmoid(-left) * gamma + p * (epsilon * (gamma + 1)))
    return where(t >= 0.0, right, low)


def _margin(form: MarginForm, positive: bool, z: Value) -> Value:
    if positive:
        return log_slope(form.power, True, z)
    r = sigmoid(z) - form.margin
    active = r > 0.0
    safe = where(active, r, 0.5)
    d1 = -log1p(-safe) / safe * form.k + 1.0 / (sigmoid(-z) + form.margin)
    log_pq = -absolute(z) - log1p(exp(-absolute(z))) * 2.0
    found = log(safe) * form.k + log(d1) + log_pq + float(np.log(form.weight))
    return where(active, found, -np.inf)


_KINDS: dict[type, Any] = {AffineForm: _affine, PowerForm: _power, MarginForm: _margin}
