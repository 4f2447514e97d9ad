"""What the search on the grid finds is what a brute force in float64 finds."""

from dataclasses import replace

import numpy as np
import pytest

from rareclass.kernels.grid import QUERIES_AT_ONCE, Grid
from rareclass.kernels.nearest import nearest_in_panel
from rareclass.kernels.panel import Space
from rareclass.kernels.sift import FARTHEST, bracket


def rows_of(kind, n=1500, d=9):
    rng = np.random.default_rng(3)
    X = rng.standard_normal((n, d))
    if kind == "offset":
        X += 1e6
    elif kind == "ties":
        X = rng.integers(0, 4, (n, d)).astype(np.float64)
    elif kind == "crowd":  # more equal rows than a query has room for
        X[n // 3 :] = X[0]
    elif kind == "outside":  # rows that do not fit on the grid, some near each other
        X[::300] = 1e3 + rng.standard_normal((len(X[::300]), d))
    elif kind == "float32":
        X = X.astype(np.float32)
    return X


def brute(X, queries, candidates, k, with_itself=False):
    X = X.astype(np.float64)
    squares, rows = np.full((len(queries), k), np.inf), np.full((len(queries), k), len(X))
    for i, q in enumerate(queries):
        square = ((X[candidates] - X[q]) ** 2).sum(axis=1)
        kept = np.ones(len(candidates), dtype=bool) if with_itself else candidates != q
        order = np.lexsort((candidates[kept], square[kept]))[:k]
        squares[i, : order.size], rows[i, : order.size] = square[kept][order], candidates[kept][order]
    return squares, rows


@pytest.mark.parametrize("kind", ["plain", "offset", "ties", "crowd", "outside", "float32"])
@pytest.mark.parametrize("k", [1, 5, 40])
@pytest.mark.parametrize("with_itself", [False, True])
def test_neighbours_equal_a_brute_force(kind, k, with_itself):
    X = rows_of(kind)
    space = Space.of(X)
    assert space.grid is not None
    queries, candidates = np.arange(0, len(X), 7), np.random.default_rng(1).permutation(len(X))[:1203]
    panels = space.panel(queries), space.panel(candidates)
    squares, rows = nearest_in_panel(space, *panels, k, with_itself=with_itself)
    expected, expected_rows = brute(X, queries, candidates, k, with_itself)
    np.testing.assert_allclose(squares, expected, rtol=1e-12, atol=1e-12 if kind == "offset" else 0)
    assert (rows == expected_rows).all()


@pytest.mark.parametrize("d", [1, 2, 33])
def test_any_number_of_columns_and_few_candidates(d):
    X = np.random.default_rng(d).standard_normal((200, d))
    space = replace(Space.of(X), grid=Grid.of(np.zeros(d), 10.0 * d, 1e3))
    for size in (1, 5, 190):
        found = nearest_in_panel(space, space.panel(np.arange(200)), space.panel(np.arange(size)), 3)
        expected = brute(X, np.arange(200), np.arange(size), 3)
        np.testing.assert_allclose(found[0], expected[0], rtol=1e-12)
        assert (found[1] == expected[1]).all()


def test_where_too_many_rows_are_outside_products_serve():
    X = rows_of("plain")
    X[1::10] *= 1e4  # none of them among the rows that choose the grid
    space = Space.of(X)
    found = nearest_in_panel(space, space.panel(np.arange(0, 1500, 9)), space.panel(np.arange(1500)), 4)
    assert (found[1] == brute(X, np.arange(0, 1500, 9), np.arange(1500), 4)[1]).all()


def test_the_number_of_threads_changes_nothing():
    X = rows_of("crowd", n=3000)
    space = Space.of(X)
    panels = space.panel(np.arange(3000)), space.panel(np.arange(3000))
    one, three = (nearest_in_panel(space, *panels, 4, threads=threads) for threads in (1, 3))
    assert (one[0] == three[0]).all()
    assert (one[1] == three[1]).all()


@pytest.mark.parametrize("within", [np.inf, 3000.0])
def test_rounded_distances_bracket_the_true_ones(within):
    X = rows_of("plain")
    grid, k = Space.of(X).grid, 3
    queries, candidates = grid.queries(X, np.arange(0, 1500, 5)), grid.candidates(X, np.arange(1000))
    near = bracket(grid, queries, candidates, k, within=within)
    true = np.sqrt(brute(X, np.arange(0, 1500, 5), np.arange(1000), k, True)[0]) / grid.step
    found = near < FARTHEST
    assert (np.abs(np.sqrt(near[found]) - true[found]) <= grid.width).all()
    assert (true[~found] > within - grid.width).all()
    assert found.all() == np.isinf(within)
    assert len(queries.squares) % QUERIES_AT_ONCE == 0
