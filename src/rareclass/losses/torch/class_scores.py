"""The loss of class scores (n, K) against codes; formulas as in `losses._softmax`.

a_y G(l), l = -log softmax(u)_y, u_k = d_k z_k + i_k - m_y [k = y]. Forms with one number stand for any number of
classes. Without smoothing it is a loss of one number a row, the gap log(q / p), which is the score of the negatives of
a binary loss: its slope s by the gap comes in closed form, and that by u_k is s exp(u_k) / sum over j != y of exp(u_j),
by u_y it is -s. The rest is left to automatic differentiation.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, softplus

from rareclass.losses._power import PowerForm
from rareclass.losses._softmax import SoftmaxForm
from rareclass.losses.torch.checks import traced
from rareclass.losses.torch.elements import loss_and_slope


def class_losses(form: SoftmaxForm, z: Tensor, codes: Tensor, smoothing: float) -> Tensor:
    """Loss (n,) of float scores (n, K) and codes (n,)."""
    if not smoothing and not traced():
        return _Rows.apply(z, codes, form)
    u, at = _scores(form, z), codes[:, None]
    if not smoothing:
        return _losses(form, _gap(u, at), codes, u)
    if form.gamma or form.epsilon or not _plain(form.margin, 0.0):
        every = _losses(form, _log_rest(u) - u, torch.arange(u.shape[1], device=u.device), u)
        return (1.0 - smoothing) * every.gather(1, at)[:, 0] + smoothing * every.mean(1)
    # torch's own: the digits that its differences lose are nothing beside the share of the other classes
    weight = None if _plain(form.weight, 1.0) else u.new_tensor(form.weight).expand(u.shape[1])
    return cross_entropy(u, codes, weight, reduction="none", label_smoothing=smoothing)


def _gap(u: Tensor, at: Tensor) -> Tensor:
    """log(q / p) (n,) of the classes at `at`."""
    rest = torch.logsumexp(u.scatter(1, at, -torch.inf), dim=1, keepdim=True)
    return (rest - u.gather(1, at))[:, 0]


class _Rows(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, z: Tensor, codes: Tensor, form: SoftmaxForm) -> Tensor:
        at = codes[:, None]
        u = _scores(form, z)
        others = u.scatter(1, at, -torch.inf)
        most = others.amax(dim=1, keepdim=True).clamp_(min=torch.finfo(u.dtype).min)
        odds = others.sub_(most).exp_()
        total = odds.sum(dim=1, keepdim=True)
        gap = (most + total.log() - u.gather(1, at))[:, 0]
        if not _plain(form.margin, 0.0):
            gap = gap + z.new_tensor(form.margin)[codes]
        power = PowerForm((form.gamma, form.gamma), (form.epsilon, form.epsilon))
        value, slope = loss_and_slope(power, gap, torch.zeros_like(gap))
        if not _plain(form.weight, 1.0):
            weight = z.new_tensor(form.weight)[codes]
            value, slope = value * weight, slope * weight
        if ctx.needs_input_grad[0]:
            share = slope[:, None] / total.clamp_(min=torch.finfo(u.dtype).tiny)
            slopes = odds.mul_(share).scatter_(1, at, -slope[:, None])
            slopes = slopes if _plain(form.scale, 1.0) else slopes.mul_(z.new_tensor(form.scale))
            ctx.save_for_backward(z, codes, slopes)
            ctx.form = form
        return value

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None, None]:
        z, codes, slopes = ctx.saved_tensors
        if torch.is_grad_enabled():  # a second derivative is wanted: the slope must know the scores
            u = _scores(ctx.form, z)
            values = _losses(ctx.form, _gap(u, codes[:, None]), codes, u)
            return torch.autograd.grad(values, z, upstream, create_graph=True)[0], None, None
        return upstream[:, None] * slopes, None, None


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
