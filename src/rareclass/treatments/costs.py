"""Costs as example weights, undone by the log-odds of each row's two costs."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from rareclass._check import one_of
from rareclass.decisions.costs import CostMatrix, Costs, RowCosts, as_costs
from rareclass.decisions.weights import cost_proportionate_weights
from rareclass.errors import CostError
from rareclass.treatments.base import Given, TrainingSet, Treatment, class_counts

CORRECTIONS = ("offset", "calibration")


@dataclass(frozen=True)
class CostWeights(Treatment):
    """Weight each row by what a wrong decision on it costs; the probabilities are still those of the data.

    When to use: a few rows are far dearer than the others (amounts), and the learner is too simple to be right
    everywhere: it is then fitted best where it matters. When not: to get cheaper decisions from a calibrated model. The
    rule `MinimumCost` takes costs into account after the fit, with less noise, since few dear rows do not dominate it.

    Parameters
    ----------
    costs : CostMatrix, RowCosts or mapping, optional
        Costs of a row named fp, fn, tp, tn. By default those that `RareClassifier.fit` or `compare` were given; costs
        that differ between rows must come from there, so that they follow the rows through every split.
    correction : {"offset", "calibration"}, default="offset"
        How costs that differ between rows are undone. "offset" is exact but needs a learner that takes offsets;
        "calibration" shifts all rows alike and leaves the rest to the out-of-fold calibration: it is not exact.

    Raises
    ------
    CostError
        No costs are known, or they are not those of the rows that are fitted.

    Notes
    -----
    An event weighs ``w1 = fn - tp``, a negative ``w0 = fp - tn`` (Zadrozny, Langford and Abe 2003). A learner that
    minimises the weighted log-loss aims at ``logit p(x) + ln(w1 / w0)``, in which the cut at 0.5 is the cost threshold
    ``w0 / (w0 + w1)`` (Elkan 2001, Theorem 1). The same costs for all rows are undone by the shift ``-ln(w1 / w0)``.
    Where they differ, ``ln(w1 / w0)`` of the row is an offset in training that prediction leaves out, so that no costs
    are needed to predict; without it the remainder would be ``ln(E[w1 | x] / E[w0 | x])``, which no shift undoes.

    Rows on which one of the decisions is right whatever the label (w1 or w0 not above 0) carry no weight in one of the
    classes; they are left out of the fit, and counted.

    Examples
    --------
    >>> X, y = np.zeros((4, 1)), np.array([False, False, False, True])
    >>> training = CostWeights({"fp": 1.0, "fn": 9.0}).prepare(X, y, rng=np.random.default_rng(0))
    >>> (3 * training.sample_weight).tolist(), round(training.shift, 3)  # -ln 9
    ([1.0, 1.0, 1.0, 9.0], -2.197)
    """

    name: ClassVar[str] = "cost_weights"
    does: ClassVar[str] = "weighs"
    costs: Any = None
    correction: str = "offset"

    @property
    def restoration(self) -> str:  # type: ignore[override]
        if self.correction == "calibration":
            return "not exact for costs by row: shifted by the log of the mean costs, then calibrated out of fold"
        return "log-odds shifted by the log of each row's costs (an offset in training), then calibrated out of fold"

    @property
    def label(self) -> str:
        return self.name if self.correction == "offset" else f"{self.name}(correction={self.correction})"

    def with_costs(self, costs: Costs) -> "CostWeights":
        return self if self.costs is not None else replace(self, costs=costs)

    def take(self, rows: np.ndarray) -> "CostWeights":
        costs = self._costs()
        return replace(self, costs=costs.take(rows)) if isinstance(costs, RowCosts) else self

    def _prepare(self, given: Given, rng: np.random.Generator) -> TrainingSet:
        one_of(self.correction, "correction", CORRECTIONS)
        y, costs = given.y, self._costs()
        events, negatives = class_counts(y)
        if isinstance(costs, CostMatrix):
            weight = _weighted(cost_proportionate_weights(y, costs), given.weight)
            ratio = (costs.fn - costs.tp) / (costs.fp - costs.tn)
            note = f"events weighted by {ratio:.4g}, by their costs ({events:,} events, {negatives:,} negatives)"
            return given.training(note, sample_weight=weight, shift=-float(np.log(ratio)))
        if len(costs) != y.size:
            raise CostError(
                f"The costs of {self.name!r} are those of {len(costs)} rows, the training part has {y.size}. Give "
                "costs by row to `fit` or `compare`, and put treatments that make rows behind this one."
            )
        return self._by_row(given, costs)

    def _by_row(self, given: Given, costs: RowCosts) -> TrainingSet:
        catch, alarm = costs.fn - costs.tp, costs.fp - costs.tn
        rows = np.flatnonzero((catch > 0) & (alarm > 0))
        left_out = given.y.size - rows.size
        y, base = given.y[rows], given.weights_of(rows)
        events, negatives = class_counts(y)
        weight = _weighted(cost_proportionate_weights(y, costs.take(rows)), base)
        note = f"{events:,} events and {negatives:,} negatives weighted by their own costs"
        if left_out:
            note += f"; {left_out:,} rows left out, on which one decision is right whatever the label"
        traced = rows if left_out else None
        if self.correction == "offset":
            offset = np.log(catch[rows]) - np.log(alarm[rows])
            return given.training(note, rows=traced, sample_weight=weight, offset=offset)
        # what the weights did to the odds of the classes, so that the log-odds are right on average
        w, b = weight, np.ones(y.size) if base is None else base
        shift = np.log(b[y].sum() / b[~y].sum()) - np.log(w[y].sum() / w[~y].sum())
        return given.training(note, rows=traced, sample_weight=weight, shift=float(shift), exact=False)

    def _costs(self) -> Costs:
        if self.costs is None:
            raise CostError(
                f"The treatment {self.name!r} needs costs. Give `costs` to `fit` or `compare` (--cost-fp 10 --cost-fn "
                "500), or CostWeights(CostMatrix(fp=..., fn=...))."
            )
        return as_costs(self.costs)

    def describe(self) -> dict[str, Any]:
        costs = None if self.costs is None else self._costs()
        said = "by row" if isinstance(costs, RowCosts) else None if costs is None else costs.to_dict()
        return {"name": self.name, "costs": said, "correction": self.correction}


def _weighted(weight: np.ndarray, sample_weight: np.ndarray | None) -> np.ndarray:
    """The product with the given weights, at their mean: regularisation acts on the same number of rows as without."""
    if sample_weight is None:
        return weight
    both = weight * sample_weight
    return both * (sample_weight.sum() / both.sum())
