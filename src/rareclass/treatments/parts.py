"""One split of a table, encoded: what a learner is fitted on and what it scores."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from rareclass.data.encode import TableEncoder
from rareclass.data.schema import Column
from rareclass.decisions.costs import Costs, RowCosts
from rareclass.treatments.base import NoTreatment
from rareclass.treatments.sampling import SampledNegatives


@dataclass(frozen=True)
class Part:
    """An encoded split.

    Attributes
    ----------
    X, y, weight : arrays (m, d), (m,), (m,) or None
        Rows to fit on: the training rows, or a sample of them.
    shift : float
        Log-odds that undo the sampling of the training rows.
    test : ndarray of shape (u, d)
        Distinct rows to score.
    expand : ndarray of shape (t,)
        Position in `test` of each row to score: equal rows are scored once.
    categorical : tuple of int
        Columns that hold category codes.
    encoder : TableEncoder
        Fitted on the rows that `X` holds.
    costs : CostMatrix, RowCosts or None
        Costs of the rows to fit on.
    """

    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray | None
    shift: float
    test: np.ndarray
    expand: np.ndarray
    categorical: tuple[int, ...]
    encoder: TableEncoder
    costs: Costs | None = None


@dataclass(frozen=True)
class Source:
    """A table of features with its labels, from which splits are encoded.

    `fit_rows` limits the rows of a fit: all events and so many rows altogether; None fits on everything.
    """

    table: pa.Table
    columns: Sequence[Column]
    y: np.ndarray
    duplicate_id: np.ndarray
    weight: np.ndarray | None = None
    fit_rows: int | None = None
    seed: int = 0
    costs: Costs | None = None

    def part(self, train: np.ndarray, test: np.ndarray, *, number: int) -> Part:
        """Encode the split (train, test); `number` names its random stream."""
        rng = np.random.default_rng([self.seed, number])
        rows, shift = self._sample(train, rng)
        features = self.table.select([c.name for c in self.columns])
        fit_table = features.take(rows)
        encoder = TableEncoder(self.columns).fit(fit_table)
        encoded = encoder.transform(fit_table)
        _, first, expand = np.unique(self.duplicate_id[test], return_index=True, return_inverse=True)
        scored = encoder.transform(features.take(test[first])).matrix if test.size else encoded.matrix[:0]
        weight = None if self.weight is None else self.weight[rows]
        costs = self.costs.take(rows) if isinstance(self.costs, RowCosts) else self.costs
        return Part(
            encoded.matrix, self.y[rows], weight, shift, scored, expand, tuple(encoded.categorical), encoder, costs
        )  # fmt: skip

    def _sample(self, train: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, float]:
        if self.fit_rows is None or train.size <= self.fit_rows:
            return train, 0.0
        position = np.arange(train.size, dtype=np.float64)[:, None]
        plan = SampledNegatives(rows=self.fit_rows).prepare(position, self.y[train], rng=rng)
        return train[plan.X[:, 0].astype(np.int64)], plan.shift


def fit_on(part: Part, arm: Any, *, seed: int, number: int, n_jobs: int) -> Any:
    """Fit an `Arm` on the rows of a part; `number` names its random stream."""
    if part.costs is not None:
        arm = replace(arm, treatment=arm.treatment.with_costs(part.costs))
    fitted = arm.fit(
        part.X, part.y, sample_weight=part.weight, categorical_features=part.categorical, shift=part.shift,
        seed=np.random.SeedSequence([seed, number]), n_jobs=n_jobs,
    )  # fmt: skip
    if part.shift == 0:
        return fitted
    sampled = "log-odds shifted by the log of the share of negatives drawn"
    own = "" if isinstance(arm.treatment, NoTreatment) else f"; {fitted.restoration}"
    note = f"all events and {100 * np.exp(part.shift):.3g} % of the negatives drawn; {fitted.note}"
    return replace(fitted, note=note, restoration=sampled + own)
