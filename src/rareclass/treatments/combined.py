"""Two treatments one after the other: shifts add, offsets add, rows are traced."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from rareclass.decisions.costs import Costs
from rareclass.errors import InputError, NoOpWarning
from rareclass.treatments.base import Given, NoTreatment, TrainingSet, Treatment

BALANCING = ("weighs", "thins", "adds")
NEXT_TO_NOTHING = 0.05  # in log-odds


@dataclass(frozen=True)
class Combined(Treatment):
    """Apply `first`, then `second` to what it returned; both are undone.

    When to use: sampled negatives before class weights or a loss, so that a large table is affordable. By name:
    ``"score_negatives+class_weight"``.

    Parameters
    ----------
    first, second : Treatment
        Only one of them may decide how the learner is fitted (a loss, a balanced ensemble); an ensemble goes second.

    Raises
    ------
    InputError
        Both decide how the learner is fitted, or both have a pilot, or `first` is an ensemble; or `second` makes
        synthetic rows although `first` gave offsets, which synthetic rows do not have.

    Examples
    --------
    >>> from rareclass.treatments.sampling import RandomUnderSampling
    >>> from rareclass.treatments.weights import ClassWeights
    >>> both = Combined(RandomUnderSampling(4), ClassWeights(2.0))
    >>> X, y = np.zeros((1000, 1)), np.arange(1000) < 10
    >>> round(both.prepare(X, y, rng=np.random.default_rng(0)).shift, 3)  # ln(40 / 990) - ln(2)
    -3.902
    """

    first: Treatment = field(default_factory=NoTreatment)
    second: Treatment = field(default_factory=NoTreatment)

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"{self.first.name}+{self.second.name}"

    @property
    def label(self) -> str:
        return f"{self.first.label}+{self.second.label}"

    @property
    def restoration(self) -> str:  # type: ignore[override]
        return f"{self.first.name}: {self.first.restoration}; {self.second.name}: {self.second.restoration}"

    def _prepare(self, given: Given, rng: np.random.Generator) -> TrainingSet:
        own = _that_fit(self.first)
        if own and _that_fit(self.second):
            raise InputError(f"{self.first.name!r} and {self.second.name!r} both decide how the learner is fitted.")
        if any(t.goes_last for t in own):
            raise InputError(f"{self.first.name!r} decides how the learner is fitted, so it must be the second one.")
        one = _told(self.first, given, rng)
        second = self.second if one.rows is None else self.second.take(one.rows)
        two = _told(second, Given(one.X, one.y, one.sample_weight, given.categorical), rng)
        if one.pilot is not None and two.pilot is not None:
            raise InputError(
                "Only one of two combined treatments may have a pilot; use 'score_negatives' for the other."
            )
        if one.offset is not None and two.synthetic:
            out = "Give CostWeights correction='calibration'." if self.first.name == "cost_weights" else "Put it first."
            raise InputError(f"{self.second.name!r} makes rows for which {self.first.name!r} has no offset. {out}")
        idle = two.X is one.X and two.offset is None and abs(two.shift) < NEXT_TO_NOTHING
        if idle and self.second.does in BALANCING:
            warnings.warn(
                f"{self.second.label!r} changes next to nothing behind {self.first.label!r}, which leaves the classes "
                "in that ratio. Put it first, give one of them another ratio, or leave it out.",
                NoOpWarning,
                stacklevel=4,
            )
        return replace(
            two,
            offset=_sum(_traced(one.offset, two.rows), two.offset),
            shift=one.shift + two.shift,
            exact=one.exact and two.exact,
            note=f"{one.note}; then {two.note}",
            rows=_traced_rows(one, two),
            synthetic=one.synthetic or two.synthetic,
            pilot=two.pilot if one.pilot is None else one.pilot,
        )

    def fit_learner(self, make: Callable[[int], Any], training: TrainingSet, *, rng: np.random.Generator) -> Any:
        own = self.first if _that_fit(self.first) else self.second
        return own.fit_learner(make, training, rng=rng)

    def left(self, rows: int, events: int) -> tuple[int, int]:
        return self.second.left(*self.first.left(rows, events))

    def milder(self, events: int, negatives: int) -> Self | None:
        first, second = self.first.milder(events, negatives), self.second.milder(events, negatives)
        if first is None and second is None:
            return None
        return replace(self, first=self.first if first is None else first, second=second or self.second)

    def with_costs(self, costs: Costs) -> Self:
        return replace(self, first=self.first.with_costs(costs), second=self.second.with_costs(costs))

    def take(self, rows: np.ndarray) -> Self:
        return replace(self, first=self.first.take(rows), second=self.second.take(rows))

    def describe(self) -> dict[str, Any]:
        return {"name": self.name, "first": self.first.describe(), "second": self.second.describe()}


def _that_fit(treatment: Treatment) -> list[Treatment]:
    """Those of one or several treatments that decide how the learner is fitted."""
    if isinstance(treatment, Combined):
        return [*_that_fit(treatment.first), *_that_fit(treatment.second)]
    return [] if type(treatment).fit_learner is Treatment.fit_learner else [treatment]


def _told(treatment: Treatment, given: Given, rng: np.random.Generator) -> TrainingSet:
    return treatment.prepare(
        given.X, given.y, sample_weight=given.weight, categorical_features=given.categorical, rng=rng
    )


def _traced(values: np.ndarray | None, rows: np.ndarray | None) -> np.ndarray | None:
    return values if values is None or rows is None else values[rows]


def _traced_rows(one: TrainingSet, two: TrainingSet) -> np.ndarray | None:
    """Which of the first given rows each row is."""
    if one.synthetic or two.synthetic:
        return None
    return two.rows if one.rows is None else _traced(one.rows, two.rows)


def _sum(a: np.ndarray | None, b: np.ndarray | None) -> np.ndarray | None:
    if a is None or b is None:
        return b if a is None else a
    return a + b
