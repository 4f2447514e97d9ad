import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse

from rareclass.sampler.containers import fresh_labels, is_frame, n_rows, take


@pytest.mark.parametrize(
    "value",
    [
        np.arange(6).reshape(3, 2),
        [[0, 1], [2, 3], [4, 5]],
        sparse.csr_array(np.arange(6).reshape(3, 2)),
        sparse.csc_matrix(np.arange(6).reshape(3, 2)),
        pd.DataFrame(np.arange(6).reshape(3, 2), columns=["a", "b"]),
        pl.DataFrame({"a": [0, 2, 4], "b": [1, 3, 5]}),
        pa.table({"a": [0, 2, 4], "b": [1, 3, 5]}),
        pa.record_batch({"a": [0, 2, 4], "b": [1, 3, 5]}),
    ],
)
def test_rows_are_taken_in_the_container(value):
    out = take(value, np.array([2, 0, 2]))
    assert type(out) is type(value)
    assert n_rows(out) == 3
    plain = out.to_pandas().to_numpy() if isinstance(out, pa.Table | pa.RecordBatch) else out
    plain = plain.toarray() if sparse.issparse(plain) else np.asarray(plain)
    assert plain.tolist() == [[4, 5], [0, 1], [4, 5]]


def test_series_are_no_frames():
    assert not is_frame(pd.Series([1]))
    assert not is_frame(pl.Series([1]))
    assert not is_frame(pa.array([1]))
    assert is_frame(pl.DataFrame({"a": [1]}))


@pytest.mark.parametrize(
    "index",
    [
        pd.RangeIndex(3),
        pd.RangeIndex(10, 16, 2),
        pd.Index([5, -2, 9]),
        pd.Index([5, 2, 9], dtype="Int64"),
        pd.Index(["a", "synthetic-0", "c"]),
        pd.Index([0.5, 1.5, 2.5]),
        pd.DatetimeIndex(["2020-01-01", "2020-01-05", "2020-01-02"]),
        pd.DatetimeIndex(["2020-01-01", "2020-01-05", "2020-01-02"], tz="UTC"),
        pd.MultiIndex.from_tuples([("a", 1), ("b", 2), ("b", 3)], names=["l", "m"]),
        pd.MultiIndex.from_tuples([(1, "x"), (2, "y"), (3, "z")]),
        pd.Index([5, 2, 9], name="id"),
    ],
)
def test_fresh_labels_are_new_unique_and_keep_the_kind(index):
    fresh = fresh_labels(index, 4)
    assert len(fresh) == 4
    assert fresh.is_unique
    assert not fresh.isin(index).any()
    assert list(fresh.names) == list(index.names)
    joined = index.append(fresh)
    if not isinstance(index, pd.MultiIndex) and index.dtype != float:
        assert joined.dtype == index.dtype or index.dtype == object or isinstance(index, pd.DatetimeIndex)
    if isinstance(index, pd.RangeIndex):
        assert isinstance(joined, pd.RangeIndex)
