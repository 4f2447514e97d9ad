"""Rows drawn in proportion to their weights, however many there are."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike
from torch import Tensor

from rareclass import _check
from rareclass.errors import InputError
from rareclass.kernels.alias import MOST_ROWS, alias_table, draw_aliased, draw_distinct
from rareclass.kernels.random import seed_from
from rareclass.torch.epochs import EpochSampler, host

_BLOCK = 1 << 20


class WeightedSampler(EpochSampler):
    """Draw rows in proportion to `weights`; `torch.utils.data.WeightedRandomSampler` for any number of rows.

    Torch's own draws by `torch.multinomial`, which refuses more than 2^24 rows, and holds all indices as Python
    numbers. Here an alias table of eight bytes a row is made once and indices are drawn in blocks. Use it where rows
    have weights of their own; for classes, `BalancedBatchSampler` gives each batch its positives. What weights by class
    did to the log-odds is undone by adding ln(w_negative / w_positive) to the logits.

    Parameters
    ----------
    weights : array or tensor (n,), n < 2^32, finite and non-negative
        float32 stays so; not kept after the table is made (with replacement).
    num_samples : int >= 1
        Draws in an epoch, of all ranks together: each takes ceil(num_samples / world_size). Without replacement each
        takes floor(num_samples / world_size), so that shares stay disjoint.
    replacement : bool, default=True
        False draws `num_samples` different rows one after the other, exactly, by exponential keys (Efraimidis and
        Spirakis 2006); `weights` are kept and each epoch takes sixteen bytes a row while it is drawn.
    seed : int >= 0, default=0
        The same on every rank.
    rank, world_size : int or None, default=None
        Share of this process; None asks torch.distributed when it is needed, and is one process without it.

    Raises
    ------
    InputError
        Weights negative, missing, infinite or all zero; without replacement fewer positive weights than samples.

    References
    ----------
    L. Hübschle-Schneider and P. Sanders, "Parallel weighted random sampling", ESA 2019. The chances are exact to less
    than 2^-32 in total variation.

    Examples
    --------
    >>> import numpy as np
    >>> from rareclass.torch import WeightedSampler
    >>> sampler = WeightedSampler(np.array([0.0, 1.0, 3.0]), 8, seed=0)
    >>> len(list(sampler)), sorted(set(sampler))
    (8, [1, 2])
    """

    def __init__(
        self,
        weights: ArrayLike | Tensor,
        num_samples: int,
        replacement: bool = True,
        *,
        seed: int = 0,
        rank: int | None = None,
        world_size: int | None = None,
    ) -> None:
        super().__init__(seed, rank, world_size)
        self.num_samples = _check.whole_number(num_samples, "num_samples", low=1)
        self.replacement = replacement
        array = _checked(host(weights, "weights"))
        self._n = array.size
        if replacement:
            self._table = alias_table(array)
            return
        positive = int(np.count_nonzero(array))
        if positive < self.num_samples:
            raise InputError(
                f"`num_samples={num_samples}` different rows cannot be drawn: {positive} have a positive weight. Lower "
                "it, or draw with replacement."
            )
        self._weights = array

    def __len__(self) -> int:
        return -(-self.num_samples // self.world_size) if self.replacement else self.num_samples // self.world_size

    def _blocks(self, epoch: int, skip: int) -> Iterator[np.ndarray]:
        rank, world_size = self._share()
        seed = seed_from(self._stream(epoch))
        if not self.replacement:
            chosen = draw_distinct(self._weights, self.num_samples, seed)
            yield chosen[: len(self) * world_size][rank::world_size][skip:]
            return
        for start in range(skip, len(self), _BLOCK):
            size = min(_BLOCK, len(self) - start)
            yield draw_aliased(self._table, size, seed, first=start * world_size + rank, step=world_size)


def _checked(weights: np.ndarray) -> np.ndarray:
    """Weights that can be drawn from, float32 or float64, without a copy where that is possible."""
    if not 0 < weights.size <= MOST_ROWS:
        raise InputError(f"`weights` must have 1 to {MOST_ROWS:,} rows; got {weights.size:,}.")
    array = weights if weights.dtype in (np.float32, np.float64) else _check.number_array(weights, "weights")
    least, most = float(array.min()), float(array.max())
    if not np.isfinite(most) or not least >= 0:  # the least is NaN when any is
        bad = int(np.count_nonzero(~(np.isfinite(array) & (array >= 0))))
        raise InputError(f"`weights` must be finite and not negative; got {bad} that are not, or NaN.")
    if most == 0:
        raise InputError("`weights` are all zero; at least one row needs a positive weight.")
    return np.ascontiguousarray(array)
