"""The rows of one scorer, checked once: what every interval, test and band reads."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rareclass import _check
from rareclass._types import Costs, Flags, Floats, Label, Labels, Scores, Weights
from rareclass.errors import InputError
from rareclass.kernels.effective import Counted
from rareclass.metrics.costs import CostColumns, cost_columns


@dataclass(frozen=True, eq=False, kw_only=True)
class Sample:
    """Clean rows of one scorer, as every interval method takes them."""

    # y, flag: (n,) truth, and decisions where there are any (`decided` asks for them)
    y: Flags
    # score, weight: (n,)
    score: Floats
    flag: Flags | None = None
    weight: Floats
    groups: NDArray[np.intp] | None = None  # (n,) numbers of the groups that rows depend in, from 0
    costs: CostColumns | None = None

    @property
    def size(self) -> float:
        """Weight of all rows."""
        return float(self.weight.sum())

    @property
    def events(self) -> float:
        """Effective number of positives."""
        return float(Counted.of(self.weight[self.y]).rows)

    @property
    def equal(self) -> bool:
        """Whether all rows have the same weight."""
        return bool((self.weight == self.weight[0]).all())

    @property
    def decided(self) -> Flags:
        """The decisions; an error where there are none."""
        if self.flag is None:
            raise InputError("This metric judges decisions: give `threshold`, or Boolean decisions as `y_score`.")
        return self.flag

    def take(self, index: NDArray[np.intp], weight: Floats | None = None) -> "Sample":
        """The rows of an index, under their own or other weights."""
        return replace(
            self,
            y=self.y[index],
            score=self.score[index],
            flag=None if self.flag is None else self.flag[index],
            weight=self.weight[index] if weight is None else weight,
            groups=None if self.groups is None else self.groups[index],
            costs=None if self.costs is None else CostColumns(*(c[index] for c in self.costs)),
        )


def make_sample(
    y_true: Labels,
    y_score: Scores,
    *,
    sample_weight: Weights = None,
    groups: ArrayLike | None = None,
    threshold: ArrayLike | None = None,
    costs: Costs | None = None,
    pos_label: Label = None,
) -> Sample:
    """Check everything once; rows of weight zero are removed."""
    y = _check.binary_target(y_true, pos_label)
    raw = _check.column(y_score, "y_score")
    score = _check.scores(y_score)
    labels = None if groups is None else _check.column(groups, "groups")
    n = _check.same_length(y_true=y, y_score=score, groups=labels)
    flag = None
    if threshold is not None:
        cut = np.asarray(threshold, dtype=np.float64)
        if np.isnan(cut).any() or cut.ndim > 1 or (cut.ndim == 1 and cut.shape[0] != n):
            raise InputError("`threshold` must be a number, or one number for each row, without NaN.")
        flag = score >= cut
    elif raw.dtype == bool or bool(((score == 0) | (score == 1)).all()):
        flag = score > 0
    weight = _check.weights(sample_weight, n)
    weight = np.ones(n) if weight is None else weight
    keep = np.flatnonzero(weight > 0)
    code = None
    if labels is not None:
        _check.class_values(labels, "groups")
        labels = (labels.astype(str) if labels.dtype == object else labels)[keep]
        code = np.unique(labels, return_inverse=True)[1]
    columns = None if costs is None else cost_columns(costs, n)
    sample = Sample(y=y, score=score, flag=flag, weight=weight, costs=columns)
    if keep.shape[0] < n:
        sample = sample.take(keep)
    return sample if code is None else replace(sample, groups=code)
