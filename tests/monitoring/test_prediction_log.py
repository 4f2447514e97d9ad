"""Reading a prediction log: damage, chosen parts, constant memory."""

import datetime

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from rareclass.errors import InputError, ReadError
from rareclass.monitoring.prediction_log import BASE, log_schema, read_predictions

DAY = datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)


def segment(path, ids, *, model="m", version="1", features=(("x", "number"),), groups=1_000):
    """A complete or open segment whose rows are an hour apart."""
    schema = log_schema(model, version, features)
    columns = {f.name: pa.nulls(len(ids), f.type) for f in schema}
    columns["id"] = pa.array([str(i) for i in ids])
    columns["time"] = pa.array([DAY + datetime.timedelta(hours=i) for i in ids], schema.field("time").type)
    table = pa.table(list(columns.values()), schema=schema)
    if path.suffix == ".parquet":
        parquet.write_table(table, path, row_group_size=groups, write_page_checksum=True)
    else:
        with pa.ipc.new_stream(path, schema) as out:
            out.write_table(table)
    return path


def ids(log):
    return [int(i) for i in log.table()["id"].to_pylist()]


def test_segments_of_one_name_in_two_folders_have_places_of_their_own(tmp_path):
    for name, rows in (("one", [0, 1, 2]), ("two", [3])):
        (tmp_path / name).mkdir()
        segment(tmp_path / name / "a.open", rows)
    folders = [tmp_path / "one", tmp_path / "two"]
    first = read_predictions(folders)
    assert ids(first) == [0, 1, 2, 3]
    segment(tmp_path / "two" / "a.open", [3, 4])
    second = read_predictions(folders, after=first.read)
    assert ids(second) == [4]
    assert sorted(second.read.values()) == [2, 3]


def test_segments_are_read_in_the_order_of_their_names_and_joined(tmp_path):
    segment(tmp_path / "b.open", [2, 3], version="2", features=[("y", "category")])
    segment(tmp_path / "a.parquet", [0, 1])
    log = read_predictions(tmp_path)
    assert log.schema.names == [name for name, _ in BASE] + ["feature:x", "feature:y"]
    assert ids(log) == [0, 1, 2, 3]
    assert log.problems == []
    assert ids(read_predictions([tmp_path / "b.open"])) == [2, 3]


def test_damage_is_named_and_the_rest_is_read(tmp_path):
    segment(tmp_path / "a.parquet", range(5))
    whole = segment(tmp_path / "b.parquet", range(5, 25), groups=5)
    data = bytearray(whole.read_bytes())
    place = parquet.ParquetFile(whole).metadata.row_group(1).column(0).data_page_offset
    data[place + 40] ^= 0xFF
    whole.write_bytes(data)
    cut = segment(tmp_path / "c.parquet", range(25, 30))
    cut.write_bytes(cut.read_bytes()[:-30])
    (tmp_path / "d.parquet").write_bytes(b"")
    parquet.write_table(pa.table({"id": ["9"]}), tmp_path / "e.parquet")
    half = segment(tmp_path / "f.open", range(30, 33))
    half.write_bytes(half.read_bytes()[:-300])
    (tmp_path / "notes.txt").write_text("of somebody")
    log = read_predictions(tmp_path)
    assert ids(log) == [*range(10), *range(15, 25)]
    assert len(log.problems) == 5
    for name, said in zip(("c.parquet", "d.parquet", "e.parquet", "b.parquet", "f.open"), log.problems):
        assert name in said
    assert "Rows 5 to 10" in log.problems[3]


def test_a_segment_completed_while_the_log_is_read_is_read_once(tmp_path):
    opened = segment(tmp_path / "a.open", range(3))
    log = read_predictions(tmp_path)
    segment(tmp_path / "a.parquet", range(3))
    assert ids(read_predictions(tmp_path)) == [0, 1, 2]
    opened.unlink()
    assert ids(log) == [0, 1, 2]
    assert ids(read_predictions(opened)) == [0, 1, 2]


@pytest.mark.parametrize("ending", ["parquet", "open"])
def test_times_and_columns_are_chosen(tmp_path, ending):
    segment(tmp_path / f"a.{ending}", range(100), groups=10)
    hour = datetime.timedelta(hours=1)
    log = read_predictions(
        tmp_path, since=DAY + 15 * hour, until=(DAY + 32 * hour).replace(tzinfo=None), columns=["id"]
    )
    assert log.table().column_names == ["id"]
    assert ids(log) == list(range(15, 32))


def test_what_cannot_be_asked_is_refused(tmp_path):
    with pytest.raises(ReadError, match="no prediction log"):
        read_predictions(tmp_path / "nowhere")
    segment(tmp_path / "a.parquet", [1])
    with pytest.raises(InputError, match="No segment of the log has the column 'z'"):
        read_predictions(tmp_path, columns=["z"])
    segment(tmp_path / "b.parquet", [1], version="2", features=[("x", "category")])
    with pytest.raises(InputError, match="`version`"):
        read_predictions(tmp_path)
    assert ids(read_predictions(tmp_path, version="2")) == [1]


def test_memory_stays_that_of_a_part(tmp_path):
    segment(tmp_path / "a.parquet", range(200_000), groups=5_000)
    before, most = pa.total_allocated_bytes(), 0
    for _ in read_predictions(tmp_path).batches():
        most = max(most, pa.total_allocated_bytes() - before)
    assert most < 8e6


def test_a_later_reading_goes_on_behind_an_earlier_one_also_when_a_segment_was_completed(tmp_path):
    segment(tmp_path / "a.parquet", range(10), groups=3)
    half = segment(tmp_path / "b.open", range(10, 14))
    first = read_predictions(tmp_path)
    assert ids(first) == list(range(14))
    assert first.read == {"a": 10, "b": 4}
    half.unlink()
    segment(tmp_path / "b.parquet", range(10, 20), groups=3)
    segment(tmp_path / "c.open", range(20, 22))
    second = read_predictions(tmp_path, after=first.read)
    assert ids(second) == list(range(14, 22))
    assert ids(read_predictions(tmp_path, after=second.read)) == []


def test_what_is_damaged_is_not_behind(tmp_path):
    cut = segment(tmp_path / "a.parquet", range(5))
    whole = cut.read_bytes()
    cut.write_bytes(whole[:-30])
    log = read_predictions(tmp_path)
    assert (ids(log), log.read) == ([], {})
    cut.write_bytes(whole)
    assert ids(read_predictions(tmp_path, after=log.read)) == list(range(5))


def test_another_file_under_the_name_of_a_segment_is_named(tmp_path):
    segment(tmp_path / "a.parquet", range(10), groups=3)
    first = read_predictions(tmp_path)
    assert ids(first) == list(range(10))
    segment(tmp_path / "a.parquet", range(10, 14), groups=3)
    second = read_predictions(tmp_path, after=first.read)
    assert ids(second) == []
    assert [p for p in second.problems if "4 rows, and 10 of it were read before" in p and "new name" in p]


def test_a_file_of_another_kind_is_no_segment(tmp_path):
    (tmp_path / "log.csv").write_text("id,time,probability\n1,2026-01-01,0.5\n")
    with pytest.raises(ReadError, match=r"no segment of a prediction log, whose name ends in \.parquet or \.open"):
        read_predictions(tmp_path / "log.csv")
