"""Counter-based random numbers: the i-th number of a seed, whatever order or thread asks for it.

The mixer is SplitMix64 (Steele, Lea and Flood 2014): number i of a seed is the i-th output of the generator started at
that seed, so results do not depend on how the work is cut into blocks.
"""

import numpy as np
from scipy.special import ndtri

from rareclass.kernels.compiled import compiled

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_TO_UNIT = 2.0**-53


@compiled(inline="always")
def mix(key: np.uint64) -> np.uint64:
    """SplitMix64's finaliser of one 64-bit key (a bijection)."""
    z = key
    z = (z ^ (z >> np.uint64(30))) * _MIX_1
    z = (z ^ (z >> np.uint64(27))) * _MIX_2
    return z ^ (z >> np.uint64(31))


@compiled(inline="always")
def unit(seed: np.uint64, index: np.uint64) -> float:
    """Uniform number in [0, 1) with 53 bits: number `index` of `seed`."""
    return np.float64(mix(seed + (index + np.uint64(1)) * _GOLDEN) >> np.uint64(11)) * _TO_UNIT


@compiled
def _mix_all(keys: np.ndarray, out: np.ndarray) -> None:
    for i in range(keys.size):
        out[i] = mix(keys[i])


@compiled
def _unit_all(seed: np.uint64, index: np.ndarray, out: np.ndarray) -> None:
    for i in range(index.size):
        out[i] = unit(seed, np.uint64(index[i]))


def splitmix64(keys: np.ndarray) -> np.ndarray:
    """SplitMix64's finaliser of each key: uint64 in, uint64 out, one to one.

    Examples
    --------
    >>> import numpy as np
    >>> bool(splitmix64(np.array([1, 2], dtype=np.uint64))[0] != 1)
    True
    """
    keys = np.ascontiguousarray(keys, dtype=np.uint64)
    out = np.empty_like(keys)
    _mix_all(keys.ravel(), out.ravel())
    return out


def uniform_from_key(seed: int, index: np.ndarray) -> np.ndarray:
    """Uniform numbers in [0, 1): for each index the number of that place in the stream of `seed`.

    Parameters
    ----------
    seed : int in [0, 2^64)
    index : int array
        Places in the stream; the same place always gives the same number.

    Examples
    --------
    >>> import numpy as np
    >>> whole = uniform_from_key(7, np.arange(10))
    >>> bool((uniform_from_key(7, np.arange(5, 10)) == whole[5:]).all())
    True
    """
    index = np.ascontiguousarray(index, dtype=np.int64)
    out = np.empty(index.shape)
    _unit_all(np.uint64(seed), index.ravel(), out.ravel())
    return out


def seed_from(rng: np.random.Generator) -> int:
    """A 63-bit seed for counter-based numbers, drawn from a generator."""
    return int(rng.integers(0, 2**63 - 1))


def normal_from_key(seed: int, index: np.ndarray) -> np.ndarray:
    """Standard normal numbers: for each index the number of that place in the stream of `seed`.

    Examples
    --------
    >>> import numpy as np
    >>> whole = normal_from_key(1, np.arange(10))
    >>> bool((normal_from_key(1, np.arange(4, 10)) == whole[4:]).all())
    True
    """
    # The smallest uniform number is 0, whose normal quantile is not finite.
    return ndtri(np.maximum(uniform_from_key(seed, index), 0.5 * _TO_UNIT))


def normal_rows(seed: int, start: int, stop: int, columns: int) -> np.ndarray:
    """Rows `start` to `stop` of an endless matrix of standard normal numbers; the same for any cut into blocks."""
    return normal_from_key(seed, np.arange(start * columns, stop * columns).reshape(stop - start, columns))
