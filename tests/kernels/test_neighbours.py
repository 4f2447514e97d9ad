import numpy as np
import pytest
from scipy import sparse

from rareclass.kernels.neighbours import _tree_pays, nearest_rows


def brute(X, queries, candidates, k, codes=None, penalty=0.0):
    """Float64 differences of all pairs; ties by position."""
    X = np.asarray(X, dtype=np.float64)
    squares, rows = np.full((len(queries), k), np.inf), np.full((len(queries), k), len(X))
    for i, q in enumerate(queries):
        square = ((X[candidates] - X[q]) ** 2).sum(axis=1)
        if codes is not None:
            square = square + penalty * (codes[candidates] != codes[q]).sum(axis=1)
        keep = candidates != q
        order = np.lexsort((candidates[keep], square[keep]))[:k]
        squares[i, : order.size], rows[i, : order.size] = square[keep][order], candidates[keep][order]
    return squares, rows


def data(kind, n=700, d=12):
    rng = np.random.default_rng(5)
    X = rng.normal(size=(n, d))
    if kind == "offset":
        X += 1e6
    elif kind == "scales":
        X *= 10.0 ** np.arange(d)
    elif kind == "grid":
        X = rng.integers(0, 3, (n, d)).astype(np.float64)
    elif kind == "duplicates":
        X[n // 2 :] = X[: n - n // 2]
    elif kind == "float32":
        X = X.astype(np.float32)
    elif kind == "clusters":
        X = X * 1e-4 + 1e5 * rng.integers(0, 3, (n, 1))
    elif kind == "huge":
        X *= 1e30
    elif kind == "tiny":
        X *= 1e-150
    elif kind == "vanishing":
        X *= 1e-170
    elif kind == "denormal":
        X *= 1e-310
    elif kind == "constant":
        X[:, :] = 1.5
    elif kind == "few":
        X = X[:, :2].copy()
    return X


VANISHING = ["vanishing", "denormal"]  # all squared distances are 0 in float64
KINDS = ["plain", "offset", "scales", "grid", "duplicates", "float32", "clusters", "huge", "constant", "few"]


@pytest.mark.parametrize("kind", KINDS + VANISHING)
def test_neighbours_equal_a_float64_brute_force(kind):
    X = data(kind)
    queries, candidates = np.arange(0, len(X), 3), np.arange(len(X))[::-1]
    squares, rows = nearest_rows(X, queries, candidates, 6)
    expected, expected_rows = brute(X, queries, candidates, 6)
    if kind in ("grid", "duplicates", "constant", *VANISHING):  # exact ties: the rule decides
        assert (rows == expected_rows).all()
    assert np.allclose(squares, expected, rtol=1e-12)
    own = ((X[rows].astype(np.float64) - X[queries][:, None].astype(np.float64)) ** 2).sum(axis=2)
    assert np.allclose(own, expected, rtol=1e-12)


@pytest.mark.parametrize("kind", ["plain", "offset", "scales", "float32", "tiny"])
def test_rows_equal_a_brute_force_where_no_distances_are_equal(kind):
    X = data(kind)
    queries, candidates = np.arange(0, len(X), 5), np.arange(1, len(X), 2)
    assert (nearest_rows(X, queries, candidates, 4)[1] == brute(X, queries, candidates, 4)[1]).all()


def test_a_row_is_left_out_by_position_so_that_its_duplicate_is_a_neighbour():
    X = np.array([[0.0], [0.0], [3.0]])
    squares, rows = nearest_rows(X, np.arange(3), np.arange(3), 2)
    assert rows.tolist() == [[1, 2], [0, 2], [0, 1]]
    assert squares.tolist() == [[0, 9], [0, 9], [9, 9]]


def test_missing_neighbours_are_marked():
    squares, rows = nearest_rows(np.eye(3), np.array([0]), np.arange(2), 3)
    assert rows.tolist() == [[1, 3, 3]]
    assert np.isinf(squares[0, 1:]).all()


@pytest.mark.parametrize("columns", [1, 2, 3, 4])
@pytest.mark.parametrize("kind", ["plain", "ties", "offset", "digits lost", "float32"])
def test_the_tree_of_few_columns_gives_the_same_rows_as_a_brute_force(kind, columns):
    rng = np.random.default_rng(columns)
    X = rng.normal(size=(1_500, columns))
    if kind == "ties":
        X = rng.integers(0, 12, X.shape).astype(np.float64)
    elif kind == "offset":
        X += 1e6
    elif kind == "digits lost":  # squares of 1e-316 hold seven digits, so that many are equal
        X = np.round(X, 2) * 1e-158
    elif kind == "float32":
        X = X.astype(np.float32)
    queries, candidates = np.arange(0, 1_500, 3), np.arange(1_500)
    assert _tree_pays(columns, queries.size, candidates.size)
    assert (nearest_rows(X, queries, candidates, 5)[1] == brute(X, queries, candidates, 5)[1]).all()


def test_the_tree_serves_few_columns_and_enough_queries():
    assert _tree_pays(1, 1, 10)
    assert _tree_pays(3, 2_500, 10**6)
    assert not _tree_pays(3, 2_499, 10**6)
    assert _tree_pays(3, 25, 1_000)
    assert not _tree_pays(4, 4_999, 100_000)
    assert not _tree_pays(5, 10**6, 10**6)
    assert not _tree_pays(0, 10, 10)


@pytest.mark.parametrize("kind", ["plain", "grid", "constant", "float32", "denormal"])
@pytest.mark.parametrize("k", [190, 230, 699, 800])
def test_so_many_neighbours_that_all_distances_are_sorted(kind, k):
    X, codes = data(kind), np.random.default_rng(0).integers(0, 2, (700, 2))
    queries, candidates = np.arange(0, 700, 70), np.random.default_rng(1).permutation(700)[:600]
    squares, rows = nearest_rows(X, queries, candidates, k, threads=2)
    expected, expected_rows = brute(X, queries, candidates, k)
    assert np.allclose(squares, expected, rtol=1e-12)
    if kind in ("grid", "constant", "denormal"):
        assert (rows == expected_rows).all()
    mixed = nearest_rows(X, queries, candidates, k, codes=codes, penalty=3.0)[0]
    assert np.allclose(mixed, brute(X, queries, candidates, k, codes, 3.0)[0], rtol=1e-12)


def test_without_candidates_there_are_no_neighbours():
    squares, rows = nearest_rows(np.eye(3), np.arange(2), np.arange(0), 2)
    assert np.isinf(squares).all()
    assert (rows == 3).all()


def test_nominal_columns_add_their_penalty():
    X, rng = data("plain", n=300), np.random.default_rng(1)
    codes = rng.integers(0, 4, (300, 3))
    queries = np.arange(0, 300, 7)
    found = nearest_rows(X, queries, np.arange(300), 5, codes=codes, penalty=2.5)
    expected = brute(X, queries, np.arange(300), 5, codes, 2.5)
    assert (found[1] == expected[1]).all()
    assert np.allclose(found[0], expected[0], rtol=1e-12)


def test_the_number_of_threads_does_not_matter():
    X = data("plain", n=3000)
    one, two = (nearest_rows(X, np.arange(3000), np.arange(3000), 5, threads=t) for t in (1, 3))
    assert (one[0] == two[0]).all()
    assert (one[1] == two[1]).all()


@pytest.mark.parametrize("shape", [(300, 40), (300, 400_000)])
def test_sparse_rows_have_the_neighbours_of_dense_ones(shape):
    rng = np.random.default_rng(2)
    X = sparse.random_array(shape, density=min(0.3, 4000 / shape[1]), rng=rng, format="csr")
    queries = np.arange(0, 300, 29)
    squares, rows = nearest_rows(X, queries, np.arange(300), 4)
    for i, q in enumerate(queries):
        difference = X - sparse.vstack([X[[q]]] * 300)
        exact = np.asarray(difference.multiply(difference).sum(axis=1)).ravel()
        exact[q] = np.inf
        order = np.lexsort((np.arange(300), exact))[:4]
        assert (rows[i] == order).all()
        assert np.allclose(squares[i], exact[order], rtol=1e-10)
