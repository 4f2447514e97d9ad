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
    u = _scores(form, z)
    if not smoothing:
        return _of_class(form, u, codes)
    classes = z.shape[1]
    every = [_of_class(form, u, torch.full_like(codes, k)) for k in range(classes)]
    own = torch.stack(every, dim=1).gather(1, codes[:, None])[:, 0]
    return (1.0 - smoothing) * own + (smoothing / classes) * torch.stack(every).sum(0)


def _scores(form: SoftmaxForm, z: Tensor) -> Tensor:
    u = z if _plain(form.scale, 1.0) else z * z.new_tensor(form.scale)
    return u if _plain(form.shift, 0.0) else u + z.new_tensor(form.shift)


def _plain(numbers: tuple[float, ...], value: float) -> bool:
    return all(n == value for n in numbers)


def _of_class(form: SoftmaxForm, u: Tensor, codes: Tensor) -> Tensor:
    own = u.gather(1, codes[:, None])
    rest = torch.logsumexp(u.scatter(1, codes[:, None], -torch.inf), dim=1)
    own = own[:, 0]
    if not _plain(form.margin, 0.0):
        own = own - u.new_tensor(form.margin)[codes]
    gap = rest - own  # log(q / p): both tails keep their digits
    edge = 40.0 if u.dtype == torch.float64 else 20.0
    ell = softplus(gap, threshold=edge)
    values = ell
    if form.gamma or form.epsilon:
        log_q = -softplus(-gap, threshold=edge)
        values = torch.exp(form.gamma * log_q) * ell
        if form.epsilon:
            values = values + form.epsilon * torch.exp((form.gamma + 1.0) * log_q)
    return values if _plain(form.weight, 1.0) else _weight(form, u)[codes] * values


def _weight(form: SoftmaxForm, u: Tensor) -> Tensor:
    return u.new_tensor(form.weight if len(form.weight) > 1 else form.weight * u.shape[1])
