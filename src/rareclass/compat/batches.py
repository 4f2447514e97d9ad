"""Balanced batches for training by gradient descent: a fresh draw every epoch, classes mixed in every batch."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.base import BaseEstimator, clone

from rareclass import _check
from rareclass._types import Labels, Rows, Seed
from rareclass.errors import InputError
from rareclass.over_sampling.random import RandomOverSampler
from rareclass.sampler.containers import take
from rareclass.under_sampling.random import RandomUnderSampler


class BalancedBatchGenerator:
    """Batches of a resampled data set, drawn anew for each epoch.

    Works as a sequence (``len``, indexing, `on_epoch_end`) and needs no deep-learning package; what ``model.fit`` of
    Keras 3 takes is `rareclass.compat.keras.BalancedBatchGenerator`. Within an epoch the classes are dealt out evenly
    over the batches, so that every batch has the balance of the draw, and every row drawn is in one batch.

    A model trained on balanced batches sees events too often: sigmoid(logit + `offset`) is the probability at the real
    prevalence.

    Parameters
    ----------
    X : array, sparse matrix or frame (n, d)
    y : labels (n,) or one-hot (n, n_classes)
    sample_weight : array (n,) or None, default=None
    sampler : sampler with `sample_indices_` or None, default=None
        None is `RandomUnderSampler`.
    batch_size : int, default=32
        The most rows of a batch; sizes within an epoch differ by one at most.
    keep_sparse : bool, default=False
        Leave sparse batches sparse.
    random_state : int, Generator, RandomState or None, default=None

    Attributes
    ----------
    indices_ : ndarray (n_drawn,)
        Rows of this epoch, in the order of the batches.
    offset : float, or ndarray (K,) for more than two classes
        To be added to the logit (to the class scores): ln(N_1 / N_0) - ln(n_1 / n_0), N rows of the data and n rows of
        the draw. Sample weights do not change it. Negative where positives are over-sampled.

    Raises
    ------
    InputError
        The sampler selects no rows (it synthesises them), or, for `offset`, treats rows of one class unequally.

    Examples
    --------
    >>> import numpy as np
    >>> from rareclass.compat.batches import BalancedBatchGenerator
    >>> X, y = np.arange(100.0)[:, None], np.repeat([0, 1], [90, 10])
    >>> batches = BalancedBatchGenerator(X, y, batch_size=10, random_state=0)
    >>> len(batches), [int(batches[i][1].sum()) for i in range(2)]
    (2, [5, 5])
    >>> round(batches.offset, 4)  # ln(10 / 90)
    -2.1972
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
        _check.whole_number(batch_size, "batch_size", low=1)
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
        self.indices_ = np.asarray(self.sampler_.sample_indices_)[self._dealt(_labels(y_drawn))]

    @property
    def offset(self) -> float | np.ndarray:
        """What brings log-odds of a model trained on these batches back to the real prevalence; to be added."""
        labels = _labels(self.y)
        classes, codes, sizes = np.unique(labels, return_inverse=True, return_counts=True)
        kept = getattr(self.sampler_, "inclusion_probability_", None)
        drawn = codes[np.asarray(self.sampler_.sample_indices_)]
        alike = isinstance(self.sampler_, RandomOverSampler) or (
            kept is not None and all(np.ptp(kept[drawn == c]) < 1e-12 for c in np.unique(drawn))
        )
        if not alike:
            raise InputError(
                f"{type(self.sampler_).__name__} does not say that it draws all rows of a class alike, so that no "
                "offset brings probabilities back. Take a random sampler, or calibrate on rows not drawn from."
            )
        shift = np.log(sizes) - np.log(np.bincount(drawn, minlength=classes.size))
        if classes.size != 2:
            return shift
        positive = classes == 1 if (classes == 1).any() else sizes == sizes.min()
        return float(shift[positive][0] - shift[~positive][0])

    def _dealt(self, labels: np.ndarray) -> np.ndarray:
        """Order in which each class is spread evenly: its i-th row lies at (i + chance) / size of the epoch."""
        place = np.empty(labels.size)
        for label in np.unique(labels):
            rows = self._rng.permutation(np.flatnonzero(labels == label))
            place[rows] = (np.arange(rows.size) + self._rng.random()) / rows.size
        return np.argsort(place, kind="stable")

    def __len__(self) -> int:
        return -(-self.indices_.size // self.batch_size)

    def __getitem__(self, index: int) -> tuple:
        """Batch number `index`: (X, y) or (X, y, sample_weight)."""
        if not 0 <= index < len(self):
            raise IndexError(f"there are {len(self)} batches in an epoch; got {index}")
        start, stop = (self.indices_.size * k // len(self) for k in (index, index + 1))
        rows = self.indices_[start:stop]
        batch = take(self.X, rows)
        if sparse.issparse(batch) and not self.keep_sparse:
            batch = batch.toarray()
        out = (batch, take(self.y, rows))
        return out if self.sample_weight is None else (*out, take(self.sample_weight, rows))


def _labels(y: Labels) -> np.ndarray:
    labels = np.asarray(y)
    return labels.argmax(axis=1) if labels.ndim == 2 and labels.shape[1] > 1 else labels.ravel()


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
        for index in range(len(batches)):
            yield batches[index]
        batches.on_epoch_end()
