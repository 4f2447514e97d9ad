"""Weighted draws against their exact chances. Chi-square tests would fail a right sampler at 1e-4."""

from itertools import permutations

import numpy as np
import pytest
from scipy.stats import chisquare

from rareclass.kernels.alias import alias_table, draw_aliased, draw_distinct

ERROR_RATE = 1e-4
RNG = np.random.default_rng(23)
WEIGHTS = {
    "equal": np.ones(7),
    "one row": np.array([2.5]),
    "a zero": np.array([0.0, 1.0, 3.0]),
    "one of many": np.concatenate((np.zeros(10), [1.0], np.zeros(5))),
    "exponential": RNG.exponential(size=1000),
    "heavy tail": RNG.pareto(0.5, 1000),
    "light and heavy": np.repeat([1.0, 1e9], [10_000, 3]),
    "float32": RNG.random(100_000).astype(np.float32),
    "largest numbers": np.full(5, 1e308),
    "smallest numbers": np.array([5e-324, 1e-323, 0.0]),
}


def chances(table: np.ndarray) -> np.ndarray:
    """Probability of each row that the table holds, slot by slot."""
    own = (table >> np.uint64(32)).astype(np.float64) / 2.0**32
    other = (table & np.uint64(0xFFFFFFFF)).astype(np.int64)
    p = own + np.bincount(other, 1.0 - own, minlength=table.size)
    return p / table.size


@pytest.mark.parametrize("name", WEIGHTS)
def test_the_table_holds_the_chances_to_less_than_two_to_the_minus_32(name):
    weights = WEIGHTS[name]
    found, expected = chances(alias_table(weights)), weights.astype(np.longdouble) / weights.max()
    expected = expected / expected.sum()
    assert 0.5 * np.abs(found - expected).sum() < 2.0**-32
    assert not found[weights == 0].any()


@pytest.mark.parametrize("name", ["equal", "a zero", "exponential", "heavy tail"])
def test_rows_come_as_often_as_their_weights_say(name):
    weights = WEIGHTS[name]
    drawn = np.bincount(draw_aliased(alias_table(weights), 200_000, seed=11), minlength=weights.size)
    expected = 200_000 * weights / weights.sum()
    assert not drawn[weights == 0].any()
    rare = expected < 5  # cells too small for the test are taken together
    cells = np.append(drawn[~rare], drawn[rare].sum()), np.append(expected[~rare], expected[rare].sum())
    kept = cells[1] > 0
    assert chisquare(cells[0][kept], cells[1][kept]).pvalue > ERROR_RATE


def test_draws_are_independent_of_the_one_before():
    drawn = draw_aliased(alias_table(np.array([1.0, 2.0, 3.0])), 120_001, seed=5)
    pairs = np.bincount(3 * drawn[:-1] + drawn[1:], minlength=9)
    p = np.array([1.0, 2.0, 3.0]) / 6
    assert chisquare(pairs[:], 120_000 * np.outer(p, p).ravel()).pvalue > ERROR_RATE


def test_any_part_of_the_sequence_can_be_drawn_alone():
    table = alias_table(WEIGHTS["exponential"])
    whole = draw_aliased(table, 300_000, seed=2)
    assert (draw_aliased(table, 100, seed=2, first=250_000) == whole[250_000:250_100]).all()
    assert (draw_aliased(table, 100_000, seed=2, first=1, step=3) == whole[1::3]).all()
    assert (draw_aliased(table, 300_000, seed=3) != whole).any()


def test_distinct_rows_come_in_the_order_of_successive_draws():
    """Every ordered pair against the closed form w_i / S * w_j / (S - w_i)."""
    weights = np.array([1.0, 0.0, 2.0, 5.0])
    pairs = list(permutations((0, 2, 3), 2))
    expected = [weights[i] / 8.0 * weights[j] / (8.0 - weights[i]) for i, j in pairs]
    drawn = [tuple(draw_distinct(weights, 2, seed).tolist()) for seed in range(20_000)]
    assert chisquare([drawn.count(pair) for pair in pairs], 20_000 * np.array(expected)).pvalue > ERROR_RATE


def test_distinct_draws_of_all_and_of_none():
    weights = np.array([1e-300, 1.0, 1e300])
    assert draw_distinct(weights, 3, seed=0).tolist() == [2, 1, 0]
    assert draw_distinct(weights, 0, seed=0).tolist() == []
    large = RNG.random(50_000)
    assert np.unique(draw_distinct(large, 20_000, seed=1)).size == 20_000
