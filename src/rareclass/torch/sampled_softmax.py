"""The softmax over very many classes from a few of them, without bias in the sum."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass._lazy import need
from rareclass.errors import InputError
from rareclass.kernels.alias import alias_table, draw_aliased

need("torch", extra="torch")
import torch  # noqa: E402
from torch import Tensor, nn  # noqa: E402

from rareclass.losses.torch.precision import precise  # noqa: E402


class SampledSoftmaxLoss(nn.Module):
    """Cross-entropy over many classes, the sum over all of them estimated from `num_sampled` drawn ones.

    Classes s are drawn from Q, with replacement and once for the batch, and enter the sum as
    exp(z_s) / (num_sampled Q(s)) = exp(z_s - ln(num_sampled Q(s))): the logQ correction, with which the sum is right in
    expectation whatever Q is, and the gradient tends to that of the full softmax like 1 / num_sampled. Without it
    frequent classes, drawn more often, are pushed down more than they should be. A drawn class that is the row's own is
    left out there: the row's own score stands in the sum by itself. At prediction take the plain softmax of all scores.

    Use it from some ten thousand classes on (items, words); below, the full softmax costs little.

    Parameters
    ----------
    frequencies : sequence or array (K,) of positive numbers
        Q up to a factor: counts of the classes in training, or their square roots to draw rare ones more often. Every
        class must have a chance; add one to counts that may be zero.
    num_sampled : int >= 1
        Classes drawn for a batch. Too few make the sum noisy and the gradient biased (its logarithm is taken).
    sparse : bool, default=False
        Whether the gradient of the class weights is sparse, for `SparseAdam` and tables that are too large for another.
    reduction : {"mean", "sum", "none"}, default="mean"
    seed : int >= 0, default=0

    Raises
    ------
    InputError
        Frequencies that are not positive; in `forward` shapes that do not fit or targets out of range.

    References
    ----------
    Y. Bengio and J.-S. Senécal, "Adaptive importance sampling to accelerate training of a neural probabilistic language
    model", IEEE Transactions on Neural Networks 19 (2008): importance sampling of the sum. S. Jean, K. Cho, R.
    Memisevic and Y. Bengio, "On using very large target vocabulary for neural machine translation", ACL 2015, subtract
    ln Q from the row's own score too, which does not tend to the full softmax when classes are drawn with replacement;
    here it stays.

    Examples
    --------
    >>> import torch
    >>> from rareclass.torch import SampledSoftmaxLoss
    >>> generator = torch.Generator().manual_seed(0)
    >>> features, weight = torch.rand(8, 4, generator=generator), torch.rand(1000, 4, generator=generator)
    >>> targets = torch.arange(8)
    >>> loss = SampledSoftmaxLoss([1.0] * 1000, num_sampled=400)(features, targets, weight)
    >>> full = torch.nn.functional.cross_entropy(features @ weight.T, targets)
    >>> bool((loss - full).abs() < 0.05)
    True
    """

    def __init__(
        self,
        frequencies: Sequence[float] | ArrayLike,
        num_sampled: int,
        *,
        sparse: bool = False,
        reduction: str = "mean",
        seed: int = 0,
    ) -> None:
        super().__init__()
        q = _check.number_array(np.asarray(frequencies), "frequencies")
        if not q.size or not (q > 0).all():
            raise InputError(
                f"`frequencies` must be positive for each class; {int((q <= 0).sum())} of {q.size} are not. Add one "
                "to counts."
            )
        self.num_sampled = _check.whole_number(num_sampled, "num_sampled", low=1)
        self.sparse = sparse
        self.reduction = _check.one_of(reduction, "reduction", ("mean", "sum", "none"))
        self.seed = _check.whole_number(seed, "seed")
        self._table = alias_table(q)
        self.register_buffer("log_q", torch.as_tensor(np.log(q / q.sum()), dtype=torch.float32), persistent=False)
        self.register_buffer("drawn", torch.zeros((), dtype=torch.int64))

    def forward(self, features: Tensor, targets: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        """Loss of a batch.

        Parameters
        ----------
        features : tensor (n, d)
            What the last layer takes.
        targets : int tensor (n,) in 0..K - 1
        weight : tensor (K, d), bias : tensor (K,) or None
            Of the last layer, as `torch.nn.Linear` and `torch.nn.Embedding` have them.
        """
        self._check_shapes(features, targets, weight, bias)
        drawn = self._draw().to(targets.device)
        both = torch.cat([targets, drawn])
        rows = nn.functional.embedding(both, weight, sparse=self.sparse)
        own, others = rows[: len(targets)], rows[len(targets) :]
        z_own, z = (features * own).sum(dim=1), features @ others.T
        if bias is not None:
            z_own, z = z_own + bias[targets], z + bias[drawn]
        z_own, z = precise(z_own), precise(z)
        z = z - (self.log_q.to(z.device)[drawn] + float(np.log(self.num_sampled)))
        z = z.masked_fill(drawn == targets[:, None], -torch.inf)
        values = torch.logsumexp(torch.cat([z_own[:, None], z], dim=1), dim=1) - z_own
        return values if self.reduction == "none" else values.mean() if self.reduction == "mean" else values.sum()

    def _draw(self) -> Tensor:
        start = int(self.drawn)
        if self.training:
            self.drawn += self.num_sampled
        return torch.as_tensor(draw_aliased(self._table, self.num_sampled, self.seed, first=start))

    def _check_shapes(self, features: Tensor, targets: Tensor, weight: Tensor, bias: Tensor | None) -> None:
        classes = len(self._table)
        fits = features.ndim == weight.ndim == 2 and targets.shape == features.shape[:1]
        if not fits or weight.shape != (classes, features.shape[1]) or (bias is not None and bias.shape != (classes,)):
            raise InputError(
                f"features {tuple(features.shape)}, targets {tuple(targets.shape)}, weight {tuple(weight.shape)}"
                f"{'' if bias is None else f' and bias {tuple(bias.shape)}'} must be "
                f"(n, d), (n,), ({classes}, d) and ({classes},)."
            )
        if not len(targets):
            raise InputError("The batch is empty: `targets` has no rows.")
        if targets.is_floating_point() or int(targets.min()) < 0 or int(targets.max()) >= classes:
            raise InputError(f"`targets` must hold class codes 0..{classes - 1}, as whole numbers.")
