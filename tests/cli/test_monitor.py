"""`rareclass monitor`: exit codes, what it says and writes, and an answer to each unusable input."""

import json
import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.cli.test_bad_input import refused
from tests.monitoring.logs import written
from tests.serving.bundles import fitted, write

from rareclass.cli import main

DAYS, A_DAY = 45, 100


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """Two bundles, the log of one with a drift of the events, its labels, and a log without drift."""
    folder = tmp_path_factory.mktemp("monitor")
    for name in ("plain", "other"):
        write(name, folder / name)
    for log, options in (("log", {"drift": 20}), ("calm", {"seed": 3})):
        labels = written(folder / log, fitted("plain"), DAYS, a_day=A_DAY, **options)
        pq.write_table(labels, folder / f"{log}.labels.parquet")
    return folder


def told(here, log="log", *more, labels=True):
    table = ["--labels", here / f"{log}.labels.parquet"] if labels else []
    return [str(a) for a in ["monitor", here / "plain", "--predictions", here / log, *table, *more]]


def test_drift_is_exit_code_one_and_named_on_terminal_page_and_as_json(here, tmp_path, capsys):
    state, page = tmp_path / "state.json", tmp_path / "page.html"
    assert main(told(here, "log", "--state", state, "--out", page)) == 1
    said = capsys.readouterr()
    assert "Drift: " in said.out
    assert "recall-fell (new)" in said.out
    assert "Recall by slice" in said.out
    assert said.err == f"Wrote {page}.\n"
    assert "<h1>Drift: " in page.read_text()
    assert main(told(here, "log", "--state", state, "--out", page, "--json")) == 1  # it still stands
    found = json.loads(capsys.readouterr().out)
    assert (found["state"], found["new"], found["read"]["predictions"]) == ("drift", [], 0)
    alarm = next(a for a in found["standing"] if a["evidence"]["detector"] == "recall")
    assert {"code", "sentence", "value", "since", "evidence", "what_to_do"} <= set(alarm)
    assert all(re.fullmatch(r"2026-\d\d-\d\d", day) for day in alarm["since"])
    assert json.loads(state.read_text())["content"]["state"] == "drift"
    assert main(["monitor", str(here / "plain"), "--state", str(state), "--acknowledge", "all", "--accept"]) == 0
    assert re.search("ok: No drift found|warn: No alarm yet", capsys.readouterr().out)


def test_no_drift_is_exit_code_zero_and_says_when_one_could_be_seen(here, capsys):
    assert main(told(here, "calm")) == 0
    said = capsys.readouterr().out
    assert "ok: No drift found." in said
    assert "would show after about" in said


def test_without_labels_it_says_what_it_cannot_tell(here, capsys):
    assert main(told(here, "calm", labels=False)) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Cannot tell yet: no day has all its labels" in said
    assert "Without labels (--labels) nothing is said of recall" in said


def test_a_csv_of_labels_with_columns_of_other_names(here, tmp_path, capsys):
    labels = pq.read_table(here / "log.labels.parquet").rename_columns(["nr", "outcome of it", "seen"])
    pa.csv.write_csv(labels, tmp_path / "labels.csv")
    named = ["--id", "nr", "--label", "outcome of it", "--label-time", "seen", "--share", "recall=0.7"]
    arguments = told(here, "log", "--labels", tmp_path / "labels.csv", *named, "--json", labels=False)
    assert main(arguments) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["read"]["labels"] == DAYS * A_DAY
    assert next(d for d in found["detectors"] if d["name"] == "recall")["share"] == 0.7


def test_unusable_input_is_one_sentence(here, tmp_path, capsys):
    log, plain = here / "log", here / "plain"
    run = ["monitor", plain, "--predictions", log]
    refused(capsys, ["monitor", plain], "--predictions")
    refused(capsys, ["monitor", plain, "--predictions", tmp_path / "none"], "no prediction log")
    refused(
        capsys,
        ["monitor", here / "other", "--predictions", log],
        "no predictions of this bundle",
        fitted("plain").version,
    )
    refused(capsys, ["monitor", tmp_path, "--predictions", log], "no bundle")
    refused(capsys, [*run, "--now", "yesterday"], "--now must be a day or moment")
    refused(capsys, [*run, "--share", "recall"], "--share must look like recall=0.6")
    refused(capsys, [*run, "--share", "recall=0.2"], "At least half of the alarm budget")
    refused(capsys, [*run, "--false-alarms", "0"], "--false-alarms")
    refused(capsys, [*run, "--max-delay", "0"], "--max-delay")
    refused(capsys, [*run, "--webhook", "ftp://x"], "http or https")
    refused(capsys, [*run, "--labels-from", "audit"], "--weight")
    refused(capsys, [*run, "--labels-from", "all"], "--labels-from")
    refused(capsys, [*run, "--acknowledge", "all"], "--state")
    refused(capsys, [*run, "--accept"], "--acknowledge")
    refused(capsys, [*run, "--labels", here / "log.labels.parquet", "--id", "idd"], "no column 'idd'", "Is it 'id'?")
    (tmp_path / "page.html").write_text("<html>")
    refused(capsys, [*run, "--out", tmp_path / "page.html"], "no page of a monitor", "--overwrite")
    state = tmp_path / "state.json"
    state.write_text("{}")
    refused(capsys, [*run, "--state", state], "damaged, state file")
    assert state.read_text() == "{}"


def test_other_options_than_those_of_the_state_are_refused(here, tmp_path, capsys):
    state = tmp_path / "state.json"
    assert main(told(here, "calm", "--state", state, "--false-alarms", "0.1")) == 0
    capsys.readouterr()
    refused(capsys, told(here, "calm", "--state", state, "--max-delay", "30"), "--max-delay 60.0", "30.0 is asked for")
    write("other", tmp_path / "other")
    written(tmp_path / "olog", fitted("other"), 2)
    other = ["monitor", tmp_path / "other", "--predictions", tmp_path / "olog", "--state", state]
    refused(capsys, other, f"version {fitted('plain').version}", "another file with --state")


def test_a_full_disk_is_one_sentence_and_leaves_what_was(here, tmp_path, capsys, monkeypatch):
    state = tmp_path / "state.json"
    assert main(told(here, "calm", "--state", state)) == 0
    before = state.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rareclass.monitoring.state_file.os.fsync", full)
    capsys.readouterr()
    refused(capsys, told(here, "calm", "--state", state), "No space left on device")
    assert state.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == [".state.json.lock", "state.json"]


def test_a_damaged_segment_is_named_and_the_rest_read(here, tmp_path, capsys):
    written(tmp_path / "log", fitted("plain"), 8, a_day=A_DAY)
    hurt = tmp_path / "log" / "001.parquet"
    hurt.write_bytes(hurt.read_bytes()[:-40])
    assert main(["monitor", str(here / "plain"), "--predictions", str(tmp_path / "log")]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "The segment 001.parquet cannot be read" in said
    assert "New in this run: 600 predictions" in said
