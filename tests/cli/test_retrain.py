"""`rareclass retrain`: exit codes, sentences, and the state file that may say there is no need."""

import json

import pyarrow.csv
import pytest
from tests.cli.test_bad_input import refused
from tests.lifecycle.drifting import payments, started, trained

from rareclass.cli import main
from rareclass.monitoring.state_file import StateFile


@pytest.fixture(scope="module")
def bundle():
    return trained(payments(8000, 0))


@pytest.fixture
def place(tmp_path, bundle):
    started(tmp_path / "registry", bundle)
    pyarrow.csv.write_csv(payments(12_000, 1, begin=2, moved=0.6), tmp_path / "new.csv")
    return tmp_path


def arguments(place, *more):
    return ["retrain", str(place / "registry"), str(place / "new.csv"), "--time", "day", *more]


def test_a_better_challenger_takes_over_and_another_attempt_finds_nothing_new(place, capsys):
    assert main(arguments(place, "--json", "--threads", "1")) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["outcome"] == "promoted"
    assert found["figures"]["difference"]["high"] < 0
    assert main(["history", str(place / "registry")]) == 0
    assert capsys.readouterr().err == f"The champion is {found['version']}.\n"
    assert main(arguments(place, "--history", "growing")) == 1
    said = capsys.readouterr().out
    assert said.endswith(f"{found['version']} stays the champion.\n")


def test_nothing_is_done_unless_the_monitor_says_drift(place, bundle, capsys):
    state = StateFile(place / "state.json")
    refused(capsys, arguments(place, "--if-drifted", str(state.path)), "There is no state file")
    for word in ("ok", "warn"):
        state.write({"model": "small", "version": bundle.version, "state": word})
        assert main(arguments(place, "--if-drifted", str(state.path))) == 0
        assert capsys.readouterr().out == f"The monitor says '{word}', no drift: nothing was retrained.\n"
        assert main(arguments(place, "--json", "--if-drifted", str(state.path))) == 0
        assert json.loads(capsys.readouterr().out)["outcome"] == "not needed"
    state.write({"model": "small", "version": bundle.version, "monitor": {"state": "drift"}})
    assert main(arguments(place, "--if-drifted", str(state.path), "--history", "growing")) == 0
    assert "took over from" in capsys.readouterr().out
    refused(capsys, arguments(place, "--if-drifted", str(state.path)), "watches version", bundle.version)
    state.path.write_text(state.path.read_text().replace("drift", "ok   "))
    refused(capsys, arguments(place, "--if-drifted", str(state.path)), "damaged")


def test_unusable_input_is_two(place, capsys):
    refused(capsys, ["retrain", place / "none", place / "new.csv"], "no registry", "rareclass promote")
    refused(capsys, ["retrain", place / "registry", place / "none.csv"], "none.csv")
    refused(capsys, arguments(place, "--history", "all"), "history", "growing")
    refused(capsys, arguments(place, "--target", "frod"), "no column 'frod'")
    (place / "empty").mkdir()
    refused(capsys, ["retrain", place / "empty", place / "new.csv"], "has no champion to retrain")
