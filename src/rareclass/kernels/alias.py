"""Weighted draws from any number of rows: an alias table of eight bytes a row, and exponential keys.

The table is made in one sweep over the weights without work space (the sweeping form of Vose's method:
Hübschle-Schneider and Sanders, "Parallel weighted random sampling", ESA 2019). Slot i holds in its low 32
bits the row drawn otherwise, and in its high 32 bits the chance, in units of 2^-32, that i itself is drawn. Rounding to
those units moves less than 2^-32 of all probability in total; a row without weight is never drawn.
"""

import numpy as np

from rareclass.kernels.compiled import compiled
from rareclass.kernels.random import _GOLDEN, mix, unit
from rareclass.kernels.threads import in_blocks

MOST_ROWS = 2**32 - 1
_LOW = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)
_FULL = 2.0**32


@compiled
def _total(weights: np.ndarray, largest: float) -> float:
    """Sum of weights / largest, in runs, so that its rounding error does not grow with their number."""
    total = 0.0
    for start in range(0, weights.size, 4096):
        run = 0.0
        for i in range(start, min(start + 4096, weights.size)):
            run += weights[i] / largest
        total += run
    return total


@compiled
def _sweep(weights: np.ndarray, largest: float, scale: float, table: np.ndarray) -> None:
    """Fill the table: light rows are topped up by the present heavy row, and by the next once that has become light."""
    n = weights.size
    light, heavy = 0, 0
    while heavy < n and (weights[heavy] / largest) * scale <= 1.0:
        heavy += 1
    rest = (weights[heavy] / largest) * scale if heavy < n else 0.0
    while heavy < n:
        if rest > 1.0:
            while light < n and (weights[light] / largest) * scale > 1.0:
                light += 1
            if light >= n:
                break
            own = (weights[light] / largest) * scale
            table[light] = _packed(own, heavy)
            rest -= 1.0 - own
            light += 1
        else:
            after = heavy + 1
            while after < n and (weights[after] / largest) * scale <= 1.0:
                after += 1
            if after >= n:
                break
            table[heavy] = _packed(rest, after)
            rest += (weights[after] / largest) * scale - 1.0
            heavy = after
    # What rounding left over: heavy rows keep their slots; light ones are close to full, or weigh next to nothing.
    last = min(heavy, n - 1)
    for i in range(light, n):
        own = (weights[i] / largest) * scale
        if own <= 1.0:
            table[i] = _packed(own, last if heavy < n else i)
    if heavy < n:
        for i in range(heavy, n):
            if (weights[i] / largest) * scale > 1.0:
                table[i] = _packed(1.0, i)


@compiled(inline="always")
def _packed(own: float, other: int) -> np.uint64:
    part = np.uint64(min(own * _FULL + 0.5, _FULL - 1.0))
    if own >= 1.0:
        return (_LOW << _32) | np.uint64(other)
    return (part << _32) | np.uint64(other)


def alias_table(weights: np.ndarray) -> np.ndarray:
    """Table of weighted draws with replacement.

    Parameters
    ----------
    weights : float32 or float64 array (n,), finite, non-negative, not all zero, 0 < n < 2^32

    Returns
    -------
    uint64 array (n,)

    Examples
    --------
    >>> import numpy as np
    >>> table = alias_table(np.array([0.0, 1.0, 3.0]))
    >>> np.bincount(draw_aliased(table, 4000, seed=0), minlength=3)[0]
    np.int64(0)
    """
    largest = float(weights.max())
    table = np.empty(weights.size, dtype=np.uint64)
    _sweep(weights, largest, weights.size / _total(weights, largest), table)
    return table


@compiled
def _draw(start: int, stop: int, table: np.ndarray, seed: np.uint64, first: int, step: int, out: np.ndarray) -> None:
    n = np.uint64(table.size)
    for i in range(start, stop):
        r = mix(seed + np.uint64(first + i * step + 1) * _GOLDEN)
        # r n / 2^64: its whole part is the slot, its fraction the place within it
        high = (r >> _32) * n + (((r & _LOW) * n) >> _32)
        slot = high >> _32
        entry = table[slot]
        # without a branch, whose misses would wait for the table: many reads of it are then under way at once
        keep = np.int64((high & _LOW) < (entry >> _32))
        other = np.int64(entry & _LOW)
        out[i] = other + keep * (np.int64(slot) - other)


def draw_aliased(table: np.ndarray, size: int, seed: int, first: int = 0, step: int = 1) -> np.ndarray:
    """Draws number `first`, `first` + `step`, ... of the endless sequence of `seed`, `size` of them; int64 (size,).

    Examples
    --------
    >>> import numpy as np
    >>> table = alias_table(np.arange(5.0))
    >>> whole = draw_aliased(table, 10, seed=3)
    >>> bool((draw_aliased(table, 3, seed=3, first=1, step=4) == whole[1::4]).all())
    True
    """
    out = np.empty(size, dtype=np.int64)
    in_blocks(_draw, size, table, np.uint64(seed), first, step, out, block=1 << 18)
    return out


@compiled
def _keys(start: int, stop: int, weights: np.ndarray, seed: np.uint64, keys: np.ndarray) -> None:
    for i in range(start, stop):
        if weights[i] > 0.0:
            keys[i] = np.log(-np.log1p(-unit(seed, np.uint64(i)))) - np.log(np.float64(weights[i]))
        else:
            keys[i] = np.inf


def draw_distinct(weights: np.ndarray, size: int, seed: int) -> np.ndarray:
    """`size` different rows, drawn one after the other in proportion to the weights of those left; int64 (size,).

    The order of E_i / w_i, E_i standard exponential, is the order of such draws (Efraimidis and Spirakis, "Weighted
    random sampling with a reservoir", Information Processing Letters 97, 2006); exact for any weights. Takes sixteen
    bytes a row while it runs.

    Parameters
    ----------
    weights : float array (n,), finite and non-negative, at least `size` of them positive
    size : int
    seed : int in [0, 2^64)

    Examples
    --------
    >>> import numpy as np
    >>> sorted(draw_distinct(np.array([0.0, 1.0, 2.0]), 2, seed=0).tolist())
    [1, 2]
    """
    keys = np.empty(weights.size)
    in_blocks(_keys, weights.size, weights, np.uint64(seed), keys)
    if size < weights.size:
        cut = np.partition(keys, size - 1)[size - 1] if size else -np.inf
        chosen = np.flatnonzero(keys <= cut)
    else:
        chosen = np.arange(weights.size)
    return chosen[np.argsort(keys[chosen], kind="stable")][:size]
