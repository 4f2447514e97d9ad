"""Positives and negatives of an epoch, shared out among ranks and put in order."""

import warnings
from collections.abc import Iterator

import numpy as np

from rareclass.errors import InputError, ShortfallWarning

_PART = 1 << 16
"""Rows made Python numbers at a time."""


def divisible(wanted: float, positives: int, negatives: int, world_size: int) -> int:
    """Number of negatives near `wanted` with which all rows divide among the ranks."""
    number = max(1, min(negatives, round(wanted)))
    more = -(positives + number) % world_size
    if number + more > negatives:
        more -= world_size
    if number + more < 1:
        raise InputError(
            f"{positives + negatives} rows cannot be shared among {world_size} ranks with all positives and no row "
            "twice. Use fewer ranks."
        )
    return number + more


def share_of(
    positives: np.ndarray, negatives: np.ndarray, place: tuple[int, int], rng: np.random.Generator
) -> np.ndarray:
    """Rows of one rank (rank, world size), the positives spread evenly: one in each of as many stretches.

    `positives` and `negatives` are in random order, the same on each rank, and together divide by the world size.
    """
    rank, world_size = place
    size = (positives.size + negatives.size) // world_size
    own = positives[rank::world_size]
    if not own.size:
        warnings.warn(
            f"Rank {rank} of {world_size} has no positives: there are only {positives.size}. Use fewer ranks, or "
            "`BalancedBatchSampler`, which repeats them.",
            ShortfallWarning,
            stacklevel=3,
        )
    each = size - np.array([positives[r::world_size].size for r in range(rank + 1)])
    start = int(each[:rank].sum())
    ends = np.arange(own.size + 1) * size // max(own.size, 1)
    rows = np.empty(size, dtype=np.int64)
    at = rng.integers(ends[:-1], ends[1:])
    rest = np.ones(size, dtype=bool)
    rest[at] = False
    rows[at], rows[rest] = own, negatives[start : start + each[rank]]
    return rows


def in_parts(rows: np.ndarray, skip: int) -> Iterator[np.ndarray]:
    """The rows after the first `skip`, some at a time."""
    for start in range(skip, rows.size, _PART):
        yield rows[start : start + _PART]
