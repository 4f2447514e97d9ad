"""Balanced batches for training by gradient descent: a fresh draw every epoch, classes mixed in every batch."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.base import BaseEstimator, clone

from rareclass import _check
from rareclass._types import Labels, Rows, Seed
from rareclass.errors import InputError
from rareclass.sampler.containers import take
from rareclass.under_sampling.random import RandomUnderSampler


class BalancedBatchGenerator:
    """Batches of a resampled data set, drawn anew for each epoch.

    Works as a sequence (``len``, indexing, `on_epoch_end`), which Keras accepts, and needs no deep-learning package.
    Within an epoch the classes are dealt out evenly over the batches, so that every batch has the balance of the draw.

    Parameters
    ----------
    X : array, sparse matrix or frame (n, d)
    y : labels (n,) or one-hot (n, n_classes)
    sample_weight : array (n,) or None, default=None
    sampler : sampler with `sample_indices_` or None, default=None
        None is `RandomUnderSampler`.
    batch_size : int, default=32
    keep_sparse : bool, default=False
        Leave sparse batches sparse.
    random_state : int, Generator, RandomState or None, default=None

    Examples
    --------
    >>> import numpy as np
    >>> from rareclass.compat.batches import BalancedBatchGenerator
    >>> X, y = np.arange(100.0)[:, None], np.repeat([0, 1], [90, 10])
    >>> batches = BalancedBatchGenerator(X, y, batch_size=10, random_state=0)
    >>> len(batches), [int(batches[i][1].sum()) for i in range(2)]
    (2, [5, 5])
    """

    use_sequence_api = True

    def __init__(
        self,
        X: Rows,
        y: Labels,
        *,
        sample_weight: ArrayLike | None = None,
        sampler: BaseEstimator = None,
        batch_size: int = 32,
        keep_sparse: bool = False,
        random_state: Seed = None,
    ) -> None:
        self.X = X
        self.y = y
        self.sample_weight = sample_weight
        self.sampler = sampler
        self.batch_size = batch_size
        self.keep_sparse = keep_sparse
        self.random_state = random_state
        self._rng = _check.random_generator(random_state)
        self.on_epoch_end()

    def on_epoch_end(self) -> None:
        """Draw the rows of the next epoch."""
        self.sampler_ = RandomUnderSampler() if self.sampler is None else clone(self.sampler)
        if "random_state" in self.sampler_.get_params() and (self.sampler is None or self.random_state is not None):
            self.sampler_.set_params(random_state=int(self._rng.integers(2**31 - 1)))
        _, y_drawn = self.sampler_.fit_resample(self.X, self.y)
        if not hasattr(self.sampler_, "sample_indices_"):
            raise InputError("'sampler' needs to have an attribute 'sample_indices_'.")
        labels = np.asarray(y_drawn)
        labels = labels.argmax(axis=1) if labels.ndim == 2 and labels.shape[1] > 1 else labels.ravel()
        self.indices_ = np.asarray(self.sampler_.sample_indices_)[self._dealt(labels)]

    def _dealt(self, labels: np.ndarray) -> np.ndarray:
        """Order in which each class is spread evenly: its i-th row lies at (i + chance) / size of the epoch."""
        place = np.empty(labels.size)
        for label in np.unique(labels):
            rows = self._rng.permutation(np.flatnonzero(labels == label))
            place[rows] = (np.arange(rows.size) + self._rng.random()) / rows.size
        return np.argsort(place, kind="stable")

    def __len__(self) -> int:
        return int(self.indices_.size // self.batch_size)

    def __getitem__(self, index: int) -> tuple:
        """Batch number `index`: (X, y) or (X, y, sample_weight)."""
        rows = self.indices_[index * self.batch_size : (index + 1) * self.batch_size]
        batch = take(self.X, rows)
        if sparse.issparse(batch) and not self.keep_sparse:
            batch = batch.toarray()
        out = (batch, take(self.y, rows))
        return out if self.sample_weight is None else (*out, take(self.sample_weight, rows))


def balanced_batch_generator(
    X: Rows,
    y: Labels,
    *,
    sample_weight: ArrayLike | None = None,
    sampler: BaseEstimator = None,
    batch_size: int = 32,
    keep_sparse: bool = False,
    random_state: Seed = None,
) -> tuple[Iterator[tuple], int]:
    """Endless balanced batches, and the number of batches in an epoch. See `BalancedBatchGenerator`."""
    batches = BalancedBatchGenerator(
        X,
        y,
        sample_weight=sample_weight,
        sampler=sampler,
        batch_size=batch_size,
        keep_sparse=keep_sparse,
        random_state=random_state,
    )
    return _endless(batches), len(batches)


def _endless(batches: BalancedBatchGenerator) -> Iterator[tuple]:
    while True:
        for index in range(-(-batches.indices_.size // batches.batch_size)):
            yield batches[index]
        batches.on_epoch_end()
