"""All positives and, in each epoch, other negatives."""

import math
import warnings
from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike
from torch import Tensor

from rareclass import _check
from rareclass.errors import NoOpWarning
from rareclass.torch.epochs import EpochSampler, positives_of
from rareclass.torch.shares import divisible, in_parts, share_of


class NegativeSubsetSampler(EpochSampler):
    """Every epoch all positives and a few negatives for each, others in the next epoch.

    An epoch costs what its positives cost, however many negatives there are, and over epochs all take part: in a round
    of floor(all negatives / negatives of an epoch) epochs none comes twice, and the few that are left over wait for the
    next round, a new random order. Use it for networks on large data with rare events, where a pass over
    all rows spends its time on easy negatives; `HardNegativeSampler` chooses the informative ones. A network trained
    with cross-entropy on these rows is right at the real prevalence after one addition: sigmoid(logit + `offset`).

    Positives are spread evenly: any run of 2 c - 1 rows, c = ceil(len / positives of this rank), holds at least one. So
    a batch of twice the negatives per event, and one row more or two, never lacks a positive.

    Parameters
    ----------
    labels : array or tensor (n,)
        Labels of two classes; 1 (or True) is the positive one, else the rarer.
    negatives_per_event : float > 0
        Negatives in an epoch for each positive; rounded so that ranks get equally many rows.
    seed : int >= 0, default=0
        The same on every rank.
    rank, world_size : int or None, default=None
        Share of this process; None asks torch.distributed when it is needed, and is one process without it. Ranks have
        no row in common.

    Attributes
    ----------
    offset : float
        ln(negatives of an epoch / all negatives), of all ranks: exact, and never positive. To be added to the logit of
        a network trained on these rows. (`NegativeSampler.offset_` has the opposite sign: it is added during training.)

    Raises
    ------
    InputError
        One class only, more than two, or a number of negatives that is not positive.

    References
    ----------
    A. Dal Pozzolo, O. Caelen, R. Johnson and G. Bontempi, "Calibrating probability with undersampling for unbalanced
    classification", SSCI 2015: p = beta p_s / (beta p_s - p_s + 1), which is logit p = logit p_s + ln beta.

    Examples
    --------
    >>> import numpy as np
    >>> from rareclass.torch import NegativeSubsetSampler
    >>> labels = np.repeat([0, 1], [990, 10])
    >>> sampler = NegativeSubsetSampler(labels, negatives_per_event=5, seed=0)
    >>> rows = list(sampler)
    >>> len(rows), int(labels[rows].sum()), round(sampler.offset, 4)  # ln(50 / 990)
    (60, 10, -2.9857)
    """

    def __init__(
        self,
        labels: ArrayLike | Tensor,
        negatives_per_event: float,
        *,
        seed: int = 0,
        rank: int | None = None,
        world_size: int | None = None,
    ) -> None:
        super().__init__(seed, rank, world_size)
        self.negatives_per_event = _check.fraction(
            negatives_per_event, "negatives_per_event", high=math.inf, closed="neither"
        )
        positive = positives_of(labels)
        self._positives, self._negatives = np.flatnonzero(positive), np.flatnonzero(~positive)
        self._order: tuple[int, np.ndarray] | None = None
        if self.negatives_per_event * self._positives.size >= self._negatives.size:
            warnings.warn(
                f"NegativeSubsetSampler keeps all rows: {negatives_per_event} negatives for each of "
                f"{self._positives.size:,} positives are more than the {self._negatives.size:,} there are.",
                NoOpWarning,
                stacklevel=2,
            )

    def _taken(self) -> int:
        """Negatives in an epoch of all ranks, so many that rows divide among them."""
        wanted = self.negatives_per_event * self._positives.size
        return divisible(wanted, self._positives.size, self._negatives.size, self.world_size)

    @property
    def offset(self) -> float:
        return math.log(self._taken() / self._negatives.size)

    def __len__(self) -> int:
        return (self._positives.size + self._taken()) // self.world_size

    def _blocks(self, epoch: int, skip: int) -> Iterator[np.ndarray]:
        positives = self._stream(epoch, 1).permutation(self._positives)
        rows = share_of(positives, self._subset(epoch), self._share(), self._stream(epoch, 2, self.rank))
        return in_parts(rows, skip)

    def _subset(self, epoch: int) -> np.ndarray:
        """Negatives of an epoch: a part of a random order of all, which serves as many epochs as it has parts."""
        taken = self._taken()
        order, part = divmod(epoch, self._negatives.size // taken)
        if self._order is None or self._order[0] != order:
            self._order = order, self._stream(order, 0).permutation(self._negatives)
        return self._order[1][part * taken : (part + 1) * taken]
