"""Eight whole numbers at once are what NumPy says of each of them."""

import numpy as np

from rareclass.kernels.compiled import compiled
from rareclass.kernels.whole_lanes import (
    WHOLE_LANES,
    add_products,
    at_most,
    either,
    load_alike,
    load_whole,
    lowest,
    smaller,
    store_whole,
    which,
)


@compiled
def multiplied(left: np.ndarray, right: np.ndarray, start: np.ndarray, out: np.ndarray) -> None:
    zero, second = np.uint64(0), np.uint64(WHOLE_LANES)
    store_whole(out, zero, add_products(load_whole(start, zero), load_whole(left, second), load_whole(right, zero)))
    store_whole(out, second, add_products(load_whole(start, zero), load_whole(left, zero), load_alike(right, zero)))


@compiled
def compared(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> tuple[int, int, int]:
    zero = np.uint64(0)
    x, y = load_whole(a, zero), load_whole(b, zero)
    store_whole(out, zero, smaller(x, y))
    most = which(at_most(x, y))
    return most, which(either(at_most(x, y), at_most(y, x))), lowest(most)


def test_pairs_of_short_numbers_are_multiplied_and_added():
    rng = np.random.default_rng(0)
    left = rng.integers(-(2**15), 2**15, 4 * WHOLE_LANES).astype(np.int16)
    right = rng.integers(-(2**14), 2**14, 2 * WHOLE_LANES).astype(np.int16)
    start, out = rng.integers(-1000, 1000, WHOLE_LANES).astype(np.int32), np.zeros(2 * WHOLE_LANES, dtype=np.int32)
    multiplied(left.view(np.int32), right.view(np.int32), start, out)
    pairs = left.reshape(2, WHOLE_LANES, 2).astype(np.int64)
    assert out[:WHOLE_LANES].tolist() == (start + (pairs[1] * right.reshape(-1, 2)).sum(axis=1)).tolist()
    assert out[WHOLE_LANES:].tolist() == (start + (pairs[0] * right[:2].astype(np.int64)).sum(axis=1)).tolist()


def test_lanes_are_compared_one_by_one():
    a = np.array([1, 5, -3, 7, 2**31 - 1, 0, 4, -(2**31)], dtype=np.int32)
    b = np.array([0, 5, -2, 6, 2**31 - 2, 1, 3, 2**31 - 1], dtype=np.int32)
    out = np.zeros(WHOLE_LANES, dtype=np.int32)
    most, every, first = compared(a, b, out)
    assert out.tolist() == np.minimum(a, b).tolist()
    assert [bool(most >> i & 1) for i in range(WHOLE_LANES)] == (a <= b).tolist()
    assert (every, first) == (255, 1)
