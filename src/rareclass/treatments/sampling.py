"""Random resampling of the training part, undone exactly: repeated events, fewer negatives."""

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from rareclass._check import one_of
from rareclass.treatments.base import Given, TrainingSet, Treatment, class_counts, half_way, positive_number


@dataclass(frozen=True)
class Kept:
    """Rows of a sample (all events, some negatives) in ascending order, and the share of the negatives among them."""

    rows: np.ndarray
    share: float

    @property
    def shift(self) -> float:
        """Log-odds that bring a model of the sample to the prevalence of all rows."""
        return float(np.log(self.share))


@dataclass(frozen=True)
class RandomOverSampling(Treatment):
    """Repeat events until there are `ratio` of them per negative; undone by -ln(repetitions).

    Parameters
    ----------
    ratio : float, default=1.0
        Events per negative after repetition. Nothing is done where there are as many already.

    Examples
    --------
    >>> X, y = np.zeros((100, 1)), np.arange(100) < 4
    >>> training = RandomOverSampling(0.5).prepare(X, y, rng=np.random.default_rng(0))
    >>> int(training.y.sum()), round(training.shift, 3)  # -ln(48 / 4)
    (48, -2.485)
    """

    name: ClassVar[str] = "random_over"
    restoration: ClassVar[str] = "log-odds shifted by the log of the repetitions, then calibrated out of fold"
    does: ClassVar[str] = "adds"
    ratio: float = 1.0

    def left(self, rows: int, events: int) -> tuple[int, int]:
        wanted = max(events, round(self.ratio * (rows - events)))
        return rows - events + wanted, wanted

    def milder(self, events: int, negatives: int) -> Self | None:
        ratio = half_way(events / negatives, self.ratio)
        return None if ratio is None else replace(self, ratio=ratio)

    def _prepare(self, given: Given, rng: np.random.Generator) -> TrainingSet:
        y = given.y
        events, negatives = class_counts(y)
        wanted = max(events, round(positive_number(self.ratio, "ratio") * negatives))
        rows = np.flatnonzero(y)
        # Whole repetitions first, then a draw without replacement: no event is left out.
        extra = np.concatenate(
            [np.tile(rows, wanted // events - 1), rng.choice(rows, size=wanted % events, replace=False)]
        )
        index = np.concatenate([np.arange(y.size), extra])
        note = f"{events:,} events repeated to {wanted:,} beside {negatives:,} negatives"
        return given.training(note, rows=index, shift=-float(np.log(wanted / events)))


@dataclass(frozen=True)
class RandomUnderSampling(Treatment):
    """Keep all events and `negatives_per_event` random negatives for each; undone by +ln(share kept).

    When to use: to save computing time, with 10 to 50 negatives per event. Full balancing (1) wastes information.

    Parameters
    ----------
    negatives_per_event : float or "auto", default="auto"
        "auto" keeps 20, or 1 where there are fewer than 40 for each event (so that something is dropped at all).

    Notes
    -----
    Dal Pozzolo et al. 2015: ``p = b s / (b s - s + 1)``, which is a shift of the log-odds by ln(b).

    Examples
    --------
    >>> X, y = np.zeros((1000, 1)), np.arange(1000) < 10
    >>> training = RandomUnderSampling(20).prepare(X, y, rng=np.random.default_rng(0))
    >>> training.note, round(training.shift, 3)  # ln(200 / 990)
    ('200 of 990 negatives kept beside all 10 events', -1.599)
    """

    name: ClassVar[str] = "random_under"
    restoration: ClassVar[str] = (
        "log-odds shifted by the log of the share of negatives kept, then calibrated out of fold"
    )
    does: ClassVar[str] = "thins"
    negatives_per_event: float | str = "auto"

    def left(self, rows: int, events: int) -> tuple[int, int]:
        return events + min(rows - events, round(self.each(events, rows - events) * events)), events

    def milder(self, events: int, negatives: int) -> Self | None:
        ratio = half_way(events / negatives, 1 / self.each(events, negatives))
        return None if ratio is None else replace(self, negatives_per_event=float(f"{1 / ratio:.2g}"))

    def each(self, events: int, negatives: int) -> float:
        """Negatives for each event that are wanted."""
        if isinstance(self.negatives_per_event, str):
            one_of(self.negatives_per_event, "negatives_per_event", ("auto",))
            return 20.0 if negatives >= 40 * events else 1.0
        return positive_number(self.negatives_per_event, "negatives_per_event")

    def choose(self, y: np.ndarray, rng: np.random.Generator) -> Kept | None:
        """Which rows are kept; None where there is nothing to drop."""
        events, negatives = class_counts(y)
        wanted = max(1, min(negatives, round(self.each(events, negatives) * events)))
        if wanted == negatives:
            return None
        kept = rng.choice(np.flatnonzero(~y), size=wanted, replace=False, shuffle=False)
        return Kept(np.sort(np.concatenate([np.flatnonzero(y), kept])), wanted / negatives)

    def _prepare(self, given: Given, rng: np.random.Generator) -> TrainingSet:
        events, negatives = class_counts(given.y)
        kept = self.choose(given.y, rng)
        if kept is None:
            return given.training(f"nothing to drop: {negatives:,} negatives beside {events:,} events")
        note = f"{kept.rows.size - events:,} of {negatives:,} negatives kept beside all {events:,} events"
        return given.training(note, rows=kept.rows, shift=kept.shift)


@dataclass(frozen=True)
class SampledNegatives(RandomUnderSampling):
    """All events and at most `rows` rows altogether: how large tables are fitted at an affordable cost.

    Parameters
    ----------
    negatives_per_event : float or "auto", default="auto"
        At least so many (20) negatives per event are kept, whatever `rows` says.
    rows : int, default=40_000
        Rows to fit on.

    Examples
    --------
    >>> X, y = np.zeros((5000, 1)), np.arange(5000) < 10
    >>> SampledNegatives(rows=1000).prepare(X, y, rng=np.random.default_rng(0)).y.size
    1000
    """

    name: ClassVar[str] = "sampled_negatives"
    rows: int = 40_000

    def each(self, events: int, negatives: int) -> float:
        least = 20.0 if isinstance(self.negatives_per_event, str) else self.negatives_per_event
        per_event = max(least if events * (least + 1) <= self.rows else 1.0, (self.rows - events) / events)
        return max(per_event, 1.0)
