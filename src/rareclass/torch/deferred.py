"""Class weights from a later epoch on."""

from collections.abc import Callable, Sequence

from rareclass import _check
from rareclass._lazy import need
from rareclass.errors import InputError
from rareclass.losses.class_balanced import effective_number_weights

need("torch", extra="torch")
import torch  # noqa: E402
from torch import Tensor, nn  # noqa: E402


class DeferredReweighting(nn.Module):
    """A loss that weighs rows alike at first and by class from epoch `start` on (deferred re-weighting, DRW).

    Weights from the beginning make large gradients of few rows while the network still learns its features; later they
    move the boundary of features that all rows have shaped. For macro recall of many classes. With two classes, what
    the weights do is a shift of the threshold (`link` undoes it exactly): set the threshold instead, if that is all you
    need.

    Parameters
    ----------
    loss : callable (logits, targets) -> one value a row
        Any loss with ``reduction="none"``: of `rareclass.losses.torch` or torch's own. Targets of its `ignore_index`
        do not count in the mean.
    counts : sequence of float or None
        Rows of each class, for weights by the effective number, (1 - beta) / (1 - beta^n), scaled to sum to K.
    weights : sequence of float or None
        The weights themselves, instead of `counts`.
    start : int >= 0
        First epoch (from 0) with weights; 80 % of all, in the paper.
    beta : float in [0, 1), default=0.9999

    Raises
    ------
    InputError
        Both or neither of counts and weights, weights that are not positive, or a loss that is no value a row.

    References
    ----------
    K. Cao, C. Wei, A. Gaidon, N. Arechiga and T. Ma, "Learning imbalanced datasets with label-distribution-aware margin
    loss", NeurIPS 2019, arXiv 1906.07413, Algorithm 1; there with `LDAMLoss`, and a smaller learning rate at `start`,
    which is left to the schedule of the optimiser. As there the mean is weighted: sum of w L / sum of w.

    Examples
    --------
    >>> import torch
    >>> from rareclass.torch import DeferredReweighting
    >>> loss = DeferredReweighting(torch.nn.BCEWithLogitsLoss(reduction="none"), weights=(1.0, 9.0), start=1)
    >>> logits, targets = torch.tensor([0.0, 2.0]), torch.tensor([0.0, 1.0])
    >>> round(loss(logits, targets).item(), 4)
    0.41
    >>> loss.set_epoch(1)
    >>> round(loss(logits, targets).item(), 3)  # (0.693 + 9 * 0.127) / 10
    0.184
    """

    def __init__(
        self,
        loss: Callable[[Tensor, Tensor], Tensor],
        counts: Sequence[float] | None = None,
        *,
        weights: Sequence[float] | None = None,
        start: int,
        beta: float = 0.9999,
    ) -> None:
        super().__init__()
        if (counts is None) == (weights is None):
            raise InputError("Give `counts`, the rows of each class, or `weights`, not both.")
        name, given = ("weights", weights) if counts is None else ("counts", counts)
        found = _check.number_array(given, name)  # type: ignore[arg-type]
        if found.size < 2 or not (found > 0).all():
            raise InputError(f"`{name}` must be positive, one for each of two or more classes; got {given!r}.")
        if counts is not None:
            beta = _check.fraction(beta, "beta", closed="left")
            found = effective_number_weights(found.tolist(), beta)  # type: ignore[assignment]
        self.loss = loss
        self.start_epoch = _check.whole_number(start, "start")
        self.register_buffer("weights", torch.as_tensor(found, dtype=torch.float32))
        self.register_buffer("epoch", torch.zeros((), dtype=torch.int64))

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch, from 0, the next batches belong to."""
        self.epoch.fill_(_check.whole_number(epoch, "epoch"))

    @property
    def weighted(self) -> bool:
        """Whether classes are weighted in the present epoch."""
        return int(self.epoch) >= self.start_epoch

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Mean loss; targets hold class codes, 0 and 1 for one logit a row. Without targets that count it is 0."""
        values = self.loss(logits, targets)
        if values.shape != targets.shape:
            raise InputError(
                f"The loss gave {tuple(values.shape)} for targets {tuple(targets.shape)}; one value a row is needed. "
                'Make it with `reduction="none"`.'
            )
        classes = logits.shape[1] if logits.ndim == targets.ndim + 1 and logits.shape[1] > 1 else 2
        if classes != len(self.weights):
            raise InputError(f"There are {len(self.weights)} class weights, and {classes} classes to weigh.")
        weight = self._weight(targets).to(values)
        total = weight.sum()
        return (weight * values).sum() / torch.where(total == 0, 1.0, total)

    def _weight(self, targets: Tensor) -> Tensor:
        """Weight of each target in the present epoch; 0 for those that the loss ignores."""
        ignored = getattr(self.loss, "ignore_index", None)
        counted = torch.ones_like(targets, dtype=torch.bool) if ignored is None else targets != ignored
        if not self.weighted:
            return counted
        codes = torch.where(counted, targets, 0)
        high = len(self.weights) - 1
        if not bool(((codes >= 0) & (codes <= high) & (codes == codes.long())).all()):
            raise InputError(
                f"`targets` must hold class codes 0..{high}: there are so many weights, and none for values between."
            )
        return self.weights.to(codes.device)[codes.long()] * counted

    def link(self, logits: Tensor) -> Tensor:
        """Probabilities that the logits mean in the present epoch: those of the loss, its class weights undone.

        Needs a loss of `rareclass.losses.torch`. One probability a logit, or (n, K).
        """
        if not (hasattr(self.loss, "link") and hasattr(self.loss, "log_odds")):
            raise InputError("This loss says no probabilities; take one of `rareclass.losses.torch`.")
        if not self.weighted:
            return self.loss.link(logits)
        w = self.weights.to(logits)
        if len(w) > 2 or (logits.ndim == 2 and logits.shape[1] == 2):
            odds = self.loss.link(logits) / w
            return odds / odds.sum(dim=1, keepdim=True)
        return torch.sigmoid(self.loss.log_odds(logits) - torch.log(w[1] / w[0]))
