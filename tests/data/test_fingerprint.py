"""Fingerprint: content counts, storage does not."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from rareclass.data import Schema, read_table, table_fingerprint

BASE = {"n": [1.5, None, -0.0], "i": [1, 2, 3], "s": ["a", None, "b"], "t": pd.to_datetime(["2024-01-01"] * 3)}


def digest(columns):
    return table_fingerprint(read_table(columns))


def test_storage_does_not_matter(tmp_path):
    table = read_table(BASE)
    wanted = table_fingerprint(table)
    narrow = table.set_column(1, "i", table.column("i").cast(pa.int8())).set_column(
        2, "s", table.column("s").dictionary_encode()
    )
    seconds = table.set_column(3, "t", table.column("t").cast(pa.timestamp("s")))
    chunks = pa.concat_tables([table.slice(0, 1), table.slice(1)])
    assert {table_fingerprint(t) for t in (narrow, seconds, chunks)} == {wanted}
    assert digest(pd.DataFrame(BASE)) == wanted
    assert digest(pl.DataFrame({**BASE, "t": list(BASE["t"])})) == wanted
    pd.DataFrame(BASE).to_csv(tmp_path / "t.csv", index=False)
    assert table_fingerprint(read_table(tmp_path / "t.csv")) == wanted


def test_null_nan_and_zero_have_one_meaning_each():
    assert digest({"x": pa.array([np.nan, 0.0])}) == digest({"x": pa.array([None, -0.0])})


def test_an_unused_or_reordered_dictionary_does_not_matter():
    one = pa.DictionaryArray.from_arrays(pa.array([0, 1, None]), pa.array(["a", "b"]))
    two = pa.DictionaryArray.from_arrays(pa.array([2, 0, None]), pa.array(["b", "unused", "a"]))
    assert digest({"s": one}) == digest({"s": two})


@pytest.mark.parametrize(
    "other",
    [
        {**BASE, "n": [1.5, None, 0.1]},
        {**BASE, "n": [1.5, 0.0, -0.0]},
        {**BASE, "i": [1, 3, 2]},
        {**BASE, "i": [1, 2, None]},
        {**BASE, "s": ["a", "", "b"]},
        {**BASE, "s": ["a", None, "c"]},
        {"m": BASE["n"], **{k: v for k, v in BASE.items() if k != "n"}},
        {k: BASE[k] for k in ("i", "n", "s", "t")},
        {k: v[:2] for k, v in BASE.items()},
    ],
)
def test_any_change_of_content_matters(other):
    assert digest(other) != digest(BASE)


def test_boundaries_between_texts_matter():
    assert digest({"s": ["ab", "c"]}) != digest({"s": ["a", "bc"]})


def test_the_fingerprint_is_stable_between_versions():
    """A stored fingerprint must stay comparable, so this literal may only change with the version in the digest."""
    import hashlib

    raw = b"rareclass table 1;2;1;1:x|integer|" + np.array([1, 2], "<i8").tobytes()
    table = read_table({"x": [1, 2]})
    assert table_fingerprint(table) == "sha256:" + hashlib.sha256(raw).hexdigest()
    assert Schema.infer(table).fingerprint(table) == table_fingerprint(table)


def test_nested_columns_count_too():
    assert digest({"x": pa.array([[1], [2]])}) != digest({"x": pa.array([[1], [3]])})
