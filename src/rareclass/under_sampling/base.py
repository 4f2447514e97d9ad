"""Bases of the under-samplers: those that reach a number of rows, and those that clean by a rule."""

import numbers
import warnings
from collections.abc import Mapping

import numpy as np

from rareclass._sklearn import Interval, StrOptions
from rareclass.errors import DroppedWarning
from rareclass.sampler import Draw, Sampler

RANDOM_STATE = ["random_state", np.random.Generator]
ORDER = [StrOptions({"class", "input"})]
JOBS = [numbers.Integral, None]
_RATIO_OR_WORD = [
    Interval(numbers.Real, 0, 1, closed="right"),
    StrOptions({"auto", "majority", "not minority", "not majority", "all"}),
]


class BaseUnderSampler(Sampler):
    """Base of the under-samplers that keep a chosen number of rows of each targeted class."""

    _sampling_type = "under-sampling"
    _exposes_indices = True
    _parameter_constraints: dict = {"sampling_strategy": [*_RATIO_OR_WORD, Mapping, callable]}


class BaseCleaningSampler(Sampler):
    """Base of the cleaning methods: a rule says which rows of the targeted classes go; no number is aimed at."""

    _sampling_type = "clean-sampling"
    _exposes_indices = True
    _parameter_constraints: dict = {"sampling_strategy": [*_RATIO_OR_WORD, list, callable]}

    def _kept(self, kept: np.ndarray, y: np.ndarray) -> Draw:
        """Draw of the kept rows; a class that lost its last row is reported."""
        before = np.bincount(y)
        gone = np.flatnonzero((before > 0) & (np.bincount(y[kept], minlength=before.size) == 0))
        if gone.size:
            said = ", ".join(f"class {self._label(int(code))!r} ({before[code]} rows)" for code in gone)
            warnings.warn(
                f"{type(self).__name__} removed every row of {said}. Leave the class out of `sampling_strategy`, or "
                "use a milder rule (fewer neighbours, kind_sel='mode').",
                DroppedWarning,
                stacklevel=4,
            )
        return Draw(kept=kept)


def smallest_class(y: np.ndarray) -> int:
    """Code of the class with the fewest rows; the first in label order among equals."""
    return int(np.argmin(np.bincount(y)))


def by_class(y: np.ndarray, chosen: Mapping[int, np.ndarray], order: str = "class") -> np.ndarray:
    """Rows of every class in the order of the labels; `chosen` gives the rows of some, the others stay whole.

    `order` "class" is imbalanced-learn's row order, "input" the order of the data.
    """
    classes = int(y.max()) + 1
    kept = np.concatenate([chosen[code] if code in chosen else np.flatnonzero(y == code) for code in range(classes)])
    return np.sort(kept) if order == "input" else kept
