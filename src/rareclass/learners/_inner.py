"""Inner folds and samples: how a learner judges its own choices without seeing the rows it judges on."""

import numpy as np

from rareclass.data.grouping import deal
from rareclass.learners._context import InnerPlan, rare_class


def inner_plan(
    X: np.ndarray, y: np.ndarray, rng: np.random.Generator, *, events: int, others: int, folds: int = 3
) -> InnerPlan:
    """Sample at most `events` rows of the rarer class and `others` of the other one, and fold them."""
    rare = rare_class(y)
    rows, shift = sample_rows(rare, rng, others=others, events=events)
    return InnerPlan(rows, shift if rare is y else -shift, inner_folds(X[rows], rare[rows], rng, folds=folds))


def row_keys(X: np.ndarray) -> np.ndarray:
    """Number (n,) of each distinct row; equal rows (NaN equal to NaN) share it."""
    plain = np.ascontiguousarray(np.where(np.isnan(X), np.inf, X) + 0.0)
    view = plain.view(np.dtype((np.void, plain.dtype.itemsize * plain.shape[1]))).ravel()
    return np.unique(view, return_inverse=True)[1]


def inner_folds(X: np.ndarray, y: np.ndarray, rng: np.random.Generator, *, folds: int = 3) -> np.ndarray:
    """Fold number (n,) of each row, events spread evenly and copies of one event kept together.

    Copies of an event on both sides would make every guard look good, so they travel as one. With fewer distinct
    events than `folds`, fewer folds are made (at least two). All -1 where the rows cannot be split: one distinct
    event, or a fold without which only one class is left.
    """
    fold = rng.integers(folds, size=y.size)
    rows = np.flatnonzero(y)
    keys = row_keys(X[rows])
    sizes = np.bincount(keys)
    count = min(folds, sizes.size)
    if count < 2:
        return np.full(y.size, -1)
    # largest groups first into the emptiest fold; the random order breaks ties
    home = np.empty(sizes.size, dtype=np.int64)
    order = rng.permutation(sizes.size)
    order = order[np.argsort(-sizes[order], kind="stable")]
    home[order] = deal(sizes[order], [(0, number) for number in range(count)])
    fold = fold % count
    fold[rows] = home[keys]
    left = [y[fold != number] for number in range(count)]
    return fold if all(part.any() and not part.all() for part in left) else np.full(y.size, -1)


def sample_rows(
    y: np.ndarray, rng: np.random.Generator, *, others: int, events: int | None = None
) -> tuple[np.ndarray, float]:
    """Rows of a sample that keeps the events and at most `others` other rows, and what it adds to their log-odds.

    Parameters
    ----------
    y : ndarray of shape (n,), Boolean
        True for the rare class.
    others, events : int
        Largest number of rows of each class (None = all events).

    Returns
    -------
    (rows (m,) ascending, shift)
        Log-odds of the rare class in the sample = log-odds in all rows + shift. A fit with this offset has the
        intercept of all rows and nearly their whole information, which weights would spoil (a hard negative that
        stands for 25 rows rules the loss).
    """
    rows, shift = [], 0.0
    for mask, most, sign in ((y, events, 1), (~y, others, -1)):
        index = np.flatnonzero(mask)
        if most is not None and index.size > most:
            shift += sign * float(np.log(most / index.size))
            index = rng.choice(index, size=most, replace=False)
        rows.append(index)
    return np.sort(np.concatenate(rows)), shift
