"""Run folders: whether their files belong together, and who saw the same test part."""

import json
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rareclass.audit import audit_run
from rareclass.cli import main
from rareclass.errors import ReadError


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1500, 3))
    y = rng.random(1500) < 1 / (1 + np.exp(2.2 - x[:, 0]))
    pq.write_table(pa.table({"a": x[:, 0], "b": x[:, 1], "c": x[:, 2], "y": y * 1}), folder / "t.parquet")
    arguments = ["--target", "y", "--learners", "logistic_regression", "--treatments", "none", "--threads", "1"]
    assert main(["compare", str(folder / "t.parquet"), *arguments, "--out", str(folder / "first")]) == 0
    return folder / "first"


@pytest.fixture
def run(made, tmp_path):
    return shutil.copytree(made, tmp_path / "run")


def edit(run, change):
    results = json.loads((run / "results.json").read_text())
    change(results)
    (run / "results.json").write_text(json.dumps(results))


def codes(run):
    return {f.code for f in audit_run(run)}


def test_a_run_of_ours_has_no_findings(run):
    assert audit_run(run) == []


def test_findings_of_the_run_come_first_and_set_the_exit_code(run, capsys):
    found = {"code": "column-too-good", "severity": "error", "title": "Column 'a' knows.", "evidence": "all rows"}
    edit(run, lambda r: r["findings"].append(found))
    assert main(["audit", str(run)]) == 1
    assert "Column 'a' knows." in capsys.readouterr().out


def test_runs_on_the_same_test_part_are_counted(run):
    shutil.copytree(run, run.parent / "again")
    (run.parent / "other").mkdir()
    found = audit_run(run)
    assert [f.code for f in found] == ["test-part-seen-by-other-runs"]
    assert "2 runs" in found[0].evidence
    edit(run, lambda r: r["design"].update(seed=7))
    assert codes(run) == set()


def test_a_richer_and_a_small_test_part_are_named(run):
    edit(run, lambda r: r["design"].update(test_events=r["design"]["test_rows"] // 2))
    assert codes(run) == {"prevalence-differs"}
    edit(run, lambda r: r["design"].update(test_events=4))
    assert codes(run) == {"few-events-tested"}


def test_a_test_score_far_below_the_folds_is_named(run):
    low = {"estimate": 0.5, "low": 0.45, "high": 0.55}
    edit(run, lambda r: r["test"]["metrics"].update(roc_auc=low))
    assert codes(run) == {"test-below-out-of-fold"}


def test_scores_of_locked_rows_are_named(run):
    edit(run, lambda r: r["design"].update(test_rows=r["design"]["test_rows"] + 50))
    assert "rows-in-both-parts" in codes(run)


def test_files_that_do_not_belong_together_are_refused(run):
    table = pq.read_table(run / "oof.parquet")
    row = table["row"].to_numpy()
    for change, said in (
        (table.set_column(0, "row", pa.array(row + 9_999)), "They are of two runs"),
        (table.drop_columns(["score"]), "lacks score"),
        (table.slice(5), "other rows"),
    ):
        pq.write_table(change, run / "oof.parquet")
        with pytest.raises(ReadError, match=said):
            audit_run(run)


def test_a_run_of_another_version_is_refused(run, capsys):
    edit(run, lambda r: r.update(schema_version=99))
    assert main(["audit", str(run)]) == 2
    assert "schema version 99" in capsys.readouterr().err
