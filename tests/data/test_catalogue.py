"""Catalogue: local sets with their design, public ones listed after them."""

import json

import pyarrow as pa
import pyarrow.parquet
import pytest

from rareclass.data import list_data, load_data
from rareclass.errors import ReadError

TABLE = pa.table(
    {"id": [1, 2, 3], "x": [0.5, 1.5, 2.5], "who": ["a", "a", "b"], "c1": [1.0, 1.0, 1.0], "label": [0, 0, 1]}
)
RECORD = {
    "name": "tiny",
    "file": "tiny.parquet",
    "rows": 3,
    "positives": 1,
    "target": "label",
    "positive_label": 1,
    "categorical_columns": ["who"],
    "not_features": {"id": "identifier", "c1": "cost"},
    "group_column": "who",
    "time_column": None,
    "time_ordered": True,
    "exercises": "nothing",
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    def write(*records):
        pa.parquet.write_table(TABLE, tmp_path / "tiny.parquet")
        (tmp_path / "index.json").write_text(json.dumps(records), encoding="utf-8")

    monkeypatch.setenv("RARECLASS_DATA", str(tmp_path))
    write(RECORD)
    return write


def test_a_local_set_brings_its_design(folder):
    entry = load_data("tiny")
    assert entry.table.num_rows == 3
    assert (entry.target, entry.pos_label, entry.groups, entry.times) == ("label", 1, "who", None)
    assert entry.drop == ("id", "c1")
    assert entry.why_dropped["id"] == "identifier"
    assert entry.categorical == ("who",)
    assert entry.time_ordered
    assert entry.features.column_names == ["x", "who"]


def test_a_cost_matrix_is_read_for_either_event(folder):
    cost = {"kind": "class", "labels": [0, 1], "matrix": [[0, 1], [5, -2]]}
    folder({**RECORD, "cost": cost}, {**RECORD, "name": "other", "positive_label": 0, "cost": cost})
    assert load_data("tiny").cost_matrix == {"fp": 1.0, "fn": 5.0, "tp": -2.0, "tn": 0.0}
    assert load_data("other").cost_matrix == {"fp": 5.0, "fn": 1.0, "tp": 0.0, "tn": -2.0}


def test_cost_columns_and_costs_of_many_classes(folder):
    names = {"false_positive": "c1", "false_negative": "c2", "true_positive": "c3", "true_negative": "c4"}
    many = {"kind": "class", "labels": ["a", "b", "c"], "matrix": [[0] * 3] * 3}
    folder({**RECORD, "cost": {"kind": "example", "columns": names}}, {**RECORD, "name": "many", "cost": many})
    assert load_data("tiny").cost_columns == {"fp": "c1", "fn": "c2", "tp": "c3", "tn": "c4"}
    assert load_data("many").cost_matrix is None


def test_the_list_holds_local_sets_first_and_all_public_ones(folder):
    found = list_data()
    assert (found[0].name, found[0].origin) == ("tiny", "local")
    assert found[0].prevalence == pytest.approx(1 / 3)
    assert sum(info.origin == "zenodo" for info in found) == 27
    assert sum(info.origin == "openml" for info in found) >= 3
    assert len({info.name for info in found}) == len(found)


def test_an_unknown_name_gets_a_suggestion(folder):
    with pytest.raises(ReadError, match="Did you mean 'tiny'"):
        load_data("tinny")


def test_without_a_folder_the_variable_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("RARECLASS_DATA", str(tmp_path / "absent"))
    with pytest.raises(ReadError, match="RARECLASS_DATA"):
        load_data("nothing like it")


def test_a_broken_index_is_one_sentence(folder, tmp_path):
    (tmp_path / "index.json").write_text("[{", encoding="utf-8")
    with pytest.raises(ReadError, match=r"index\.json"):
        list_data()
