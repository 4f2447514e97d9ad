"""All positives and the negatives that look like them, with what undoes the choice."""

import hashlib
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, distributed
from torch.utils.data import Dataset

from rareclass import _check
from rareclass.errors import InputError
from rareclass.kernels.inclusion import keep_factor, systematic
from rareclass.torch.epochs import EpochSampler, host, positives_of
from rareclass.torch.shares import divisible, in_parts, share_of


class HardNegativeSampler(EpochSampler):
    """Every epoch all positives and, of the negatives, rather those that score high; corrected, row by row.

    A negative is kept with the probability r(x) = min(1, c max(p(x) / mean p, floor)), p being the probabilities last
    given to `update`; before, all alike. Mining without a correction wrecks probabilities and, through what is no
    longer seen, ranks; with it few negatives carry nearly what all would. Use it where `NegativeSubsetSampler` needs
    more than some tens of negatives per event. Two corrections, of which one is used:

    - log-odds: train ``loss(logits - sampler.offset[rows], targets)``; then sigmoid(logit) is right at the real
      prevalence without more ado. r(x) must be the same function for positives: where the network that gives p has
      learned those very rows, its p of positives is too high, and so is what is learned from them. Give p of a model
      that has not, or use
    - weights: ``sample_weight=sampler.weight[rows]``, 1 / r for negatives and 1 for positives, which needs no r of
      positives, and has more variance where r is small.

    ``NumberedDataset(data)`` adds the row number to each item.

    Parameters
    ----------
    labels : array or tensor (n,)
        Labels of two classes; 1 (or True) is the positive one, else the rarer.
    negatives_per_event : float > 0
        Negatives in an epoch for each positive; rounded so that ranks get equally many rows.
    floor : float in (0, 1], default=0.1
        Least weight of a negative relative to the mean, so that no region is left without negatives.
    seed : int >= 0, default=0
        The same on every rank.
    rank, world_size : int or None, default=None
        Share of this process; None asks torch.distributed when it is needed, and is one process without it.

    Attributes
    ----------
    offset : float32 tensor (n,)
        ln r(x) of each row, to be added to the logit of a network trained on these rows without correction, and so
        subtracted inside the loss. In shared memory: worker processes see what `update` changes.
    weight : float32 tensor (n,)
        1 / r(x) for negatives, 1 for positives.

    Raises
    ------
    InputError
        One class only, more than two, or arguments out of range.

    References
    ----------
    H. Wang, A. Zhang and C. Wang, "Nonuniform negative sampling and log odds correction with rare events data", NeurIPS
    2021, arXiv 2110.13048: the log-odds correction, and why it beats weights. Fixed size with unequal probabilities:
    systematic sampling of a random order (Madow, 1949).

    Examples
    --------
    >>> import numpy as np
    >>> from rareclass.torch import HardNegativeSampler
    >>> labels = np.repeat([0, 1], [990, 10])
    >>> sampler = HardNegativeSampler(labels, negatives_per_event=9.9, seed=0)
    >>> len(list(sampler)), round(float(sampler.offset[0]), 4)  # ln(99 / 990)
    (109, -2.3026)
    >>> sampler.update(np.linspace(0.02, 0.0, 1000))  # the first rows score highest
    >>> rows = np.array(list(sampler))
    >>> int((rows < 500).sum()) > 60
    True
    """

    def __init__(
        self,
        labels: ArrayLike | Tensor,
        negatives_per_event: float,
        *,
        floor: float = 0.1,
        seed: int = 0,
        rank: int | None = None,
        world_size: int | None = None,
    ) -> None:
        super().__init__(seed, rank, world_size)
        self.negatives_per_event = _check.fraction(
            negatives_per_event, "negatives_per_event", high=math.inf, closed="neither"
        )
        self.floor = _check.fraction(floor, "floor", closed="right")
        self._positive = positives_of(labels)
        self._p = np.ones(self._positive.size)
        self.offset = torch.zeros(self._positive.size).share_memory_()
        self.weight = torch.ones(self._positive.size).share_memory_()
        self._settle()

    def update(self, probabilities: ArrayLike | Tensor) -> None:
        """Choose from the next epoch on by these probabilities.

        Call it between epochs: `offset` and `weight` change at once.

        Parameters
        ----------
        probabilities : array or tensor (n,) in [0, 1]
            Of every row, on any scale that keeps their ratios; the same on every rank, which is checked.
        """
        p = _check.number_array(host(probabilities, "probabilities"), "probabilities")
        _check.same_length(labels=self._positive, probabilities=p)
        if ((p < 0) | (p > 1)).any():
            raise InputError("`probabilities` must lie in [0, 1]; give sigmoid(logit), not logits.")
        if self._place is None and self.world_size > 1:
            _same_everywhere(p)
        self._p = p
        self._settle()

    def _settle(self) -> None:
        """Keep probabilities for the present scores and number of ranks."""
        positives = int(self._positive.sum())
        number = divisible(
            self.negatives_per_event * positives, positives, self._positive.size - positives, self.world_size
        )
        mean = self._p[~self._positive].mean()
        weight = np.maximum(self._p / mean if mean > 0 else np.ones(self._p.size), self.floor)
        self._chance = np.minimum(1.0, weight * keep_factor(weight[~self._positive], number))
        self._settled_for = self.world_size, number
        self.offset.copy_(torch.as_tensor(np.log(self._chance)))
        self.weight.copy_(torch.as_tensor(np.where(self._positive, 1.0, 1.0 / self._chance)))

    def _number(self) -> int:
        """Negatives in an epoch of all ranks."""
        if self._settled_for[0] != self.world_size:  # torch.distributed was started since
            self._settle()
        return self._settled_for[1]

    def __len__(self) -> int:
        return (int(self._positive.sum()) + self._number()) // self.world_size

    def _blocks(self, epoch: int, skip: int) -> Iterator[np.ndarray]:
        number = self._number()
        rng = self._stream(epoch, 1)
        negatives = systematic(np.flatnonzero(~self._positive), self._chance, rng)
        assert negatives.size == number, "the keep probabilities sum to a whole number"
        positives = rng.permutation(np.flatnonzero(self._positive))
        rows = share_of(positives, negatives, self._share(), self._stream(epoch, 2, self.rank))
        return in_parts(rows, skip)

    def state_dict(self, consumed: int | None = None) -> dict[str, Any]:
        """Where this sampler stands, and the probabilities that it chooses by."""
        return {**super().state_dict(consumed), "probabilities": torch.as_tensor(self._p)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue where `state` was taken."""
        self.update(state["probabilities"])
        super().load_state_dict(state)


def _same_everywhere(p: np.ndarray) -> None:
    """Raise unless every rank was given the same numbers: else each would draw from another set."""
    found: list[Any] = [None] * distributed.get_world_size()
    distributed.all_gather_object(found, hashlib.sha256(p.tobytes()).hexdigest())
    if len(set(found)) > 1:
        raise InputError(
            "`probabilities` differ between ranks. Score all rows with one set of weights, or send them from rank 0."
        )


class NumberedDataset(Dataset[Any]):
    """Items of a data set with their row number at the end, for what is kept by row.

    Parameters
    ----------
    data : map-style data set whose items are tuples

    Examples
    --------
    >>> from rareclass.torch import NumberedDataset
    >>> NumberedDataset([("a", 0), ("b", 1)])[1]
    ('b', 1, 1)
    """

    def __init__(self, data: Any) -> None:
        self.data = data

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, row: int) -> tuple[Any, ...]:
        return (*self.data[row], row)
