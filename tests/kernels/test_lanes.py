"""Eight numbers at once are what NumPy says of each of them, to the last bit."""

import numpy as np

from rareclass.kernels.compiled import compiled
from rareclass.kernels.lanes import LANES, load, store, total


@compiled(error_model="numpy")
def worked(a: np.ndarray, b: np.ndarray, factor: float, out: np.ndarray) -> float:
    second = np.uint64(LANES)
    x, y = load(a, second), load(b, np.uint64(0))
    store(out, np.uint64(0), (1.0 / (x * factor + y) - 2.0) * x)
    store(out, second, x / y - factor)
    return total(load(b, np.uint64(0)))


def test_eight_numbers_are_each_rounded_as_if_alone():
    rng = np.random.default_rng(0)
    a, b, out = rng.normal(size=2 * LANES), rng.normal(size=LANES), np.zeros(2 * LANES + 1)
    b[2], a[LANES + 3] = 0.0, np.inf
    found = worked(a, b, 1.7, out)
    x = a[LANES:]
    with np.errstate(all="ignore"):
        wanted = np.concatenate([(1.0 / (x * 1.7 + b) - 2.0) * x, x / b - 1.7, [0.0]])
    np.testing.assert_array_equal(out, wanted)
    pairs = b[:4] + b[4:]
    assert found == (pairs[0] + pairs[2]) + (pairs[1] + pairs[3])
