"""What the ranking objectives share: a memory of past scores, and the gradient of each row against all of them."""

import warnings
from collections import deque
from collections.abc import Sequence

from rareclass import _check
from rareclass._lazy import need
from rareclass.errors import InputError, ShortfallWarning

need("torch", extra="torch")
import torch  # noqa: E402
from torch import Tensor, nn  # noqa: E402

from rareclass.losses.torch.precision import precise  # noqa: E402

_MOST = 1 << 16
"""Past scores kept at most, of each class, whatever the size of the batches."""


class RankingObjective(nn.Module):
    """A risk of two sets of scores, those of the positives and those of the negatives, learned from batches.

    A risk of a ranking is no mean over rows: what a row should do depends on where the others stand. The gradient with
    respect to each score of the batch is therefore taken against the batch together with the scores of the last
    `memory` batches, which enter without gradient. Rows are weighted by the share of their class in all batches so far,
    so that the sum over batches, some of which may lack positives, tends to the gradient over all rows; what remains is
    that the scores of past batches are a little old.

    Sub-classes give `_risk`.
    """

    def __init__(self, memory: int, bounded: bool) -> None:
        super().__init__()
        self.memory = _check.whole_number(memory, "memory")
        self.bounded = bounded
        self.batches, self.undefined = 0, 0
        self.register_buffer("seen", torch.zeros(2, dtype=torch.float64))
        self._past: deque[tuple[Tensor, Tensor]] = deque(maxlen=self.memory)

    def reset(self) -> None:
        """Forget past scores and the shares of the classes: for another sampler, or other weights."""
        self._past.clear()
        self.seen.zero_()

    def start(self, prevalence: float | Sequence[float]) -> float:
        """Bias of the last layer at the start: 0, where scores have most room to part."""
        return 0.0

    def link(self, logits: Tensor) -> Tensor:
        """Raise: a ranking means no probability."""
        raise InputError(
            f"Scores trained with {type(self).__name__} rank; they mean no probability. Fit a calibration on rows that "
            "were not trained on (`rareclass.calibration`)."
        )

    def _risk(self, positive: Tensor, negative: Tensor) -> Tensor:
        """The risk, a mean over each class, of scores (p,) and (n,), neither empty; float64, differentiable."""
        raise NotImplementedError

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Loss of a batch: the risk of the scores known, with the gradient of the scores of this batch.

        Parameters
        ----------
        logits : tensor (n,) or (n, 1), finite
        targets : tensor (n,) or (n, 1) of 0 and 1

        Returns
        -------
        tensor ()
            Zero, connected to the graph, while one of the classes has not been seen; `undefined` counts these batches.
            Logits that need no gradient (validation) are judged by themselves and not remembered.

        Raises
        ------
        InputError
            Shapes that do not fit, targets other than 0 and 1, or logits that are not finite; names the batch.
        """
        z, y = self._checked(logits, targets)
        return self._of(z, y, logits.requires_grad and torch.is_grad_enabled())

    def _checked(self, logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Scores (n,) at least in float32, and which are of positives."""
        self.batches += 1
        name = f"Batch {self.batches:,} of {type(self).__name__}"
        if not isinstance(logits, Tensor) or not isinstance(targets, Tensor) or not logits.is_floating_point():
            kinds = [a.dtype if isinstance(a, Tensor) else type(a).__name__ for a in (logits, targets)]
            raise InputError(f"{name}: logits must be a floating tensor, targets one of 0 and 1; got {kinds}.")
        z = logits[:, 0] if logits.ndim == 2 and logits.shape[1] == 1 else logits
        y = targets[:, 0] if targets.ndim == 2 and targets.shape[1] == 1 else targets
        if z.ndim != 1 or z.shape != y.shape or not len(z):
            raise InputError(
                f"{name}: logits {tuple(logits.shape)} and targets {tuple(targets.shape)} must both be (n,) or "
                "(n, 1), n at least 1. For several labels use one objective each."
            )
        if not bool(((y == 0) | (y == 1)).all()):
            raise InputError(f"{name}: `targets` must hold 0 and 1 only (1 = positive). Encode the labels first.")
        bad = int((~torch.isfinite(z)).sum())
        if bad:
            raise InputError(
                f"{name}: {bad} of {len(z)} logits are NaN or infinite. Lower the learning rate, or look at these rows."
            )
        return precise(z), y == 1

    def _of(self, z: Tensor, y: Tensor, learning: bool) -> Tensor:
        now = (z.detach()[y].double(), z.detach()[~y].double())
        known = now
        if learning:
            self.seen += torch.tensor([len(now[1]), len(now[0])], dtype=torch.float64, device=self.seen.device)
            known = self._remembered(now)
        if not len(known[0]) or not len(known[1]):
            return self._nothing(z, now, learning)
        if not learning:
            return self._risk(*self._scores(known)).to(z.dtype)
        both = tuple(part.requires_grad_() for part in known)
        risk = self._risk(*self._scores(both))
        slopes = torch.autograd.grad(risk, both)
        weight = torch.zeros_like(z, dtype=torch.float64)
        for mask, part, slope, count in zip((y, ~y), now, slopes, self.seen.flip(0), strict=True):
            # a row's slope in the known scores is 1/len of its influence; its share of a full pass is 1/(n share)
            share = count / self.seen.sum()
            weight[mask] = slope[: len(part)] * len(slope) / (len(z) * share).to(slope.device)
        self._keep(now)
        return risk.detach().to(z.dtype) + (weight.to(z.dtype) * (z - z.detach())).sum()

    def _scores(self, logits: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return tuple(torch.sigmoid(part) for part in logits) if self.bounded else logits

    def _remembered(self, now: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Scores of this batch, first, and of those before it, by class."""
        found = []
        for k, part in enumerate(now):
            older = (past[k].to(part.device) for past in reversed(self._past))
            found.append(torch.cat([part, *older])[: max(_MOST, len(part))])
        return found[0], found[1]

    def _keep(self, now: tuple[Tensor, Tensor]) -> None:
        self._past.append((now[0].detach(), now[1].detach()))

    def _nothing(self, z: Tensor, now: tuple[Tensor, Tensor], learning: bool) -> Tensor:
        """Zero, connected to the graph: a class is not known yet."""
        self.undefined += 1
        if self.undefined == 1:
            warnings.warn(
                f"No {'negatives' if len(now[0]) else 'positives'} in batch {self.batches:,} of {type(self).__name__} "
                "and those remembered: nothing can be ranked and the loss is 0. Told once, `undefined` counts. Give "
                "each batch both classes with `BalancedBatchSampler`.",
                ShortfallWarning,
                stacklevel=2,
            )
        if learning:
            self._keep(now)
        return (z * 0).sum()


def mean_squared_hinge(query: Tensor, source: Tensor, weight: Tensor, margin: float) -> Tensor:
    """For each query q the sum of weight max(0, margin - (q - s))^2 over sources s, by sorting; (q,).

    Differentiable in queries and sources; not in the weights.
    """
    centre = source.detach().mean()
    order = torch.argsort(source)
    s, w = source[order] - centre, weight[order]
    at = query - centre - margin
    # sums over the sources above each place, as moments: w, w s, w s^2
    moments = torch.stack([w, w * s, w * s * s])
    above = nn.functional.pad(moments.flip(1).cumsum(1).flip(1), (0, 1))
    found = above[:, torch.searchsorted(s.detach(), at.detach(), right=True)]
    return found[2] - 2.0 * at * found[1] + at * at * found[0]
