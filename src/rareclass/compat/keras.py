"""Balanced batches for ``model.fit`` of Keras 3, on any of its back ends."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.base import BaseEstimator

from rareclass._lazy import need_keras
from rareclass._types import Labels, Rows, Seed
from rareclass.compat import batches
from rareclass.compat.batches import balanced_batch_generator

need_keras()
from keras.utils import PyDataset  # noqa: E402

__all__ = ["BalancedBatchGenerator", "balanced_batch_generator"]


class BalancedBatchGenerator(batches.BalancedBatchGenerator, PyDataset):
    """`rareclass.compat.batches.BalancedBatchGenerator` as a `keras.utils.PyDataset`: ``model.fit(generator)``.

    Every epoch draws anew and every batch is balanced; Keras's ``shuffle=True`` only changes the order of batches.
    Columns of frames arrive as arrays. Give ``validation_data`` at the real prevalence, whose logits then need
    `offset`.

    Parameters
    ----------
    X, y, sample_weight, sampler, batch_size, keep_sparse, random_state
        As there.
    workers, use_multiprocessing, max_queue_size
        As in `keras.utils.PyDataset`.

    Examples
    --------
    >>> import keras
    >>> X, y = np.arange(100.0)[:, None], np.repeat([0, 1], [90, 10])
    >>> batches = BalancedBatchGenerator(X, y, batch_size=10, random_state=0)
    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> model.compile("sgd", keras.losses.BinaryCrossentropy(from_logits=True))
    >>> len(model.fit(batches, epochs=2, verbose=0).history["loss"]), round(batches.offset, 4)
    (2, -2.1972)
    """

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
        workers: int = 1,
        use_multiprocessing: bool = False,
        max_queue_size: int = 10,
    ) -> None:
        PyDataset.__init__(self, workers, use_multiprocessing, max_queue_size)
        super().__init__(
            X,
            y,
            sample_weight=sample_weight,
            sampler=sampler,
            batch_size=batch_size,
            keep_sparse=keep_sparse,
            random_state=random_state,
        )

    def __getitem__(self, index: int) -> tuple:
        """Batch number `index`: (X, y) or (X, y, sample_weight), as arrays."""
        return tuple(part if sparse.issparse(part) else np.asarray(part) for part in super().__getitem__(index))
