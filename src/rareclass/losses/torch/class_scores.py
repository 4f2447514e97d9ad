"""The loss of class scores (n, K) against codes, left to automatic differentiation; formulas as in `losses._softmax`.

a_y G(l), l = -log softmax(u)_y, u_k = d_k z_k + i_k - m_y [k = y]. Forms with one number stand for any number of
classes.
"""

import torch
from torch import Tensor
from torch.nn.functional import softplus

from rareclass.losses._softmax import SoftmaxForm


def class_losses(form: SoftmaxForm, z: Tensor, codes: Tensor, smoothing: float) -> Tensor:
    """Loss (n,) of float scores (n, K) and codes (n,)."""
    u, at = _scores(form, z), codes[:, None]
    if not smoothing:
        rest = torch.logsumexp(u.scatter(1, at, -torch.inf), dim=1, keepdim=True)
        gap = (rest - u.gather(1, at))[:, 0]
        return _losses(form, gap, codes, u)
    if form.gamma or form.epsilon or not _plain(form.margin, 0.0):
        every = _losses(form, _log_rest(u) - u, torch.arange(u.shape[1], device=u.device), u)
    else:  # the digits that this difference loses are nothing beside the share of the other classes
        every = torch.logsumexp(u, dim=1, keepdim=True) - u
        every = every if _plain(form.weight, 1.0) else every * u.new_tensor(form.weight)
    return (1.0 - smoothing) * every.gather(1, at)[:, 0] + smoothing * every.mean(1)


def _log_rest(u: Tensor) -> Tensor:
    """log of the sum of exp(u) over all other classes, (n, K); apart for the largest, where the difference cancels."""
    total = torch.logsumexp(u, dim=1, keepdim=True)
    at = u.argmax(dim=1, keepdim=True)
    largest = torch.zeros_like(u, dtype=torch.bool).scatter(1, at, True)
    others = total + torch.log1p(-torch.exp((u - total).masked_fill(largest, -1.0)))
    return torch.where(largest, torch.logsumexp(u.scatter(1, at, -torch.inf), dim=1, keepdim=True), others)


def _scores(form: SoftmaxForm, z: Tensor) -> Tensor:
    u = z if _plain(form.scale, 1.0) else z * z.new_tensor(form.scale)
    return u if _plain(form.shift, 0.0) else u + z.new_tensor(form.shift)


def _plain(numbers: tuple[float, ...], value: float) -> bool:
    return all(n == value for n in numbers)


def _losses(form: SoftmaxForm, gap: Tensor, codes: Tensor, u: Tensor) -> Tensor:
    """Losses from log(q / p), whose tails keep their digits; `codes` say the class along the last dimension."""
    if not _plain(form.margin, 0.0):
        gap = gap + u.new_tensor(form.margin)[codes]
    edge = 40.0 if u.dtype == torch.float64 else 20.0
    ell = softplus(gap, threshold=edge)
    values = ell
    if form.gamma or form.epsilon:
        log_q = -softplus(-gap, threshold=edge)
        values = torch.exp(form.gamma * log_q) * ell
        if form.epsilon:
            values = values + form.epsilon * torch.exp((form.gamma + 1.0) * log_q)
    return values if _plain(form.weight, 1.0) else u.new_tensor(form.weight)[codes] * values
