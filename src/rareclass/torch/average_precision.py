"""Average precision as an objective of networks."""

from collections.abc import Sequence

import torch
from torch import Tensor

from rareclass import _check
from rareclass.errors import InputError
from rareclass.torch.ranking import RankingObjective, mean_squared_hinge


class AveragePrecisionObjective(RankingObjective):
    """1 - smooth average precision, learned from batches of any composition with any optimiser, without row numbers.

    With l(x_i, x_j) = max(0, m - (h_i - h_j))^2 for a positive i, average precision is smoothed to
    mean over i of g1_i / g2_i, g1_i = mean over all rows of 1[y_j = 1] l(x_i, x_j) and g2_i = mean of l(x_i, x_j): the
    objective of SOAP. Both are taken at the score of each positive from the scores of the last `memory` batches.
    Use it where the head of the ranking decides and enough positives come by; it costs probabilities (`link` refuses),
    which a calibration must restore. Start from a network trained by cross-entropy: at random weights there is no head
    to improve.

    Parameters
    ----------
    prevalence : float in (0, 1) or None, default=None
        Share of positives that precision is meant for. None: their share in the batches seen.
        The best ranking is the same for any; the real one (``labels.mean()``) makes the loss the smoothed average
        precision of the data, whose gradient is small as long as many negatives stand above the positives.
    margin : float > 0, default=1.0
        m, on the scale of h.
    memory : int >= 0, default=64
        Past batches whose scores take part. More make the ranks finer and the scores older. 0: this batch alone, whose
        gradient is biased.
    bounded : bool, default=True
        h = sigmoid(logit), so that no pair counts more than (m + 1)^2. False: h = logit.
    rows : int or None, default=None
        Rows of the training data, for the form of the paper: `forward` then needs `indices`.
    decay : float in (0, 1], default=0.1
        In the form of the paper, the weight of this batch in the estimates of each positive (gamma there).

    Raises
    ------
    InputError
        See `forward`.

    References
    ----------
    Q. Qi, Y. Luo, Z. Xu, S. Ji and T. Yang, "Stochastic optimization of areas under precision-recall curves with
    provable convergence", NeurIPS 2021, arXiv 2104.08736: SOAP. There each positive i keeps moving
    averages u_i of g1_i and g2_i, updated when i is drawn, so that rows must be numbered, and pairs of the batch carry
    the gradient. Here g is a function of the score, estimated for every positive from all recent scores; and the
    gradient of a row is taken against them too, so that negatives learn from past positives in a batch that has none.
    `rows` gives the paper's form.

    Examples
    --------
    >>> import torch
    >>> from rareclass.torch import AveragePrecisionObjective
    >>> objective = AveragePrecisionObjective(prevalence=0.01)
    >>> logits = torch.tensor([2.0, -1.0, 0.5, -2.0], requires_grad=True)
    >>> loss = objective(logits, torch.tensor([1, 0, 0, 0]))
    >>> loss.backward()
    >>> bool(logits.grad[0] < 0), bool(logits.grad[2] > 0)
    (True, True)
    """

    def __init__(
        self,
        prevalence: float | None = None,
        margin: float = 1.0,
        *,
        memory: int = 64,
        bounded: bool = True,
        rows: int | None = None,
        decay: float = 0.1,
    ) -> None:
        super().__init__(memory, bounded)
        self.prevalence = None if prevalence is None else _check.fraction(prevalence, "prevalence", closed="neither")
        self.margin = _check.fraction(margin, "margin", high=float("inf"), closed="neither")
        self.decay = _check.fraction(decay, "decay", closed="right")
        self.rows = rows
        if rows is not None:
            size = _check.whole_number(rows, "rows", low=1)
            self.register_buffer("averages", torch.full((size, 2), torch.nan, dtype=torch.float64))

    def forward(self, logits: Tensor, targets: Tensor, indices: Tensor | Sequence[int] | None = None) -> Tensor:
        """Loss of a batch; see `RankingObjective.forward`.

        Parameters
        ----------
        logits, targets : tensors (n,) or (n, 1)
        indices : int tensor (n,) or None, default=None
            Numbers of these rows, in range(rows): the form of the paper, which remembers by row and not by score.
        """
        if (indices is None) != (self.rows is None):
            raise InputError("Give `indices` together with `rows=`, the number of training rows, or neither.")
        if indices is None:
            return super().forward(logits, targets)
        z, y = self._checked(logits, targets)
        at = torch.as_tensor(indices, device=z.device)
        if at.shape != z.shape or bool((at < 0).any()) or bool((at >= self.rows).any()):
            raise InputError(f"`indices` must be {len(z)} row numbers in 0..{self.rows} - 1.")
        return self._by_row(z, y, at[y])

    def _prevalence(self) -> float:
        if self.prevalence is not None:
            return self.prevalence
        return float(self.seen[1] / self.seen.sum())

    def _risk(self, positive: Tensor, negative: Tensor) -> Tensor:
        first, second = self._inner(positive, positive, negative)
        return 1.0 - (first / second).mean()

    def _inner(self, query: Tensor, positive: Tensor, negative: Tensor) -> tuple[Tensor, Tensor]:
        """g1 and g2 at each query."""
        seen = float(self.seen.sum())
        p = self._prevalence() if self.prevalence or seen else len(positive) / (len(positive) + len(negative))
        of = [torch.full_like(part, share / len(part)) for part, share in ((positive, p), (negative, 1 - p))]
        first = mean_squared_hinge(query, positive, of[0], self.margin)
        return first, first + mean_squared_hinge(query, negative, of[1], self.margin)

    def _by_row(self, z: Tensor, y: Tensor, at: Tensor) -> Tensor:
        """The paper's: gradient of the pairs of this batch, at the moving averages of its positives."""
        learning = z.requires_grad and torch.is_grad_enabled()
        if learning:
            self.seen += torch.tensor([int((~y).sum()), len(at)], dtype=torch.float64, device=self.seen.device)
        h = (torch.sigmoid(z) if self.bounded else z).double()
        positive, negative = h[y], h[~y]
        if not len(positive) or not len(negative):
            return self._nothing(z, (positive.detach(), negative.detach()), learning=False)
        inner = torch.stack(self._inner(positive, positive, negative), dim=1)
        at = at.to(self.averages.device)  # the objective need not lie where the network does
        old = self.averages[at].to(z.device)
        kept = torch.where(old.isnan(), inner.detach(), (1 - self.decay) * old + self.decay * inner.detach())
        if learning:
            self.averages[at] = kept.to(self.averages.device)
        u1, u2 = kept[:, 0], kept[:, 1]
        slopes = torch.stack([-1 / u2, u1 / u2**2], dim=1)
        value = (1 - u1 / u2).mean()
        return (value + (slopes * (inner - inner.detach())).sum(dim=1).mean()).to(z.dtype)
