"""Draws: weighted with and without replacement at any size, exact apportionment, parents of made rows, votes."""

import numpy as np

from rareclass.kernels.compiled import compiled
from rareclass.kernels.random import unit
from rareclass.kernels.threads import in_blocks


def apportion(weights: np.ndarray, total: int, rng: np.random.Generator | None = None) -> np.ndarray:
    """Whole numbers in proportion to `weights` that sum to `total` (largest remainder, Hamilton's method).

    Parameters
    ----------
    weights : float array (n,), non-negative; all zero means equal shares
    total : int >= 0
    rng : generator, optional
        Breaks equal remainders at random; without it the lower position wins.

    Examples
    --------
    >>> import numpy as np
    >>> apportion(np.array([1.0, 1.0, 1.0]), 10).tolist()
    [4, 3, 3]
    """
    weights = np.asarray(weights, dtype=np.float64)
    if not np.isfinite(weights).all():
        weights = np.where(np.isfinite(weights), 0.0, np.isposinf(weights).astype(np.float64))
    largest = weights.max(initial=0.0)
    shares = weights / largest if largest > 0 else np.ones(weights.size)
    shares = shares / shares.sum() * total
    counts = np.floor(shares).astype(np.int64)
    left = total - int(counts.sum())
    remainder = shares - counts
    tie = np.arange(weights.size) if rng is None else rng.permutation(weights.size)
    order = np.lexsort((tie, -remainder))
    counts[order[:left]] += 1
    if left < 0:  # rounding of the shares can overshoot by one
        order = np.lexsort((tie, remainder))
        counts[order[counts[order] > 0][:-left]] -= 1
    return counts


def weighted_choice(weights: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """`size` positions drawn with replacement with probability proportional to `weights`, for any number of rows.

    Examples
    --------
    >>> import numpy as np
    >>> weighted_choice(np.array([0.0, 1.0]), 3, np.random.default_rng(0)).tolist()
    [1, 1, 1]
    """
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    place = np.searchsorted(edges, rng.random(size) * edges[-1], side="right")
    # The last positive weight owns the end of the line, whatever the rounding of the sum.
    return np.minimum(place, int(np.flatnonzero(weights)[-1]))


@compiled
def _pairs(
    start: int,
    stop: int,
    base: np.ndarray,
    rows: np.ndarray,
    near: tuple[np.ndarray, np.ndarray],
    seed: np.uint64,
    parents: np.ndarray,
    gap: np.ndarray,
) -> None:
    neighbours, counts = near
    for i in range(start, stop):
        b = base[i]
        pick = np.int64(unit(seed, np.uint64(2 * i)) * counts[b])
        parents[i, 0] = rows[b]
        parents[i, 1] = neighbours[b, pick] if counts[b] > 0 else rows[b]
        gap[i] = unit(seed, np.uint64(2 * i + 1))


@compiled
def _bases(start: int, stop: int, n: int, seed: np.uint64, base: np.ndarray) -> None:
    for i in range(start, stop):
        base[i] = np.int64(unit(seed, np.uint64(i)) * n)


def uniform_positions(n: int, size: int, seed: int) -> np.ndarray:
    """`size` positions in range(n), with replacement, from a counter-based stream."""
    base = np.empty(size, dtype=np.int64)
    in_blocks(_bases, size, n, np.uint64(seed), base)
    return base


def repeated_rows(rows: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """`size` of the rows (m,), with replacement; rows are looked up in the memory that held their positions."""
    drawn = rng.integers(0, rows.size, size)

    def look_up(start: int, stop: int) -> None:
        drawn[start:stop] = rows.take(drawn[start:stop], mode="clip")

    in_blocks(look_up, size)
    return drawn


def pair_up(
    base: np.ndarray, rows: np.ndarray, neighbours: np.ndarray, counts: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """For every base row one of its neighbours at random, and a uniform gap.

    Parameters
    ----------
    base : int array (s,)
        Positions in `rows`.
    rows : int array (b,)
        Rows of the data.
    neighbours : int array (b, k)
        Their neighbours, the first `counts` of each row valid.
    counts : int array (b,)
        Number of valid neighbours; a row without any is its own partner.
    seed : int

    Returns
    -------
    parents : int array (s, 2); gap : float array (s,) in [0, 1)
    """
    parents, gap = np.empty((base.size, 2), dtype=np.int64), np.empty(base.size)
    in_blocks(_pairs, base.size, base, rows, (neighbours, counts), np.uint64(seed), parents, gap)
    return parents, gap


@compiled
def _votes(
    start: int,
    stop: int,
    base: np.ndarray,
    near: tuple[np.ndarray, np.ndarray],
    codes: np.ndarray,
    favour: np.ndarray,
    seed: np.uint64,
    donors: np.ndarray,
) -> None:
    neighbours, counts = near
    n_columns = codes.shape[1]
    for i in range(start, stop):
        b = base[i]
        for c in range(n_columns):
            most, ties = 0, 0
            chosen = neighbours[b, 0]
            for p in range(counts[b]):
                code = codes[neighbours[b, p], c]
                votes, first = 0, True
                for q in range(counts[b]):
                    if codes[neighbours[b, q], c] == code:
                        votes += 1
                        if q < p:
                            first = False
                if not first:
                    continue
                if votes > most:
                    most, ties, chosen = votes, 1, neighbours[b, p]
                elif votes == most:
                    here, there = favour[neighbours[b, p], c], favour[chosen, c]
                    if here < there:
                        continue
                    if here > there:
                        ties, chosen = 1, neighbours[b, p]
                        continue
                    ties += 1
                    # Reservoir: the t-th tied level replaces the choice with probability 1/t.
                    key = np.uint64((i * n_columns + c) * neighbours.shape[1] + p)
                    if unit(seed, key) * ties < 1.0:
                        chosen = neighbours[b, p]
            donors[i, c] = chosen


def vote(
    base: np.ndarray,
    neighbours: np.ndarray,
    counts: np.ndarray,
    codes: np.ndarray,
    seed: int,
    favour: np.ndarray | None = None,
) -> np.ndarray:
    """Row whose nominal value the neighbours of each base row elect, by column; ties are drawn at random.

    Parameters
    ----------
    base : int array (s,)
        Positions in `neighbours`.
    neighbours : int array (b, k)
        Rows of the data that vote; the first `counts` of each row are valid, at least one.
    counts : int array (b,)
    codes : int array (n, c)
        Level codes of the nominal columns.
    seed : int
    favour : int array (n, c), optional
        Of tied levels those with the largest number here remain.

    Returns
    -------
    int array (s, c)
    """
    if favour is None:
        favour = np.broadcast_to(np.zeros((), dtype=np.int64), codes.shape)
    donors = np.empty((base.size, codes.shape[1]), dtype=np.int64)
    near = (neighbours, counts)
    in_blocks(_votes, base.size, base, near, codes, favour, np.uint64(seed), donors, block=1 << 13)
    return donors
