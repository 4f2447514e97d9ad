import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rareclass.kernels.draw import apportion, pair_up, repeated_rows, uniform_positions, vote, weighted_choice


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=30), st.integers(0, 10_000))
def test_apportioned_numbers_sum_up_and_keep_the_quota(weights, total):
    weights = np.array(weights)
    numbers = apportion(weights, total, np.random.default_rng(0))
    assert numbers.sum() == total
    assert (numbers >= 0).all()
    if weights.sum() > 0:
        quota = weights / weights.max() / (weights / weights.max()).sum() * total
        assert (np.abs(numbers - quota) <= 1 + 1e-6).all()


def test_apportionment_is_that_of_the_textbook():
    # Hamilton's method on 100,000 voters and 10 seats: quotas 4.7, 1.6, 1.58, 1.2, .61, .31.
    assert apportion(np.array([47, 16, 15.8, 12, 6.1, 3.1]), 10).tolist() == [5, 2, 1, 1, 1, 0]


def test_equal_weights_and_no_weights_share_equally():
    assert sorted(apportion(np.zeros(3), 7).tolist()) == [2, 2, 3]
    assert sorted(apportion(np.full(4, np.nan), 8).tolist()) == [2, 2, 2, 2]


def test_weighted_choice_has_the_right_shares():
    weights = np.array([1.0, 0.0, 3.0, 6.0])
    counts = np.bincount(weighted_choice(weights, 100_000, np.random.default_rng(0)), minlength=4)
    expected = weights / 10
    assert counts[1] == 0
    assert (np.abs(counts / 1e5 - expected) < 4 * np.sqrt(expected / 1e5) + 1e-12).all()


def test_weighted_choice_reaches_rows_beyond_2_to_the_24():
    weights = np.ones(2**24 + 1000)
    drawn = weighted_choice(weights, 200_000, np.random.default_rng(0))
    assert drawn.max() > 2**24 * 0.999
    weights[:] = 0
    weights[-1] = 1e-9
    assert (weighted_choice(weights, 5, np.random.default_rng(0)) == weights.size - 1).all()


def test_repeated_rows_are_those_of_plain_indexing():
    # More rows than one thread takes alone.
    rows = np.array([7, 3, 11, 2])
    drawn = repeated_rows(rows, 100_000, np.random.default_rng(5))
    assert (drawn == rows[np.random.default_rng(5).integers(0, 4, 100_000)]).all()
    assert (rows == [7, 3, 11, 2]).all()


def test_pairs_take_only_valid_neighbours():
    rows, neighbours = np.array([10, 20]), np.array([[11, 12, 99], [99, 99, 99]])
    parents, gap = pair_up(uniform_positions(2, 5000, 1), rows, neighbours, np.array([2, 0]), 2)
    assert set(map(tuple, parents.tolist())) == {(10, 11), (10, 12), (20, 20)}
    assert ((gap >= 0) & (gap < 1)).all()


def test_positions_are_uniform():
    counts = np.bincount(uniform_positions(7, 70_000, 3))
    assert (np.abs(counts - 10_000) < 4 * np.sqrt(10_000)).all()


def test_the_vote_elects_the_most_frequent_level_and_breaks_ties_evenly():
    codes = np.array([[0], [1], [1], [2], [2], [5]])
    neighbours = np.array([[0, 1, 2, 5], [1, 2, 3, 4]])
    base = np.repeat([0, 1], 20_000)
    donors = vote(base, neighbours, np.array([4, 4]), codes, 7)
    assert (codes[donors[:20_000, 0], 0] == 1).all()
    share = (codes[donors[20_000:, 0], 0] == 1).mean()
    assert abs(share - 0.5) < 4 * np.sqrt(0.25 / 20_000)


def test_favour_breaks_ties():
    codes, favour = np.array([[0], [1]]), np.array([[3], [9]])
    assert (vote(np.zeros(50, int), np.array([[0, 1]]), np.array([2]), codes, 1, favour) == 1).all()
