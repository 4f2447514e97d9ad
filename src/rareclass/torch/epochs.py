"""What all samplers share: seeds, epochs that move on by themselves, shares of ranks, and resuming in mid-epoch."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass._lazy import need
from rareclass.errors import InputError

need("torch", extra="torch")
import torch  # noqa: E402
from torch import distributed  # noqa: E402
from torch.utils.data import Sampler  # noqa: E402


def positives_of(labels: ArrayLike | torch.Tensor) -> np.ndarray:
    """Labels of two classes as Booleans (n,): 1 or True is the positive one, else the rarer."""
    return _check.both_classes(_check.binary_target(host(labels, "labels"), name="labels"), "labels")


def host(values: ArrayLike | torch.Tensor, name: str) -> np.ndarray:
    """A tensor of any device, or an array, as a one-dimensional NumPy array."""
    return _check.column(values.detach().cpu().numpy() if isinstance(values, torch.Tensor) else values, name)


class EpochSampler(Sampler[Any]):
    """A sampler whose k-th epoch is a function of its seed, k and the rank alone.

    Iterating gives the next epoch, so that forgetting `set_epoch` does not repeat one; the order does not depend on
    workers, because samplers run in the main process. A sub-class gives `__len__`, the items of one rank's epoch, and
    `_blocks`, arrays of them.
    """

    def __init__(self, seed: int, rank: int | None, world_size: int | None) -> None:
        if (rank is None) != (world_size is None):
            raise InputError("Give `rank` and `world_size` together, or neither: torch.distributed then says them.")
        if world_size is not None:
            _check.whole_number(world_size, "world_size", low=1)
            _check.whole_number(rank, "rank", low=0, high=world_size - 1)
        self.seed = _check.whole_number(seed, "seed")
        self._place = None if rank is None or world_size is None else (rank, world_size)
        self._next, self._skip = 0, 0
        self.epoch, self._given = 0, 0

    @property
    def rank(self) -> int:
        """Number of this process, from 0."""
        return self._share()[0]

    @property
    def world_size(self) -> int:
        """Number of processes that share an epoch."""
        return self._share()[1]

    def _share(self) -> tuple[int, int]:
        if self._place is not None:
            return self._place
        if distributed.is_available() and distributed.is_initialized():
            return distributed.get_rank(), distributed.get_world_size()
        return 0, 1

    def set_epoch(self, epoch: int, skip: int = 0) -> None:
        """Make `epoch` (from 0) the one that the next iteration gives, without its first `skip` items.

        Not needed to get another order in each epoch; for resuming, and for trainers that call it.
        """
        self._next = _check.whole_number(epoch, "epoch")
        self._skip = _check.whole_number(skip, "skip", high=len(self))
        self.epoch, self._given = self._next, self._skip

    def state_dict(self, consumed: int | None = None) -> dict[str, int]:
        """Where this sampler stands, for `load_state_dict`; after a whole epoch, at the beginning of the next.

        Parameters
        ----------
        consumed : int or None, default=None
            Items of the present epoch that training has used. None: those given out, which loaders with workers take
            ahead of training.
        """
        skip = self._given if consumed is None else consumed
        # else the first epoch after a checkpoint at the end of one would be empty
        epoch, skip = (self.epoch, skip) if skip < len(self) else (self.epoch + 1, 0)
        return {"seed": self.seed, "epoch": epoch, "skip": skip}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Continue where `state` was taken: the next iteration gives what was left of that epoch."""
        if state["seed"] != self.seed:
            raise InputError(
                f"The state is of seed {state['seed']}, this sampler of {self.seed}. Make it with that seed."
            )
        self.set_epoch(state["epoch"], state["skip"])

    def _stream(self, *key: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, *key])

    def _blocks(self, epoch: int, skip: int) -> Iterator[np.ndarray]:
        """Arrays whose elements, or rows, are the items of this rank in `epoch` from item `skip` on."""
        raise NotImplementedError

    def __iter__(self) -> Iterator[Any]:
        for block in self._begin():
            for item in block.tolist():
                self._given += 1
                yield item

    def blocks(self) -> Iterator[np.ndarray]:
        """The next epoch as arrays rather than one by one, for loops that index arrays themselves."""
        return self._counted(self._begin())

    def _counted(self, blocks: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        for block in blocks:
            self._given += len(block)
            yield block

    def _begin(self) -> Iterator[np.ndarray]:
        self.epoch, self._given = self._next, self._skip
        self._next, self._skip = self.epoch + 1, 0
        return self._blocks(self.epoch, self._given)
