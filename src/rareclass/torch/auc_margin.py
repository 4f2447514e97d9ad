"""The AUC margin loss as an objective of networks."""

import torch
from torch import Tensor

from rareclass import _check
from rareclass.torch.ranking import RankingObjective


class AUCMarginObjective(RankingObjective):
    """The AUC margin loss, its inner problem solved in closed form, so that any optimiser minimises it.

    Of scores h: min over a, b and max over alpha >= 0 of mean+ (h - a)^2 + mean- (h - b)^2
    + 2 alpha (m + mean- h - mean+ h) - alpha^2. The solutions are a = mean+ h, b = mean- h, alpha = max(0, m + b - a);
    what is left is var+ h + var- h + max(0, m + b - a)^2. Use it where ranking over the whole range counts; where few
    alerts are looked at, `PartialAUCObjective` or `AveragePrecisionObjective` fit better. Scores mean no probability
    (`link` refuses): fit a calibration.

    Parameters
    ----------
    margin : float > 0, default=1.0
        m: how far apart the classes' mean scores are wanted, on the scale of h.
    memory : int >= 0, default=64
        Past batches whose scores enter the means. 0: those of this batch alone, whose gradient is biased.
    bounded : bool, default=True
        h = sigmoid(logit), as in the paper. False: h = logit.

    Attributes
    ----------
    a, b, alpha : float
        The inner solutions at the last batch; NaN before.

    References
    ----------
    Z. Yuan, Y. Yan, M. Sonka and T. Yang, "Large-scale robust deep AUC maximization: a new surrogate loss and empirical
    studies on medical image classification", ICCV 2021, arXiv 2012.03173: the min-max margin loss. There a, b and alpha
    are trained beside the weights by an optimiser of its own (PESG), and the loss is multiplied by p (1 - p), which
    only scales it.

    Examples
    --------
    >>> import torch
    >>> from rareclass.torch import AUCMarginObjective
    >>> objective = AUCMarginObjective(bounded=False)
    >>> logits = torch.tensor([0.5, 0.0, 0.2], requires_grad=True)
    >>> loss = objective(logits, torch.tensor([1, 0, 0]))  # 0.01 + (1 + 0.1 - 0.5)^2
    >>> round(loss.item(), 4), round(objective.alpha, 4)
    (0.37, 0.6)
    """

    def __init__(self, margin: float = 1.0, *, memory: int = 64, bounded: bool = True) -> None:
        super().__init__(memory, bounded)
        self.margin = _check.fraction(margin, "margin", high=float("inf"), closed="neither")
        self.a = self.b = self.alpha = float("nan")

    def _risk(self, positive: Tensor, negative: Tensor) -> Tensor:
        a, b = positive.mean(), negative.mean()
        alpha = torch.relu(self.margin + b - a)
        self.a, self.b, self.alpha = (value.item() for value in (a, b, alpha))
        return ((positive - a) ** 2).mean() + ((negative - b) ** 2).mean() + alpha**2
