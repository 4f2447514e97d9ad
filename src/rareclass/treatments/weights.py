"""Class weights, undone by the log-ratio of the weights."""

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from rareclass._check import one_of
from rareclass.treatments.base import Given, TrainingSet, Treatment, class_counts, half_way, positive_number


@dataclass(frozen=True)
class ClassWeights(Treatment):
    """Weight the events by w; scores are brought back by -ln(w).

    When to use: learners without any other means. When not: boosters at strong imbalance; full balancing halves
    their average precision and no shift repairs the ranking (the loss is measured and shown by `compare`).

    Parameters
    ----------
    weight : "balanced", "sqrt" or float, default="balanced"
        Weight of an event relative to a negative: the imbalance ratio, its square root, or a number above 0.

    Notes
    -----
    Exact for the population minimiser (King & Zeng 2001; Elkan 2001, Theorem 1); regularisation and finite samples
    leave a remainder, which the out-of-fold calibration removes. Weights multiply with `sample_weight`; the shift
    uses the weights that were really applied.

    Examples
    --------
    >>> X, y = np.zeros((100, 1)), np.arange(100) < 4
    >>> round(ClassWeights("balanced").prepare(X, y, rng=np.random.default_rng(0)).shift, 3)  # -ln(96 / 4)
    -3.178
    """

    name: ClassVar[str] = "class_weight"
    restoration: ClassVar[str] = "log-odds shifted by the log of the weight, then calibrated out of fold"
    does: ClassVar[str] = "weighs"
    weight: str | float = "balanced"

    @property
    def label(self) -> str:
        return f"{self.name}_sqrt" if self.weight == "sqrt" else super().label

    def milder(self, events: int, negatives: int) -> Self | None:
        if isinstance(self.weight, str):
            return replace(self, weight="sqrt") if self.weight == "balanced" and negatives > 2 * events else None
        weight = half_way(1.0, self.weight)
        return None if weight is None else replace(self, weight=weight)

    def _prepare(self, given: Given, rng: np.random.Generator) -> TrainingSet:
        y, base = given.y, given.plain_weight
        events, negatives = class_counts(y)
        if isinstance(self.weight, str):
            one_of(self.weight, "weight", ("balanced", "sqrt"))
            ratio = base[~y].sum() / base[y].sum()
            factor = ratio if self.weight == "balanced" else float(np.sqrt(ratio))
        else:
            factor = positive_number(self.weight, "weight")
        weight = np.where(y, base * factor, base)
        # The mean is kept at one so that regularisation acts on the same number of rows as without weights.
        weight *= base.sum() / weight.sum()
        note = f"events weighted by {factor:.4g} ({events:,} events, {negatives:,} negatives)"
        return given.training(note, sample_weight=weight, shift=-float(np.log(factor)))
