"""What a learner is fitted on, and within: its rows, and all that comes with a fit beside them, as values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from rareclass.crossfit import Folds
from rareclass.kernels.effective import unit

Part = tuple[ArrayLike, ArrayLike]


@dataclass(frozen=True)
class Rows:
    """Training rows: features, Boolean target, weights and offsets (None where there are none)."""

    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray | None = None
    offset: np.ndarray | None = None

    @property
    def weights(self) -> np.ndarray:
        """Weight of each row (n,); ones where none were given."""
        return np.ones(self.y.size) if self.weight is None else self.weight

    @property
    def offsets(self) -> np.ndarray:
        """Offset of each row (n,); zeros where none were given."""
        return np.zeros(self.y.size) if self.offset is None else self.offset

    @property
    def rare(self) -> np.ndarray:
        """Boolean mask (n,) of the rarer class: `y` itself, or its complement."""
        return rare_class(self.y)

    def scaled(self) -> "Rows":
        """These rows with weights of which those of the rarer class sum to the rows that they are worth.

        So limits, penalties and pseudo-rows mean what they mean without weights, whatever their scale: weights of two
        for all rows are none, not each row twice. Kept to the precision of float32, or the scale would decide ties.
        """
        if self.weight is None:
            return self
        weight = self.weight / self.weight.max()
        weight = (weight / unit(weight[self.rare])).astype(np.float32).astype(np.float64)
        return replace(self, weight=None if (weight == 1).all() else weight)

    def take(self, rows: np.ndarray, shift: float = 0.0) -> "Rows":
        """Some of the rows, with `shift` added to their offset."""
        weight = None if self.weight is None else self.weight[rows]
        offset = None if self.offset is None else self.offset[rows]
        if shift:
            offset = np.full(rows.size, shift) if offset is None else offset + shift
        return Rows(self.X[rows], self.y[rows], weight, offset)


@dataclass(frozen=True)
class InnerPlan:
    """Rows on which a learner judges itself, and their folds; the members of a blend share one."""

    rows: np.ndarray  # ascending, a sample of the training rows: the events and some of the others
    shift: float  # log-odds of the positive class in the sample = log-odds in all rows + shift
    fold: np.ndarray  # fold of each sampled row; all -1 where the events cannot be split

    @property
    def possible(self) -> bool:
        """Whether there are folds to judge on."""
        return bool(self.fold.size) and int(self.fold[0]) >= 0

    @property
    def folds(self) -> Folds:
        """The folds, which give the rows of each inner fit."""
        return Folds(self.fold)


class Unseen(NamedTuple):
    """What a learner says of training rows that it does not see: their numbers, ascending, and log-odds (m,)."""

    rows: np.ndarray
    logit: np.ndarray


@dataclass(frozen=True, kw_only=True)
class FitContext:
    """What comes with a fit beside its rows."""

    rng: np.random.Generator  # the learner's own stream
    # rows and folds on which the members of a blend judge themselves; a learner on its own (None) draws them
    plan: InnerPlan | None = None
    eval_set: Sequence[Part] | None = None  # (X, y) rows at the real prevalence for early stopping
    options: Mapping[str, Any] = field(default_factory=dict)  # further keywords of the wrapped library's fit


def rare_class(y: np.ndarray) -> np.ndarray:
    """Boolean mask (n,) of the rarer class (the positive one when both are equal)."""
    return y if np.count_nonzero(y) * 2 <= y.size else ~y
