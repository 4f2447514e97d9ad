"""Sampling out of core keeps all events and does not depend on batches."""

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from rareclass.errors import InputError, ReadError, SchemaError
from rareclass.scale import sample_negatives


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    y = np.arange(20_000) % 400 == 0
    return pa.table({"x": rng.normal(size=y.size), "y": np.where(y, "fraud", "fine")})


def test_all_events_and_the_expected_number_of_negatives_are_kept(table, tmp_path):
    pq.write_table(table, tmp_path / "t.parquet")
    s = sample_negatives(tmp_path / "t.parquet", target="y", negatives_per_event=20)
    kept = np.array(s.table["y"].to_pylist())
    assert (kept == "fraud").sum() == s.events == 50
    # 1,000 expected, Poisson-like: five standard deviations.
    assert abs((kept == "fine").sum() - 1000) < 5 * np.sqrt(1000)
    weights = 1 / s.table["keep_probability"].to_numpy()
    assert weights.sum() == pytest.approx(20_000, rel=0.2)


def test_the_rows_kept_do_not_depend_on_batches_files_or_format(table, tmp_path):
    pq.write_table(table, tmp_path / "one.parquet")
    pq.write_table(table.slice(0, 7_000), tmp_path / "a.parquet")
    pq.write_table(table.slice(7_000), tmp_path / "b.parquet")
    pyarrow.csv.write_csv(table, tmp_path / "t.csv")
    how = {"target": "y", "negatives_per_event": 5, "seed": 3}
    whole = sample_negatives(tmp_path / "one.parquet", **how).table
    for other in (
        sample_negatives(tmp_path / "one.parquet", batch_size=999, **how).table,
        sample_negatives([tmp_path / "a.parquet", tmp_path / "b.parquet"], **how).table,
        sample_negatives(tmp_path / "t.csv", **how).table,
    ):
        np.testing.assert_array_equal(other["x"].to_numpy(), whole["x"].to_numpy())


def test_bad_input_gets_one_sentence(table, tmp_path):
    pq.write_table(table, tmp_path / "t.parquet")
    with pytest.raises(ReadError, match="no file"):
        sample_negatives(tmp_path / "no.parquet", target="y")
    with pytest.raises(SchemaError, match="no column 'z'"):
        sample_negatives(tmp_path / "t.parquet", target="z")
    with pytest.raises(InputError, match="above 0"):
        sample_negatives(tmp_path / "t.parquet", target="y", negatives_per_event=0)
    (tmp_path / "broken.parquet").write_bytes(b"not parquet")
    with pytest.raises(ReadError, match="cannot be read"):
        sample_negatives(tmp_path / "broken.parquet", target="y")
