import numpy as np
import pytest
from scipy import sparse

from rareclass.kernels.interpolate import _floats, _integers, interpolate_into, interpolate_sparse, write_typed
from rareclass.kernels.threads import in_blocks


def made(X, first, second, gap, seed=1):
    limits = (X.min(axis=0), X.max(axis=0)) if X.dtype.kind in "iub" else None
    out = np.empty((len(first), X.shape[1]), dtype=X.dtype)
    interpolate_into(X, np.asarray(first), np.asarray(second), np.asarray(gap, dtype=float), out, seed, limits)
    return out


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_floats_lie_on_the_line(dtype):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20, 4)).astype(dtype)
    first, second, gap = rng.integers(0, 20, 50), rng.integers(0, 20, 50), rng.random(50)
    out = made(X, first, second, gap)
    exact = X[first].astype(float) + gap[:, None] * (X[second].astype(float) - X[first].astype(float))
    assert out.dtype == dtype
    assert np.allclose(out, exact, atol=4 * np.finfo(dtype).eps * 4)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64, np.uint64, bool])
def test_integers_are_rounded_with_their_mean_kept(dtype):
    # Truncation would give a mean of 0.2 instead of 0.7 of the way from 0 to 1.
    X = np.array([[0], [1]]).astype(dtype)
    s = 20_000
    out = made(X, np.zeros(s, int), np.ones(s, int), np.full(s, 0.7))
    assert out.dtype == dtype
    assert abs(out.mean() - 0.7) < 3 * np.sqrt(0.7 * 0.3 / s)
    assert set(np.unique(out).tolist()) <= {0, 1}


def test_large_integers_stay_exact():
    X = np.array([[2**62 + 1], [2**62 + 1]])
    assert made(X, [0], [1], [0.3]).tolist() == [[2**62 + 1]]


def test_extrapolated_integers_stay_in_the_range_seen():
    X = np.array([[0], [10], [200]], dtype=np.uint8)
    assert made(X, [2], [0], [-0.5]).tolist() == [[200]]
    assert made(X, [0], [2], [-0.5]).tolist() == [[0]]


def test_a_missing_parent_leaves_the_other_value_and_the_share_of_missing_is_kept():
    X = np.array([[np.nan, 1.0], [4.0, 1.0]])
    s = 20_000
    out = made(X, np.zeros(s, int), np.ones(s, int), np.full(s, 0.25))
    gone = np.isnan(out[:, 0])
    assert abs(gone.mean() - 0.75) < 3 * np.sqrt(0.75 * 0.25 / s)
    assert (out[~gone, 0] == 4.0).all()
    assert (out[:, 1] == 1.0).all()


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int16, bool])
@pytest.mark.parametrize("order", ["C", "F"])
def test_many_pairs_of_few_parents_give_the_values_of_few_pairs(dtype, order):
    # Many pairs are made from a copy of their parents alone; pieces below that size from the matrix itself.
    rng = np.random.default_rng(0)
    X = np.asarray(10 * rng.normal(size=(400, 3)), dtype=dtype, order=order)
    X[0], X[1] = X.min(axis=0), X.max(axis=0)
    if dtype == np.float64:
        X[rng.random(X.shape) < 0.1] = np.nan
    parents = rng.choice(np.arange(2, 400), 40, replace=False)
    s = 30_000
    first, second, gap = rng.choice(parents, s), rng.choice(parents, s), rng.uniform(-0.5, 1.5, s)
    whole = made(X, first, second, gap)
    out = np.empty_like(whole)
    if dtype in (np.int16, bool):
        limits = X.min(axis=0), X.max(axis=0)
        interpolate_into(X, first, second, gap, out, 1)
        assert (out == whole).all()
        source = X.view(np.uint8) if dtype is bool else X
        _integers(0, s, source, (first, second, gap), *_plain(out, limits), np.uint64(1))
    else:
        _floats(0, s, X, (first, second, gap.astype(dtype)), out, np.uint64(1))
    np.testing.assert_array_equal(out, whole)


def _plain(out, limits):
    low, high = (limit.astype(np.int64) for limit in limits)
    return (out.view(np.uint8) if out.dtype == bool else out), (low, high)


def test_the_result_does_not_depend_on_the_cut_or_the_order_of_blocks(monkeypatch):
    X = np.random.default_rng(0).integers(0, 100, (50, 3))
    rng = np.random.default_rng(1)
    first, second, gap = rng.integers(0, 50, 100_000), rng.integers(0, 50, 100_000), rng.random(100_000)
    outs = []
    for threads in ("1", "3"):
        monkeypatch.setenv("RARECLASS_NUM_THREADS", threads)
        outs.append(made(X, first, second, gap))
    assert (outs[0] == outs[1]).all()


def test_sparse_rows_equal_dense_ones():
    X = sparse.random_array((30, 8), density=0.4, rng=np.random.default_rng(0), format="csr")
    rng = np.random.default_rng(1)
    first, second, gap = rng.integers(0, 30, 40), rng.integers(0, 30, 40), rng.random(40)
    out = interpolate_sparse(X, first, second, gap, 0)
    assert out.format == "csr"
    assert np.allclose(out.toarray(), made(X.toarray(), first, second, gap))


def test_written_integers_keep_mean_and_bounds():
    out = np.zeros((30_000, 1), dtype=np.uint8)
    write_typed(np.full((30_000, 1), 0.3), out, np.arange(30_000), 1)
    assert abs(out.mean() - 0.3) < 3 * np.sqrt(0.21 / 30_000)
    write_typed(np.array([[-5.0], [999.0]]), out, np.array([0, 1]), 1)
    assert out[:2, 0].tolist() == [0, 255]


def test_blocks_cover_everything_once():
    seen = np.zeros(100_003, dtype=int)

    def add(start, stop):
        seen[start:stop] += 1

    in_blocks(add, seen.size, block=999)
    assert (seen == 1).all()


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("n", [0, 1, 999, 20_000])
def test_blocks_cover_everything_once_with_any_number_of_threads(threads, n):
    seen = np.zeros(n, dtype=int)

    def add(start, stop):
        seen[start:stop] += 1

    in_blocks(add, n, block=700, small=0, threads=threads)
    assert (seen == 1).all()


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("bad", [0, 500, 9_500])
def test_an_error_in_a_block_reaches_the_caller(threads, bad):
    def fail(start, stop):
        if start <= bad < stop:
            raise ZeroDivisionError(f"block of {bad}")

    with pytest.raises(ZeroDivisionError, match=f"block of {bad}"):
        in_blocks(fail, 10_000, block=250, small=0, threads=threads)
