"""Batches with a fixed number of rows of each class."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike
from torch import Tensor

from rareclass import _check
from rareclass.errors import InputError
from rareclass.kernels.draw import apportion
from rareclass.torch.epochs import EpochSampler, host

_BATCHES = 256
"""Batches made at a time."""


class BalancedBatchSampler(EpochSampler):
    """Batches that hold the same number of rows of each class, and so never lack a positive.

    A batch sampler: ``DataLoader(data, batch_sampler=BalancedBatchSampler(labels, 64))``. Rows of a class come in
    random order, each once before any comes again. What this does to the log-odds is known: sigmoid(logit + `offset`)
    is the probability at the real prevalence. With a ranking objective a small `share` suffices. Not needed for
    cross-entropy on large batches, which loses nothing by the natural order but time.

    Parameters
    ----------
    labels : array or tensor (n,)
        Labels of any kind. Of two classes, 1 (or True) is the positive one, else the rarer.
    batch_size : int >= number of classes
    share : float in (0, 1), sequence of floats or None, default=None
        Share of the positives in a batch; of more classes, the share of each, sorted by label. At least one row of
        every class comes into each batch, whatever the share. None: equal shares.
    batches_per_epoch : int or None, default=None
        Batches of each rank in an epoch. None: as many as give each row of the class that lasts longest once (its last
        rows, too few for a batch of every rank, wait; which ones changes with the epoch).
    seed : int >= 0, default=0
        The same on every rank.
    rank, world_size : int or None, default=None
        Share of this process; None asks torch.distributed when it is needed, and is one process without it. Ranks give
        different rows until a class is used up, when its rows come again.

    Attributes
    ----------
    classes_ : ndarray (K,)
        Labels, sorted.
    counts_ : ndarray (K,)
        Rows of each class in a batch.
    offset : float, or ndarray (K,) for more than two classes
        To be added to the logit (to the class scores) of a network trained on these batches:
        ln(N_1 / N_0) - ln(n_1 / n_0), N rows of the data and n rows of a batch. Negative where positives are
        over-sampled. (`NegativeSampler.offset_` has the opposite sign: it is added during training.)

    Raises
    ------
    InputError
        One class only, or a batch smaller than the number of classes.

    Examples
    --------
    >>> import numpy as np
    >>> from rareclass.torch import BalancedBatchSampler
    >>> labels = np.repeat([0, 1], [990, 10])
    >>> sampler = BalancedBatchSampler(labels, batch_size=20, seed=0)
    >>> len(sampler), {int(labels[batch].sum()) for batch in sampler}
    (99, {10})
    >>> round(sampler.offset, 4)  # ln(10 / 990)
    -4.5951
    """

    def __init__(
        self,
        labels: ArrayLike | Tensor,
        batch_size: int,
        *,
        share: float | Sequence[float] | None = None,
        batches_per_epoch: int | None = None,
        seed: int = 0,
        rank: int | None = None,
        world_size: int | None = None,
    ) -> None:
        super().__init__(seed, rank, world_size)
        array = host(labels, "labels")
        self.classes_ = _check.class_values(array, "labels")
        if self.classes_.size < 2:
            raise InputError(
                f"`labels` holds one class only, {self.classes_.tolist()[0]!r}; batches can be balanced between two."
            )
        self._rows = [np.flatnonzero(array == c) for c in self.classes_]
        sizes = np.array([rows.size for rows in self._rows])
        self.batch_size = _check.whole_number(batch_size, "batch_size", low=self.classes_.size)
        self.counts_ = _counts(self.batch_size, _shares(share, array, self.classes_))
        shift = np.log(sizes / sizes.sum()) - np.log(self.counts_ / self.batch_size)
        binary = _is_positive(array, self.classes_) if sizes.size == 2 else None
        self.offset = shift if binary is None else float(shift[binary][0] - shift[~binary][0])
        if batches_per_epoch is not None:
            _check.whole_number(batches_per_epoch, "batches_per_epoch", low=1)
        self._batches = batches_per_epoch
        self._longest = int((sizes / self.counts_).max())

    def __len__(self) -> int:
        return max(1, self._longest // self.world_size) if self._batches is None else self._batches

    def _blocks(self, epoch: int, skip: int) -> Iterator[np.ndarray]:
        rank, world_size = self._share()
        orders: list[dict[int, np.ndarray]] = [{} for _ in self._rows]
        for block in range(skip // _BATCHES, -(-len(self) // _BATCHES)):
            batches = np.arange(block * _BATCHES, min((block + 1) * _BATCHES, len(self))) * world_size + rank
            parts = [self._take(k, batches, epoch, orders[k]) for k in range(len(self._rows))]
            # in random order within the batch: what cuts it into parts must not find the classes apart
            mixed = self._stream(epoch, block, rank, len(self._rows)).permuted(np.concatenate(parts, axis=1), axis=1)
            yield mixed[max(0, skip - block * _BATCHES) :]

    def _take(self, k: int, batches: np.ndarray, epoch: int, orders: dict[int, np.ndarray]) -> np.ndarray:
        """Rows of class k for these batches of all ranks' count; `orders` keeps the passes over it that are in use."""
        rows, count = self._rows[k], int(self.counts_[k])
        place = batches[:, None] * count + np.arange(count)
        passes, within = np.divmod(place, rows.size)
        taken = np.empty_like(place)
        for number in np.unique(passes):
            if number not in orders:
                orders[number] = self._stream(epoch, k, int(number)).permutation(rows)
            here = passes == number
            taken[here] = orders[number][within[here]]
        for old in [number for number in orders if number < passes[-1, 0]]:
            del orders[old]
        return taken


def _is_positive(labels: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Which of two classes is the positive one, as Booleans (2,)."""
    positive = _check.binary_target(labels, name="labels")
    return classes == labels[np.argmax(positive)]


def _shares(share: float | Sequence[float] | None, labels: np.ndarray, classes: np.ndarray) -> np.ndarray:
    if share is None:
        return np.full(classes.size, 1 / classes.size)
    if np.ndim(share) == 0:
        if classes.size != 2:
            raise InputError(f"`share` must give one number for each of the {classes.size} classes; got {share!r}.")
        part = _check.fraction(share, "share", closed="neither")
        return np.where(_is_positive(labels, classes), part, 1 - part)
    given = _check.weights(np.asarray(share, dtype=np.float64), classes.size, "share")
    assert given is not None
    return given / given.sum()


def _counts(batch_size: int, shares: np.ndarray) -> np.ndarray:
    """Rows of each class in a batch, at least one of each."""
    return 1 + apportion(np.maximum(shares * batch_size - 1, 0.0), batch_size - shares.size)
