"""A bag of learners, each on all events and its own few negatives; the mean of their log-odds is brought back."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from rareclass import _check
from rareclass.learners.logit_sum import LogitSum
from rareclass.treatments import base
from rareclass.treatments.sampling import RandomUnderSampling


@dataclass(frozen=True)
class BalancedEnsembleTreatment(base.Treatment):
    """Fit the learner `bags` times on all events and few random negatives, and average the log-odds.

    When to use: weak learners and very few events, where one small sample of negatives is too noisy. When not: to save
    time, which `NegativeSampling` does with one fit; or with learners that are ensembles themselves.

    Parameters
    ----------
    bags : int >= 2, default=10
    negatives_per_event : float, default=1
        Negatives for each event in a bag; drawn anew for each bag.

    Notes
    -----
    Each member's log-odds are too high by -ln(share of negatives kept), the same for all; the mean is brought back by
    +ln(share): exactly for the population minimiser. Averaging log-odds, not probabilities, is what keeps it exact.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> training = BalancedEnsembleTreatment(5).prepare(np.zeros((1000, 1)), np.arange(1000) < 10, rng=rng)
    >>> round(training.shift, 3)  # ln(10 / 990)
    -4.595
    """

    name: ClassVar[str] = "balanced_ensemble"
    restoration: ClassVar[str] = (
        "mean of the members' log-odds, shifted by the log of the share of negatives in a bag, then calibrated out of "
        "fold"
    )
    does: ClassVar[str] = "fits"
    bags: int = 10
    negatives_per_event: float = 1.0

    def milder(self, events: int, negatives: int) -> Self | None:
        ratio = base.half_way(events / negatives, 1 / self.negatives_per_event)
        return None if ratio is None else replace(self, negatives_per_event=float(f"{1 / ratio:.2g}"))

    def _prepare(self, given: base.Given, rng: np.random.Generator) -> base.TrainingSet:
        bags = _check.whole_number(self.bags, "bags", low=2)
        events, negatives = base.class_counts(given.y)
        per_event = base.positive_number(self.negatives_per_event, "negatives_per_event")
        wanted = max(1, min(negatives, round(per_event * events)))
        note = f"mean of {bags} learners, each on all {events:,} events and {wanted:,} of {negatives:,} negatives"
        return given.training(note, shift=float(np.log(wanted / negatives)))

    def fit_learner(self, make: Callable[[int], Any], training: base.TrainingSet, *, rng: np.random.Generator) -> Any:
        members = []
        for _ in range(self.bags):
            bag = RandomUnderSampling(self.negatives_per_event).prepare(
                training.X, training.y, sample_weight=training.sample_weight, rng=rng
            )
            offset = training.offset if training.offset is None or bag.rows is None else training.offset[bag.rows]
            part = base.TrainingSet(bag.X, bag.y, sample_weight=bag.sample_weight, offset=offset)
            members.append(base.fit_on_training(make(base.draw_seed(rng)), part, self.name))
        mean = LogitSum(members, [1 / self.bags] * self.bags)
        return mean if training.pilot is None else LogitSum([training.pilot, mean])
