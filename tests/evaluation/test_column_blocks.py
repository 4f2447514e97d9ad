"""Stretches of a column that only events fill are blocks where no trend leads to them."""

import numpy as np
import pytest

from rareclass.evaluation.column_blocks import pure_block
from rareclass.evaluation.column_views import of_numbers


def block_of(numbers, y, scale=1.0):
    return pure_block(of_numbers("x", "", np.asarray(numbers, float)), y, scale, 0.97)


def planted(block, seed=0, n=3000, share=0.6):
    """Noise, of which a share of the events was replaced by a block."""
    rng = np.random.default_rng(seed)
    y = rng.random(n) < 0.04
    moved = y & (rng.random(n) < share)
    x = rng.normal(size=n)
    x[moved] = block(rng, moved.sum())
    return x, y, moved


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_block_beyond_all_others_is_found_row_by_row(sign):
    x, y, moved = planted(lambda rng, k: sign * rng.uniform(50, 60, k))
    found = block_of(x, y)
    np.testing.assert_array_equal(found.marks, moved)
    ends = np.sort(sign * x[moved])[[0, -1]]
    levels = np.unique(x)
    assert sorted(sign * levels[[found.low - 1, found.high - 1]]) == pytest.approx(ends.tolist())


def test_missing_numbers_belong_to_no_block():
    x, y, moved = planted(lambda rng, k: rng.uniform(50, 60, k))
    x[::7] = np.nan
    np.testing.assert_array_equal(block_of(x, y).marks, moved & ~np.isnan(x))


@pytest.mark.parametrize("seed", range(20))
def test_the_pure_end_of_a_trend_is_no_block(seed):
    rng = np.random.default_rng(seed)
    y = rng.random(3000) < 0.05
    assert block_of(rng.normal(size=3000) + 3 * y, y) is None  # a shift: more than a third lie beyond all others
    assert block_of(rng.standard_t(2, 3000) * np.where(y, 30, 1), y) is None  # heavier tails


def test_a_negative_that_stands_for_many_spoils_a_block():
    x, y, _ = planted(lambda rng, k: rng.uniform(50, 60, k))
    x[np.flatnonzero(~y)[0]] = 55.0
    assert block_of(x, y) is not None
    assert block_of(x, y, scale=50.0) is None


def test_few_events_are_no_block():
    y = np.arange(800) < 14
    assert block_of(np.random.default_rng(0).normal(size=800) + 100 * y, y) is None
