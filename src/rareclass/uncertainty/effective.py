"""How many rows weighted rows are worth: the one rule that intervals and bands count trials by."""

from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from rareclass._types import Flags, Floats

Sum = TypeVar("Sum", np.float64, Floats)


def are_repetitions(weight: Floats | None) -> bool:
    """Whether weights say how often a row occurred: whole numbers do, which shrink nothing."""
    return weight is None or bool((weight == np.round(weight)).all())


def kish(total: Sum, squares: Sum) -> Sum:
    """Rows whose mean varies as the weighted one does, from the sums of the weights and of their squares.

    Kish (1965), Survey Sampling, section 11.7.
    """
    return total**2 / squares


def effective_number(weight: Floats, repeated: bool) -> float:
    """Rows that weighted rows are worth: their weight where it is a number of repetitions, else Kish's number."""
    total = weight.sum()
    return float(total) if repeated or weight.size == 0 else float(kish(total, np.sum(weight**2)))


def fixed_rows(centre: ArrayLike, squares: ArrayLike, size: ArrayLike) -> Floats:
    """By how much the Poisson limits of a sum shrink because the number of rows is fixed.

    Counts are then multinomial, a little less than Poisson where errors are common. `centre` is the sum, `squares` that
    of its squared values.
    """
    spread = np.asarray(squares)
    rest = 1 - np.asarray(centre) ** 2 / size / np.where(spread > 0, spread, 1.0)
    return np.where(spread > 0, np.sqrt(np.maximum(rest, 0.0)), 1.0)


class Scales(NamedTuple):
    """Effective rows for one unit of weight, of positives and of negatives."""

    positive: float = 1.0
    negative: float = 1.0

    @property
    def repeated(self) -> bool:
        """Whether weights are plain numbers of rows."""
        return self == (1.0, 1.0)


def class_scales(y: Flags, weight: Floats | None) -> Scales:
    """By how much weights shrink the counts of each class."""
    if weight is None or are_repetitions(weight):
        return Scales()
    parts = (weight[y], weight[~y])
    return Scales(*(float(w.sum() / np.sum(w**2)) if w.any() else 1.0 for w in parts))
