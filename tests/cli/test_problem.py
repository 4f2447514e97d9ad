"""A problem from the shared options: what was given goes before what the catalogue says."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rareclass.cli import options as o
from rareclass.cli.problem import problem_of
from rareclass.errors import InputError


@pytest.fixture
def catalogued(tmp_path, monkeypatch):
    table = pa.table({"a": [1.0, 2.0, 3.0], "b": [1, 2, 1], "who": [1, 1, 2], "day": [1, 2, 3], "y": [0, 1, 0]})
    pq.write_table(table, tmp_path / "small.parquet")
    record = {
        "name": "small",
        "file": "small.parquet",
        "target": "y",
        "positive_label": 1,
        "not_features": {"who": "an identifier"},
        "group_column": "who",
        "categorical_columns": ["b", "who"],
        "cost": {"kind": "class", "labels": [0, 1], "matrix": [[0, 1], [5, 0]]},
    }
    (tmp_path / "index.json").write_text(json.dumps([record]), encoding="utf-8")
    monkeypatch.setenv("RARECLASS_DATA", str(tmp_path))
    return tmp_path


def test_a_catalogued_set_brings_its_roles_and_costs(catalogued):
    problem = problem_of(o.TableOptions(table="small"))
    assert (problem.target, problem.pos_label, problem.name) == ("y", 1, "small")
    assert problem.features.column_names == ["a", "b", "day"]
    assert problem.categorical == ("b",)
    np.testing.assert_array_equal(problem.groups, [1, 1, 2])
    assert problem.costs == {"fp": 1.0, "fn": 5.0, "tp": 0.0, "tn": 0.0}


def test_what_is_given_goes_first(catalogued):
    problem = problem_of(o.TableOptions(table="small", target="b", drop=["a"], pos_label="2"))
    assert (problem.target, problem.pos_label) == ("b", "2")
    assert problem.features.column_names == ["day", "y"]


def test_a_split_by_time_leaves_the_groups_of_the_catalogue_out(catalogued):
    problem = problem_of(o.TableOptions(table="small"), o.SplitOptions(time="day"))
    assert problem.groups is None
    np.testing.assert_array_equal(problem.times, [1, 2, 3])


def test_a_file_has_no_roles_of_its_own(catalogued):
    problem = problem_of(
        o.TableOptions(table=str(catalogued / "small.parquet"), target="y"),
        costs=o.CostOptions(cost_columns="fp=a,fn=b"),
    )
    assert problem.features.column_names == ["who", "day"]
    np.testing.assert_array_equal(problem.costs["fn"], [1, 2, 1])
    with pytest.raises(InputError, match="--target COLUMN"):
        problem_of(o.TableOptions(table=str(catalogued / "small.parquet")))
