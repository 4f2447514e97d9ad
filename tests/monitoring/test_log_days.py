"""A log day by day: in order whoever wrote it, what came late, and features encoded as training rows were."""

import numpy as np
import pyarrow as pa
from tests.monitoring.test_prediction_log import segment
from tests.serving.bundles import fitted

from rareclass.monitoring.log_days import LogDays, behind, encoding
from rareclass.monitoring.prediction_log import log_schema, read_predictions


def days_of(folder):
    found = LogDays(log=read_predictions(folder))
    return [(str(part.day), sorted(map(int, part.ids))) for part in found], found


def test_rows_of_workers_side_by_side_come_by_day(tmp_path):
    segment(tmp_path / "a.parquet", range(0, 60, 2))  # an hour apart, from 2026-03-01 on
    segment(tmp_path / "b.parquet", range(1, 60, 2))
    days, found = days_of(tmp_path)
    assert days == [
        ("2026-03-01", list(range(24))),
        ("2026-03-02", list(range(24, 48))),
        ("2026-03-03", list(range(48, 60))),
    ]
    assert (found.rows, found.nameless, str(found.first), str(found.last)[:13]) == (
        60, 0, "2026-03-01T00:00:00.000000", "2026-03-03T11"
    )  # fmt: skip


def test_what_stands_far_behind_later_rows_comes_late_and_not_twice(tmp_path):
    segment(tmp_path / "a.parquet", range(24 * 5))
    segment(tmp_path / "b.parquet", [1_000, 1_001])
    segment(tmp_path / "c.parquet", [3])
    days, _ = days_of(tmp_path)
    assert [day for day, _ in days].count("2026-03-01") == 2
    assert sum(len(ids) for _, ids in days) == 24 * 5 + 3


def test_an_unsorted_log_comes_by_day_where_its_disorder_is_known(tmp_path):
    segment(tmp_path / "a.parquet", range(24 * 9, 24 * 10))
    segment(tmp_path / "b.parquet", range(24 * 5))
    log = read_predictions(tmp_path)
    order = [np.unique(b["time"].to_numpy(zero_copy_only=False).astype("datetime64[D]")) for b in log.batches()]
    stamps = [days.astype(np.int64) for days in order]
    late = behind(stamps, min(map(min, stamps)), max(map(max, stamps)))
    assert late == 9
    found = LogDays(log=read_predictions(tmp_path), late=late)
    assert [str(part.day)[8:] for part in found] == ["01", "02", "03", "04", "05", "10"]


def test_an_empty_log_has_no_days(tmp_path):
    days, found = days_of(tmp_path)
    assert (days, found.rows, found.last) == ([], 0, None)


def test_what_another_bundle_answered_is_left_out_and_told(tmp_path):
    segment(tmp_path / "a.parquet", range(3))
    segment(tmp_path / "b.parquet", range(3), model="m", version="2")
    log = read_predictions(tmp_path, version="1")
    assert log.table().num_rows == 3
    assert log.others == {("m", "2")}


def test_features_are_encoded_as_training_rows_and_missing_ones_said():
    bundle = fitted("plain")
    kinds = [("x", "number"), ("shop", "category"), ("z", "number")]
    schema = log_schema("m", "1", kinds)
    encode, why = encoding(bundle, schema)
    rows = {"x": [0.5, None], "shop": ["a", "c"], "z": [1.0, 2.0]}
    columns = {f.name: pa.nulls(2, f.type) for f in schema}
    columns |= {f"feature:{k}": pa.array(v) for k, v in rows.items()}
    batch = pa.RecordBatch.from_pydict(columns)
    wanted = bundle.model.model_.encoder.transform(pa.table(rows)).matrix
    assert why is None
    np.testing.assert_array_equal(encode(batch), wanted)
    encode, why = encoding(bundle, log_schema("m", "1", kinds[:1]))
    assert "'shop'" in why
    assert encode(batch) is None
    assert "no features" in encoding(bundle, log_schema("m", "1", []))[1]
