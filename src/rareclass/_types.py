"""Names for the types of what users hand over."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np

Label: TypeAlias = Hashable
"""A label of a target: a text, a number, a Boolean or a date."""

Seed: TypeAlias = int | np.integer | np.random.Generator | np.random.RandomState | np.random.SeedSequence | None
"""What `random_state` and `seed` take."""

Strategy: TypeAlias = str | float | Mapping | Iterable | Callable
"""What `sampling_strategy` takes, in imbalanced-learn's grammar."""

Rows: TypeAlias = Any
"""Rows (n, d) in any container: array, sparse matrix, nested list, pandas, polars or Arrow frame."""

Matrix: TypeAlias = Any
"""Numbers (n, d): an ndarray or a SciPy sparse matrix, which has no types of its own."""
