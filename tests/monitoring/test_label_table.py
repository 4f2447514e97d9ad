"""Tables of labels: which columns are read, which label counts, what is left out and how that is said."""

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from rareclass.errors import InputError, SchemaError
from rareclass.monitoring.label_table import LabelColumns, _zoned, read_labels


def read(source, columns=LabelColumns(), event=1, classes=(0, 1), **options):
    return read_labels(source, columns, event=event, classes=classes, **options)


def told(found):
    """Label and time by id."""
    times = [None] * found.event.size if found.times is None else found.times.astype("datetime64[s]").astype(str)
    return {key: (bool(found.event[at]), times[at]) for key, at in found.place.items()}


def test_columns_are_found_by_name_and_said():
    found = read(pa.table({"Id": ["a", "b"], "fraud": [1, 0], "label": [0, 0]}), target="fraud")
    assert told(found) == {"a": (True, None), "b": (False, None)}
    assert "'Id' (id), 'fraud' (label) and no column of label times" in found.notes[0]
    assert found.problems == []


def test_ids_are_written_as_the_log_writes_them(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("id,label\n007,1\n8,0\n")
    assert set(read(path).place) == {"007", "8"}
    assert set(read(pa.table({"id": [7.0, 8.0], "label": [1, 0]})).place) == {"7", "8"}
    assert set(read(pa.table({"id": [7, 8], "label": [1, 0]})).place) == {"7", "8"}


@pytest.mark.parametrize("first", [2**53, 10**18, 10**30, -(10**20)])
def test_ids_of_a_data_base_keep_all_of_their_digits(first):
    ids = [first + i for i in range(4)]
    column = pa.array(map(Decimal, ids), pa.decimal128(38, 0))
    found = read(pa.table({"id": column, "label": [1, 0, 0, 0]}))
    assert (list(found.place), found.event.tolist(), found.problems) == (list(map(str, ids)), [True] + [False] * 3, [])


def test_decimal_ids_are_written_as_other_numbers():
    column = pa.array(map(Decimal, ("17.00", "17.50", "100", "0")), pa.decimal128(10, 2))
    assert list(read(pa.table({"id": column, "label": [1, 0, 0, 0]})).place) == ["17", "17.5", "100", "0"]


def test_labels_match_in_every_spelling():
    assert told(read(pa.table({"id": ["a", "b"], "label": ["1", "0"]})))["a"][0]
    assert told(read(pa.table({"id": ["a"], "label": [True]}), event="true", classes=("false", "true")))["a"][0]
    found = read(pa.table({"id": ["a", "b"], "label": ["yes", "no"]}), event="yes", classes=("no", "yes"))
    assert [v for v, _ in told(found).values()] == [True, False]


def test_rows_without_a_label_wait_and_those_without_an_id_are_named():
    found = read(pa.table({"id": ["a", "b", None], "label": [1, None, 0]}))
    assert set(found.place) == {"a"}
    (said,) = found.problems
    assert "1 rows" in said


def test_unknown_labels_are_left_out_and_refused_where_there_are_no_others():
    found = read(pa.table({"id": ["a", "b", "c"], "label": ["1", "pending", "0"]}))
    assert set(found.place) == {"a", "c"}
    assert "'pending'" in found.problems[0]
    with pytest.raises(InputError, match=r"'x'.*knows 0, 1"):
        read(pa.table({"id": ["a"], "label": ["x"]}))


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (LabelColumns(id="idd"), "'idd'.*Is it 'ident'.*--id"),
        (LabelColumns(id="ident", label="lab"), "'lab'.*'labl'.*--label"),
        (LabelColumns(id="ident", label="labl", time="x"), "'x'.*--label-time"),
        (LabelColumns(), "'id'.*it has 'ident', 'labl'.*Is it 'ident'"),
    ],
)
def test_a_missing_column_is_named_with_the_nearest(columns, words):
    with pytest.raises(SchemaError, match=words):
        read(pa.table({"ident": ["a"], "labl": [1]}), columns)


def test_times_become_utc_whatever_their_zone(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("id,label,reported_at\na,1,2026-03-01T12:00:00+02:00\n")
    assert told(read(path))["a"] == (True, "2026-03-01T10:00:00")
    moment = np.array(["2026-07-01T12:00:00"], dtype="datetime64[us]")
    naive = pa.table({"id": ["a"], "label": [1], "t": moment})
    assert told(read(naive, LabelColumns(time="t")))["a"][1] == "2026-07-01T12:00:00"
    assert told(read(naive, LabelColumns(time="t", zone="Europe/Zurich")))["a"][1] == "2026-07-01T10:00:00"
    aware = naive.set_column(2, "t", pa.array(moment, pa.timestamp("us", tz="America/New_York")))
    assert told(read(aware, LabelColumns(time="t", zone="Europe/Zurich")))["a"][1] == "2026-07-01T12:00:00"
    with pytest.raises(InputError, match="--label-zone"):
        read(naive, LabelColumns(time="t", zone="Mars/Olympus"))
    with pytest.raises(InputError, match="no dates"):
        read(pa.table({"id": ["a"], "label": [1], "t": ["soon"]}), LabelColumns(time="t"))


def test_repeated_labels_count_once_and_of_contradicting_ones_the_newest():
    days = np.array(
        ["2026-03-02", "2026-03-01", "2026-03-01", "2026-03-04", "2026-03-01", "2026-03-01"], "datetime64[us]"
    )
    table = pa.table({"id": ["a", "a", "b", "b", "c", "c"], "label": [1, 1, 0, 1, 0, 1], "label_time": days})
    found = read(table)
    assert told(found) == {"a": (True, "2026-03-01T00:00:00"), "b": (True, "2026-03-04T00:00:00")}
    assert [said.split(",")[0].split(" ")[0] for said in found.problems] == ["1", "1", "1"]
    reverse = read(table.take([5, 4, 3, 2, 1, 0]))
    assert told(reverse) == told(found)
    untimed = read(table.drop_columns("label_time"))
    assert set(untimed.place) == {"a"}


def test_weights_of_an_audit_come_with_their_labels_and_are_at_least_one():
    table = pa.table({"id": ["a", "b", "a"], "label": [1, 0, 1], "w": [2.0, 40.0, 2.0]})
    found = read(table, LabelColumns(weight="w"))
    assert {key: found.weights[at] for key, at in found.place.items()} == {"a": 2.0, "b": 40.0}
    assert read(table).weights is None
    for wrong in ([0.5, 1.0, 1.0], [None, 1.0, 1.0], ["x", "y", "z"]):
        with pytest.raises(InputError, match="1 or more"):
            read(table.set_column(2, "w", pa.array(wrong)), LabelColumns(weight="w"))
    with pytest.raises(SchemaError, match="--weight"):
        read(table, LabelColumns(weight="v"))


def test_times_of_which_some_name_a_zone_are_refused_by_what_they_are(tmp_path):
    mixed = pa.table({"id": ["a", "b"], "label": [1, 0], "t": ["2026-07-01T12:00:00Z", "2026-07-01 12:00:00"]})
    with pytest.raises(InputError, match=r"1 of 2 times in the column 't' .* name a time zone, and the others"):
        read(mixed, LabelColumns(time="t", zone="Europe/Zurich"))


def test_a_year_at_the_end_of_a_date_is_no_time_zone():
    for text, zoned in (("01-03-2026", False), ("2026-03-01T14:00:00-0500", True), ("2026-03-01 14:00+01:00", True)):
        assert _zoned(pa.chunked_array([[text]])) is zoned
