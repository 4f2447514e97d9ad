"""Rounded rows lie within the width of the grid of the true ones, and their products are exact."""

import numpy as np
import pytest

from rareclass.kernels.grid import CANDIDATES_AT_ONCE, NEVER, QUERIES_AT_ONCE, REACH, Grid


def unpacked(rounded, size, d):
    """Whole numbers (m, d) of the rows, in their order."""
    pairs = rounded.pairs.view(np.int16).reshape(len(rounded.squares) // size, -1, size, 2)
    return pairs.transpose(0, 2, 1, 3).reshape(len(rounded.squares), -1)[: len(rounded.rows), :d].astype(np.int64)


@pytest.mark.parametrize("d", [1, 4, 7, 30])
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_rounded_distances_lie_within_the_width(d, offset):
    rng = np.random.default_rng(d)
    X = rng.standard_normal((100, d)) + offset
    centre = np.median(X, axis=0)
    grid = Grid.of(centre, float(np.linalg.norm(X - centre, axis=1).max()) * 1.01, 1e3)
    rows = rng.permutation(100)[:83]
    candidates = unpacked(grid.candidates(X, rows), CANDIDATES_AT_ONCE, d)
    queries = unpacked(grid.queries(X, rows), QUERIES_AT_ONCE, d)
    assert (queries == -2 * candidates).all()
    assert ((candidates**2).sum(axis=1) == grid.candidates(X, rows).squares[: rows.size]).all()
    true = np.linalg.norm(X[rows][:, None] - X[rows][None], axis=2) / grid.step
    rounded = np.linalg.norm(candidates[:, None] - candidates[None], axis=2)
    assert (np.abs(true - rounded) <= grid.width).all()
    assert np.abs(candidates).max() <= REACH


def test_rows_beyond_the_radius_and_empty_places_are_marked():
    X = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 1.0], [0.0, -1e200]])
    rounded = Grid.of(np.zeros(2), 2.0, 1.0).candidates(X, np.arange(4))
    assert rounded.outside().tolist() == [1, 3]
    assert (rounded.squares[4:] == NEVER).all()
    assert len(rounded.squares) == CANDIDATES_AT_ONCE


@pytest.mark.parametrize(
    ("radius", "nearest"), [(1.0, 1e-4), (0.0, 1.0), (1e200, 1e199), (float("nan"), 1.0), (1.0, float("nan"))]
)
def test_there_is_no_grid_that_cannot_tell_neighbours_apart(radius, nearest):
    assert Grid.of(np.zeros(3), radius, nearest) is None
