"""The risks of the ranking objectives by their definitions, pair by pair."""

import torch
from torch import Tensor


def squared_hinge(positive: Tensor, other: Tensor, margin: float) -> Tensor:
    return torch.relu(margin - (positive[:, None] - other)) ** 2


def average_precision_risk(h: Tensor, y: Tensor, prevalence: float, margin: float) -> Tensor:
    p, q = h[y == 1], h[y == 0]
    first = prevalence * squared_hinge(p, p, margin).mean(dim=1)
    second = first + (1 - prevalence) * squared_hinge(p, q, margin).mean(dim=1)
    return 1 - (first / second).mean()


def auc_margin_risk(h: Tensor, y: Tensor, margin: float) -> Tensor:
    """The inner problem is solved on a fine grid of a, b and alpha each, not by its closed form."""
    p, q = h[y == 1], h[y == 0]
    grid = torch.linspace(-3, 3, 60_001, dtype=h.dtype)
    spread = sum(((v[None] - grid[:, None]) ** 2).mean(dim=1).min() for v in (p, q))
    alpha = torch.linspace(0, 3, 30_001, dtype=h.dtype)
    return spread + (2 * alpha * (margin + q.mean() - p.mean()) - alpha**2).max()


def partial_auc_risk(h: Tensor, y: Tensor, top: int, margin: float) -> Tensor:
    """Mean of the `top` worst pairs of each positive."""
    worst = squared_hinge(h[y == 1], h[y == 0], margin).sort(dim=1, descending=True).values
    return worst[:, :top].mean()


def soft_partial_auc_risk(h: Tensor, y: Tensor, temperature: float, margin: float) -> Tensor:
    pairs = squared_hinge(h[y == 1], h[y == 0], margin)
    return (temperature * torch.log(torch.exp(pairs / temperature).mean(dim=1))).mean()
