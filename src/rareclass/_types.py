"""Names for the types of what users hand over."""

import datetime
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

Label: TypeAlias = Hashable
"""A label of a target: a text, a number, a Boolean or a date."""

Seed: TypeAlias = int | np.integer | np.random.Generator | np.random.RandomState | np.random.SeedSequence | None
"""What `random_state` and `seed` take."""

Strategy: TypeAlias = str | float | Mapping | Iterable | Callable
"""What `sampling_strategy` takes, in imbalanced-learn's grammar."""

Rows: TypeAlias = Any
"""Rows (n, d) in any container: array, sparse matrix, nested list, pandas, polars or Arrow frame."""

PerRow: TypeAlias = Any
"""One value for each row (n,) in any container: array, list, pandas, polars or Arrow column."""

Matrix: TypeAlias = Any
"""Numbers (n, d): an ndarray or a SciPy sparse matrix, which has no types of its own."""


class HasCosts(Protocol):
    """Costs as an object: `CostMatrix`, `RowCosts`, or a user's own with these fields (`tp` and `tn` may be absent)."""

    @property
    def fp(self) -> ArrayLike: ...
    @property
    def fn(self) -> ArrayLike: ...


Costs: TypeAlias = Mapping[str, ArrayLike] | HasCosts | ArrayLike
"""Money per row by outcome, fp, fn, tp, tn, or a 2 x 2 array [true, predicted]."""

Labels: TypeAlias = ArrayLike
"""Labels (n,): the truth, or decisions."""

Scores: TypeAlias = ArrayLike
"""Scores or probabilities (n,), higher = more likely positive."""

Weights: TypeAlias = ArrayLike | None
"""`sample_weight` (n,): how often a row counts, or 1 / the probability with which it was sampled."""

Neighbours: TypeAlias = int | str | Any
"""A number of neighbours, "auto", or an estimator with `kneighbors`."""

Gap: TypeAlias = float | str | datetime.timedelta | np.timedelta64
"""How long labels take to arrive: a number in the unit of the times (days for dates), "7d", "36h", or a duration."""
