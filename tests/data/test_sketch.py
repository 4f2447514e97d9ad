"""A sketch of the rows of a fit tells how many of other rows were among them, and little of a single one."""

import numpy as np
import pytest

from rareclass.data.sketch import BITS, HELD, RowSketch


def rows(n, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 3)), rng.random(n) < 0.1


@pytest.mark.parametrize("n", [300, 20_000])
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_overlap_is_the_share_of_rows_that_were_there(n, share):
    X, y = rows(n)
    new, labels = rows(n, seed=1)
    old = int(share * n)
    met, spread = RowSketch.of(X, y).overlap(np.vstack([X[:old], new[old:]]), np.r_[y[:old], labels[old:]])
    assert abs(met - share) <= 4 * spread
    assert spread < 0.05


def test_rows_are_the_same_wherever_they_stand_and_with_their_label_only():
    X, y = rows(500)
    X[::7, 1] = np.nan
    sketch = RowSketch.from_dict(RowSketch.of(X, y).to_dict())
    order = np.random.default_rng(2).permutation(500)
    assert sketch.overlap(X[order], y[order])[0] == 1.0
    met, spread = sketch.overlap(X, ~y)
    assert met < 4 * spread
    assert sketch.repeated == 0.0
    assert RowSketch.of(np.vstack([X[:250]] * 2), np.r_[y[:250], y[:250]]).repeated == 1.0


def test_a_single_row_is_well_hidden():
    sketch = RowSketch.of(*rows(50_000))
    assert len(sketch.bits) == BITS // 4
    held = np.unpackbits(np.frombuffer(bytes.fromhex(sketch.bits), np.uint8)).mean()
    assert 0.15 < held <= HELD / BITS  # by chance one row in five finds its bit set
    assert sketch.limit / 2**64 < 0.03  # and of the rows that were there 97 in 100 are not held


def test_a_handful_of_rows_cannot_be_told():
    assert RowSketch.of(*rows(100)).overlap(*rows(9)) == (0.0, float("inf"))
