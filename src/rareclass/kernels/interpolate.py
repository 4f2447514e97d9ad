"""Rows between two parents, written straight into a preallocated output in its own type.

Made value = a + gap (b - a). Integers and Booleans are rounded at random, up with the probability of the fraction, so
that the mean is kept (truncation halves it); where one parent is missing the value is the other's, and the share of
missing values is kept by taking the missingness of the nearer parent at random.
"""

import numpy as np
from scipy import sparse

from rareclass._types import Matrix
from rareclass.kernels.compiled import compiled
from rareclass.kernels.random import mix, unit
from rareclass.kernels.threads import in_blocks

_BLOCK = 1 << 15
# Below so many pairs, or above this share of parents among the rows, gathering the parents does not pay.
_FEW_PAIRS = 1 << 14
_FEW_PARENTS = 4
_WORD = 2**64 - 1

Pairs = tuple[np.ndarray, np.ndarray, np.ndarray]
"""First and second parent of each made row, and its gap."""


@compiled
def _floats(start: int, stop: int, source: np.ndarray, pairs: Pairs, out: np.ndarray, seed: np.uint64) -> None:
    first, second, gap = pairs
    d = source.shape[1]
    for i in range(start, stop):
        a, b, g = first[i], second[i], gap[i]
        bad = False
        for j in range(d):
            value = source[a, j] + g * (source[b, j] - source[a, j])
            out[i, j] = value
            bad |= value != value
        if bad:
            row = mix(seed + np.uint64(i))
            for j in range(d):
                left, right = source[a, j], source[b, j]
                if left != left or right != right:
                    near = right if unit(row, np.uint64(j)) < g else left
                    out[i, j] = near if near != near else (right if left != left else left)


@compiled
def _integers(
    start: int,
    stop: int,
    source: np.ndarray,
    pairs: Pairs,
    out: np.ndarray,
    limits: tuple[np.ndarray, np.ndarray],
    seed: np.uint64,
) -> None:
    first, second, gap = pairs
    low, high = limits
    d = source.shape[1]
    for i in range(start, stop):
        a, b, g = first[i], second[i], gap[i]
        row = mix(seed + np.uint64(i))
        for j in range(d):
            left = np.int64(source[a, j])
            step = g * (np.float64(source[b, j]) - np.float64(source[a, j]))
            value = left + np.int64(np.floor(step + unit(row, np.uint64(j))))
            out[i, j] = min(max(value, np.int64(low[j])), np.int64(high[j]))


def interpolate_into(
    source: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    gap: np.ndarray,
    out: np.ndarray,
    seed: int,
    limits: tuple[np.ndarray, np.ndarray] | None = None,
) -> None:
    """out[i] = source[first[i]] + gap[i] (source[second[i]] - source[first[i]]), in the type of `out`.

    Parameters
    ----------
    source : array (n, d), float, integer or Boolean
    first, second : int arrays (s,)
        Rows of `source`.
    gap : float array (s,)
        0 gives the first parent, 1 the second; values outside [0, 1] extrapolate.
    out : array (s, d), same dtype as `source`
    seed : int
        For the rounding of integers.
    limits : (smallest, largest) of each column
        Made integers and Booleans stay in this range; by default that of `source`.
    """
    if limits is None and source.dtype.kind in "iub":
        limits = source.min(axis=0), source.max(axis=0)
    if source.dtype in (np.float16, np.uint64):
        _by_numpy(source, (first, second, gap), out, seed, limits)
        return
    source, place = _close_together(source, first, second)
    ends = None
    if source.dtype.kind != "f":
        low, high = (limit.astype(np.int64) for limit in limits)  # type: ignore[union-attr]
        ends = low, high
        if source.dtype.kind == "b":
            source, out = source.view(np.uint8), out.view(np.uint8)

    def block(start: int, stop: int) -> None:
        part, key = slice(start, stop), np.uint64((seed + start) & _WORD)
        a, b = (rows[part] if place is None else place.take(rows[part]) for rows in (first, second))
        a, b = np.ascontiguousarray(a, dtype=np.intp), np.ascontiguousarray(b, dtype=np.intp)
        if ends is None:
            _floats(0, stop - start, source, (a, b, gap[part].astype(source.dtype)), out[part], key)
        else:
            _integers(0, stop - start, source, (a, b, gap[part].astype(np.float64)), out[part], ends, key)

    in_blocks(block, out.shape[0], block=_BLOCK)


def _by_numpy(
    source: np.ndarray, pairs: Pairs, out: np.ndarray, seed: int, limits: tuple[np.ndarray, np.ndarray] | None
) -> None:
    """As `interpolate_into`, for the types that compiled code does not take."""
    for start in range(0, out.shape[0], _BLOCK):
        first, second, gap = (each[start : start + _BLOCK] for each in pairs)
        a, b = source[first].astype(np.float64), source[second].astype(np.float64)
        write_typed(a + gap[:, None] * (b - a), out, np.arange(start, start + len(a)), seed, limits)


def _close_together(source: np.ndarray, first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """A copy of the parents alone and the place of each row in it, where few rows are parents of many.

    The parents of a rare class lie scattered over a matrix far larger than the processor's cache; together they fit.
    """
    if first.size >= _FEW_PAIRS:
        taken = np.zeros(source.shape[0], dtype=np.bool_)
        taken[first] = True
        taken[second] = True
        rows = np.flatnonzero(taken)
        if rows.size * _FEW_PARENTS <= source.shape[0]:
            place = np.zeros(taken.size, dtype=np.intp)
            place[rows] = np.arange(rows.size)
            return source[rows], place
    return source, None


def write_typed(
    made: np.ndarray, out: np.ndarray, rows: np.ndarray, seed: int, limits: tuple[np.ndarray, np.ndarray] | None = None
) -> None:
    """out[rows] = made; integers and Booleans are rounded at random (mean kept) and clipped to `limits`."""
    made = np.asarray(made)
    if out.dtype.kind in "iub":
        rng = np.random.default_rng((seed & (2**64 - 1), int(rows[0]) if len(rows) else 0))
        made = np.floor(made + rng.random(made.shape))
        if limits is not None:
            made = np.clip(made, limits[0].astype(np.float64), limits[1].astype(np.float64))
        else:
            bounds = (0, 1) if out.dtype.kind == "b" else (np.iinfo(out.dtype).min, np.iinfo(out.dtype).max)
            made = np.clip(made, *bounds)
    out[rows] = made.astype(out.dtype)


def round_sparse(made: Matrix, dtype: np.dtype, seed: int, limits: tuple[np.ndarray, np.ndarray] | None) -> Matrix:
    """CSR matrix in `dtype`; stored entries of integers and Booleans rounded at random and clipped to `limits`."""
    made = made.tocsr()
    if dtype.kind in "iub":
        made.data = np.floor(made.data + np.random.default_rng((seed & (2**64 - 1), 1)).random(made.data.size))
        if limits is not None:
            made.data = np.clip(made.data, limits[0][made.indices], limits[1][made.indices])
        made.eliminate_zeros()
    return made.astype(dtype)


def interpolate_sparse(
    source: Matrix,
    first: np.ndarray,
    second: np.ndarray,
    gap: np.ndarray,
    seed: int,
    limits: tuple[np.ndarray, np.ndarray] | None = None,
) -> Matrix:
    """Rows between two parents of a CSR matrix, as CSR of the same type, in blocks."""
    parts = []
    for start in range(0, len(first), _BLOCK):
        part = slice(start, start + _BLOCK)
        a, b = source[first[part]].astype(np.float64), source[second[part]].astype(np.float64)
        made = a + sparse.diags_array(gap[part]) @ (b - a)
        parts.append(round_sparse(made, source.dtype, seed + start, limits))
    return sparse.vstack(parts, format="csr")
