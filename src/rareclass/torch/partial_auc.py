"""Partial AUC at low false-positive rates as an objective of networks."""

import math

import torch
from torch import Tensor

from rareclass import _check
from rareclass.errors import InputError
from rareclass.torch.ranking import RankingObjective, mean_squared_hinge

_PAIRS = 1 << 20
"""Pairs held at a time in the soft form."""


class PartialAUCObjective(RankingObjective):
    """AUC where the false-positive rate is low: each positive is set against the negatives that score highest.

    With pair loss l_ij = max(0, m - (h_i - h_j))^2 of a positive i and a negative j, the exact form is the mean over i
    of the mean of l_ij over the `max_fpr` highest negatives (conditional value at risk); the soft form is the mean over
    i of temperature * ln(mean over j of exp(l_ij / temperature)), which weighs all negatives, the higher ones more. Use
    it where a fixed, small share of the negatives may be alerted. Scores mean no probability (`link` refuses): fit a
    calibration.

    Parameters
    ----------
    max_fpr : float in (0, 1] or None, default=None
        Largest false-positive rate that counts; None is 0.05 unless a temperature is given. Memory should hold some
        tens of negatives above it: batch size times `memory` times `max_fpr`.
    temperature : float > 0 or None, default=None
        Gives the soft form (small: only the hardest pairs; large: AUC). Its cost grows with positives times negatives.
    margin : float > 0, default=1.0
        m, on the scale of h.
    memory : int >= 0, default=64
        Past batches whose scores take part. 0: this batch alone, whose gradient is biased.
    bounded : bool, default=True
        h = sigmoid(logit). False: h = logit.

    Raises
    ------
    InputError
        Both `max_fpr` and `temperature` are given, or one out of range.

    References
    ----------
    D. Zhu, G. Li, B. Wang, X. Wu and T. Yang, "When AUC meets DRO: optimizing partial AUC for deep learning with
    non-convex convergence guarantee", ICML 2022, arXiv 2203.00176: the one-way objectives of SOPA (CVaR, exact) and
    SOPA-s (KL, soft). There each positive keeps its own threshold or moving average; a pair loss that falls with h_i -
    h_j has the same highest negatives for every positive, so that here one quantile of recent negative scores serves
    all.

    Examples
    --------
    >>> import torch
    >>> from rareclass.torch import PartialAUCObjective
    >>> objective = PartialAUCObjective(max_fpr=0.5, bounded=False)
    >>> logits = torch.tensor([1.0, 0.0, -3.0], requires_grad=True)
    >>> loss = objective(logits, torch.tensor([1, 0, 0]))
    >>> loss.backward()
    >>> loss.item(), logits.grad[2].item()  # only the higher negative counts, and is a margin below
    (0.0, 0.0)
    """

    def __init__(
        self,
        max_fpr: float | None = None,
        *,
        temperature: float | None = None,
        margin: float = 1.0,
        memory: int = 64,
        bounded: bool = True,
    ) -> None:
        super().__init__(memory, bounded)
        if max_fpr is not None and temperature is not None:
            raise InputError("Give `max_fpr` (the exact form) or `temperature` (the soft form), not both.")
        infinite = float("inf")
        self.temperature = temperature
        if temperature is not None:
            self.temperature = _check.fraction(temperature, "temperature", high=infinite, closed="neither")
        self.max_fpr = _check.fraction(0.05 if max_fpr is None else max_fpr, "max_fpr", closed="right")
        self.margin = _check.fraction(margin, "margin", high=infinite, closed="neither")

    def _risk(self, positive: Tensor, negative: Tensor) -> Tensor:
        if self.temperature is not None:
            return self._soft(positive, negative, self.temperature)
        top = self.max_fpr * len(negative)
        highest = torch.topk(negative, min(len(negative), math.ceil(top))).values
        # the last of them counts in part where the share is no whole number of rows
        weight = (top - torch.arange(len(highest), device=highest.device, dtype=highest.dtype)).clamp(max=1.0) / top
        return mean_squared_hinge(positive, highest, weight, self.margin).mean()

    def _soft(self, positive: Tensor, negative: Tensor, temperature: float) -> Tensor:
        parts = positive.split(max(1, _PAIRS // len(negative)))
        return torch.cat([self._soft_rows(part, negative, temperature) for part in parts]).mean()

    def _soft_rows(self, positive: Tensor, negative: Tensor, temperature: float) -> Tensor:
        pair = torch.relu(self.margin - (positive[:, None] - negative)) ** 2
        return temperature * (torch.logsumexp(pair / temperature, dim=1) - math.log(len(negative)))
